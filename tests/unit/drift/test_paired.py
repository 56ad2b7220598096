"""Paired tests against published examples, SciPy, statsmodels and exact enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import SquareTable
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar

from tasks.drift.effects import paired_auc_standard_error
from tasks.drift.paired import (
    bowker,
    fair_halves,
    margin_covariance,
    mcnemar,
    paired_margin_p_value,
    sign_test,
    stuart_maxwell,
    wilcoxon_signed_rank,
)
from tasks.drift.tables import ValueTable

# Stuart 1953, Biometrika 40:105-110: unaided distance vision of 7,477 women, right eye by left eye.
VISION = np.array([[1520, 266, 124, 66], [234, 1512, 432, 78], [117, 362, 1772, 205], [36, 82, 179, 492]])
RESAMPLES = 99_999


def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_wilcoxon_of_hollander_and_wolfe() -> None:
    # Hollander & Wolfe 1973, Nonparametric Statistical Methods, p. 29: nine patients' depression scores before and
    # after tranquillizers; W+ of (before - after) is 40, one-sided p = 0.01953.
    before = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
    after = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
    outcome = wilcoxon_signed_rank(before - after)
    assert outcome.statistic == 40
    assert outcome.p_value == pytest.approx(2 * 0.01953, abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("is_tied", [False, True])
def test_wilcoxon_is_scipys(seed: int, *, is_tied: bool) -> None:
    change = np.random.default_rng(seed).normal(0.1, 1, size=400)
    change[:100] = 0.0
    if is_tied:
        change = np.round(change, 1)
    expected = stats.wilcoxon(change, correction=True, method="asymptotic")
    outcome = wilcoxon_signed_rank(change)
    assert min(outcome.statistic, (change != 0).sum() * ((change != 0).sum() + 1) / 2 - outcome.statistic) == (
        pytest.approx(expected.statistic)
    )
    assert outcome.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_sign_test_is_the_binomial_test() -> None:
    change = np.repeat([1.0, -2.0, 0.0], [31, 12, 500])
    assert sign_test(change).p_value == pytest.approx(stats.binomtest(31, 43).pvalue)
    assert sign_test(change).statistic == 31


@given(st.lists(st.integers(-5, 5), max_size=60))
def test_signs_turned_round_change_no_p_value(changes: list[int]) -> None:
    change = np.array(changes, dtype=float)
    for test in (wilcoxon_signed_rank, sign_test):
        assert test(change).p_value == pytest.approx(test(-change).p_value)
        assert 0 <= test(change).p_value <= 1


def test_mcnemar_of_agresti() -> None:
    # Agresti 2002, Categorical Data Analysis, section 10.1: approval of the prime minister, 1,600 people asked twice;
    # 150 turned against, 86 in favour: z^2 = 17.36.
    outcome = mcnemar(86, 150)
    assert outcome.statistic == pytest.approx(17.36, abs=0.005)
    assert outcome.p_value == pytest.approx(reference_mcnemar([[794, 150], [86, 570]], exact=True).pvalue)


def test_mcnemar_of_many_changes_is_the_chi_square() -> None:
    expected = reference_mcnemar([[0, 1_500], [1_300, 0]], exact=False, correction=False)
    assert mcnemar(1_500, 1_300) == pytest.approx((expected.statistic, expected.pvalue, 1))


def test_stuart_maxwell_and_bowker_of_the_vision_data() -> None:
    # Stuart 1955, Biometrika 42:412-416 gives 11.96 on 3 degrees of freedom; Bowker's statistic is 19.11 on 6
    # (Bishop, Fienberg & Holland 1975, Discrete Multivariate Analysis).
    mix = stuart_maxwell(VISION, resamples=RESAMPLES, random=random())
    flow = bowker(VISION, resamples=RESAMPLES, random=random())
    assert (mix.statistic, mix.degrees_of_freedom) == (pytest.approx(11.96, abs=0.005), 3)
    assert (flow.statistic, flow.degrees_of_freedom) == (pytest.approx(19.11, abs=0.005), 6)


@pytest.mark.parametrize("seed", range(5))
def test_stuart_maxwell_and_bowker_are_statsmodels(seed: int) -> None:
    moves = np.random.default_rng(seed).integers(20, 200, size=(5, 5))
    table = SquareTable(moves, shift_zeros=False)
    for outcome, expected in (
        (stuart_maxwell(moves, resamples=99, random=random()), table.homogeneity()),
        (bowker(moves, resamples=99, random=random()), table.symmetry()),
    ):
        assert outcome.statistic == pytest.approx(expected.statistic)
        assert outcome.p_value == pytest.approx(expected.pvalue)
        assert outcome.degrees_of_freedom == expected.df


def exact_flip_p(moves: np.ndarray, statistic_of: object) -> float:
    """Enumerate every direction of every move (equally likely where flows are symmetric)."""
    first, second = np.triu_indices(moves.shape[0], k=1)
    pairs = moves[first, second] + moves[second, first]
    observed = statistic_of(moves)  # type: ignore[operator]
    p = 0.0
    for there in itertools.product(*(range(count + 1) for count in pairs)):
        flipped = np.zeros_like(moves)
        flipped[first, second], flipped[second, first] = there, pairs - np.array(there)
        if statistic_of(flipped) >= observed - 1e-9:  # type: ignore[operator]
            p += float(np.prod(stats.binom.pmf(there, pairs, 0.5)))
    return p


SPARSE = np.array([[900, 8, 1], [1, 800, 6], [0, 0, 700]])


def test_sparse_stuart_maxwell_is_exact_up_to_chance() -> None:
    def statistic(moves: np.ndarray) -> float:
        difference = moves.sum(axis=1) - moves.sum(axis=0)
        return float(difference @ np.linalg.pinv(margin_covariance(moves)) @ difference)

    expected = exact_flip_p(SPARSE, statistic)
    outcome = stuart_maxwell(SPARSE, resamples=RESAMPLES, random=random())
    assert 0.0001 < expected < 0.05
    assert outcome.statistic == pytest.approx(statistic(SPARSE))
    assert outcome.p_value == pytest.approx(expected, rel=0.45)


def test_sparse_bowker_is_exact_up_to_chance() -> None:
    def statistic(moves: np.ndarray) -> float:
        both = moves + moves.T
        return float(((moves - moves.T) ** 2 / np.where(both == 0, 1, both)).sum() / 2)

    outcome = bowker(SPARSE, resamples=RESAMPLES, random=random())
    assert outcome.statistic == pytest.approx(statistic(SPARSE))
    assert outcome.p_value == pytest.approx(exact_flip_p(SPARSE, statistic), rel=0.45)


def test_halves_of_few_and_of_many_are_binomial() -> None:
    sizes = np.array([1, 2, 7, 63, 64, 65, 300])
    drawn = fair_halves(sizes, 20_000, np.random.default_rng(7))
    assert drawn.shape == (20_000, 7)
    for column, size in enumerate(sizes.tolist()):
        seen = np.bincount(drawn[:, column], minlength=size + 1)
        expected = 20_000 * stats.binom.pmf(np.arange(size + 1), size, 0.5)
        assert seen.size == size + 1
        # Rare counts are one class, and 0 and the size stand in it where they are rare, too.
        classes = np.where(expected >= 20, np.arange(size + 1), -1)
        names, place = np.unique(classes, return_inverse=True)
        found = stats.chisquare(*(np.bincount(place, weights, minlength=names.size) for weights in (seen, expected)))
        assert found.pvalue > 0.0001


def test_groups_that_exchange_nobody_lose_a_degree_of_freedom_each() -> None:
    moves = np.zeros((5, 5), dtype=int)
    moves[:2, :2] = [[100, 40], [60, 100]]
    moves[2:4, 2:4] = [[100, 50], [50, 100]]
    moves[4, 4] = 100
    outcome = stuart_maxwell(moves, resamples=99, random=random())
    assert outcome.degrees_of_freedom == 2
    assert outcome.statistic == pytest.approx((60 - 40) ** 2 / 100)


def test_two_levels_are_mcnemar() -> None:
    moves = np.array([[500, 90], [60, 400]])
    expected = mcnemar(90, 60).statistic
    assert stuart_maxwell(moves, resamples=99, random=random()).statistic == pytest.approx(expected)
    assert bowker(moves, resamples=99, random=random()).statistic == pytest.approx(expected)


@given(st.lists(st.integers(0, 60), min_size=16, max_size=16), st.permutations(range(4)))
def test_the_order_of_levels_and_of_snapshots_does_not_matter(cells: list[int], order: list[int]) -> None:
    moves = np.array(cells).reshape(4, 4)
    one = stuart_maxwell(moves, resamples=99, random=random())
    for other in (moves[np.ix_(order, order)], moves.T):
        again = stuart_maxwell(other, resamples=99, random=random())
        assert again.statistic == pytest.approx(one.statistic, abs=1e-9)
        assert again.degrees_of_freedom == one.degrees_of_freedom


def test_nobody_moved() -> None:
    still = np.diag([5, 6, 7])
    assert stuart_maxwell(still, resamples=99, random=random()).p_value == 1.0
    assert bowker(still, resamples=99, random=random()).p_value == 1.0
    assert mcnemar(0, 0).p_value == 1.0
    assert wilcoxon_signed_rank(np.zeros(9)).p_value == 1.0
    assert sign_test(np.zeros(9)).p_value == 1.0


def margin_p(before: np.ndarray, now: np.ndarray) -> float:
    table = ValueTable.of(before, now)
    return paired_margin_p_value(table, standard_error=paired_auc_standard_error(table))


def test_margin_p_of_independent_columns_is_the_rank_sum_test() -> None:
    draw = np.random.default_rng(3)
    before, now = draw.normal(size=4_000), draw.normal(0.06, 1, size=4_000)
    assert margin_p(before, now) == pytest.approx(stats.mannwhitneyu(before, now).pvalue, rel=0.15)


def test_margin_p_sees_no_drift_where_spend_jumps_and_decays() -> None:
    # A stationary process that is not the same backwards: decay by 20 % a week, a purchase now and then.
    draw = np.random.default_rng(4)
    spend = np.zeros(3_000)
    for _ in range(60):
        spend = 0.8 * spend + np.where(draw.random(3_000) < 0.1, draw.lognormal(3, 1, size=3_000), 0.0)
    before = spend
    now = 0.8 * spend + np.where(draw.random(3_000) < 0.1, draw.lognormal(3, 1, size=3_000), 0.0)
    assert wilcoxon_signed_rank(now - before).p_value < 1e-6
    assert sign_test(now - before).p_value < 1e-6
    assert margin_p(before, now) > 0.01


def test_margin_p_is_level_under_no_drift() -> None:
    draw = np.random.default_rng(5)
    p_values = []
    for _ in range(400):
        before = draw.lognormal(size=300)
        changed = draw.random(300) < 0.3
        p_values.append(margin_p(before, np.where(changed, draw.lognormal(size=300), before)))
    # Of 400, 20 are expected below 0.05 with a standard deviation of 4.4.
    assert 5 <= sum(p < 0.05 for p in p_values) <= 35


def test_margin_p_of_a_whole_shift_without_spread_is_zero() -> None:
    assert margin_p(np.zeros(20), np.ones(20)) == 0.0
    assert margin_p(np.ones(20), np.ones(20)) == 1.0
