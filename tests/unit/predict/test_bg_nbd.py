"""BG/NBD: published figures, integrals done by number, and parameters that are found again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, special, stats

from tasks.config.errors import StatisticsError
from tasks.predict.bg_nbd import BgNbd, History, _slopes, fit_bg_nbd, log_likelihood
from tests.unit.predict.made_orders import histories

#: The estimates of the paper (table 2) for the sample of CDNOW, in weeks.
CDNOW = BgNbd(0.243, 4.414, 0.793, 2.426)


def one(x: float, t_x: float, total: float) -> History:
    return History(*(np.array([float(value)]) for value in (x, t_x, total)))


def integrated(model: BgNbd, history: History, value: Callable[..., np.ndarray]) -> float:
    """The integral over rates and chances of loss of `value(rate, loss, alive, lost)`, by Gauss's quadrature.

    `alive` and `lost` are the likelihoods of the history of a customer with that rate and chance of loss.
    """
    (x,), (t_x,), (total,) = history.x, history.t_x, history.total
    nodes, weights = special.roots_genlaguerre(150, model.r - 1)
    rate, rate_weight = nodes[:, None] / model.alpha, weights[:, None] / special.gamma(model.r)
    nodes, weights = special.roots_jacobi(80, model.b - 1, model.a - 1)
    loss, loss_weight = (nodes[None, :] + 1) / 2, weights[None, :] / weights.sum()
    alive = (1 - loss) ** x * rate**x * np.exp(-rate * total)
    lost = loss * (1 - loss) ** (x - 1) * rate**x * np.exp(-rate * t_x) if x > 0 else np.zeros_like(alive)
    return float((value(rate, loss, alive, lost) * rate_weight * loss_weight).sum())


def test_the_worked_example_of_the_authors() -> None:
    """Fader, Hardie and Lee, "Implementing the BG/NBD Model in Microsoft Excel", 2005: the first customer, 39 weeks."""
    assert CDNOW.expected_orders(one(2, 30.43, 38.86), 39)[0] == pytest.approx(1.226, abs=5e-4)


@pytest.mark.parametrize(
    ("weeks", "orders"), [(0.1429, 0.0078), (1, 0.0532), (3, 0.1506), (31.8571, 1.0405), (32, 1.0437), (78, 1.8576)]
)
def test_the_expectation_of_a_new_customer_is_that_of_the_authors(weeks: float, orders: float) -> None:
    """The same page, column E(X(t)); printed with four decimals from parameters of more digits than are printed."""
    assert CDNOW.expected_orders(one(0, 0, 0), weeks)[0] == pytest.approx(orders, rel=3e-3, abs=1e-4)


_MODEL = BgNbd(1.4, 6.0, 1.7, 2.9)
_HISTORIES = [one(0, 0, 12), one(1, 3, 20), one(4, 19, 20), one(6, 5, 30)]


@pytest.mark.parametrize("history", _HISTORIES)
def test_the_likelihood_is_the_integral_of_its_story(history: History) -> None:
    found = integrated(_MODEL, history, lambda _rate, _loss, alive, lost: alive + lost)
    assert np.exp(log_likelihood(_MODEL, history))[0] == pytest.approx(found, rel=1e-6)


@pytest.mark.parametrize("history", _HISTORIES)
def test_who_is_alive_and_who_does_not_order_are_integrals_too(history: History) -> None:
    whole = integrated(_MODEL, history, lambda _rate, _loss, alive, lost: alive + lost)
    alive = integrated(_MODEL, history, lambda _rate, _loss, alive, _lost: alive) / whole
    none = integrated(_MODEL, history, lambda rate, _loss, alive, lost: alive * np.exp(-rate * 9) + lost) / whole
    assert _MODEL.probability_alive(history)[0] == pytest.approx(alive, rel=1e-6)
    assert _MODEL.probability_of_none(history, 9)[0] == pytest.approx(none, rel=1e-6)


@pytest.mark.parametrize("history", _HISTORIES)
@pytest.mark.parametrize("a", [0.4, 1.0, 1.7])
def test_expected_orders_are_an_integral_too(history: History, a: float) -> None:
    """A customer with rate λ and loss p who is alive makes (1 − exp(−λ p t)) ÷ p orders in t (equation 5 and after)."""
    model = replace(_MODEL, a=a)
    whole = integrated(model, history, lambda _rate, _loss, alive, lost: alive + lost)

    def orders(rate: np.ndarray, loss: np.ndarray, alive: np.ndarray, _lost: np.ndarray) -> np.ndarray:
        return alive * -np.expm1(-rate * loss * 9) / loss

    assert model.expected_orders(history, 9)[0] == pytest.approx(integrated(model, history, orders) / whole, rel=1e-5)


def test_slopes_are_those_of_the_likelihood() -> None:
    history, _ = histories(3, 200, 60.0, (0.8, 9.0, 0.9, 2.2))
    for place, name in enumerate(("r", "alpha", "a", "b")):
        step = 1e-5
        up, down = (replace(_MODEL, **{name: getattr(_MODEL, name) + sign * step}) for sign in (1, -1))
        by_number = (log_likelihood(up, history) - log_likelihood(down, history)) / (2 * step)
        assert _slopes(_MODEL, history)[place] == pytest.approx(by_number, rel=1e-5, abs=1e-6)


def test_frequent_customers_do_not_overflow() -> None:
    """Five thousand orders in two years, beside the integral over the one unknown that is left, the chance of loss."""
    history = one(5_000, 729, 730)
    per_loss = CDNOW.r + 5_000

    def part(log_loss: float) -> float:
        loss = np.exp(log_loss)
        orders = -np.expm1(-per_loss * np.log1p(loss * 365 / (CDNOW.alpha + 730))) / loss
        return float(orders * stats.beta(CDNOW.a, CDNOW.b + 5_000).pdf(loss) * loss)

    expected = integrate.quad(part, -30, np.log(0.02), limit=400)[0] * CDNOW.probability_alive(history)[0]
    assert CDNOW.expected_orders(history, 365)[0] == pytest.approx(expected, rel=1e-6)
    assert np.isfinite(log_likelihood(CDNOW, history)[0])


def test_parameters_are_found_again() -> None:
    """Of 20 populations like CDNOW the mean of each estimate is within three standard errors of the truth."""
    truth = np.array([0.243, 31.0, 0.793, 2.426])
    found = []
    for seed in range(20):
        history, _ = histories(seed, 2_000, 273.0, tuple(truth))
        model = fit_bg_nbd(history)
        found.append(np.log([model.r, model.alpha, model.a, model.b]))
    mean, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
    # Maximum likelihood is biased by the order of 1 ÷ n, here below 3 % of a and b.
    assert np.all(np.abs(mean - np.log(truth)) < 3 * error + 0.03), (mean, error)


def test_expected_orders_are_those_that_come() -> None:
    truth = (0.8, 20.0, 0.9, 3.0)
    ratios = []
    for seed in range(20):
        history, later = histories(100 + seed, 2_000, 180.0, truth)
        ratios.append(fit_bg_nbd(history).expected_orders(history, 180.0).sum() / later.sum())
    error = np.std(ratios, ddof=1) / np.sqrt(len(ratios))
    assert abs(np.mean(ratios) - 1) < 3 * error, (np.mean(ratios), error)


def test_the_order_of_customers_does_not_matter() -> None:
    history, _ = histories(5, 500, 200.0, (0.8, 20.0, 0.9, 3.0))
    turned = History(history.x[::-1], history.t_x[::-1], history.total[::-1])
    assert fit_bg_nbd(history) == fit_bg_nbd(turned)


def test_nobody_who_came_again_is_told() -> None:
    with pytest.raises(StatisticsError, match="nobody has ordered on a second day"):
        fit_bg_nbd(one(0, 0, 50))
