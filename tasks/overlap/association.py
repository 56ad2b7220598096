"""Whether two memberships go together: the association of a 2 x 2 table of customers, at any size.

Owns: phi, the p-value of independence and its adjustment, in logarithms. Does not own: the pairs (`pairs`).
P-values of real overlaps are far below the smallest float: they are kept as base-10 logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_LOG10_E = math.log10(math.e)
_LOG10_2 = math.log10(2)
_EXACT_EXPECTED = 25
"""Below this expected count in any cell the exact hypergeometric tail is used."""


def phi(both: int, size_a: int, size_b: int, total: int) -> float | None:
    """Correlation of two memberships (-1 to 1); None where a segment is empty or holds everyone.

    Numerator and denominator are integers, so that nothing cancels (Fleiss, Levin & Paik 2003, chapter 6).

    Args:
        both: customers in both segments.
        size_a: customers in the one.
        size_b: customers in the other.
        total: all customers.
    """
    spread = size_a * (total - size_a) * size_b * (total - size_b)
    if spread == 0:
        return None
    value = (total * both - size_a * size_b) / math.sqrt(spread)
    return max(-1.0, min(1.0, value))


def log10_p_value(both: int, size_a: int, size_b: int, total: int) -> float | None:
    """Base-10 logarithm of the two-sided p-value of independence; None where `phi` is.

    Chi-square with one degree of freedom, total times phi squared; twice the smaller hypergeometric tail where a cell
    is expected to hold fewer than 25 customers. Arguments as in `phi`.
    """
    correlation = phi(both, size_a, size_b, total)
    if correlation is None:
        return None
    # By size, so that a pair has one p-value to the last bit, whichever segment is named first.
    size_a, size_b = sorted((size_a, size_b))
    smallest = min(size_a, total - size_a) * min(size_b, total - size_b)
    if smallest < _EXACT_EXPECTED * total:
        return _log10_hypergeometric(both, size_a, size_b, total)
    from scipy.special import log_ndtr

    return min(_LOG10_2 + _LOG10_E * float(log_ndtr(-math.sqrt(total) * abs(correlation))), 0.0)


def _log10_hypergeometric(both: int, size_a: int, size_b: int, total: int) -> float:
    """Sum the smaller tail in logarithms; the support is short where this is called (5 sqrt(total) values)."""
    from scipy.special import gammaln, logsumexp

    held = np.arange(max(0, size_a + size_b - total), min(size_a, size_b) + 1, dtype=np.float64)
    cells = (held, size_a - held, size_b - held, total - size_a - size_b + held)
    log_weight = -sum(gammaln(cell + 1) for cell in cells)
    log_probability: npt.NDArray[np.float64] = np.asarray(log_weight - logsumexp(log_weight))
    at = both - int(held[0])
    smaller_tail = min(float(logsumexp(log_probability[: at + 1])), float(logsumexp(log_probability[at:])))
    return min(_LOG10_2 + _LOG10_E * smaller_tail, 0.0)


def holm_log10(log_p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's adjustment on logarithms, in the order given; None stays None and does not count as a test.

    Source: Holm 1979, Scandinavian Journal of Statistics 6:65-70.
    """
    tested = sorted(((log_p, at) for at, log_p in enumerate(log_p_values) if log_p is not None))
    adjusted: list[float | None] = [None] * len(log_p_values)
    highest = -math.inf
    for rank, (log_p, at) in enumerate(tested):
        highest = max(highest, log_p + math.log10(len(tested) - rank))
        adjusted[at] = min(highest, 0.0)
    return adjusted
