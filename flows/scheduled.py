"""A refresh that a schedule starts: once for each day, however many starts were missed.

Owns: whether a scheduled start still has something to do. Does not own the refresh (`refresh.py`), or when it starts
(`serve.py`, `deploy/prefect.yaml`). Prefect reads the types of a flow when it is served from another process, so they
are not postponed here.
"""

import datetime as dt
import logging
from pathlib import Path

from prefect import flow
from prefect.runtime import flow_run

from flows.refresh import refresh
from tasks.config.errors import OutputError, UsageError
from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tasks.warehouse import ledger
from tasks.warehouse.run import open_ledger
from tasks.warehouse.summary import RunSummary

log = logging.getLogger("resegment.scheduled")

#: Longer than a run of the largest company measured; a run that hangs ends, and is told.
_TIMEOUT_SECONDS = 6 * 3600


@flow(
    name="scheduled refresh",
    flow_run_name="scheduled refresh {workspace}",
    persist_result=False,
    timeout_seconds=_TIMEOUT_SECONDS,
)
def scheduled_refresh(
    workspace: str = ".", output: str | None = None, overrides: list[str] | None = None
) -> RunSummary | str:
    """Refresh the day that it is for the company, unless that was done since this start was due.

    Starts that were missed while a worker was down come late, all at once: the first of them refreshes, the others see
    that it did. On a day on which the company does not work nothing is done, where the workspace says so.

    Args:
        workspace: folder that holds `resegment.yaml`.
        output: folder to write to. Default: what the workspace says.
        overrides: ``a.b.c=value`` replacing values of the workspace file.

    Returns:
        The run in short, or why there was none.

    Raises:
        WorkspaceError, SourceError, GateFailed, OutputError: as `refresh` does.
    """
    space = load_workspace(Path(workspace), overrides=overrides or [])
    now = dt.datetime.now(dt.UTC)
    due = flow_run.scheduled_start_time or now
    reason = _reason_not_to(space, output, now, due)
    if reason:
        log.info("%s", reason)
        return reason
    return refresh(workspace=workspace, as_of=space.day(now), output=output, overrides=overrides)


def _reason_not_to(space: Workspace, output: str | None, now: dt.datetime, due: dt.datetime) -> str | None:
    today = space.calendar.day("today", now)
    if space.schedules.only_business_days and not space.calendar.is_business_day(today):
        return f"{today} is no business day of {space.name}"
    root = space.output_folder(output)
    day = space.day(now)
    try:
        with open_ledger(space, root) as run:
            published = ledger.published_at(run.warehouse, day)
    except (OutputError, UsageError):
        # Nothing was run there yet, or somebody writes: the refresh says what is to be said.
        return None
    if published is None or published.replace(tzinfo=dt.UTC) < due:
        return None
    return f"{day} was published at {published:%Y-%m-%d %H:%M} UTC, after this start was due at {due:%Y-%m-%d %H:%M}"
