"""Means of segments against the tests they become in the simple cases, and against counted errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tasks.drift.segment_means import Members, mean_changes


def everyone(count: int) -> Members:
    return Members(np.arange(count), np.zeros(count, dtype=np.int64))


def statistic(before: np.ndarray, after: np.ndarray, common: np.ndarray) -> float:
    found = mean_changes(before[:, None], after[:, None], everyone(before.size), everyone(after.size), 1, common)
    return float(((found.current_mean - found.reference_mean) / found.standard_error)[0, 0])


def test_strangers_are_compared_as_welch_does() -> None:
    random = np.random.default_rng(1)
    before, after = random.normal(size=40), random.normal(0.5, 2, size=70)
    found = statistic(before, after, np.empty((0, 2), dtype=np.int64))
    assert found == pytest.approx(stats.ttest_ind(after, before, equal_var=False).statistic, rel=1e-12)


def test_the_same_customers_are_compared_as_in_pairs() -> None:
    random = np.random.default_rng(2)
    before = random.normal(size=50)
    after = before + random.normal(0.1, 0.3, size=50)
    order = random.permutation(50)
    common = np.column_stack((order, np.arange(50)))
    found = statistic(before, after[order], common)
    assert found == pytest.approx(stats.ttest_rel(after, before).statistic, rel=1e-9)


def test_missing_values_count_for_nothing() -> None:
    before, after = np.array([[1.0], [3.0], [np.nan]]), np.array([[np.nan], [4.0], [8.0], [6.0]])
    found = mean_changes(before, after, everyone(3), everyone(4), 1, np.empty((0, 2), dtype=np.int64))
    assert (found.reference_count[0, 0], found.current_count[0, 0]) == (2, 3)
    assert (found.reference_mean[0, 0], found.current_mean[0, 0]) == (2, 6)
    # Variances 2 and 4, of two and three values.
    assert found.standard_error[0, 0] == pytest.approx(np.sqrt(2 / 2 + 4 / 3))


def test_a_segment_of_one_has_no_error() -> None:
    found = mean_changes(
        np.ones((1, 1)), np.ones((1, 1)), everyone(1), everyone(1), 2, np.array([[0, 0]], dtype=np.int64)
    )
    assert np.isnan(found.standard_error).all()
    assert np.isnan(found.current_mean[1, 0])


def test_false_alarms_where_members_come_and_go() -> None:
    """A panel: one customer in ten is drawn anew, one in twenty changes segment; 200 worlds of 40 columns."""
    alarms, tests = 0, 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        before = random.normal(size=(400, 40))
        after, renewed = before.copy(), random.random(400) < 0.1
        after[renewed] = random.normal(size=(int(renewed.sum()), 40))
        then = random.integers(0, 2, 400)
        now = np.where(random.random(400) < 0.05, 1 - then, then)
        found = mean_changes(
            before,
            after,
            Members(np.arange(400), then),
            Members(np.arange(400), now),
            2,
            np.column_stack((np.arange(400), np.arange(400))),
        )
        values = np.abs(found.current_mean - found.reference_mean) / found.standard_error
        alarms += int((2 * stats.t.sf(values, 150) < 0.01).sum())
        tests += values.size
    assert tests == 16_000
    # 1 % is 160, and 202 the 99.9 % bound; an error that is told too large would leave hardly any.
    assert 80 <= alarms <= 202
