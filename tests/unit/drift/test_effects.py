"""Effect sizes against published values, SciPy and their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tasks.drift.effects import (
    ShareChange,
    cohen_h,
    corrected_w,
    largest_level_change,
    paired_auc_standard_error,
    probit_d,
    standout_level,
    total_variation,
    wasserstein_iqr,
)
from tasks.drift.tables import LevelTable, MergeRule, ValueTable, migration_table
from tasks.drift.two_sample import auc_null_sd, chi_square_homogeneity


def change_of(reference: list[int], current: list[int]) -> ShareChange:
    return ShareChange.of(LevelTable(tuple("abcdefgh"[: len(reference)]), np.array(reference), np.array(current)))


@pytest.mark.parametrize("shift", [-0.8, 0.0, 0.2, 1.5])
def test_probit_d_of_normal_quantiles_is_their_shift(shift: float) -> None:
    quantiles = stats.norm.ppf((np.arange(2_000) + 0.5) / 2_000)
    table = ValueTable.of(quantiles, quantiles + shift)
    assert probit_d(table.auc, 2_000, 2_000) == pytest.approx(shift, abs=0.002)


def test_probit_d_is_unmoved_by_a_monotone_transformation() -> None:
    random = np.random.default_rng(0)
    reference, current = random.normal(size=500), random.normal(0.3, 1, size=400)
    plain = ValueTable.of(reference, current).auc
    assert ValueTable.of(np.exp(reference), np.exp(current)).auc == plain


def test_separated_samples_have_a_finite_probit_d() -> None:
    assert probit_d(1.0, 100, 100) == pytest.approx(math.sqrt(2) * stats.norm.ppf(1 - 0.5 / 10_000))
    assert probit_d(0.0, 100, 100) == pytest.approx(-probit_d(1.0, 100, 100))


values = st.lists(st.integers(0, 20), min_size=2, max_size=40)


@given(values, values)
def test_probit_d_changes_sign_with_the_direction(reference: list[int], current: list[int]) -> None:
    one, other = np.array(reference, dtype=float), np.array(current, dtype=float)
    there = probit_d(ValueTable.of(one, other).auc, one.size, other.size)
    assert there == pytest.approx(-probit_d(ValueTable.of(other, one).auc, one.size, other.size), abs=1e-9)


def test_cohen_h_of_cohen() -> None:
    # Cohen 1988, section 6.2: phi of 0.50 is 1.571 and of 0.70 is 1.982, so h is 0.41.
    assert cohen_h(0.5, 0.7) == pytest.approx(1.982 - 1.571, abs=0.001)
    assert cohen_h(0.0, 1.0) == pytest.approx(math.pi)


def test_paired_standard_error_of_independent_columns_is_the_two_sample_one() -> None:
    random = np.random.default_rng(1)
    table = ValueTable.of(random.normal(size=5_000), random.normal(size=5_000))
    assert paired_auc_standard_error(table) == pytest.approx(auc_null_sd(table), rel=0.05)


def test_paired_standard_error_is_the_spread_over_repetitions() -> None:
    random = np.random.default_rng(2)
    aucs, errors = [], []
    for _ in range(400):
        before = random.lognormal(size=300)
        now = np.where(random.random(300) < 0.2, random.lognormal(size=300), before)
        table = ValueTable.of(before, now)
        aucs.append(table.auc)
        errors.append(paired_auc_standard_error(table))
    # The standard deviation of 400 draws is known to 1/sqrt(800) = 3.5 %.
    assert np.mean(errors) == pytest.approx(np.std(aucs), rel=0.12)


def test_wasserstein_is_scipys() -> None:
    random = np.random.default_rng(3)
    reference, current = np.round(random.lognormal(size=301), 1), np.round(random.lognormal(0.3, size=200), 1)
    iqr = np.subtract(*np.quantile(reference, (0.75, 0.25), method="inverted_cdf"))
    expected = stats.wasserstein_distance(reference, current) / iqr
    assert wasserstein_iqr(ValueTable.of(reference, current)) == pytest.approx(expected)


def test_wasserstein_without_a_spread_is_none() -> None:
    assert wasserstein_iqr(ValueTable.of(np.array([0.0] * 9 + [5.0]), np.array([1.0]))) is None


def test_w_is_chi_square_less_its_expectation() -> None:
    reference, current = [320, 210, 400, 70], [280, 160, 390, 90]
    table = LevelTable(tuple("abcd"), np.array(reference), np.array(current))
    outcome = chi_square_homogeneity(table, resamples=99, random=np.random.default_rng(0))
    expected = (outcome.statistic - 3) * (1 / 1_000 + 1 / 920)
    assert corrected_w(ShareChange.of(table)) == pytest.approx(math.sqrt(expected))


def test_w_of_a_large_change_is_cohens() -> None:
    # 40 -> 44 %: 0.04^2/0.42 + 0.04^2/0.58 = 0.0811^2, the pooled shares being the expected ones.
    assert corrected_w(change_of([4_000_000, 6_000_000], [4_400_000, 5_600_000])) == pytest.approx(0.0811, abs=1e-4)


@pytest.mark.parametrize("is_paired", [False, True])
def test_the_noise_taken_out_of_w_is_the_noise_there_is(*, is_paired: bool) -> None:
    random = np.random.default_rng(4)
    shares = [0.4, 0.3, 0.2, 0.1]
    raw, expected = [], []
    for _ in range(500):
        before = random.choice(4, p=shares, size=800)
        now = random.choice(4, p=shares, size=800)
        if is_paired:
            now = np.where(random.random(800) < 0.1, now, before)
            table = migration_table(before, now, tuple("abcd"), MergeRule(5.0, 100))
        else:
            table = LevelTable(tuple("abcd"), np.bincount(before), np.bincount(now))
        change = ShareChange.of(table)
        raw.append(np.sum(change.difference**2 / change.pooled))
        expected.append(change.expected_noise)
    # Chi-square with 3 degrees of freedom: the mean of 500 is known to sqrt(2/3/500) = 3.7 %.
    assert np.mean(raw) == pytest.approx(np.mean(expected), rel=0.12)


counts = st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), min_size=2, max_size=8)


@given(counts)
def test_ranges_and_symmetry(rows: list[tuple[int, int]]) -> None:
    reference, current = (list(column) for column in zip(*rows, strict=True))
    there, back = change_of(reference, current), change_of(current, reference)
    assert 0 <= total_variation(there) <= 1
    assert corrected_w(there) >= 0
    assert corrected_w(there) == pytest.approx(corrected_w(back), abs=1e-9)
    assert total_variation(there) == pytest.approx(total_variation(back))


def test_total_variation_is_the_share_that_would_have_to_move() -> None:
    assert total_variation(change_of([50, 30, 20], [40, 30, 30])) == pytest.approx(0.1)


def test_the_largest_change_and_the_one_that_stands_out() -> None:
    names = ("a", "b", "c")
    change = change_of([6_000, 3_000, 1_000], [5_800, 3_050, 1_150])
    largest = largest_level_change(change, names)
    assert (largest.name, largest.reference_share, largest.change) == ("a", 0.6, pytest.approx(-0.02))
    # "a" moved by 2 points, but by 3 % of itself; "c" by 1.5 points and 15 %.
    standout = standout_level(change, names, absolute_limit=0.005, relative_limit=0.1)
    assert (standout.name, standout.change) == ("c", pytest.approx(0.015))


def test_a_new_level_stands_out_by_its_size() -> None:
    change = change_of([7_000, 3_000, 0], [6_900, 2_900, 200])
    standout = standout_level(change, ("a", "b", "new"), absolute_limit=0.005, relative_limit=0.1)
    assert standout == ("new", 0.0, pytest.approx(0.02))
