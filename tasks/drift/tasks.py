"""The drift room's Prefect task: reads two snapshots, has them compared and judged, writes the verdicts."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config.drift import KIND_LIMITS, RECENT
from tasks.drift.columns import forget_snapshots
from tasks.drift.comparison import Comparison, compare
from tasks.drift.emergence_tables import write_candidates
from tasks.drift.policy import DriftPolicy
from tasks.drift.records import DriftScore, DriftVerdict
from tasks.drift.references import references
from tasks.drift.views import columns_of
from tasks.warehouse import tables
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.drift")

#: Columns of `monitoring.drift`, with the attribute of a verdict that each holds.
_COLUMNS: dict[str, tuple[str, type[pl.DataType]]] = {
    "subject_kind": ("subject_kind", pl.String),
    "subject_name": ("subject_name", pl.String),
    "part_name": ("part_name", pl.String),
    "snapshot_kind": ("snapshot_kind", pl.String),
    "test_name": ("test_name", pl.String),
    "aspect_name": ("aspect", pl.String),
    "statistic": ("statistic", pl.Float64),
    "p_value": ("p_value", pl.Float64),
    "p_adjusted": ("p_adjusted", pl.Float64),
    "effect_name": ("effect_name", pl.String),
    "effect_size": ("effect_size", pl.Float64),
    "effect_low": ("effect_low", pl.Float64),
    "effect_high": ("effect_high", pl.Float64),
    "minimum_detectable_effect": ("minimum_detectable_effect", pl.Float64),
    "notice_threshold": ("notice_threshold", pl.Float64),
    "alarm_threshold": ("alarm_threshold", pl.Float64),
    "reference_count": ("reference_count", pl.Int64),
    "current_count": ("current_count", pl.Int64),
    "common_count": ("common_count", pl.Int64),
    "entered_count": ("entered_count", pl.Int64),
    "left_count": ("left_count", pl.Int64),
    "reference_value_count": ("reference_value_count", pl.Int64),
    "current_value_count": ("current_value_count", pl.Int64),
    "psi": ("psi", pl.Float64),
    "psi_p_value": ("psi_p_value", pl.Float64),
    "verdict_name": ("verdict", pl.String),
    "level_name": ("level", pl.String),
    "is_seasonal": ("is_seasonal", pl.Boolean),
    "sentence": ("sentence", pl.String),
}
#: Columns of `monitoring.segment_effect`, likewise.
_EFFECTS: dict[str, tuple[str, type[pl.DataType]]] = {
    name: _COLUMNS[name] for name in ("subject_kind", "subject_name", "part_name", "test_name", "effect_size")
}


@task(name="measure drift", cache_policy=NO_CACHE, persist_result=False)
@recorded
def measure_drift(run: Run) -> None:
    """Compare this run with each of its references."""
    try:
        _measure(run)
    finally:
        forget_snapshots(run.warehouse)


def _measure(run: Run) -> None:
    columns = columns_of(run)
    # Where nobody is, there is nothing to compare.
    listed = references(run) if columns.filled else []
    # The chance of one false alarm is the run's: the comparisons share it.
    policy = _policy(run, run.workspace.drift.family_wise_error / max(len(listed), 1))
    found = [compare(run, reference, columns, policy) for reference in listed]
    verdicts = pl.concat([_empty(_COLUMNS), *(_frame(one, one.verdicts, _COLUMNS) for one in found)])
    effects = pl.concat([_empty(_EFFECTS), *(_frame(one, one.effects, _EFFECTS) for one in found)])
    tables.write_frame(run, "monitoring.drift", verdicts)
    tables.write_frame(run, "monitoring.segment_effect", effects)
    levels = verdicts.filter(pl.col("reference_kind").is_in(RECENT)).get_column("level_name")
    alarms, notices = (int((levels == level).sum()) for level in ("alarm", "notice"))
    log.info("%d tests, %d notices, %d alarms", sum(one.test_count for one in found), notices, alarms)
    log.info(write_candidates(run, columns))


def _policy(run: Run, error_rate: float) -> DriftPolicy:
    said = run.workspace.drift
    return DriftPolicy(
        family_wise_error_rate=error_rate,
        notice_effect=said.notice_effect,
        alarm_effect=said.alarm_effect,
        limits=KIND_LIMITS | {kind: said.limits_of(kind) for kind in said.subjects},
    )


def _frame(
    comparison: Comparison,
    scores: Sequence[DriftScore] | Sequence[DriftVerdict],
    columns: Mapping[str, tuple[str, type[pl.DataType]]],
) -> pl.DataFrame:
    reference = comparison.reference
    stamp = {
        "reference_kind": [reference.kind] * len(scores),
        "reference_as_of_date": [reference.publication.as_of] * len(scores),
    }
    measured = {name: [getattr(score, attribute) for score in scores] for name, (attribute, _) in columns.items()}
    return pl.DataFrame({**stamp, **measured}, schema=_empty(columns).schema)


def _empty(columns: Mapping[str, tuple[str, type[pl.DataType]]]) -> pl.DataFrame:
    kinds = {name: kind for name, (_, kind) in columns.items()}
    return pl.DataFrame(schema={"reference_kind": pl.String, "reference_as_of_date": pl.Date, **kinds})
