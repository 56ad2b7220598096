"""The third gate: a cohort that grows older is no news, a population that changes is."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.drift.decision import measure_drift
from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.population import confirm_on_population, measure_population
from tasks.drift.records import DriftVerdict
from tasks.drift.verdict import judge_drift

SPECS = {"orders": FeatureSpec("orders", "numeric"), "stage": FeatureSpec("stage", "segment")}


def cohort(months: np.ndarray, rng: np.random.Generator, level: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    """Orders and life stage of customers by months since they came: new ones are busy, later they calm down."""
    orders = rng.poisson(level * np.exp(-months / 6.0) + 0.5)
    return orders.astype(float), np.where(months < 1, "new", "known")


def judge(before: pl.DataFrame, after: pl.DataFrame) -> list[DriftVerdict]:
    policy = DriftPolicy()
    verdicts = judge_drift(measure_drift(before, after, SPECS, 30, policy, 0), policy)
    return confirm_on_population(verdicts, measure_population(before, after, SPECS, 30, policy, 0), policy)


def snapshots(seed: int, *, level_after: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A stationary house: 24 cohorts of 300, each a month older in the second snapshot, the oldest gone, one new."""
    rng = np.random.default_rng(seed)
    ids = np.arange(25 * 300)
    cohorts = ids // 300
    first = cohorts < 24
    then, now = 23 - cohorts, 24 - cohorts
    frames = []
    for inside, months, level in ((first, then, 4.0), (cohorts >= 1, now, level_after)):
        orders, stage = cohort(months[inside].astype(float), rng, level)
        frames.append(pl.DataFrame({"customer_id": ids[inside].astype(str), "orders": orders, "stage": stage}))
    return frames[0], frames[1]


def test_a_house_whose_customers_only_grow_older_raises_no_alarm() -> None:
    alarmed_without_gate = 0
    for seed in range(20):
        before, after = snapshots(seed, level_after=4.0)
        policy = DriftPolicy()
        paired = judge_drift(measure_drift(before, after, SPECS, 30, policy, 0), policy)
        alarmed_without_gate += any(verdict.level == "alarm" for verdict in paired)
        judged = judge(before, after)
        assert [verdict.level for verdict in judged if verdict.level == "alarm"] == []
        assert any("those who came and went make up for it" in verdict.sentence for verdict in judged)
    # The gate is what keeps them quiet: the paired verdicts alone alarm every time.
    assert alarmed_without_gate == 20


def test_a_house_where_everybody_orders_less_still_alarms() -> None:
    for seed in range(10):
        before, after = snapshots(seed, level_after=2.5)
        assert any(verdict.level == "alarm" and verdict.subject_name == "orders" for verdict in judge(before, after))


def test_without_entrants_and_leavers_nothing_is_lowered() -> None:
    rng = np.random.default_rng(1)
    ids = [str(number) for number in range(4000)]
    base = rng.lognormal(3.0, 1.0, 4000)
    before = pl.DataFrame({"customer_id": ids, "orders": base, "stage": ["known"] * 4000})
    after = before.with_columns(orders=pl.Series(base * 1.35))
    policy = DriftPolicy()
    plain = judge_drift(measure_drift(before, after, SPECS, 30, policy, 0), policy)
    assert [(v.test_name, v.level) for v in judge(before, after)] == [(v.test_name, v.level) for v in plain]
    assert any(verdict.level == "alarm" for verdict in plain)
