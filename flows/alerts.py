"""The look at what no run tells of itself: killed runs, a publication that grows old, messages that wait.

Owns: the order of that look. Does not own what is looked at (`tasks/notify`). Prefect reads the types of a flow when it
is served from another process, so they are not postponed here.
"""

import datetime as dt
from pathlib import Path

from prefect import flow

from tasks.config.loading import load_workspace
from tasks.notify.tasks import check_alerts, send_alerts
from tasks.warehouse.run import open_ledger


@flow(name="check alerts", flow_run_name="check alerts {workspace}", persist_result=False)
def watch(workspace: str = ".", output: str | None = None, overrides: list[str] | None = None) -> int:
    """Alarm where the last run was killed or what is published is too old, and send what waits; returns messages sent.

    Args:
        workspace: folder that holds `resegment.yaml`.
        output: folder of the runs. Default: what the workspace says.
        overrides: ``a.b.c=value`` replacing values of the workspace file.

    Raises:
        UsageError: nothing has been run there.
        OutputError: a run is writing there; it tells its own alerts.
        DeliveryError: a target did not take a message.
    """
    space = load_workspace(Path(workspace), overrides=overrides or [])
    root = space.output_folder(output)
    with open_ledger(space, root) as run:
        run.as_of = space.calendar.day("today", dt.datetime.now(dt.UTC))
        check_alerts(run)
        return send_alerts(run)
