"""Scores beside those of scikit-learn and statsmodels, and by hand where there are ties."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from tasks.predict import scores


@pytest.fixture(scope="module")
def made() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    chance = rng.uniform(0.02, 0.98, 800).round(2)
    return chance, rng.random(800) < chance**1.5


def test_scores_of_chances_are_those_of_others(made: tuple[np.ndarray, np.ndarray]) -> None:
    chance, happened = made
    assert scores.brier_score(chance, happened) == pytest.approx(metrics.brier_score_loss(happened, chance))
    assert scores.auc(chance, happened) == pytest.approx(metrics.roc_auc_score(happened, chance))
    fitted = sm.Logit(happened.astype(float), sm.add_constant(scores.log_odds(chance))).fit(disp=False)
    assert scores.calibration_line(chance, happened) == pytest.approx(tuple(fitted.params), rel=1e-6)


def test_scores_of_amounts_are_those_of_others() -> None:
    rng = np.random.default_rng(5)
    foretold, amount = rng.gamma(2, 20, 500), rng.gamma(1, 40, 500) * (rng.random(500) < 0.4)
    mean = amount.mean()
    assert scores.mean_absolute_error(foretold, amount) == pytest.approx(metrics.mean_absolute_error(amount, foretold))
    assert scores.rmsle(foretold, amount) == pytest.approx(metrics.root_mean_squared_log_error(amount, foretold))
    deviance = metrics.mean_poisson_deviance(amount, np.maximum(foretold, 0.01 * mean)) / mean
    assert scores.poisson_deviance(foretold, amount) == pytest.approx(deviance)
    assert scores.total_error(foretold, amount) == pytest.approx(foretold.sum() / amount.sum() - 1)


def test_the_deviance_is_least_for_the_mean_and_the_absolute_error_is_not() -> None:
    amount = np.array([0.0, 0.0, 0.0, 100.0])
    mean, nothing = np.full(4, 25.0), np.zeros(4)
    assert scores.poisson_deviance(mean, amount) < scores.poisson_deviance(nothing, amount)
    assert scores.mean_absolute_error(nothing, amount) < scores.mean_absolute_error(mean, amount)


def test_lift_of_the_top_tenth() -> None:
    outcome = np.array([1.0, 1.0] + [0.0] * 18)
    assert scores.top_lift(np.arange(20.0)[::-1], outcome) == pytest.approx(10)
    assert scores.top_lift(np.arange(20.0), outcome) == 0
    # Where all are alike the tenth is like all; where two of four alike fit in, it has half of them.
    assert scores.top_lift(np.zeros(20), outcome) == pytest.approx(1)
    assert scores.top_lift(np.array([1.0] * 4 + [0.0] * 16), outcome) == pytest.approx(5)
    assert scores.top_lift(np.zeros(20), np.zeros(20)) is None


def test_what_cannot_be_fitted_is_none() -> None:
    chance = np.array([0.2, 0.4, 0.6, 0.8])
    assert scores.auc(chance, np.ones(4, dtype=bool)) is None
    assert scores.calibration_line(chance, np.zeros(4, dtype=bool)) is None
    assert scores.calibration_line(np.full(4, 0.5), np.array([True, False, True, False])) is None
    assert scores.calibration_line(chance, chance > 0.5) is None
    assert scores.total_error(chance, np.zeros(4)) is None


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 1)), min_size=5, max_size=200),
    st.integers(1, 20),
)
def test_bins_hold_everybody_once_and_none_is_small(rows: list[tuple[int, int]], least: int) -> None:
    foretold, outcome = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    bins = scores.calibration_bins(foretold, outcome, least)
    if len(rows) < least:
        assert bins == []
        return
    assert sum(count for *_, count in bins) == len(rows)
    assert all(count >= least for *_, count in bins)
    assert len(bins) <= 10
    means = [mean for mean, *_ in bins]
    assert means == sorted(means)
    assert sum(observed * count for _, observed, count in bins) == pytest.approx(outcome.sum())


def test_ten_even_groups_where_nobody_is_alike() -> None:
    foretold = np.linspace(0, 1, 1_000)
    bins = scores.calibration_bins(foretold, foretold, 5)
    assert [count for *_, count in bins] == [100] * 10
