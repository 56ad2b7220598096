"""Parts of the corridor without its checks, for tests of what comes after."""

from __future__ import annotations

from tasks.ingest.tasks import identify_run, ingest_source, stage
from tasks.segments.division import Division
from tasks.segments.tasks import divide
from tasks.warehouse.run import Run


def ingest_and_stage(run: Run) -> None:
    """Every source loaded, the run known, staging built."""
    for source in run.workspace.sources:
        ingest_source.fn(run, source)
    identify_run.fn(run)
    stage.fn(run)


def divide_all(run: Run) -> dict[str, Division]:
    """Every segmentation, in the order of the workspace; its members wait to be written."""
    divisions: dict[str, Division] = {}
    for name in run.workspace.segmentations:
        divisions[name] = divide.fn(run, name, divisions)
    return divisions
