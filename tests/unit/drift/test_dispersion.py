"""Periods that differ by more than chance: how much is estimated, and what it does to flows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency, f

from tasks.drift.dispersion import dispersed_p_value, dispersion_of
from tasks.drift.flow_rates import Flows, measure_flow_rates
from tasks.drift.policy import DriftPolicy
from tasks.drift.records import DriftScore

MEMBERS = 200


def flows(leaving: int, beside: int = 20) -> Flows:
    return {"s.a": {"s.a": MEMBERS - leaving - beside, "s.b": leaving, None: beside}}


#: Weeks in which a border takes many across at once, and weeks in which it does not.
RESTLESS = [flows(leaving) for leaving in (10, 70, 5, 15, 80, 10, 60, 12, 8, 75)]
CALM = [flows(leaving) for leaving in (20, 24, 17, 21, 19, 23, 18, 20, 22, 16)]


def score(now: Flows, past: list[Flows]) -> DriftScore:
    (found,) = measure_flow_rates(past[-1], now, DriftPolicy(), 0, past[:-1])
    return found


def test_it_is_the_statistic_of_homogeneity_over_its_degrees_of_freedom() -> None:
    counts = np.array([list(week["s.a"].values()) for week in RESTLESS])
    wanted = chi2_contingency(counts, correction=False)
    found = dispersion_of(counts, 5.0)
    assert found is not None
    assert (found.factor, found.degrees_of_freedom) == (pytest.approx(wanted.statistic / wanted.dof), wanted.dof)
    assert dispersed_p_value(30.0, 2, found) == pytest.approx(float(f.sf(15 / found.factor, 2, wanted.dof)))


def test_levels_that_hardly_occur_are_taken_together() -> None:
    counts = np.array([[90 - 30 * (week % 2), 6 + 30 * (week % 2), week % 3, 2 - week % 3] for week in range(10)])
    merged = np.column_stack((counts[:, :2], counts[:, 2:].sum(axis=1)))
    found = dispersion_of(counts, 5.0)
    assert found is not None
    assert found.factor == pytest.approx(chi2_contingency(merged, correction=False).statistic / 18)


@pytest.mark.parametrize("counts", [[[90, 10]], [[90, 0], [80, 0]], [[100, 20], [99, 21], [101, 19]]])
def test_without_any_there_is_none(counts: list[list[int]]) -> None:
    assert dispersion_of(np.array(counts), 5.0) is None


def test_a_week_like_others_of_a_restless_segment_is_no_news() -> None:
    alone, beside = score(flows(70), RESTLESS[-2:-1]), score(flows(70), RESTLESS[:-1])
    assert (alone.p_value or 0) < 1e-6
    assert (beside.p_value or 0) > 0.01
    assert (beside.statistic or 0) < (alone.statistic or 0) / 5
    # What could have been found is told by the same measure.
    assert (beside.effect_scale or 0) > 2 * (alone.effect_scale or 0)
    assert beside.effect_size == alone.effect_size


def test_of_a_calm_segment_the_test_is_as_before() -> None:
    assert score(flows(60), CALM) == score(flows(60), CALM[-1:])
    assert (score(flows(60), CALM).p_value or 0) < 1e-5


def test_few_periods_tell_nothing() -> None:
    few = RESTLESS[:7]
    assert score(flows(70), few) == score(flows(70), few[-1:])
    # A period in which the segment was empty is none.
    assert score(flows(70), [*([{}] * 3), *few]) == score(flows(70), few[-1:])
    assert score(flows(70), [RESTLESS[0], *few]) != score(flows(70), few[-1:])
