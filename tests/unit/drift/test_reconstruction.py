"""A relation that breaks is seen where no feature changes by itself, and nothing else is."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tasks.drift.decision import measure_drift
from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.reconstruction import SUBJECT, measure_reconstruction
from tasks.drift.records import DriftScore
from tasks.drift.verdict import judge_drift

NAMES = ("orders", "amount", "visits", "returns")
SPECS = {name: FeatureSpec(name, "numeric") for name in NAMES}
POLICY = DriftPolicy(resamples=9_999)


def snapshot(size: int, seed: int, *, first_id: int = 0) -> pl.DataFrame:
    """Amount follows orders closely; the others share a little with everything."""
    random = np.random.default_rng(seed)
    common = random.standard_normal(size)
    orders = np.round(np.exp(1 + 0.8 * common + 0.3 * random.standard_normal(size)))
    columns = {
        "orders": orders,
        "amount": orders * np.exp(3 + 0.2 * random.standard_normal(size)),
        "visits": np.exp(2 + 0.3 * common + random.standard_normal(size)),
        "returns": np.floor(np.exp(0.3 * common + random.standard_normal(size))),
    }
    return pl.DataFrame({"customer_id": np.arange(first_id, first_id + size), **columns})


def without_relation(frame: pl.DataFrame, share: float) -> pl.DataFrame:
    """Hand the amounts of a share of the customers round among them: every feature stays as it is."""
    random = np.random.default_rng(5)
    rows = random.choice(frame.height, round(share * frame.height), replace=False)
    amounts = frame["amount"].to_numpy().copy()
    amounts[rows] = amounts[random.permutation(rows)]
    return frame.with_columns(pl.Series("amount", amounts))


def measured(before: pl.DataFrame, after: pl.DataFrame) -> DriftScore:
    (score,) = measure_reconstruction(before, after, SPECS, POLICY, 0)
    return score


def test_a_broken_relation_is_seen_and_named_where_no_feature_changed() -> None:
    for first_id in (0, 2_000):
        before = snapshot(2_000, 1)
        after = without_relation(before if first_id == 0 else snapshot(2_000, 2, first_id=first_id), 0.3)
        score = measured(before, after)
        scores = [*measure_drift(before, after, SPECS, 7, POLICY, 0), score]
        told = [verdict for verdict in judge_drift(scores, POLICY) if verdict.level != "none"]
        assert [verdict.subject_name for verdict in told] == [SUBJECT]
        assert told[0].level == "alarm"
        assert "fit the former relations worse by" in told[0].sentence
        assert score.snapshot_kind == ("paired" if first_id == 0 else "two_sample")
        assert score.level_name is not None
        assert set(score.level_name.split(" and ")) == {"orders", "amount"}


def test_p_values_are_not_small_without_a_change() -> None:
    small = 0
    for seed in range(60):
        small += (measured(snapshot(300, seed), snapshot(300, seed + 1_000, first_id=300)).p_value or 0) <= 0.05
    # Binomial of 60 with 5 %: 9 or more come in 0.4 % of cases.
    assert small <= 8


def test_a_change_of_single_features_is_no_change_of_relations() -> None:
    before = snapshot(2_000, 1)
    after = before.with_columns(pl.col("amount") * 3, pl.col("visits").sqrt())
    score = measured(before, after)
    assert score.p_value == 1.0
    assert score.effect_size == 0.0


def test_the_order_of_rows_does_not_matter() -> None:
    before, after = snapshot(500, 1), without_relation(snapshot(500, 1), 0.3)
    assert measured(before[::-1], after[np.random.default_rng(0).permutation(500)]) == measured(before, after)


@pytest.mark.parametrize(("size", "names"), [(99, NAMES), (500, NAMES[:2])])
def test_too_little_gives_no_score(size: int, names: tuple[str, ...]) -> None:
    one = snapshot(size, 1)
    assert measure_reconstruction(one, one, {name: SPECS[name] for name in names}, POLICY, 0) == []


def test_nulls_and_columns_without_two_values_do_not_disturb() -> None:
    before = snapshot(500, 1).with_columns(
        pl.lit(1.0).alias("visits"), pl.when(pl.col("returns") > 1).then("returns").alias("returns")
    )
    assert measured(before, without_relation(before, 0.5)).effect_size is not None
