"""Two-sample tests against SciPy, statsmodels and exact enumeration."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest

from tasks.drift.tables import LevelTable, ValueTable
from tasks.drift.two_sample import chi_square_homogeneity, mann_whitney, two_proportion

RESAMPLES = 99_999


def levels(reference: list[int], current: list[int]) -> LevelTable:
    names = tuple(f"level {number}" for number in range(len(reference)))
    return LevelTable(names, np.array(reference), np.array(current))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("is_tied", [False, True])
def test_mann_whitney_is_scipys(seed: int, *, is_tied: bool) -> None:
    random = np.random.default_rng(seed)
    reference, current = random.lognormal(size=300), random.lognormal(0.2, size=211)
    if is_tied:
        reference, current = np.floor(reference), np.floor(current)
    expected = stats.mannwhitneyu(current, reference, method="asymptotic")
    outcome = mann_whitney(ValueTable.of(reference, current))
    assert outcome.statistic == expected.statistic
    assert outcome.p_value == pytest.approx(expected.pvalue, rel=1e-10)


values = st.lists(st.integers(0, 9), min_size=1, max_size=30)


@given(values, values)
def test_mann_whitney_is_symmetric(reference: list[int], current: list[int]) -> None:
    one, other = np.array(reference, dtype=float), np.array(current, dtype=float)
    there, back = mann_whitney(ValueTable.of(one, other)), mann_whitney(ValueTable.of(other, one))
    assert there.p_value == pytest.approx(back.p_value)
    assert there.statistic + back.statistic == one.size * other.size
    assert 0 <= there.p_value <= 1


def test_mann_whitney_of_a_constant_says_nothing() -> None:
    assert mann_whitney(ValueTable.of(np.zeros(50), np.zeros(70))).p_value == 1.0


def test_two_proportion_of_the_lady_tasting_tea() -> None:
    # Fisher 1935, The Design of Experiments, chapter 2: 3 of 4 cups right has p = 17/70 one-sided, 34/70 two-sided.
    assert two_proportion(3, 4, 1, 4).p_value == pytest.approx(34 / 70)


def test_two_proportion_of_large_counts_is_the_pooled_z_test() -> None:
    expected_z, expected_p = proportions_ztest([4_400, 4_000], [10_000, 10_000])
    outcome = two_proportion(4_000, 10_000, 4_400, 10_000)
    assert outcome.statistic == pytest.approx(expected_z**2)
    assert outcome.p_value == pytest.approx(expected_p)


@pytest.mark.parametrize("counts", [(0, 500, 12, 500), (3, 40, 9, 900), (480, 500, 499, 520)])
def test_two_proportion_of_small_counts_is_fishers(counts: tuple[int, int, int, int]) -> None:
    a, n, b, m = counts
    assert two_proportion(*counts).p_value == pytest.approx(stats.fisher_exact([[a, n - a], [b, m - b]]).pvalue)


@pytest.mark.parametrize("hits", [0, 1])
def test_two_proportion_of_none_or_all_says_nothing(hits: int) -> None:
    assert two_proportion(hits * 50, 50, hits * 90, 90).p_value == 1.0


def test_chi_square_is_scipys() -> None:
    reference, current = [320, 210, 400, 70], [280, 260, 390, 90]
    expected = stats.chi2_contingency([reference, current], correction=False)
    outcome = chi_square_homogeneity(levels(reference, current), resamples=RESAMPLES, random=np.random.default_rng(0))
    assert outcome.statistic == pytest.approx(expected.statistic)
    assert outcome.p_value == pytest.approx(expected.pvalue)
    assert outcome.degrees_of_freedom == 3


def test_chi_square_treats_the_reference_as_a_sample() -> None:
    # `chisquare(f_exp=reference)` doubles the statistic of equal samples; nothing near significance becomes p < 0.01.
    reference, current = [500, 300, 200], [455, 325, 220]
    outcome = chi_square_homogeneity(levels(reference, current), resamples=RESAMPLES, random=np.random.default_rng(0))
    naive = stats.chisquare(current, f_exp=reference)
    assert naive.statistic == pytest.approx(2 * outcome.statistic, rel=0.1)
    assert outcome.p_value > 0.05 > naive.pvalue


def exact_homogeneity_p(reference: list[int], current: list[int]) -> float:
    """Sum the probabilities of all tables with these margins that are at least as extreme."""
    pooled = [a + b for a, b in zip(reference, current, strict=True)]
    n, total = sum(reference), sum(pooled)

    def statistic(row: tuple[int, ...]) -> float:
        return sum((x - k * n / total) ** 2 / (k * n / total) for x, k in zip(row, pooled, strict=True))

    p = 0.0
    for row in itertools.product(*(range(k + 1) for k in pooled)):
        if sum(row) == n and statistic(row) >= statistic(tuple(reference)) - 1e-9:
            p += math.prod(math.comb(k, x) for k, x in zip(pooled, row, strict=True)) / math.comb(total, n)
    return p


def test_sparse_chi_square_is_exact_up_to_chance() -> None:
    reference, current = [9, 1, 0, 6], [2, 6, 5, 5]
    expected = exact_homogeneity_p(reference, current)
    outcome = chi_square_homogeneity(levels(reference, current), resamples=RESAMPLES, random=np.random.default_rng(0))
    assert 0.0001 < expected < 0.05
    # 50 exceedances give a relative standard error of 1/sqrt(50) = 14 %.
    assert outcome.p_value == pytest.approx(expected, rel=0.45)


@given(st.lists(st.tuples(st.integers(20, 400), st.integers(20, 400)), min_size=3, max_size=8))
def test_chi_square_is_symmetric(rows: list[tuple[int, int]]) -> None:
    reference, current = (list(column) for column in zip(*rows, strict=True))
    there = chi_square_homogeneity(levels(reference, current), resamples=99, random=np.random.default_rng(1))
    back = chi_square_homogeneity(levels(current, reference), resamples=99, random=np.random.default_rng(1))
    assert there.statistic == pytest.approx(back.statistic)
    assert 0 <= there.p_value <= 1


def test_one_level_cannot_change() -> None:
    outcome = chi_square_homogeneity(levels([10], [99]), resamples=99, random=np.random.default_rng(0))
    assert outcome.p_value == 1.0
