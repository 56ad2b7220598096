"""The drift room's Prefect task: reads two snapshots, has them compared and judged, writes the verdicts."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.drift.decision import measure_drift as measure
from tasks.drift.emergence_tables import comparable, write_candidates
from tasks.drift.policy import DriftPolicy, EffectHistory, EffectKey, FeatureSpec
from tasks.drift.population import confirm_on_population, measure_population
from tasks.drift.records import DriftVerdict
from tasks.drift.relations import measure_relations
from tasks.drift.verdict import judge_drift
from tasks.warehouse import ledger, tables
from tasks.warehouse.catalogue import KEY, catalogue_of
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run

log = logging.getLogger("resegment.drift")

#: Columns of `monitoring.drift`, with the attribute of a verdict that each holds.
_COLUMNS: dict[str, tuple[str, type[pl.DataType]]] = {
    "subject_kind": ("subject_kind", pl.String),
    "subject_name": ("subject_name", pl.String),
    "snapshot_kind": ("snapshot_kind", pl.String),
    "test_name": ("test_name", pl.String),
    "aspect_name": ("aspect", pl.String),
    "statistic": ("statistic", pl.Float64),
    "p_value": ("p_value", pl.Float64),
    "p_adjusted": ("p_adjusted", pl.Float64),
    "effect_name": ("effect_name", pl.String),
    "effect_size": ("effect_size", pl.Float64),
    "minimum_detectable_effect": ("minimum_detectable_effect", pl.Float64),
    "notice_threshold": ("notice_threshold", pl.Float64),
    "alarm_threshold": ("alarm_threshold", pl.Float64),
    "reference_count": ("reference_count", pl.Int64),
    "current_count": ("current_count", pl.Int64),
    "common_count": ("common_count", pl.Int64),
    "entered_count": ("entered_count", pl.Int64),
    "left_count": ("left_count", pl.Int64),
    "psi": ("psi", pl.Float64),
    "psi_p_value": ("psi_p_value", pl.Float64),
    "verdict_name": ("verdict", pl.String),
    "level_name": ("level", pl.String),
    "sentence": ("sentence", pl.String),
}
_SCHEMA: dict[str, type[pl.DataType]] = {
    "reference_kind": pl.String,
    "reference_as_of_date": pl.Date,
    **{name: kind for name, (_, kind) in _COLUMNS.items()},
}


@task(name="measure drift", cache_policy=NO_CACHE, persist_result=False)
def measure_drift(run: Run) -> None:
    """Compare features and segment mixes with the previous run, and with the first one for slow change."""
    specs = _specs(run)
    current = _snapshot(run, run.run_id, specs)
    references = _references(run) if current.height > 0 else []
    # The chance of one false alarm is the run's: two comparisons share it.
    error_rate = run.workspace.drift.family_wise_error / max(len(references), 1)
    frames = [_compare(run, kind, reference, specs, current, error_rate) for kind, reference in references]
    frame = pl.concat([pl.DataFrame(schema=_SCHEMA), *frames])
    tables.write_frame(run, "monitoring.drift", frame)
    levels = frame.filter(pl.col("reference_kind") == "previous").get_column("level_name")
    alarms, notices = (int((levels == level).sum()) for level in ("alarm", "notice"))
    log.info("%d tests, %d notices, %d alarms", frame.height, notices, alarms)
    log.info(write_candidates(run, specs, current, lambda reference: _snapshot(run, reference.run_id, specs)))


def _references(run: Run) -> list[tuple[str, Publication]]:
    """The previous run, and the first published one where that is another."""
    earlier = [item for item in ledger.publications(run.warehouse) if item.as_of < run.as_of]
    named = [("previous", item) for item in earlier[-1:]]
    return named + [("baseline", item) for item in earlier[:1] if len(earlier) > 1]


def _specs(run: Run) -> dict[str, FeatureSpec]:
    """What is compared: features that do not move by themselves, and each segmentation with one segment a customer."""
    specs = {
        name: FeatureSpec(
            name, "numeric" if column.kind == "number" else column.kind, is_calendar_driven=column.is_calendar_driven
        )
        for name, column in catalogue_of(run).features.items()
        if column.kind in {"number", "flag", "category"} and not (column.is_cumulative or column.is_external)
    }
    return specs | {name: FeatureSpec(name, "segment") for name in run.workspace.single_membership}


def _snapshot(run: Run, run_id: str, specs: dict[str, FeatureSpec]) -> pl.DataFrame:
    """One row per customer: his features, and his segment of each segmentation."""
    features = [name for name, spec in specs.items() if spec.kind != "segment"]
    columns, joins = [], ""
    for position, name in enumerate(name for name, spec in specs.items() if spec.kind == "segment"):
        members = (
            f"SELECT {KEY}, segment_id FROM segments.membership"
            f" WHERE run_id = {literal(run_id)} AND segmentation_id = {literal(name)}"
        )
        joins += f" LEFT JOIN ({members}) AS mix{position} USING ({KEY})"
        columns.append(f"coalesce(mix{position}.segment_id, 'in no segment') AS {identifier(name)}")
    chosen = ", ".join(["feature.*", *columns])
    relation = catalogue_of(run).relation(run_id, features)
    return run.warehouse.frame(f"SELECT {chosen} FROM {relation} AS feature{joins} ORDER BY {KEY}")


def _compare(
    run: Run,
    kind: str,
    reference: Publication,
    specs: dict[str, FeatureSpec],
    current: pl.DataFrame,
    error_rate: float,
) -> pl.DataFrame:
    earlier = _snapshot(run, reference.run_id, specs)
    # A feature that the earlier run did not have yet, or that no source feeds, has nothing to be compared with.
    known = comparable(specs, earlier, current)
    said = run.workspace.drift
    policy = DriftPolicy(
        family_wise_error_rate=error_rate,
        notice_effect=said.notice_effect,
        alarm_effect=said.alarm_effect,
    )
    days = (run.as_of - reference.as_of).days
    history = _history(run, kind)
    scores = measure(earlier, current, known, days, policy, said.seed)
    scores += measure_relations(earlier, current, known, policy, said.seed)
    verdicts = judge_drift(scores, policy, history)
    if any(verdict.snapshot_kind == "paired" and verdict.level != "none" for verdict in verdicts):
        population = measure_population(earlier, current, known, days, policy, said.seed)
        verdicts = confirm_on_population(verdicts, population, policy, history)
    return _frame(kind, reference, verdicts)


def _history(run: Run, kind: str) -> EffectHistory:
    """Effects that earlier published runs measured, oldest first."""
    history: dict[EffectKey, list[float]] = defaultdict(list)
    listed = ", ".join(literal(item.run_id) for item in ledger.publications(run.warehouse) if item.as_of < run.as_of)
    if listed and run.warehouse.table_exists("monitoring.drift"):
        for subject, test, size in run.warehouse.rows(
            "SELECT subject_name, test_name, effect_size FROM monitoring.drift"
            f" WHERE run_id IN ({listed}) AND reference_kind = $kind AND effect_size IS NOT NULL"
            " ORDER BY as_of_date, subject_name, test_name, aspect_name",
            {"kind": kind},
        ):
            history[EffectKey(subject, test)].append(size)
    return history


def _frame(kind: str, reference: Publication, verdicts: Sequence[DriftVerdict]) -> pl.DataFrame:
    measured = {
        name: [getattr(verdict, attribute) for verdict in verdicts] for name, (attribute, _) in _COLUMNS.items()
    }
    stamp = {"reference_kind": [kind] * len(verdicts), "reference_as_of_date": [reference.as_of] * len(verdicts)}
    return pl.DataFrame({**stamp, **measured}, schema=_SCHEMA)
