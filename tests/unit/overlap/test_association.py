"""Phi, p-values in logarithms, and their adjustment."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from tasks.overlap import association

pytestmark = pytest.mark.usefixtures("no_collection")


def phi(both: int, size_a: int, size_b: int, total: int) -> float | None:
    """Of one table."""
    return _one(association.phi(*_arrays(both, size_a, size_b), total))


def log10_p_value(both: int, size_a: int, size_b: int, total: int) -> float | None:
    """Of one table."""
    return _one(association.log10_p_value(*_arrays(both, size_a, size_b), total))


def holm_log10(logs: list[float | None]) -> list[float | None]:
    """With None for NaN."""
    adjusted = association.holm_log10(np.array([np.nan if value is None else value for value in logs]))
    return [None if math.isnan(value) else float(value) for value in adjusted]


def _arrays(*counts: int) -> list[association.Ints]:
    return [np.array([count], dtype=np.int64) for count in counts]


def _one(values: association.Floats) -> float | None:
    return None if math.isnan(values[0]) else float(values[0])


@st.composite
def tables(draw: st.DrawFn, largest: int = 60) -> tuple[int, int, int, int]:
    """Customers in both, in a, in b, and in all, of a 2 x 2 table."""
    both, only_a, only_b, neither = (draw(st.integers(0, largest)) for _ in range(4))
    return both, both + only_a, both + only_b, both + only_a + only_b + neither


@given(tables())
def test_phi_is_the_correlation_of_the_memberships(table: tuple[int, int, int, int]) -> None:
    both, size_a, size_b, total = table
    value = phi(*table)
    if size_a in (0, total) or size_b in (0, total):
        assert value is None
        return
    a, b = np.zeros(total), np.zeros(total)
    a[:size_a] = 1
    b[:both] = 1
    b[size_a : size_a + size_b - both] = 1
    assert value == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-9)


def test_phi_of_ten_billion_customers_does_not_cancel() -> None:
    # One customer more than independence asks for: both products have 19 digits and differ in the last ten.
    total, size_a, size_b = 10**10 + 19, 10**9 + 7, 10**9 + 9
    both = size_a * size_b // total + 1
    spread = Decimal(size_a * (total - size_a) * size_b * (total - size_b))
    expected = Decimal(total * both - size_a * size_b) / spread.sqrt()
    assert phi(both, size_a, size_b, total) == pytest.approx(float(expected), rel=1e-12)


@given(tables(largest=30))
def test_small_p_values_are_twice_the_smaller_hypergeometric_tail(table: tuple[int, int, int, int]) -> None:
    both, size_a, size_b, total = table
    value = log10_p_value(*table)
    if value is None:
        return
    law = stats.hypergeom(total, size_a, size_b)
    expected = min(1.0, 2 * min(law.cdf(both), law.sf(both - 1)))
    is_exact = min(size_a, total - size_a) * min(size_b, total - size_b) < 25 * total
    assert not is_exact or 10**value == pytest.approx(expected, rel=1e-9)
    assert value <= 0


def test_large_p_values_are_the_chi_square() -> None:
    table = [[1_100, 2_900], [3_000, 9_000]]
    expected = stats.chi2_contingency(table, correction=False).pvalue
    value = log10_p_value(1_100, 4_000, 4_100, 16_000)
    assert value is not None
    assert 10**value == pytest.approx(expected)


def test_exact_and_approximate_p_values_meet() -> None:
    # Expected 25 in the smallest cell: 2,500 and 10,000 of 1,000,000, 60 in both.
    exact = log10_p_value(60, 2_499, 10_000, 1_000_000)
    approximate = log10_p_value(60, 2_501, 10_000, 1_000_000)
    assert exact is not None
    assert approximate is not None
    # The normal tail is too light for a Poisson-like count: the exact p is the larger, and of the same kind.
    assert approximate < exact < 0.6 * approximate


def test_p_values_below_the_smallest_float_are_kept() -> None:
    # Two segments of 100,000 of a million that exclude each other: z = 10^6 * 10^10 / sqrt(...) = 111.1.
    value = log10_p_value(0, 100_000, 100_000, 1_000_000)
    z = 1_000 / 9
    # Mills ratio: log of twice the normal tail is -z^2/2 - log(z) + log(2/pi)/2 up to 1/z^2.
    expected = (-(z**2) / 2 - math.log(z) + math.log(2 / math.pi) / 2) / math.log(10)
    assert value == pytest.approx(expected, rel=1e-6)


def test_identical_rare_segments_have_the_probability_of_one_draw() -> None:
    # 100 of 10 million, the same 100: p is 2 / C(10^7, 100).
    expected = math.log10(2) - math.log10(math.comb(10**7, 100))
    assert log10_p_value(100, 100, 100, 10**7) == pytest.approx(expected, rel=1e-9)


@given(st.lists(st.one_of(st.none(), st.floats(-300, 0)), max_size=30))
@settings(max_examples=20)
def test_holm_in_logarithms_is_statsmodels(logs: list[float | None]) -> None:
    tested = [value for value in logs if value is not None]
    adjusted = holm_log10(logs)
    assert [value is None for value in adjusted] == [value is None for value in logs]
    if tested:
        expected = multipletests([10**value for value in tested], method="holm", maxiter=0)[1]
        assert [10**value for value in adjusted if value is not None] == pytest.approx(expected)
