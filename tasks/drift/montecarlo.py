"""Monte Carlo p-values where a table is too sparse for its chi-square approximation.

Owns: the sequential stopping rule. Does not own: what is drawn (`two_sample`, `paired`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tasks.drift.tables import Floats

_EXCEEDANCES = 50
_BATCH = 5_000
_RELATIVE_TOLERANCE = 1e-9

APPROXIMATION_P = 0.05
"""A chi-square p above this is not refined: no family-wise 1 % decision can hang on it."""

SPARSE_COUNT = 20.0
"""Expected counts below this make the chi-square tail near p = 0.0001 too light by more than it may be."""


def sequential_p_value(draw: Callable[[int], Floats], observed: float, resamples: int) -> float:
    """P-value of `observed` among statistics drawn under the null hypothesis, large values being extreme.

    Stops as soon as 50 draws have reached the observed value, else after `resamples` (Besag & Clifford 1991,
    Biometrika 78:301-304): exact either way.

    Args:
        draw: gives that many independent statistics under the null hypothesis, shape (count,).
        observed: the statistic of the data.
        resamples: the most draws to make.
    """
    limit = observed * (1.0 - _RELATIVE_TOLERANCE)
    drawn = 0
    exceeded = 0
    while drawn < resamples:
        statistics = draw(min(_BATCH, resamples - drawn))
        running = exceeded + np.cumsum(statistics >= limit)
        if running[-1] >= _EXCEEDANCES:
            return _EXCEEDANCES / (drawn + 1 + int(np.searchsorted(running, _EXCEEDANCES)))
        drawn += statistics.size
        exceeded = int(running[-1])
    return (exceeded + 1) / (drawn + 1)
