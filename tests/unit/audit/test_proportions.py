"""Intervals of a change of share and the smallest lift that a test sees: against published figures, and by counting."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tasks.audit.proportions import Memberships, detectable_lift, share_change, wilson


def memberships(then: tuple[int, int], now: tuple[int, int], both: int = 0, **flows: int) -> Memberships:
    flow = {"came": 0, "went": 0, "stayed": 0} | flows
    return Memberships(then[1], now[1], both, then[0], now[0], **flow)


def test_wilson_is_the_published_interval() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3: 81 of 263.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_without_common_customers_it_is_newcombes_interval_for_two_samples() -> None:
    # Newcombe 1998, Statistics in Medicine 17:873-890, table II, method 10: 56/70 less 48/80.
    found = share_change(memberships((48, 80), (56, 70)))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert found.change == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("stayed", "went", "came", "neither", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17:2635-2650, table II, method 10; his difference is then less now.
    [(36, 12, 2, 0, 0.0569, 0.3404), (20, 12, 2, 16, 0.0562, 0.3292)],
)
def test_with_the_same_customers_it_is_newcombes_interval_for_pairs(
    stayed: int, went: int, came: int, neither: int, low: float, high: float
) -> None:
    total = stayed + went + came + neither
    counts = memberships((stayed + went, total), (stayed + came, total), total, came=came, went=went, stayed=stayed)
    found = share_change(counts)
    assert found is not None
    assert found.change == pytest.approx(-0.2)
    assert (-found.high, -found.low) == pytest.approx((low, high), abs=5e-5)


def test_where_nobody_moved_somebody_might_have() -> None:
    found = share_change(memberships((200, 400), (200, 400), both=400, stayed=200))
    assert found is not None
    assert -0.01 < found.low < 0 < found.high < 0.01


def test_customers_who_stay_where_they_are_narrow_the_interval() -> None:
    alone = share_change(memberships((100, 1000), (110, 1000)))
    panel = share_change(memberships((100, 1000), (110, 1000), both=1000, came=20, went=10, stayed=90))
    assert alone is not None
    assert panel is not None
    assert panel.change == alone.change
    assert panel.high - panel.low < 0.5 * (alone.high - alone.low)


def test_there_is_no_change_without_a_date_to_compare_with() -> None:
    assert share_change(memberships((0, 0), (10, 100))) is None


def test_the_smallest_lift_is_that_of_the_formula() -> None:
    # Fleiss, Levin and Paik 2003, equation 4.14, solved for the size of an arm.
    size, base = 2000, 0.2
    lift = detectable_lift(size, base)
    assert lift is not None
    treated, mean = base + lift, base + lift / 2
    needed = 1.959964 * math.sqrt(2 * mean * (1 - mean))
    needed += 0.841621 * math.sqrt(base * (1 - base) + treated * (1 - treated))
    assert (needed / lift) ** 2 == pytest.approx(size / 2, rel=1e-3)


def test_a_test_has_eighty_percent_power_at_the_smallest_lift() -> None:
    lift = detectable_lift(1000, 0.3)
    assert lift is not None
    rng = np.random.default_rng(4)
    control, treated = rng.binomial(500, 0.3, 20_000), rng.binomial(500, 0.3 + lift, 20_000)
    pooled = (control + treated) / 1000
    seen = np.abs(treated - control) / 500 / np.sqrt(2 * pooled * (1 - pooled) / 500) > 1.96
    assert seen.mean() == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(("size", "base"), [(1, 0.2), (40, 0.9), (1000, 1.0), (0, 0.5)])
def test_where_no_lift_can_be_seen_there_is_none(size: int, base: float) -> None:
    assert detectable_lift(size, base) is None


def test_larger_segments_see_smaller_lifts() -> None:
    lifts = [detectable_lift(size, 0.1) or 1.0 for size in (100, 200, 1000, 10_000)]
    assert lifts == sorted(lifts, reverse=True)
