"""Gamma-gamma: integrals done by number, the published mean, and parameters that are found again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from tasks.config.errors import StatisticsError
from tasks.predict.gamma_gamma import GammaGamma, fit_gamma_gamma, log_likelihood

#: The estimates of the note for CDNOW.
CDNOW = GammaGamma(6.25, 3.74, 15.44)


def simulate(seed: int, customers: int, model: GammaGamma) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scales = rng.gamma(model.q, 1 / model.gamma, customers)
    count = rng.geometric(0.4, customers).astype(float)
    return count, rng.gamma(model.p * count, 1 / scales) / count


def test_the_mean_of_all_is_that_of_the_note() -> None:
    assert CDNOW.expected_amount(np.array([0.0]), np.array([0.0]))[0] == pytest.approx(35.2, abs=0.05)


@pytest.mark.parametrize(("count", "mean"), [(1.0, 12.0), (3.0, 60.0), (25.0, 35.0)])
def test_density_and_expectation_are_integrals_over_scales(count: float, mean: float) -> None:
    def weight(scale: float) -> float:
        own = stats.gamma(CDNOW.p * count, scale=1 / (scale * count))
        return float(own.pdf(mean) * stats.gamma(CDNOW.q, scale=1 / CDNOW.gamma).pdf(scale))

    density = integrate.quad(weight, 0, 5, epsabs=1e-14, limit=200)[0]
    expected = integrate.quad(lambda scale: CDNOW.p / scale * weight(scale), 0, 5, epsabs=1e-14, limit=200)[0] / density
    asked = np.array([count]), np.array([mean])
    assert np.exp(log_likelihood(CDNOW, *asked))[0] == pytest.approx(density, rel=1e-6)
    assert CDNOW.expected_amount(*asked)[0] == pytest.approx(expected, rel=1e-6)


def test_more_orders_give_the_customers_own_mean_more_weight() -> None:
    few, many = CDNOW.expected_amount(np.array([1.0, 50.0]), np.array([100.0, 100.0]))
    assert 35.2 < few < many < 100


def test_parameters_are_found_again() -> None:
    truth = GammaGamma(4.0, 3.5, 25.0)
    found = []
    for seed in range(20):
        model = fit_gamma_gamma(*simulate(seed, 2_000, truth))
        found.append(np.log([model.p, model.q, model.gamma]))
    mean, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
    assert np.all(np.abs(mean - np.log([truth.p, truth.q, truth.gamma])) < 3 * error + 0.01), (mean, error)


def test_the_unit_of_currency_does_not_matter() -> None:
    count, mean = simulate(1, 1_000, CDNOW)
    cents, euros = fit_gamma_gamma(count, 100 * mean), fit_gamma_gamma(count, mean)
    foretold = cents.expected_amount(count, 100 * mean) / 100
    assert foretold == pytest.approx(euros.expected_amount(count, mean), rel=1e-4)


def test_customers_without_an_amount_are_left_out() -> None:
    count, mean = simulate(1, 500, CDNOW)
    more = np.append(count, [3.0, 2.0]), np.append(mean, [0.0, -5.0])
    assert fit_gamma_gamma(*more) == fit_gamma_gamma(count, mean)


def test_hardly_anybody_with_an_amount_is_told() -> None:
    with pytest.raises(StatisticsError, match="fewer than 20 customers"):
        fit_gamma_gamma(np.ones(30), np.zeros(30))
