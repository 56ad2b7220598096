"""The minimum detectable effect: its formula, and that it is detected as often as it says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tasks.drift import paired, sensitivity, two_sample
from tasks.drift.effects import ShareChange, paired_auc_standard_error
from tasks.drift.sensitivity import minimum_detectable_effect, needed_noncentrality
from tasks.drift.tables import LevelTable, MergeRule, ValueTable, migration_table

ALPHA, POWER, RUNS = 0.001, 0.8, 250
# 250 runs at 80 % have a standard deviation of 2.5 points; the tests' laws are approximate too.
LOW, HIGH = 0.68, 0.92


def detectable(reach: sensitivity.Sensitivity, degrees_of_freedom: int = 1) -> float:
    return minimum_detectable_effect(reach, degrees_of_freedom, alpha=ALPHA, power=POWER)


@pytest.mark.parametrize(("alpha", "power"), [(0.05, 0.8), (0.0003, 0.95)])
def test_one_degree_of_freedom_is_the_textbook_formula(alpha: float, power: float) -> None:
    expected = (stats.norm.isf(alpha / 2) + stats.norm.ppf(power)) ** 2
    assert needed_noncentrality(1, alpha, power) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("degrees_of_freedom", [1, 3, 40])
def test_the_needed_noncentrality_gives_the_power(degrees_of_freedom: int) -> None:
    needed = needed_noncentrality(degrees_of_freedom, 0.0003, 0.8)
    critical = stats.chi2.isf(0.0003, degrees_of_freedom)
    assert stats.ncx2.sf(critical, degrees_of_freedom, needed) == pytest.approx(0.8)


def test_mann_whitney_finds_its_minimum_detectable_effect() -> None:
    random = np.random.default_rng(0)
    reach = sensitivity.two_sample_probit_d(ValueTable.of(np.arange(600.0), np.arange(600.0) + 0.5))
    effect = detectable(reach)
    found = [
        two_sample.mann_whitney(ValueTable.of(random.normal(size=600), random.normal(effect, 1, size=600))).p_value
        <= ALPHA
        for _ in range(RUNS)
    ]
    assert LOW <= np.mean(found) <= HIGH


def test_two_proportion_finds_its_minimum_detectable_effect() -> None:
    random = np.random.default_rng(1)
    effect = detectable(sensitivity.two_sample_cohen_h(2_000, 1_000))
    share = math.sin(math.asin(math.sqrt(0.3)) + effect / 2) ** 2
    found = [
        two_sample.two_proportion(random.binomial(2_000, 0.3), 2_000, random.binomial(1_000, share), 1_000).p_value
        <= ALPHA
        for _ in range(RUNS)
    ]
    assert LOW <= np.mean(found) <= HIGH


def test_chi_square_finds_its_minimum_detectable_effect() -> None:
    random = np.random.default_rng(2)
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    effect = detectable(sensitivity.two_sample_w(2_000, 2_000), 3)
    # Along one direction, scaled so that w is the effect.
    direction = np.array([1.0, -1.0, 1.0, -1.0])
    moved = shares + direction * effect / math.sqrt(np.sum(direction**2 / shares))
    found = []
    for _ in range(RUNS):
        table = LevelTable(tuple("abcd"), random.multinomial(2_000, shares), random.multinomial(2_000, moved))
        outcome = two_sample.chi_square_homogeneity(table, resamples=99, random=random)
        found.append(outcome.p_value <= ALPHA)
    assert LOW <= np.mean(found) <= HIGH


def test_mcnemar_finds_its_minimum_detectable_effect() -> None:
    random = np.random.default_rng(3)
    count, share, benign = 4_000, 0.3, 0.1
    expected_changes = round(2 * share * (1 - share) * benign * count)
    effect = detectable(sensitivity.paired_cohen_h(expected_changes, share, count))
    one_way = math.sin(math.asin(math.sqrt(share)) + effect / 2) ** 2 - share
    found = []
    for _ in range(RUNS):
        before = random.random(count) < share
        now = np.where(random.random(count) < benign, random.random(count) < share, before)
        now |= random.random(count) < one_way / (1 - share)
        found.append(paired.mcnemar(int((now & ~before).sum()), int((before & ~now).sum())).p_value <= ALPHA)
    # The drift adds changes of its own, which the figure from the benign ones does not know.
    assert 0.6 <= np.mean(found) <= HIGH


def test_the_paired_rank_test_finds_its_minimum_detectable_effect() -> None:
    random = np.random.default_rng(4)
    count, found, benign = 1_500, [], 0.2

    def pair(shift: float) -> ValueTable:
        before = random.normal(size=count)
        renewed = random.random(count) < benign
        # Only customers who changed carry the drift, so that the margin moves by the shift on average.
        now = np.where(renewed, random.normal(shift / benign, 1, size=count), before)
        return ValueTable.of(before, now)

    effect = detectable(sensitivity.paired_probit_d(paired_auc_standard_error(pair(0.0)), count))
    for _ in range(RUNS):
        table = pair(effect)
        margin = paired.paired_margin_p_value(table, standard_error=paired_auc_standard_error(table))
        found.append(margin <= ALPHA)
    assert 0.6 <= np.mean(found) <= 0.95


def test_stuart_maxwell_finds_its_minimum_detectable_effect() -> None:
    random = np.random.default_rng(5)
    shares, count, benign = np.array([0.4, 0.3, 0.2, 0.1]), 4_000, 0.1
    rule, names = MergeRule(5.0, 100), tuple("abcd")

    def table(one_way: float) -> LevelTable:
        before = random.choice(4, p=shares, size=count)
        now = np.where(random.random(count) < benign, random.choice(4, p=shares, size=count), before)
        now = np.where((now == 0) & (random.random(count) < one_way / shares[0]), 1, now)
        return migration_table(before, now, names, rule)

    effect = detectable(sensitivity.paired_w(ShareChange.of(table(0.0)), 3, count), 3)
    one_way = effect / math.sqrt(1 / shares[0] + 1 / shares[1])
    found = []
    for _ in range(RUNS):
        moves = table(one_way).moves
        assert moves is not None
        found.append(paired.stuart_maxwell(moves, resamples=99, random=random).p_value <= ALPHA)
    assert 0.55 <= np.mean(found) <= HIGH


def test_hardly_any_change_does_not_promise_to_see_everything() -> None:
    # At p <= 0.001 eleven one-way changes are the fewest a sign test can see: 2 * 0.5^11 < 0.001 < 2 * 0.5^10.
    reach = sensitivity.paired_cohen_h(0, 0.5, 1_000)
    fewest = detectable(reach) * math.sqrt(0.25) * 1_000
    assert 11 <= fewest <= 22
    assert detectable(sensitivity.paired_probit_d(0.0, 1_000)) > 0
