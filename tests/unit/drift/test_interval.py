"""The interval of an effect is that of a bootstrap by customer, and holds the truth as often as it says."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.drift.decision import measure_drift
from tasks.drift.interval import effect_interval
from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.records import DriftScore
from tests.unit.drift.made_frames import customers, week_later

SPECS = {"money": FeatureSpec("money", "numeric"), "region": FeatureSpec("region", "category")}
POLICY = DriftPolicy(resamples=99)


def scores(seed: int, size: int, *, is_paired: bool, resampled: np.random.Generator | None = None) -> list[DriftScore]:
    before = customers(size, seed)
    after = week_later(before, seed, changed=0.3) if is_paired else customers(size, seed + 10_000, first_id=size)
    if resampled is not None:
        rows = resampled.integers(0, size, size)
        ids = before["customer_id"]
        others = rows if is_paired else resampled.integers(0, size, size)
        before, after = (
            frame[chosen].with_columns(frame_ids)
            for frame, chosen, frame_ids in ((before, rows, ids), (after, others, after["customer_id"]))
        )
    return measure_drift(before, after, SPECS, 0, POLICY, 0)


def money(found: list[DriftScore]) -> DriftScore:
    return next(score for score in found if score.subject_name == "money" and score.effect_name == "probit_d")


@pytest.mark.parametrize("is_paired", [False, True])
def test_it_is_as_wide_as_that_of_a_bootstrap_by_customer(*, is_paired: bool) -> None:
    random = np.random.default_rng(1)
    effects = [money(scores(3, 400, is_paired=is_paired, resampled=random)).effect_size or 0.0 for _ in range(200)]
    interval = effect_interval(money(scores(3, 400, is_paired=is_paired)))
    assert interval.low is not None
    assert interval.high is not None
    # The standard deviation of 200 resamples is known to 5 %: three times that either way.
    assert np.std(effects) * 2 * 1.96 == pytest.approx(interval.high - interval.low, rel=0.15)


def test_it_holds_the_truth_as_often_as_it_says() -> None:
    held = 0
    for seed in range(200):
        interval = effect_interval(money(scores(seed, 200, is_paired=False)))
        held += interval.low is not None and interval.high is not None and interval.low <= 0 <= interval.high
    # 95 % of 200; fewer than 180 come in 0.1 % of cases.
    assert held >= 180


def test_a_mix_has_none() -> None:
    mix = next(score for score in scores(1, 400, is_paired=False) if score.subject_name == "region")
    assert effect_interval(mix) == (None, None)
