"""Who was in which segment at two dates, with what is averaged of him.

Owns: the queries of memberships, and whose profiles are compared where customers are many: of each segment as many as
tell what it is like. What segments are worth is compared of all their members. Does not own: the scores
(`segment_scores.py`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from tasks.drift import sampling
from tasks.drift.columns import Snapshot
from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.redrawn import Redrawn
from tasks.drift.segment_means import Members
from tasks.drift.segment_scores import SegmentPair
from tasks.drift.snapshot_reading import EVERYBODY, snapshot
from tasks.drift.snapshots import SnapshotPair, pair_snapshots
from tasks.drift.tables import Flags, Integers
from tasks.drift.views import View
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import literal
from tasks.warehouse.run import Run


class SegmentPairs(NamedTuple):
    """The same segments: with the members whose profiles are compared, and with all of them, of whom KPIs are."""

    profiles: SegmentPair
    kpis: SegmentPair


def segment_pairs(
    run: Run,
    runs: tuple[str, str],
    views: Sequence[View],
    kpis: Sequence[str],
    policy: DriftPolicy,
    redrawn: Redrawn,
) -> SegmentPairs:
    """Of the segments that are large enough to be described at both dates.

    Args:
        run: the present run.
        runs: ids of the earlier and of the later of the two.
        views: what is compared of the two.
        kpis: features that are averaged of all members.
        policy: tells when two snapshots are paired.
        redrawn: by which definitions segments are compared.
    """
    sizes = _sizes(run, runs, redrawn)
    source = redrawn.members()

    def pair(frames: tuple[Snapshot, Snapshot], condition: str = EVERYBODY) -> SegmentPair:
        aligned = pair_snapshots(*frames, paired_common_share=policy.paired_common_share)
        then, now = (
            _members(run, source, *of_run, list(sizes), condition) for of_run in zip(runs, frames, strict=True)
        )
        return SegmentPair(aligned, list(sizes), then, now)

    def frames(columns: Mapping[str, FeatureSpec], chosen: str) -> tuple[Snapshot, Snapshot]:
        return snapshot(run, runs[0], columns, chosen), snapshot(run, runs[1], columns, chosen)

    sampled = next((view for view in views if view.is_sample), None)
    if sampled is None:
        whole = pair((views[0].earlier, views[0].current))
        return SegmentPairs(whole, whole)
    whole = pair(frames({name: sampled.specs[name] for name in kpis}, EVERYBODY))
    members = sampling.drawn_members(sizes, run.workspace.drift.enough_customers)
    listed = f"SELECT {KEY} FROM {source} WHERE {_of_segments(sizes, runs)} AND {members}"
    described = frames(
        {name: spec for name, spec in sampled.specs.items() if spec.subject_kind == "feature"},
        f"({sampled.chosen} OR {KEY} IN ({listed}))",
    )
    ranked = (_among(described[0], sampled.earlier), _among(described[1], sampled.current))
    return SegmentPairs(dataclasses.replace(pair(described, members), ranked=ranked, whole=whole), whole)


def mix_pair(views: Sequence[View], policy: DriftPolicy) -> tuple[SnapshotPair, list[str]] | None:
    """Snapshots that hold the segments of everybody in each segmentation, and the names of these."""
    # All mixes are columns of one view: they are of everybody.
    for view in views:
        mixes = [name for name, spec in view.specs.items() if spec.kind == "segment"]
        if mixes:
            share = policy.paired_common_share
            return pair_snapshots(view.earlier, view.current, paired_common_share=share), mixes
    return None


def _sizes(run: Run, runs: tuple[str, str], redrawn: Redrawn) -> dict[str, int]:
    """The smaller of its two sizes of each segment that is described at both dates and can be compared."""
    rows: dict[str, int] = dict(
        run.warehouse.rows(
            "SELECT segment_id, min(customer_count) FROM monitoring.kpi WHERE run_id IN ($now, $then)"
            " GROUP BY segment_id HAVING count(*) = 2 AND NOT bool_or(is_suppressed) ORDER BY segment_id",
            {"now": runs[1], "then": runs[0]},
        )
    )
    return {name: size for name, size in rows.items() if name.partition(".")[0] not in redrawn.apart}


def _of_segments(segments: Iterable[str], runs: Sequence[str]) -> str:
    listed, of_runs = (", ".join(map(literal, names)) or "NULL" for names in (segments, runs))
    return f"run_id IN ({of_runs}) AND segment_id IN ({listed})"


def _among(frame: Snapshot, others: Snapshot) -> Flags:
    return frame[KEY].is_in(others[KEY].implode()).to_numpy()


def _members(run: Run, source: str, run_id: str, frame: Snapshot, segments: list[str], condition: str) -> Members:
    """Memberships of a run, by rows of its snapshot; ascending by segment and row."""
    place = pl.Enum(segments)
    found = run.warehouse.frame(
        f"SELECT {KEY}, segment_id FROM {source} WHERE {_of_segments(segments, [run_id])} AND {condition}"
    )
    rows = frame[KEY].to_frame().with_row_index("at")
    joined = found.with_columns(pl.col("segment_id").cast(place).to_physical()).join(rows, on=KEY, how="inner")
    ordered = joined.select("segment_id", "at").sort("segment_id", "at")
    return Members(_integers(ordered.get_column("at")), _integers(ordered.get_column("segment_id")))


def _integers(column: pl.Series) -> Integers:
    return column.cast(pl.Int64).to_numpy()
