"""Many tests, one error rate.

Owns: the adjustments of p-values. Does not own: which tests make a family (`verdict`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tasks.drift.tables import Floats


def holm(p_values: npt.ArrayLike) -> Floats:
    """Holm-adjusted p-values, in the order given.

    Reject those of at most alpha, and the family-wise error is at most alpha, whatever the dependence of the tests
    (Holm 1979, Scandinavian Journal of Statistics 6:65-70).
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = p[order] * np.arange(p.size, 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted


def benjamini_hochberg(p_values: npt.ArrayLike) -> Floats:
    """Q-values, in the order given: reject those at most q, and the false discovery rate is at most q.

    Source: Benjamini & Hochberg 1995, Journal of the Royal Statistical Society B 57:289-300.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")[::-1]
    stepped = p[order] * p.size / np.arange(p.size, 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.minimum.accumulate(stepped), 1.0)
    return adjusted
