"""Looking at the sources alone: new files are loaded and checked, nothing is computed of them or published.

Owns: that job, for hours between two refreshes. Does not own the checks (`tasks/quality`). Prefect reads the types of a
flow when it is served from another process, so they are not postponed here.
"""

import asyncio
import datetime as dt
from pathlib import Path

from prefect import flow

from flows.corridor import gather, inspect
from flows.run_names import of_a_date
from tasks.config.loading import load_workspace
from tasks.notify.tasks import raise_check_alerts, raise_failure, send_alerts
from tasks.telemetry.lineage import lineage_of
from tasks.warehouse.run import Run, open_run
from tasks.warehouse.summary import CheckSummary, summarise_checks


@flow(name="check quality", flow_run_name=of_a_date("check quality"), persist_result=False)
def check_quality(
    workspace: str = ".",
    as_of: dt.date | None = None,
    output: str | None = None,
    overrides: list[str] | None = None,
) -> CheckSummary:
    """Load what is new, check it as it came and as the entities that it maps to, and tell what is wrong.

    What is loaded is seen by the next refresh, which need not load it again.

    Args:
        workspace: folder that holds `resegment.yaml`.
        as_of: the day described; nothing later is looked at. Default: what the workspace says.
        output: folder of the runs. Default: what the workspace says.
        overrides: ``a.b.c=value`` replacing values of the workspace file.

    Raises:
        WorkspaceError: the workspace cannot be used; nothing was done.
        UsageError: the day lies in the future.
        SourceError: a source cannot be read.
        GateFailed: a critical check failed.
        OutputError: the output folder cannot be written, or another run holds it.
    """
    space = load_workspace(Path(workspace), overrides=overrides or [])
    day = space.day_described(as_of, dt.datetime.now(dt.UTC))
    with open_run(space, as_of=day, known_as_of=None, output=space.output_folder(output)) as run:
        run.ends_as = "checked"
        with lineage_of(run, "check"):
            _look(run)
        return summarise_checks(run)


def _look(run: Run) -> None:
    try:
        gather(run)
        inspect(run)
        raise_check_alerts(run)
    except (Exception, asyncio.CancelledError) as error:  # the second: the flow's timeout
        raise_failure(run, error, return_state=True)
        send_alerts(run, return_state=True)
        raise
    send_alerts(run, return_state=True)
