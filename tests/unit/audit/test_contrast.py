"""Segments beside the rest: effects, p-values and explained shares against scipy and against their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tasks.audit.contrast import Contrast, Placed, contrasts, explained_share, holm, loss_is_chance, scaled_ranks
from tasks.audit.splitting import best_split

RNG = np.random.default_rng(11)


def placed(labels: list[int]) -> Placed:
    return Placed(np.arange(len(labels)), np.array(labels), max(labels) + 1)


def by_segment(values: np.ndarray, labels: list[int]) -> dict[int, Contrast]:
    return {one.segment: one for one in contrasts({"kpi": scaled_ranks(values)}, placed(labels))}


def test_effects_and_p_values_are_those_of_mann_whitney_with_ties() -> None:
    labels = [0] * 80 + [1] * 120
    values = np.concatenate([RNG.poisson(2, 80), RNG.poisson(3, 120)]).astype(float)
    found = by_segment(values, labels)
    expected = stats.mannwhitneyu(values[:80], values[80:], use_continuity=False, method="asymptotic")
    assert found[0].p_value == pytest.approx(expected.pvalue, rel=1e-6)
    auc = expected.statistic / (80 * 120)
    assert found[0].effect == pytest.approx(math.sqrt(2) * stats.norm.ppf(auc), abs=1e-6)
    assert found[1].effect == pytest.approx(-found[0].effect)
    assert found[0].p_adjusted == pytest.approx(min(2 * expected.pvalue, 1.0))


def test_an_effect_is_about_the_difference_in_standard_deviations() -> None:
    labels = [0] * 20_000 + [1] * 20_000
    values = np.concatenate([RNG.normal(0.5, 1, 20_000), RNG.normal(0, 1, 20_000)])
    found = by_segment(np.exp(values), labels)
    assert found[0].effect == pytest.approx(0.5, abs=0.03)
    assert found[0].spread_ratio == pytest.approx(0.97, abs=0.02)


def test_what_is_not_known_does_not_count() -> None:
    labels = [0, 0, 0, 0, 1, 1, 1, 1]
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0, 7.0, np.nan])
    found = by_segment(values, labels)
    expected = stats.mannwhitneyu([1, 2, 4], [5, 6, 7], use_continuity=False, method="asymptotic")
    assert found[0].p_value == pytest.approx(expected.pvalue)
    assert contrasts({"same": scaled_ranks(np.ones(8))}, placed(labels)) == []


def test_a_customer_in_two_segments_is_beside_the_rest_of_each() -> None:
    both = Placed(np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1]), 2)
    found = contrasts({"kpi": scaled_ranks(np.array([1.0, 2.0, 3.0, 4.0]))}, both)
    # Segment 0 holds the two lowest, segment 1 the middle two.
    assert [one.effect > 0 for one in found] == [False, False]
    assert found[1].effect == pytest.approx(0.0)


def test_holm_is_holms() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_explained_share_is_nothing_by_lot_and_everything_where_segments_are_the_kpi() -> None:
    labels = np.repeat([0, 1, 2], 400)
    by_lot = [explained_share(scaled_ranks(RNG.normal(size=1200)), placed(labels.tolist())) or 0.0 for _ in range(40)]
    assert float(np.mean(by_lot)) == pytest.approx(0.001, abs=0.001)
    whole = explained_share(scaled_ranks(labels.astype(float)), placed(labels.tolist()))
    assert whole == pytest.approx(1.0)
    assert explained_share(scaled_ranks(np.ones(1200)), placed(labels.tolist())) is None


def test_a_loss_is_chance_where_it_is_small_beside_its_error() -> None:
    assert loss_is_chance(0.30, 500, 0.27, 500)
    assert not loss_is_chance(0.30, 50_000, 0.27, 50_000)


def test_the_best_split_goes_with_a_kpi_and_is_not_the_kpi() -> None:
    kpi = RNG.normal(size=800)
    features = {
        "twin": kpi * 2 + 1,
        "telling": kpi + RNG.normal(0, 1.5, 800),
        "weak": kpi + RNG.normal(0, 20, 800),
        "seldom": np.where(RNG.random(800) < 0.2, kpi, np.nan),
    }
    found = best_split({"net": kpi}, features)
    assert found is not None
    assert (found.feature, found.kpi) == ("telling", "net")
    assert found.correlation == pytest.approx(stats.spearmanr(features["telling"], kpi).statistic, abs=1e-3)
    assert best_split({"net": kpi}, {"noise": RNG.normal(size=800)}) is None


def test_what_follows_from_the_number_of_orders_splits_nobody() -> None:
    """Everybody buys at random: the more lines, the smaller the share of the one that he bought most of."""
    draw = np.random.default_rng(4)
    orders = draw.integers(1, 40, 900)
    spent = orders * draw.lognormal(3, 0.6, 900)
    favourite = np.array([np.bincount(draw.integers(0, 20, count)).max() / count for count in 2 * orders])
    weekend = draw.random(900)
    telling = spent * (1 + weekend)
    features = {"favourite": favourite, "weekend": weekend}
    named = best_split({"net": telling}, features)
    assert named is not None
    assert named.feature == "favourite"
    found = best_split({"net": telling}, features, orders.astype(float))
    assert found is not None
    assert found.feature == "weekend"
    assert best_split({"net": spent}, {"favourite": favourite}, orders.astype(float)) is None
