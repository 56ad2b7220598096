"""Whether two memberships go together: the association of many 2 x 2 tables of customers at once, at any size.

Owns: phi, the p-value of independence, McNemar's p-value of a change, and their adjustment, in logarithms. Does not own
the pairs (`pairs`). P-values of real overlaps are far below the smallest float: they are kept as base-10 logarithms.
Arrays have one element a pair; NaN stands where a figure is not defined.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_LOG10_E = math.log10(math.e)
_LOG10_2 = math.log10(2)
_EXACT_EXPECTED = 25
"""Below this expected count in any cell the exact hypergeometric tail is used."""
_TAIL = 150
"""Terms after which a hypergeometric law of mean 25 or less has ended: the next are below 10^-60 of its peak."""
_CELLS = 2_000_000
"""Weights that are held at a time."""
_SMALL_TOTAL = 3_000_000_000
"""Up to so many customers the square of a count fits into 64 bits."""


def exact_integers(total: int, *counts: Ints) -> tuple[npt.NDArray[np.int64], ...]:
    """The counts in a type whose products of two are exact: 64 bits, or Python's own integers for large totals."""
    return counts if total <= _SMALL_TOTAL else tuple(count.astype(object) for count in counts)


def phi(both: Ints, size_a: Ints, size_b: Ints, total: int) -> Floats:
    """Correlation of two memberships (-1 to 1); NaN where a segment is empty or holds everyone.

    The numerator is an integer, so that nothing cancels (Fleiss, Levin & Paik 2003, chapter 6).

    Args:
        both: customers in both segments.
        size_a: customers in the one.
        size_b: customers in the other.
        total: all customers.
    """
    both, size_a, size_b = exact_integers(total, both, size_a, size_b)
    difference = (total * both - size_a * size_b).astype(np.float64)
    spread_a = (size_a * (total - size_a)).astype(np.float64)
    spread_b = (size_b * (total - size_b)).astype(np.float64)
    spread = np.sqrt(spread_a) * np.sqrt(spread_b)
    found = np.divide(difference, spread, out=np.full(len(difference), np.nan), where=spread > 0)
    clipped: Floats = np.clip(found, -1.0, 1.0)
    return clipped


def log10_p_value(both: Ints, size_a: Ints, size_b: Ints, total: int) -> Floats:
    """Base-10 logarithm of the two-sided p-value of independence; NaN where `phi` is.

    Chi-square with one degree of freedom, total times phi squared; twice the smaller hypergeometric tail where a cell
    is expected to hold fewer than 25 customers. Arguments as in `phi`.
    """
    from scipy.special import log_ndtr

    found = phi(both, size_a, size_b, total)
    defined = ~np.isnan(found)
    found[defined] = _LOG10_2 + _LOG10_E * log_ndtr(-math.sqrt(total) * np.abs(found[defined]))
    small_a, small_b = exact_integers(total, np.minimum(size_a, total - size_a), np.minimum(size_b, total - size_b))
    is_rare = defined & np.asarray(small_a * small_b < _EXACT_EXPECTED * total, dtype=bool)
    if is_rare.any():
        found[is_rare] = _log10_hypergeometric(both[is_rare], size_a[is_rare], size_b[is_rare], total)
    return np.minimum(found, 0.0)


def _log10_hypergeometric(both: Ints, size_a: Ints, size_b: Ints, total: int) -> Floats:
    """Twice the smaller tail, of the table with the rarer side of each membership in front.

    Tables that are the same are computed once; they come in batches of like length.
    """
    is_common = 2 * size_a > total
    both = np.where(is_common, size_b - both, both)
    size_a = np.where(is_common, total - size_a, size_a)
    is_common = 2 * size_b > total
    both = np.where(is_common, size_a - both, both)
    size_b = np.where(is_common, total - size_b, size_b)
    # By size, so that a pair has one p-value to the last bit, whichever segment is named first.
    tables = np.stack([both, np.minimum(size_a, size_b), np.maximum(size_a, size_b)], axis=1)
    unique, back = np.unique(tables, axis=0, return_inverse=True)
    found = np.empty(len(unique))
    start = 0
    while start < len(unique):
        # Ascending by the first column: a batch is as wide as its last row asks for.
        rows = _CELLS // int(unique[start, 0] + _TAIL)
        batch = unique[start : start + max(rows // 2, 1)]
        found[start : start + len(batch)] = _tails(batch, total)
        start += len(batch)
    return found[back.ravel()]


def _tails(tables: Ints, total: int) -> Floats:
    """Twice the smaller tail in base-10 logarithms, of tables (both, smaller, larger), shape (rows, 3)."""
    both, small, large = (tables[:, [column]].astype(np.float64) for column in range(3))
    width = int(tables[:, 0].max()) + _TAIL
    held = np.arange(width, dtype=np.float64)
    # Each weight over the one before: nothing large cancels, as it would in differences of log-factorials.
    ratio = np.clip((small - held) * (large - held), 0, None) / ((held + 1) * (total - small - large + held + 1))
    with np.errstate(divide="ignore"):
        log_weight = np.concatenate([np.zeros((len(tables), 1)), np.cumsum(np.log(ratio), axis=1)], axis=1)
    is_upper = np.arange(width + 1) >= both
    is_lower = np.arange(width + 1) <= both
    whole = _log_sum(log_weight)
    upper = _log_sum(np.where(is_upper, log_weight, -np.inf))
    lower = _log_sum(np.where(is_lower, log_weight, -np.inf))
    return np.asarray(np.minimum(_LOG10_2 + _LOG10_E * (np.minimum(upper, lower) - whole), 0.0), dtype=np.float64)


def _log_sum(log_weight: Floats) -> Floats:
    largest = log_weight.max(axis=1, keepdims=True)
    total: Floats = np.log(np.exp(log_weight - largest).sum(axis=1)) + largest[:, 0]
    return total


def log10_mcnemar(joined: Ints, left: Ints) -> Floats:
    """Base-10 logarithm of the two-sided p-value that as many came as went; NaN where nobody did either.

    Exact binomial by its logarithmic tail (McNemar 1947; Edwards' correction is not needed).

    Args:
        joined: customers in both segments now and not before.
        left: customers in both segments before and not now.
    """
    from scipy.special import log_ndtr
    from scipy.stats import binom

    moved = joined + left
    with np.errstate(divide="ignore"):
        exact = binom.logcdf(np.minimum(joined, left), moved, 0.5)
    # Where the tail is below the smallest float, the normal one goes on.
    normal = log_ndtr(-np.abs(joined - left) / np.sqrt(np.maximum(moved, 1)))
    tail = np.where(np.isfinite(exact), exact, normal)
    return np.where(moved > 0, np.minimum(_LOG10_2 + _LOG10_E * tail, 0.0), np.nan)


def holm_log10(log_p_values: Floats) -> Floats:
    """Holm's adjustment on logarithms, in the order given; NaN stays NaN and does not count as a test.

    Source: Holm 1979, Scandinavian Journal of Statistics 6:65-70.
    """
    adjusted = np.full(len(log_p_values), np.nan)
    tested = np.flatnonzero(~np.isnan(log_p_values))
    order = tested[np.argsort(log_p_values[tested], kind="stable")]
    factors = np.log10(np.arange(len(order), 0, -1, dtype=np.float64))
    adjusted[order] = np.minimum(np.maximum.accumulate(log_p_values[order] + factors), 0.0)
    return adjusted
