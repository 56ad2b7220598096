"""BG/NBD: how often a customer will order again, from how often and when he did.

Owns: the likelihood, its maximum, and what follows from its parameters. Does not own amounts (`gamma_gamma.py`).

P. S. Fader, B. G. S. Hardie and K. L. Lee, "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD
Model, Marketing Science 24(2), 2005, 275-284; numbers of equations are theirs. While a customer is alive he orders at
random with a rate of his own, gamma distributed (r, alpha); after each order he may be lost, with a chance of his own,
beta distributed (a, b). Of each customer are known: repeat orders x, the time of the last one t_x and of today T, both
since his first order. Time is in days here, in weeks there: alpha changes with the unit, r, a and b do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tasks.config.errors import StatisticsError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.optimize import OptimizeResult

    Floats = NDArray[np.float64]

#: Bounds of the logarithms of r, alpha ÷ mean T, a and b: beyond them the likelihood does not change any more.
_BOUNDS = ((-7.0, 7.0), (-9.0, 9.0), (-9.0, 9.0), (-9.0, 9.0))
_STARTS = ((0.0, 0.0, 0.0, 0.0), (-1.0, -2.0, -1.0, 1.0), (0.5, 0.5, -2.0, 0.0))
#: Relative changes of the likelihood at which a search ends: of each start, and of the best of them.
_COARSE, _FINE = 1e-6, 1e-13
#: Next to a = 1 the expectation is 0 ÷ 0; a is moved this far from it, which changes the result by as much.
_NEAR_ONE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What the model knows of each customer, in days.

    Attributes:
        x: repeat orders.
        t_x: from the first order to the last; 0 where there is one only.
        total: from the first order to the day from which is foretold (T in the paper).
    """

    x: Floats
    t_x: Floats
    total: Floats


@dataclass(frozen=True, slots=True)
class BgNbd:
    """A fitted model; `alpha` is in days."""

    r: float
    alpha: float
    a: float
    b: float

    def probability_alive(self, history: History) -> Floats:
        """The chance that a customer is not lost; 1 without a repeat order, for only after one he can be lost.

        Fader, Hardie and Lee, "Computing P(alive) Using the BG/NBD Model", 2008 (brucehardie.com/notes/021).
        """
        return np.asarray(1 / (1 + self._odds_lost(history)))

    def probability_of_none(self, history: History, days: float) -> Floats:
        """The chance that a customer does not order in the next days.

        A customer who is alive orders at a rate that is gamma distributed (r + x, alpha + T) given his history, so that
        he does not order with probability ((alpha + T) ÷ (alpha + T + days))^(r + x).
        """
        alive = self.probability_alive(history)
        still = self.alpha + history.total
        none = np.exp((self.r + history.x) * (np.log(still) - np.log(still + days)))
        return np.asarray(1 - alive + alive * none)

    def expected_orders(self, history: History, days: float) -> Floats:
        """Orders to be expected in the next days (equation 10).

        With Euler's transformation of the hypergeometric function (Abramowitz and Stegun, 15.3.3), which takes the
        powers of r + x out of it: as it stands in the paper it overflows for frequent customers.
        """
        from scipy.special import hyp2f1

        a = self.a if abs(self.a - 1) > _NEAR_ONE else 1 + _NEAR_ONE
        c = a + self.b + history.x - 1
        z = days / (self.alpha + history.total + days)
        lost_share = (1 - z) ** (a - 1) * hyp2f1(a - 1, a + self.b - 1 - self.r, c, z)
        return np.asarray(c / (a - 1) * (1 - lost_share) * self.probability_alive(history))

    def _odds_lost(self, history: History) -> Floats:
        repeats = np.maximum(history.x, 1)
        log_ratio = np.log(self.alpha + history.total) - np.log(self.alpha + history.t_x)
        odds = self.a / (self.b + repeats - 1) * np.exp((self.r + history.x) * log_ratio)
        return np.where(history.x > 0, odds, 0.0)


def log_likelihood(model: BgNbd, history: History) -> Floats:
    """Logarithm of the likelihood of each customer (equation 6)."""
    from scipy.special import betaln, gammaln

    x, repeats = history.x, np.maximum(history.x, 1)
    common = gammaln(model.r + x) - gammaln(model.r) + model.r * np.log(model.alpha) - betaln(model.a, model.b)
    alive = betaln(model.a, model.b + x) - (model.r + x) * np.log(model.alpha + history.total)
    lost = betaln(model.a + 1, model.b + repeats - 1) - (model.r + x) * np.log(model.alpha + history.t_x)
    return np.asarray(common + np.logaddexp(alive, np.where(x > 0, lost, -np.inf)))


def fit_bg_nbd(history: History) -> BgNbd:
    """The parameters of maximum likelihood.

    Args:
        history: one entry a customer, in an order that is the same each time.

    Raises:
        StatisticsError: nobody has ordered again, or no maximum is found.
    """
    from scipy.optimize import minimize

    if not np.any(history.x > 0):
        raise StatisticsError("nobody has ordered on a second day, so no rhythm of orders can be learnt")
    scale = float(np.mean(history.total)) or 1.0
    # Customers with the same history count once, with their number.
    rows, counts = np.unique(np.column_stack([history.x, history.t_x, history.total]), axis=0, return_counts=True)
    seen = History(*(np.ascontiguousarray(column) for column in rows.T))

    def loss(logs: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(logs)
        model = BgNbd(r, alpha * scale, a, b)
        value = np.dot(counts, log_likelihood(model, seen)) / counts.sum()
        # With respect to the logarithms: by the chain rule each slope times its parameter.
        slopes = _slopes(model, seen) @ counts / counts.sum() * np.array([r, alpha * scale, a, b])
        return float(-value), -slopes

    def improved(start: Floats, tolerance: float) -> OptimizeResult:
        return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=_BOUNDS, options={"ftol": tolerance})

    found = [improved(np.asarray(start), _COARSE) for start in _STARTS]
    usable = [result for result in found if np.isfinite(result.fun)]
    if not usable:
        raise StatisticsError("the likelihood of BG/NBD has no maximum on these customers")
    best = improved(min(usable, key=lambda result: float(result.fun)).x, _FINE)
    r, alpha, a, b = (float(value) for value in np.exp(best.x))
    return BgNbd(r, alpha * scale, a, b)


def _slopes(model: BgNbd, history: History) -> Floats:
    """Derivatives of the log-likelihood with respect to r, alpha, a and b, a row each."""
    from scipy.special import betaln, psi

    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    x, repeats = history.x, np.maximum(history.x, 1)
    log_total, log_last = np.log(alpha + history.total), np.log(alpha + history.t_x)
    alive = betaln(a, b + x) - (r + x) * log_total
    lost = np.where(x > 0, betaln(a + 1, b + repeats - 1) - (r + x) * log_last, -np.inf)
    is_alive = np.exp(alive - np.logaddexp(alive, lost))
    is_lost = 1 - is_alive
    after = psi(a + b + x)
    return np.stack(
        [
            psi(r + x) - psi(r) + np.log(alpha) - is_alive * log_total - is_lost * log_last,
            r / alpha - (r + x) * (is_alive / (alpha + history.total) + is_lost / (alpha + history.t_x)),
            psi(a + b) - psi(a) + is_alive * psi(a) + is_lost * psi(a + 1) - after,
            psi(a + b) - psi(b) + is_alive * psi(b + x) + is_lost * psi(b + repeats - 1) - after,
        ]
    )
