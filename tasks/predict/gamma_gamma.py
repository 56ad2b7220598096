"""Gamma-gamma: what an order of a customer is worth, from what his orders were worth and how many they are.

Owns: the likelihood, its maximum, and the expected amount. Does not own how many orders there will be (`bg_nbd.py`).

P. S. Fader and B. G. S. Hardie, "The Gamma-Gamma Model of Monetary Value", 2013 (brucehardie.com/notes/025). Amounts of
a customer's orders vary around a mean of his own: gamma distributed with shape p and a scale that is itself gamma
distributed (q, gamma) over customers. It takes amounts to be independent of how often he orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tasks.config.errors import StatisticsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_BOUNDS = ((-5.0, 7.0), (-5.0, 6.0), (-9.0, 9.0))
_STARTS = ((0.5, 0.5, 0.0), (1.5, 1.0, 1.0))
#: Customers with an amount below which two parameters of a distribution over customers are guesswork.
_LEAST = 20


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """A fitted model; `gamma` is in units of currency, and q > 1, without which there is no mean."""

    p: float
    q: float
    gamma: float

    def expected_amount(self, count: Floats, mean_amount: Floats) -> Floats:
        """The mean amount of a customer's orders that is to be expected (equation 5): his own and that of all, weighed.

        Args:
            count: his orders with an amount; 0: that of all is expected.
            mean_amount: the mean of them; not looked at where there is none.
        """
        own = np.where(count > 0, mean_amount, 0.0)
        return np.asarray(self.p * (self.gamma + count * own) / (self.p * count + self.q - 1))


def log_likelihood(model: GammaGamma, count: Floats, mean_amount: Floats) -> Floats:
    """Logarithm of the density of each customer's mean amount, given the number of his orders (equation 1a)."""
    from scipy.special import betaln

    shape = model.p * count
    total = model.gamma + count * mean_amount
    return np.asarray(
        shape * np.log(count)
        + (shape - 1) * np.log(mean_amount)
        + model.q * np.log(model.gamma)
        - (shape + model.q) * np.log(total)
        - betaln(shape, model.q)
    )


def fit_gamma_gamma(count: Floats, mean_amount: Floats) -> GammaGamma:
    """The parameters of maximum likelihood.

    Args:
        count: orders of each customer.
        mean_amount: the mean amount of them; customers with none above zero are left out.

    Raises:
        StatisticsError: hardly anybody has an amount, or no maximum is found.
    """
    from scipy.optimize import minimize

    has_amount = (count > 0) & (mean_amount > 0)
    if np.count_nonzero(has_amount) < _LEAST:
        raise StatisticsError(f"fewer than {_LEAST} customers have an amount, so no amount can be expected of others")
    n, mean = count[has_amount], mean_amount[has_amount]
    scale = float(np.exp(np.mean(np.log(mean))))

    def model_of(logs: Floats) -> GammaGamma:
        p, q_above_one, gamma = np.exp(logs)
        return GammaGamma(float(p), 1 + float(q_above_one), float(gamma))

    def loss(logs: Floats) -> float:
        return float(-np.mean(log_likelihood(model_of(logs), n, mean / scale)))

    found = [
        minimize(loss, np.asarray(start), method="L-BFGS-B", bounds=_BOUNDS, options={"ftol": 1e-12, "gtol": 1e-7})
        for start in _STARTS
    ]
    usable = [result for result in found if np.isfinite(result.fun)]
    if not usable:
        raise StatisticsError("the likelihood of gamma-gamma has no maximum on these customers")
    best = model_of(min(usable, key=lambda result: float(result.fun)).x)
    return GammaGamma(best.p, best.q, best.gamma * scale)
