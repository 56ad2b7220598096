"""The corridor up to publishing: what a run of one date and each date of a backfill have in common.

Owns: the order of the rooms. Does not own what any room does, or publishing (`refresh.py`, `backfill.py`).
"""

from __future__ import annotations

from flows.cluster_space import open_space
from tasks.audit.tasks import audit_segmentations, check_audit
from tasks.comments.tasks import read_comments
from tasks.demo.tasks import generate_sources
from tasks.drift.tasks import measure_drift
from tasks.features.tasks import build_features, check_models
from tasks.ingest.tasks import identify_run, ingest_source, know_workspace, pull_source, stage
from tasks.insight.tasks import measure_segments, name_transitions, profile_segments
from tasks.overlap.tasks import measure_overlap
from tasks.predict.tasks import check_predictions, make_predictions
from tasks.quality.data_docs import DataDocs
from tasks.quality.tasks import check
from tasks.segments.division import Division
from tasks.segments.tasks import ask_earlier_definitions, check_definitions, divide, write_segments
from tasks.treatment.tasks import resolve_treatments
from tasks.warehouse.run import Run


def gather(run: Run) -> None:
    """What does not depend on the date: the workspace is proved, new files are loaded and databases are pulled."""
    check_definitions(run)
    check_models(run)
    check_predictions(run)
    check_audit(run)
    generate_sources(run)
    know_workspace(run)
    for name, source in run.workspace.sources.items():
        ingest_source(run, name, pull_source(run, name) if source.database else None)


def inspect(run: Run, documents: DataDocs | None = None) -> None:
    """What can be said of the sources alone: they are checked as they came, and as the entities that they map to.

    An identified run is not identified again.
    """
    if not run.run_id:
        identify_run(run)
    check(run, "raw", documents)
    stage(run)
    read_comments(run)
    check(run, "staging", documents)


def compute(run: Run, documents: DataDocs | None = None) -> None:
    """Everything of one date, up to publishing."""
    inspect(run, documents)
    build_features(run)
    make_predictions(run)
    check(run, "features", documents)
    divisions: dict[str, Division] = {}
    for name in run.workspace.segmentations:
        divisions[name] = divide(run, name, divisions)
    write_segments(run, divisions)
    ask_earlier_definitions(run)
    check(run, "segments", documents)
    measure_segments(run)
    name_transitions(run)
    profile_segments(run)
    measure_overlap(run)
    resolve_treatments(run)
    measure_drift(run)
    audit_segmentations(run, open_space)
    check(run, "monitoring", documents)
