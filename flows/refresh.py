"""The main job: the whole corridor for one as-of date.

Owns: a run from opening to the pages on it. Does not own the order of the rooms (`corridor.py`). Prefect reads the
types of a flow when it is served from another process, so they are not postponed here.
"""

import asyncio
import datetime as dt
from pathlib import Path

from prefect import flow

from flows.corridor import compute, gather
from flows.forget_steps import end_stopped
from flows.rebuild import publish_lost
from flows.run_names import of_a_date
from tasks.config.errors import GateFailed
from tasks.config.loading import load_workspace
from tasks.notify.tasks import raise_alerts, raise_failure, send_alerts
from tasks.publish.tasks import build_candidate, publish
from tasks.quality.data_docs import DataDocs
from tasks.quality.tasks import check_published, write_data_docs
from tasks.report.tasks import write_report
from tasks.telemetry.lineage import lineage_of
from tasks.warehouse.run import Run, open_run
from tasks.warehouse.summary import RunSummary, summarise


@flow(name="refresh", flow_run_name=of_a_date("refresh"), persist_result=False)
def refresh(
    workspace: str = ".",
    as_of: dt.date | None = None,
    known_as_of: dt.datetime | None = None,
    output: str | None = None,
    overrides: list[str] | None = None,
    data_docs: bool = False,  # noqa: FBT001, FBT002 - Prefect calls flows by the names of their parameters
) -> RunSummary:
    """Ingest, check, recompute, compare and publish the segments of one date.

    Args:
        workspace: folder that holds `resegment.yaml`.
        as_of: the day described; nothing later is seen. Default: what the workspace says.
        known_as_of: nothing loaded later is seen. Default: everything loaded.
        output: folder to write to. Default: what the workspace says.
        overrides: ``a.b.c=value`` replacing values of the workspace file.
        data_docs: write Great Expectations' own pages on the checks, too; they need the internet to be looked at.

    Raises:
        WorkspaceError: the workspace cannot be used; nothing was done.
        UsageError: the day lies in the future.
        SourceError: a source cannot be read.
        GateFailed: a critical check failed; what was published stays.
        OutputError: the output folder cannot be written, or another run holds it.
    """
    space = load_workspace(Path(workspace), overrides=overrides or [])
    day = space.day_described(as_of, dt.datetime.now(dt.UTC))
    folder = space.output_folder(output)
    end_stopped(space, folder)
    with open_run(space, as_of=day, known_as_of=known_as_of, output=folder) as run:
        with lineage_of(run, "refresh"):
            _work(run, DataDocs() if data_docs else None)
        return summarise(run)


def _work(run: Run, documents: DataDocs | None) -> None:
    try:
        publish_lost(run)
        gather(run)
        compute(run, documents)
        candidate = build_candidate(run)
        check_published(run, candidate, documents)
        publish(run, candidate)
        raise_alerts(run)
    except GateFailed as stop:
        raise_failure(run, stop, return_state=True)
        _tell(run, documents, stopped_by=stop.message)
        raise
    except (Exception, asyncio.CancelledError) as error:  # the second: the flow's timeout
        raise_failure(run, error, return_state=True)
        send_alerts(run, return_state=True)
        raise
    _tell(run, documents)


def _tell(run: Run, documents: DataDocs | None, *, stopped_by: str | None = None) -> None:
    """The pages on the run, and the messages about it; that a target takes none does not fail the run."""
    write_report(run, stopped_by=stopped_by)
    if documents is not None:
        write_data_docs(run, documents)
    send_alerts(run, return_state=True)
