"""PSI against hand arithmetic and its published law."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tasks.drift.psi import population_stability
from tasks.drift.tables import LevelTable, MergeRule, level_table, migration_table


def two_sample(reference: list[int], current: list[int]) -> LevelTable:
    return LevelTable(tuple("abcdefghij"[: len(reference)]), np.array(reference), np.array(current))


def test_psi_by_hand() -> None:
    # (0.6-0.5) ln(0.6/0.5) + (0.2-0.3) ln(0.2/0.3) + 0 = 0.018232 + 0.040547; less (3-1)(1/1000+1/2000) = 0.003.
    psi = population_stability(two_sample([500, 300, 200], [1_200, 400, 400]), alarm_effect=0.1)
    raw = 0.1 * math.log(1.2) + 0.1 * math.log(1.5)
    assert raw == pytest.approx(0.058779, abs=1e-6)
    assert psi.value == pytest.approx(raw - 0.003)


def test_p_values_are_yurdakuls_and_its_non_central_kin() -> None:
    table = two_sample([500, 300, 200], [1_020, 540, 440])
    psi = population_stability(table, alarm_effect=0.1)
    unit = 1 / 1_000 + 1 / 2_000
    p, q = table.reference / 1_000, table.current / 2_000
    raw = float(np.sum((q - p) * np.log(q / p)))
    assert psi.p_value == pytest.approx(stats.chi2.sf(raw / unit, 2))
    assert psi.alarm_p_value == pytest.approx(stats.ncx2.sf(raw / unit, 2, 0.01 / unit))
    assert psi.p_value < psi.alarm_p_value


@pytest.mark.parametrize("is_paired", [False, True])
def test_p_is_level_and_the_correction_right_under_no_change(*, is_paired: bool) -> None:
    random = np.random.default_rng(0)
    names, rule = tuple("abcdefghij"), MergeRule(5.0, 100)
    raw_minus_expected, p_values = [], []
    for _ in range(500):
        before, now = random.integers(10, size=1_000), random.integers(10, size=1_000)
        if is_paired:
            now = np.where(random.random(1_000) < 0.2, now, before)
            table = migration_table(before, now, names, rule)
        else:
            table = level_table(np.bincount(before), np.bincount(now), names, rule)
        psi = population_stability(table, alarm_effect=0.1)
        p_values.append(psi.p_value)
        raw_minus_expected.append(psi.value)
    # 25 of 500 are expected below 0.05, standard deviation 4.9.
    assert 8 <= sum(p < 0.05 for p in p_values) <= 45
    assert np.median(raw_minus_expected) == 0.0


def test_identical_snapshots_have_no_psi() -> None:
    still = migration_table(np.arange(90) % 3, np.arange(90) % 3, ("a", "b", "c"), MergeRule(5.0, 100))
    assert population_stability(still, alarm_effect=0.1) == (0.0, 1.0, 1.0)


def test_an_emptied_level_gives_a_finite_psi() -> None:
    psi = population_stability(two_sample([500, 500], [1_000, 0]), alarm_effect=0.1)
    assert math.isfinite(psi.value)
    assert psi.alarm_p_value < 1e-6
