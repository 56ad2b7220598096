"""Where customers go, and how segmentations hang together: against scipy, and on planted changes."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2_contingency
from scipy.stats.contingency import association as scipy_association

from tasks.drift.flow_rates import measure_flow_rates
from tasks.drift.policy import DriftPolicy
from tasks.drift.relations import association, measure_relations
from tasks.drift.snapshots import SnapshotPair, pair_snapshots
from tasks.drift.verdict import judge_drift


def test_flow_rates_are_held_against_those_of_the_period_before() -> None:
    then = {"s.a": {"s.a": 900, "s.b": 80, None: 20}, "s.b": {"s.b": 500, "s.a": 50}, "s.gone": {"s.a": 9}}
    now = {"s.a": {"s.a": 800, "s.b": 180, None: 20}, "s.b": {"s.b": 510, "s.a": 51}, "s.new": {"s.a": 9}}
    scores = measure_flow_rates(then, now, DriftPolicy(), 0)
    assert [score.subject_name for score in scores] == ["s.a", "s.b"]
    wanted = chi2_contingency(np.array([[900, 80, 20], [800, 180, 20]]), correction=False)
    assert scores[0].statistic == pytest.approx(wanted.statistic)
    assert scores[0].p_value == pytest.approx(wanted.pvalue)
    first, second = judge_drift(scores, DriftPolicy())
    assert (first.level, second.level) == ("alarm", "none")
    assert first.sentence.startswith("Where customers of s.a go changed by ")
    assert "8.00 % to 18.00 %" in first.sentence or "90.00 % to 80.00 %" in first.sentence


def test_the_association_is_cramers_v_without_its_bias() -> None:
    table = np.array([[30, 10, 5], [8, 40, 12]])
    total, (rows, columns) = table.sum(), table.shape
    phi_squared = scipy_association(table, method="cramer") ** 2 * (min(rows, columns) - 1)
    unbiased = phi_squared - (rows - 1) * (columns - 1) / (total - 1)
    least = min(rows - (rows - 1) ** 2 / (total - 1), columns - (columns - 1) ** 2 / (total - 1)) - 1
    found = association(np.stack((table, np.outer([1, 2], [3, 4, 5]))).astype(np.float64))
    assert found.v[0] == pytest.approx(np.sqrt(unbiased / least))
    # Of independent memberships the square is below 0 by what chance would make it, and V is 0.
    assert found.v[1] == 0
    assert found.v_squared[1] < 0
    # A row without customers is no row.
    padded = np.vstack((table, np.zeros((1, 3))))[np.newaxis].astype(np.float64)
    assert association(padded).v[0] == pytest.approx(found.v[0])


def snapshots(seed: int, *, then: float, now: float, count: int = 1_500) -> SnapshotPair:
    """Segments of two segmentations that are the same with some chance, at two dates; a tenth is drawn anew."""
    random = np.random.default_rng(seed)

    def drawn(share: float) -> tuple[np.ndarray, np.ndarray]:
        one = random.integers(0, 4, count)
        return one, np.where(random.random(count) < share, one, random.integers(0, 4, count))

    a, b = drawn(then)
    x, y = drawn(now)
    renewed = random.random(count) < (0.1 if then == now else 1.0)
    frames = [
        pl.DataFrame({"customer_id": np.arange(count), "p": one.astype(str), "q": other.astype(str)})
        for one, other in ((a, b), (np.where(renewed, x, a), np.where(renewed, y, b)))
    ]
    return pair_snapshots(frames[0], frames[1], paired_common_share=0.3)


def test_a_relation_that_loosens_is_named() -> None:
    (score,) = measure_relations(snapshots(1, then=0.6, now=0.3), ["p", "q"], 0)
    (verdict,) = judge_drift([score], DriftPolicy())
    assert (verdict.level, (verdict.effect_size or 0) < 0) == ("alarm", True)
    assert verdict.sentence.startswith("How p and q hang together changed: Cramér's V went from 0.")


def test_a_segment_that_three_customers_found_loosens_nothing() -> None:
    """Of two segments V reaches 1, of three 0.71: each date by its own segments would be on a scale of its own."""
    random = np.random.default_rng(4)
    one = random.integers(0, 4, 400)
    then = one % 2
    now = then.copy()
    now[:3] = 2
    pair = _pair(one, then, now)
    (score,) = measure_relations(pair, ["p", "q"], 0)
    assert score.reference_mean == pytest.approx(1 / np.sqrt(2), abs=0.01)
    assert abs(score.effect_size or 0) < 0.02
    tables = [[np.bincount(column[one == row], minlength=3) for row in range(4)] for column in (then, now)]
    by_own_segments = association(np.array(tables, np.float64)).v
    assert by_own_segments[0] - by_own_segments[1] > 0.2
    # One that many go to does.
    scores = measure_relations(_pair(one, then, np.where(random.random(400) < 0.5, 2, then)), ["p", "q"], 0)
    assert judge_drift(scores, DriftPolicy())[0].level == "alarm"


def _pair(one: np.ndarray, then: np.ndarray, now: np.ndarray) -> SnapshotPair:
    frames = [
        pl.DataFrame({"customer_id": np.arange(one.size), "p": one.astype(str), "q": other.astype(str)})
        for other in (then, now)
    ]
    return pair_snapshots(frames[0], frames[1], paired_common_share=0.3)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_relations_that_stay_are_seldom_named(share: float) -> None:
    p_values = [
        measure_relations(snapshots(seed, then=share, now=share), ["p", "q"], 0)[0].p_value for seed in range(100)
    ]
    # At 1 % one of a hundred is expected; five come about in 3 of 1,000 such tests.
    assert sum((value or 0) < 0.01 for value in p_values) <= 4
