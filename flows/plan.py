"""What an edited workspace would change: computed beside the published output, which is only read.

Owns: the order of the steps, and which of the two ways is taken. Does not own any step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tasks.comments.tasks import read_comments
from tasks.config.workspace import Workspace
from tasks.features.tasks import build_features, check_models
from tasks.ingest.tasks import identify_run, ingest_source, stage
from tasks.overlap.conflicts import conflict_judge
from tasks.overlap.pairs import measure_pairs
from tasks.plan import compare
from tasks.plan.consumers import affected_consumers, published_columns
from tasks.plan.overlaps import new_pairs
from tasks.plan.records import Plan
from tasks.plan.rules_reached import unreached_rules
from tasks.plan.scratch import PLANNED, features_as_published, published_now, recomputed_because, whole_copy
from tasks.predict.tasks import check_predictions, make_predictions
from tasks.segments.division import Division
from tasks.segments.tasks import check_definitions, divide, write_segments
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import OutputPaths, Run, open_run

_AS_PUBLISHED = "computed on the features of run {run_id}, published for {as_of}"
_ANEW = (
    "computed anew from the sources for {as_of}, which is published by run {run_id}, in a scratch copy, because {why}"
)
_LIMITS = ["quality gates are not run: a run may still stop at one"]
_LIMITS_AS_PUBLISHED = ["files that came after that run are not seen"]
_LIMITS_ANEW = ["files that came after that run are seen, and what they change is not told apart from the edit"]


def plan_workspace(space: Workspace, paths: OutputPaths, *, examples: int = 0) -> Plan:
    """Compare an edited workspace with what is published for the newest date.

    What it says of segments is what the next run for that date publishes, from the same files.

    Raises:
        UsageError: nothing is published.
        OutputError: a run is writing.
        WorkspaceError: the edit is no valid workspace; file and line are named.
    """
    published = published_now(paths)
    current, said = published.current, published.said
    why = recomputed_because(space, published)
    opened = _computed_anew(space, paths, current) if why else features_as_published(space, paths, current)
    with opened as run:
        check_definitions.fn(run)
        divisions: dict[str, Division] = {}
        for name in space.segmentations:
            divisions[name] = divide.fn(run, name, divisions)
        write_segments.fn(run, divisions)
        return _compared(run, current, said, why, divisions, examples)


@contextmanager
def _computed_anew(space: Workspace, paths: OutputPaths, current: Publication) -> Iterator[Run]:
    """A run in a copy of the warehouse, up to its features."""
    with (
        whole_copy(space, paths) as folder,
        open_run(space, as_of=current.as_of, known_as_of=None, output=folder, is_scratch=True) as run,
    ):
        check_definitions.fn(run)
        check_models.fn(run)
        check_predictions.fn(run)
        for source in space.sources:
            ingest_source.fn(run, source)
        identify_run.fn(run)
        run.run_id = PLANNED
        stage.fn(run)
        read_comments.fn(run)
        build_features.fn(run)
        make_predictions.fn(run)
        yield run


def _compared(
    run: Run,
    current: Publication,
    said: Mapping[str, Any] | None,
    why: list[str],
    divisions: Mapping[str, Division],
    examples: int,
) -> Plan:
    windows = said["workspace"]["features"]["windows"] if said else None
    amount, amount_told = compare.amount_column(run, windows)
    notes = {name: division.note for name, division in divisions.items()}
    planned = compare.compare_segmentations(run, current.run_id, notes, amount=amount, examples=examples)
    moved, everybody = compare.moved_customers(run, current.run_id)
    before, after = (compare.definitions(run, run_id) for run_id in (current.run_id, run.run_id))
    pairs = [
        measure_pairs(compare.intersections(run, run_id), everybody, segment_ids=sorted(defined))
        for run_id, defined in ((current.run_id, before), (run.run_id, after))
    ]
    filled = {segment.segment_id for item in planned for segment in item.segments if segment.before_count}
    basis = (_ANEW if why else _AS_PUBLISHED).format(as_of=current.as_of, run_id=current.run_id, why="; ".join(why))
    return Plan(
        current.as_of.isoformat(),
        current.run_id,
        basis,
        [*_LIMITS, *(_LIMITS_ANEW if why else _LIMITS_AS_PUBLISHED), *_limits_of_databases(run.workspace)],
        why,
        amount_told,
        moved,
        everybody,
        planned,
        unreached_rules(run, filled),
        new_pairs(pairs[0], pairs[1], *(conflict_judge(list(side.values())) for side in (before, after))),
        affected_consumers(run.workspace, published_columns(run.workspace, run.as_of), planned),
    )


def _limits_of_databases(space: Workspace) -> list[str]:
    """What a plan cannot say: what comes of another query or mapping, for rows are not kept as they came."""
    names = [name for name, source in space.sources.items() if source.database is not None]
    if not names:
        return []
    return [f"no database is asked: {', '.join(names)} as loaded before, whatever is edited of query, columns or where"]
