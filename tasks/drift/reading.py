"""What drift is measured on: snapshots, memberships and flows of a run and of those it is compared with.

Owns: the queries. Does not own any statistic, or which runs are compared (`references.py`).
"""

from __future__ import annotations

import itertools
import zlib
from collections import defaultdict
from collections.abc import Mapping

import polars as pl

from tasks.config.drift import ReferenceKind
from tasks.drift.columns import Snapshot, filled_columns, stored_snapshot
from tasks.drift.flow_rates import Flows
from tasks.drift.policy import EffectHistory, EffectKey, FeatureSpec
from tasks.drift.references import a_year_before, are_alike, earlier_runs
from tasks.drift.season import Season
from tasks.drift.segment_means import Members
from tasks.drift.segment_scores import SegmentPair
from tasks.drift.snapshots import SnapshotPair
from tasks.drift.specs import CONFIDENCE, NEAR_BORDER
from tasks.drift.tables import Integers
from tasks.warehouse.catalogue import KEY, catalogue_of
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run

_BORDERLINE = 0.1
"""A customer whose membership is less clear than this stands near the boundary to the next segment."""


_KNOWN_PERIODS = 52
"""Periods of which flows tell how much they differ by themselves: a year of weeks."""

_TRANSITIONS = (
    "SELECT run_id, segmentation_id, from_segment_id, to_segment_id, CAST(customer_count AS BIGINT) AS customer_count"
    " FROM monitoring.transition WHERE list_contains($run_ids, run_id) AND from_segment_id IS NOT NULL"
)
#: Cuts by rank move between two runs, and take many customers along at once: of those segmentations the flows are what
#: customers did under the cuts of the run before.
_FLOWS = f"""
WITH transition AS ({_TRANSITIONS}),

redrawn AS (
    SELECT run_id, segmentation_id, what_name FROM segments.redrawn WHERE list_contains($run_ids, run_id)
),

by_ranks AS (SELECT DISTINCT run_id, segmentation_id FROM redrawn WHERE what_name = 'ranks'),

moved AS (
    SELECT run_id, segmentation_id, from_segment_id, to_segment_id, count(*) AS customer_count
    FROM monitoring.change_step
    SEMI JOIN by_ranks USING (run_id, segmentation_id)
    WHERE step_no = 1 AND from_segment_id IS NOT NULL
    GROUP BY ALL
),

members AS (
    SELECT run_id, segmentation_id, from_segment_id, sum(customer_count) AS customer_count
    FROM transition
    SEMI JOIN by_ranks USING (run_id, segmentation_id)
    GROUP BY ALL
),

stayed AS (
    SELECT members.run_id, members.segmentation_id, members.from_segment_id,
        CAST(any_value(members.customer_count) - coalesce(sum(moved.customer_count), 0) AS BIGINT) AS customer_count
    FROM members
    LEFT JOIN moved ON members.run_id = moved.run_id AND members.from_segment_id = moved.from_segment_id
    GROUP BY ALL
)

SELECT * FROM transition ANTI JOIN redrawn USING (run_id, segmentation_id)
UNION ALL
SELECT * FROM moved
UNION ALL
SELECT run_id, segmentation_id, from_segment_id, from_segment_id, customer_count FROM stayed WHERE customer_count > 0
"""


def snapshot(run: Run, run_id: str, specs: Mapping[str, FeatureSpec]) -> Snapshot:
    """One row per customer: his features, and what his memberships say; columns as in `specs`."""
    of_memberships: dict[str, list[FeatureSpec]] = defaultdict(list)
    features = []
    for name, spec in specs.items():
        if spec.kind == "segment":
            of_memberships[name].append(spec)
        elif spec.subject_kind == "segment_size":
            of_memberships[name.partition(".")[0]].append(spec)
        elif spec.subject_kind == "fit":
            of_memberships[spec.subject_name or name].append(spec)
        else:
            features.append(name)
    columns, joins = ["feature.*"], []
    for position, (segmentation, own) in enumerate(of_memberships.items()):
        mine = f"mix{position}"
        values = ", ".join(f"{_value(run, spec)} AS {identifier(spec.name)}" for spec in own)
        joins.append(
            f" LEFT JOIN (SELECT {KEY}, {values} FROM segments.membership WHERE run_id = {literal(run_id)}"
            f" AND segmentation_id = {literal(segmentation)} GROUP BY {KEY}) AS {mine} USING ({KEY})"
        )
        columns += [f"{_of_nobody(spec, mine)} AS {identifier(spec.name)}" for spec in own]
    relation = catalogue_of(run).relation(run_id, features)
    key = f"{run_id}_{zlib.crc32(' '.join(specs).encode())}"
    sql = f"SELECT {', '.join(columns)} FROM {relation} AS feature{''.join(joins)} ORDER BY {KEY}"
    return stored_snapshot(run.warehouse, key, sql)


def _value(run: Run, spec: FeatureSpec) -> str:
    """SQL of a column over the memberships of one customer in one segmentation."""
    if spec.kind == "segment":
        return "any_value(segment_id)"
    if spec.subject_kind == "segment_size":
        return f"bool_or(segment_id = {literal(spec.name)})"
    if spec.part_name == CONFIDENCE:
        return "any_value(strength_share)"
    if spec.part_name == NEAR_BORDER:
        return f"any_value(strength_share < {_BORDERLINE})"
    # A warehouse that an earlier version wrote has no distances.
    present = {name for name, _ in run.warehouse.columns("SELECT * FROM segments.membership")}
    return "any_value(centre_distance)" if "centre_distance" in present else "NULL::DOUBLE"


def _of_nobody(spec: FeatureSpec, joined: str) -> str:
    """SQL of a column with what is said of customers without a membership."""
    name = f"{joined}.{identifier(spec.name)}"
    if spec.kind == "segment":
        return f"coalesce({name}, 'in no segment')"
    return f"coalesce({name}, false)" if spec.subject_kind == "segment_size" else name


