"""Which features can tell segments apart at all, asked before the number of segments is chosen.

Owns: the screen of features that tell nothing. Does not own: transforms and declared weights (`transform.py`), or the
choice (`choose_k.py`).

A segment is a place in the space of features where customers lie more densely. A feature that is independent of every
other one, and itself has one peak, has the same single peak in every segment: leaving it out changes no segment. In
k-means it does harm, for it has as much variance as a feature that tells segments apart, and is cut along (Witten and
Tibshirani 2010, *JASA* 105:713-726, section 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tasks.segments.k_criteria import cross_table, separation
from tasks.segments.kmeans import fit
from tasks.segments.matrix import distinct_rows, sample_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

ROWS = 3_000
"""Customers the screen looks at."""

LEAST_ROWS = 500
"""Of fewer customers independence cannot be told from weak dependence, and every feature stays."""

DEPENDENCE = 0.08
"""Bias-corrected Cramér's V below which two features count as independent; of 3,000 customers chance alone reaches it
in fewer than 1 of 10,000 pairs."""

VALLEY = 0.10
"""Depth of a valley from which a feature has two peaks."""

_CELLS = 5
_PEAKS = (2, 3)


def telling_nothing(x: Floats, names: Sequence[str], *, seed: int, spread: Floats | None = None) -> Mapping[str, str]:
    """Features that cannot tell segments apart, each with the reason.

    Args:
        x: standardised matrix, shape (rows, features), ordered by customer id.
        names: of the columns.
        seed: seed of the sample.
        spread: the same with ties spread, in which peaks are looked for; default `x`.

    Returns:
        Empty where that would be said of all features, or of all but one: then there is nothing to be hidden.
    """
    picked = sample_rows(len(x), ROWS, seed)
    rows, smooth = x[picked], (x if spread is None else spread)[picked]
    if len(rows) < LEAST_ROWS:
        return {}
    strongest = dependence(rows).max(axis=0, initial=0.0)
    found = {}
    for j, name in enumerate(names):
        if strongest[j] < DEPENDENCE and (depth := _valley(smooth[:, [j]], seed)) < VALLEY:
            found[name] = (
                f"cannot tell segments apart: independent of every other feature (Cramér's V {strongest[j]:.2f}), "
                f"and itself of one peak (valley {depth:.2f})"
            )
    return found if len(found) < len(names) - 1 else {}


def dependence(x: Floats) -> Floats:
    """Bias-corrected Cramér's V of each pair of columns in fifths, 0 to about 1 (Bergsma 2013, *JKSS* 42:323-328).

    Shape (features, features); 0 on the diagonal.
    """
    cells = [_fifths(column) for column in x.T]
    found = np.zeros((len(cells), len(cells)))
    for i, first in enumerate(cells):
        for j in range(i):
            found[i, j] = found[j, i] = _cramers_v(first, cells[j])
    return found


def _fifths(column: Floats) -> Ints:
    edges = np.unique(np.quantile(column, np.linspace(0, 1, _CELLS + 1)[1:-1]))
    _, dense = np.unique(np.searchsorted(edges, column, side="right"), return_inverse=True)
    return dense.astype(np.int64)


def _cramers_v(first: Ints, second: Ints) -> float:
    rows, columns = int(first.max()) + 1, int(second.max()) + 1
    if min(rows, columns) == 1:
        return 0.0
    table = cross_table(first, second, rows, columns)
    total = len(first)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / total
    phi = float(((table - expected) ** 2 / expected).sum()) / total
    free = (rows - 1) * (columns - 1) / (total - 1)
    return float(np.sqrt(max(0.0, phi - free) / (min(rows, columns) - 1)))


def _valley(column: Floats, seed: int) -> float:
    """Depth of the deepest of the shallowest valleys between two or three peaks."""
    column = _spread(column[:, 0])[:, None]
    possible = [k for k in _PEAKS if distinct_rows(column, k) == k]
    return max((separation(column, fit(column, k, seed=seed, n_init=1).centroids) for k in possible), default=0.0)


def _spread(column: Floats) -> Floats:
    """Equal values spread evenly over the space half-way to their neighbours: between whole numbers is no valley."""
    values, which, counts = np.unique(column, return_inverse=True, return_counts=True)
    if len(values) == 1:
        return column
    middles = (values[1:] + values[:-1]) / 2
    low = np.concatenate([[2 * values[0] - middles[0]], middles])
    high = np.concatenate([middles, [2 * values[-1] - middles[-1]]])
    order = np.argsort(which, kind="stable")
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    place = np.empty(len(column))
    place[order] = np.arange(len(column)) - first[which[order]] + 0.5
    spread: Floats = low[which] + place / counts[which] * (high - low)[which]
    return spread
