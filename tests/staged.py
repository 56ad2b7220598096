"""The corridor up to staging without its checks, for tests of what comes after."""

from __future__ import annotations

from tasks.ingest.tasks import identify_run, ingest_source, stage
from tasks.warehouse.run import Run


def ingest_and_stage(run: Run) -> None:
    """Every source loaded, the run known, staging built."""
    for source in run.workspace.sources:
        ingest_source.fn(run, source)
    identify_run.fn(run)
    stage.fn(run)
