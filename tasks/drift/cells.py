"""Micro-cells: the customers of two snapshots in about 50 small neighbourhoods, and who came into each and went out.

Owns: the cells, the flows, and one p-value a cell and direction. Does not own: what becomes of cells that grew
(`candidates`).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from tasks.drift.multiplicity import holm
from tasks.drift.normal_scores import Matrix, ScoredSnapshots
from tasks.drift.tables import Floats, Integers

_STARTS = 3
_DECIMALS = 6
_CHUNK = 100_000


@dataclass(frozen=True, slots=True)
class Cells:
    """Which cell each customer is in, at either snapshot.

    Attributes:
        centres: in normal scores, shape (k, features).
        reference: cell of each row of the reference, shape (n,).
        current: cell of each row of the current snapshot, shape (m,).
        current_second: the next nearest cell of each of them, shape (m,).
        reference_second: the same of the reference, shape (n,).
    """

    centres: Floats
    reference: Integers
    current: Integers
    current_second: Integers
    reference_second: Integers

    @property
    def count(self) -> int:
        """Number of cells."""
        return int(self.centres.shape[0])

    def reversed(self) -> Cells:
        """The same cells with the roles of the snapshots exchanged."""
        return Cells(self.centres, self.current, self.reference, self.reference_second, self.current_second)


@dataclass(frozen=True, slots=True)
class CellFlows:
    """Customers of each cell, and the p-values of its growth and of its decline; all of shape (k,).

    Attributes:
        before: customers of the reference snapshot.
        after: customers of the current one.
        came: customers of the current one who were not in the cell before, or not there at all.
        went: customers of the reference who are not in the cell now, or not there at all.
        grown_p: Holm-adjusted over both directions of all cells.
        shrunk_p: likewise.
    """

    before: Integers
    after: Integers
    came: Integers
    went: Integers
    grown_p: Floats
    shrunk_p: Floats


def fit_cells(scored: ScoredSnapshots, count: int, seed: int) -> Cells:
    """Lay k-means cells over both snapshots together, and put every customer in his nearest (Lloyd 1982).

    The fit does not know which row is of which snapshot: under no change a cell is as likely to lose as to gain.

    Args:
        scored: both snapshots.
        count: of cells; fewer where there are fewer different customers than that.
        seed: of the starts.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    # Sorted, so that the same rows in the other snapshot give the same cells to the last bit.
    rows = scored.fit_rows
    rows = rows[np.lexsort(rows.T[::-1])]
    # Threads add their sums in the order in which they finish.
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Said where there are fewer different rows than cells; what is left empty is dropped.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = KMeans(min(count, rows.shape[0]), n_init=_STARTS, random_state=seed, tol=1e-3).fit(rows)
        centres = np.unique(np.round(model.cluster_centers_, _DECIMALS), axis=0)
        reference, reference_second = _two_nearest(scored.reference, centres)
        current, current_second = _two_nearest(scored.current, centres)
    return Cells(centres, reference, current, current_second, reference_second)


def cell_flows(scored: ScoredSnapshots, cells: Cells) -> CellFlows:
    """Test each cell for growth and for decline of its share of customers.

    Of the customers who came (I) and went (O), I is binomial of I + O with chance
    1/2 + s(m - n) / 2(I + O), s being the cell's pooled share and n and m the sizes of the snapshots: where the share
    stays as it is, as many come as go, and a base that grew brings its part. One formula serves all: without common
    customers it is the conditional test of two samples with chance m/(n + m) (Przyborowski & Wilenski 1940, Biometrika
    31:313-323); with the same customers it is McNemar's exact test (1947) of those who changed cell.
    """
    size = cells.count
    before, after = (np.bincount(rows, minlength=size) for rows in (cells.reference, cells.current))
    then, now = cells.reference[scored.stayed_reference], cells.current[scored.stayed_current]
    stayed = np.bincount(then[then == now], minlength=size)
    came, went = after - stayed, before - stayed
    total = cells.reference.size + cells.current.size
    surplus = (before + after) / total * (cells.current.size - cells.reference.size)
    chance = np.clip(0.5 + surplus / (2 * np.maximum(came + went, 1)), 0.0, 1.0)
    adjusted = holm(np.concatenate((_upper_tail(came, went, chance), _upper_tail(went, came, 1.0 - chance))))
    return CellFlows(before, after, came, went, adjusted[:size], adjusted[size:])


def _upper_tail(hits: Integers, misses: Integers, chance: Floats) -> Floats:
    """P of as many hits or more."""
    from scipy.special import bdtrc

    p_values = np.ones(hits.size)
    some = hits > 0
    p_values[some] = bdtrc(hits[some] - 1.0, (hits + misses)[some], chance[some])
    return p_values


def _two_nearest(rows: Matrix, centres: Floats) -> tuple[Integers, Integers]:
    """The nearest and the second nearest centre of each row; the nearest twice where there is but one."""
    lengths = (centres**2).sum(axis=1)
    first, second = (np.zeros(rows.shape[0], dtype=np.int64) for _ in range(2))
    if centres.shape[0] == 1:
        return first, second
    for start in range(0, rows.shape[0], _CHUNK):
        part = slice(start, start + _CHUNK)
        distances = lengths - 2.0 * (rows[part] @ centres.T.astype(np.float32))
        at = np.arange(distances.shape[0])
        first[part] = distances.argmin(axis=1)
        distances[at, first[part]] = np.inf
        second[part] = distances.argmin(axis=1)
    return first, second
