"""A small rehearsal of the benchmark (`tests/benchmarks/drift_figures.py`): few false alarms, and drift is found.

Seeds are fixed, so these pass or fail for good. Of 100 runs without drift at most 1 is expected to name one; 5 or more
have a probability of 0.3 %.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tasks.drift.decision import measure_drift
from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.records import DriftVerdict
from tasks.drift.verdict import deciding_verdicts, judge_drift
from tests.unit.drift.made_frames import SPECS, customers, week_later

POLICY = DriftPolicy()


def judged(
    reference: pl.DataFrame, current: pl.DataFrame, specs: dict[str, FeatureSpec] | None = None
) -> list[DriftVerdict]:
    return judge_drift(measure_drift(reference, current, specs or SPECS, 7, POLICY, 0), POLICY)


@pytest.mark.parametrize("is_panel", [False, True])
def test_runs_without_drift_rarely_name_one(*, is_panel: bool) -> None:
    named = 0
    for seed in range(100):
        before = customers(600, seed)
        now = week_later(before, seed) if is_panel else customers(600, seed + 500, first_id=600)
        named += any(
            one.verdict == "drift" for one in judged(before, now, {k: v for k, v in SPECS.items() if k != "age"})
        )
    assert named <= 4


@pytest.mark.parametrize("is_panel", [False, True])
def test_a_shift_of_a_fifth_of_a_standard_deviation_is_found(*, is_panel: bool) -> None:
    found = 0
    for seed in range(20):
        before = customers(3_000, seed)
        now = week_later(before, seed) if is_panel else customers(3_000, seed + 500, first_id=3_000)
        now = now.with_columns(money=pl.col("money") * np.exp(0.2))
        verdicts = {one.subject_name: one for one in deciding_verdicts(judged(before, now))}
        found += verdicts["money"].level == "alarm"
    assert found >= 19


def test_two_percent_lapsing_in_a_panel_is_found_and_no_two_sample_test_would() -> None:
    for seed in range(5):
        before = customers(20_000, seed)
        now = week_later(before, seed)
        is_lapsing = (pl.col("lifecycle") == "active") & (pl.col("customer_id") % 50 == 0)
        now = now.with_columns(lifecycle=pl.when(is_lapsing).then(pl.lit("lapsed")).otherwise(pl.col("lifecycle")))
        mix = {"lifecycle": SPECS["lifecycle"]}
        assert judged(before, now, mix)[0].verdict == "drift"
        strangers = now.with_columns(customer_id=pl.col("customer_id") + 20_000)
        assert judged(before, strangers, mix)[0].verdict != "drift"


def test_a_change_of_shape_alone_is_found() -> None:
    before = customers(4_000, 0)
    centre = before["money"].log().mean()
    spread = (pl.col("money").log() - centre) * 1.3 + centre
    now = week_later(before, 0).with_columns(money=spread.exp())
    by_test = {one.test_name: one for one in judged(before, now, {"money": SPECS["money"]})}
    assert by_test["stuart_maxwell_bins"].level == "alarm"
    assert by_test["sign_test"].level == "none"
    now = customers(4_000, 1, first_id=4_000).with_columns(money=spread.exp())
    by_test = {one.test_name: one for one in judged(before, now, {"money": SPECS["money"]})}
    assert by_test["chi_square_bins"].level == "alarm"
    assert by_test["mann_whitney"].level == "none"


def test_a_million_customers_do_not_make_a_tremor_news() -> None:
    random = np.random.default_rng(0)
    frames = [
        pl.DataFrame({"customer_id": range(first, first + 500_000), "money": random.normal(shift, 1, size=500_000)})
        for first, shift in ((0, 0.0), (500_000, 0.02))
    ]
    verdicts = judged(frames[0], frames[1], {"money": SPECS["money"]})
    assert [one.is_significant for one in verdicts] == [True, True]
    assert [one.verdict for one in verdicts] == ["no_material_drift", "no_material_drift"]