def comparable(
    run: Run, reference: Publication, specs: dict[str, FeatureSpec], earlier: Snapshot, current: Snapshot
) -> dict[str, FeatureSpec]:
    """The columns that both runs know: a feature that the earlier one did not have yet has nothing to be compared with.

    How well a model fits is compared only while it is the same model.
    """
    same = {
        name
        for (name,) in run.warehouse.rows(
            "SELECT segmentation_id FROM segments.model WHERE run_id IN ($now, $then) GROUP BY segmentation_id"
            " HAVING count(*) = 2 AND count(DISTINCT (model_no, trained_as_of_date)) = 1",
            {"now": run.run_id, "then": reference.run_id},
        )
    }
    filled = filled_columns(earlier) & filled_columns(current)
    return {
        name: spec
        for name, spec in specs.items()
        if name in filled and (spec.subject_kind != "fit" or spec.subject_name in same)
    }


def segment_pair(run: Run, reference: Publication, pair: SnapshotPair) -> SegmentPair:
    """Memberships of both dates, of the segments that are large enough to be described at both."""
    segments = [
        segment
        for (segment,) in run.warehouse.rows(
            "SELECT segment_id FROM monitoring.kpi WHERE run_id IN ($now, $then) GROUP BY segment_id"
            " HAVING count(*) = 2 AND NOT bool_or(is_suppressed) ORDER BY segment_id",
            {"now": run.run_id, "then": reference.run_id},
        )
    ]
    return SegmentPair(
        pair,
        segments,
        _members(run, reference.run_id, segments, pair.reference),
        _members(run, run.run_id, segments, pair.current),
    )


def _members(run: Run, run_id: str, segments: list[str], frame: Snapshot) -> Members:
    listed = ", ".join(map(literal, segments)) or "''"
    found = run.warehouse.frame(
        f"SELECT {KEY}, segment_id FROM segments.membership WHERE run_id = {literal(run_id)}"
        f" AND segment_id IN ({listed}) ORDER BY segment_id, {KEY}"
    )
    rows = frame[KEY].to_frame().with_row_index("at")
    joined = found.join(rows, on=KEY, how="inner", maintain_order="left")
    place = {segment: number for number, segment in enumerate(segments)}
    numbers = joined.get_column("segment_id").replace_strict(place, return_dtype=pl.Int64)
    return Members(_integers(joined.get_column("at")), _integers(numbers))


def _integers(column: pl.Series) -> Integers:
    return column.cast(pl.Int64).to_numpy()


def flows_of_periods(run: Run) -> list[Flows] | None:
    """Flows of the present period, last, and of those before that are about as long; None where the last one is not.

    Of segmentations that were redrawn between the runs there are none: customers moved because of that. Those by ranks
    are redrawn in every run; of them the flows are under the cuts of the run before.
    """
    earlier = earlier_runs(run)
    if len(earlier) <= 1:
        return None
    present = (run.as_of - earlier[-1].as_of).days
    alike = [
        later.run_id
        for start, later in itertools.pairwise(earlier)
        if are_alike(present, (later.as_of - start.as_of).days)
    ][-_KNOWN_PERIODS:]
    if not alike or alike[-1] != earlier[-1].run_id:
        return None
    flows = _flows(run, [*alike, run.run_id])
    return [flows[run_id] for run_id in (*alike, run.run_id)]


def _flows(run: Run, run_ids: list[str]) -> Mapping[str, Flows]:
    """Flows of runs, by their ids."""
    found: dict[str, dict[str, dict[str | None, int]]] = {run_id: defaultdict(dict) for run_id in run_ids}
    query = _FLOWS if run.warehouse.table_exists("segments.redrawn") else _TRANSITIONS
    for run_id, name, source, target, count in run.warehouse.rows(f"{query} ORDER BY ALL", {"run_ids": run_ids}):
        if name in run.workspace.single_membership:
            found[run_id][source][target] = count
    return found


def season_of(run: Run, since: Publication, specs: dict[str, FeatureSpec]) -> Season | None:
    """The period since a run a year ago; None where history does not reach so far back, or had no such period."""
    period = a_year_before(run, since)
    if period is None:
        return None
    start, later = period
    label = f"from {start.as_of} to {later.as_of}"
    return Season(snapshot(run, start.run_id, specs), snapshot(run, later.run_id, specs), label)


def effect_history(run: Run, kind: ReferenceKind) -> EffectHistory:
    """Effects that earlier published runs measured, oldest first; of segments from the table that keeps all of them."""
    history: dict[EffectKey, list[float]] = defaultdict(list)
    listed = ", ".join(literal(item.run_id) for item in earlier_runs(run))
    for table, chosen in _EFFECTS.items():
        if not listed or not run.warehouse.table_exists(table):
            continue
        present = {name for name, _ in run.warehouse.columns(f"SELECT * FROM {table}")}
        part = "part_name" if "part_name" in present else "NULL::VARCHAR"
        for of, subject, test, named, size in run.warehouse.rows(
            f"SELECT subject_kind, subject_name, test_name, {part} AS part, effect_size FROM {table}"
            f" WHERE run_id IN ({listed}) AND reference_kind = $kind AND effect_size IS NOT NULL AND {chosen}"
            " ORDER BY as_of_date, subject_kind, subject_name, test_name, part, effect_size",
            {"kind": kind},
        ):
            history[EffectKey(of, subject, test, named)].append(size)
    return history


#: Tables that keep effects, with the condition on their rows.
_EFFECTS = {"monitoring.drift": "subject_kind NOT IN ('profile', 'kpi')", "monitoring.segment_effect": "true"}
