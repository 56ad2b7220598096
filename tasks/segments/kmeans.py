"""K-means that gives the same answer every time: on a repeat, on another thread count, from another row order.

Owns: the fit of `k` centroids to a standardised matrix, the order of their labels, and the assignment of customers to
centroids with hysteresis. Does not own: the transform that makes the matrix (`transform.py`), the choice of `k`
(`choose_k.py`), or permanent segment ids (`identity.py`).

Two things make scikit-learn's Lloyd depend on the machine: OpenMP threads add their partial sums in the order they
finish, and BLAS picks another blocking for another thread count. Both are held to one thread while fitting; distances
at assignment are plain element-wise sums, so a customer's result never depends on who else is in the matrix.
"""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tasks.config.errors import StatisticsError
from tasks.segments.exchange import exchanged
from tasks.segments.matrix import distinct_rows, nearest, sample_rows, squared_distances
from tasks.segments.partition import DECIMALS, Assignment, by_distance, in_chunks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SAMPLE_ROWS = 100_000
"""Rows a fit sees at most. Of 1M rows, 100,000 keep inertia within 0.06 % of the full fit; 10,000 do not."""

START_ROWS = 25_000
"""Rows the random starts run on; the best is then carried on to convergence on the whole sample. On clouds without any
structure, the worst case, this costs up to 0.03 % of inertia against starts on 100,000 rows (10,000: 0.1 %)."""

_MAX_EXCHANGES = 20
_FINAL_TOL = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class KMeansFit:
    """Centroids in canonical order, with the labels of the rows they were fitted to.

    Attributes:
        centroids: shape (k, features), standardised units, by descending size, then by coordinates.
        labels: shape (rows,), the nearest centroid of each row.
        sizes: shape (k,), rows per label.
        inertia: sum of squared distances to the nearest centroid.
    """

    centroids: Floats
    labels: Ints
    sizes: Ints
    inertia: float

    @property
    def k(self) -> int:
        """Number of clusters."""
        return len(self.centroids)


@functools.cache
def _controller() -> object:
    import sklearn.cluster  # noqa: F401 - loads the OpenMP and BLAS libraries that are to be limited
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def single_thread() -> AbstractContextManager[object]:
    """Hold OpenMP and BLAS to one thread, which is what makes a fit reproducible across machines."""
    return _controller().limit(limits=1)  # type: ignore[attr-defined,no-any-return]


def fit(
    x: Floats, k: int, *, seed: int, n_init: int = 10, starts: Sequence[Floats] = (), tol: float = 1e-4
) -> KMeansFit:
    """Fit `k` centroids to all rows of `x`.

    The best of `n_init` greedy k-means++ starts (and of the given `starts`) is improved by exchanges as long as inertia
    falls (`exchange.py`). They leave local optima that restarts alone need hundreds of tries to leave.

    Args:
        x: shape (rows, features), finite, in an order that does not depend on chance.
        k: number of clusters, at least 1.
        seed: seed of the random starts.
        n_init: number of random starts.
        starts: further starting centroids, each of shape (k, features).
        tol: Lloyd stops when the centroids move by less than this, squared, as a share of the mean variance.

    Raises:
        StatisticsError: there are fewer different rows than clusters.
    """
    if distinct_rows(x, k) < k:
        raise StatisticsError(
            f"{k} clusters were asked for, but only {distinct_rows(x, k)} different customers are in the data",
            hint="lower k_max, or add features that tell customers apart",
        )
    if k == 1:
        return canonical(x, x.mean(axis=0, keepdims=True))
    with single_thread():
        centroids, inertia = _best_start(x, k, seed, n_init, starts, tol)
        for _ in range(_MAX_EXCHANGES):
            candidate = exchanged(x, centroids)
            if candidate is None:
                break
            moved, moved_inertia = _lloyd(x, candidate, tol=tol)
            if moved_inertia >= inertia * (1 - 1e-6):
                break
            centroids, inertia = moved, moved_inertia
    return canonical(x, centroids)


def fit_sampled(
    x: Floats, k: int, *, seed: int, n_init: int = 10, sample: int = SAMPLE_ROWS, start_rows: int = START_ROWS
) -> KMeansFit:
    """Fit on a seeded sample of the rows, with the random starts on a smaller one (Bradley and Fayyad 1998).

    Args:
        x: shape (rows, features), ordered by customer id.
        k: number of clusters.
        seed: seed of both samples and of the starts.
        n_init: number of random starts.
        sample: rows the final fit converges on.
        start_rows: rows the random starts run on.

    Returns:
        Centroids of the sample; labels, sizes and inertia of *all* rows of `x`.

    Raises:
        StatisticsError: there are fewer different rows than clusters.
    """
    rows = x[sample_rows(len(x), sample, seed)]
    if len(rows) <= start_rows:
        found = fit(rows, k, seed=seed, n_init=n_init, tol=_FINAL_TOL)
    else:
        first = fit(rows[sample_rows(len(rows), start_rows, seed)], k, seed=seed, n_init=n_init)
        found = fit(rows, k, seed=seed, n_init=0, starts=[first.centroids], tol=_FINAL_TOL)
    return found if len(rows) == len(x) else canonical(x, found.centroids)


def _best_start(
    x: Floats, k: int, seed: int, n_init: int, starts: Sequence[Floats], tol: float
) -> tuple[Floats, float]:
    found = [_lloyd(x, start, tol=tol) for start in starts]
    if n_init > 0:
        found.append(_lloyd(x, "k-means++", k=k, seed=seed, n_init=n_init, tol=tol))
    return min(found, key=lambda result: result[1])


def _lloyd(
    x: Floats, init: Floats | str, *, tol: float, k: int | None = None, seed: int = 0, n_init: int = 1
) -> tuple[Floats, float]:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    clusters = len(init) if k is None else k
    with warnings.catch_warnings():
        # Said where clusters coincide; `canonical` drops the one that is left empty.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = KMeans(clusters, init=init, n_init=n_init, random_state=seed, tol=tol).fit(x)
    return model.cluster_centers_, float(model.inertia_)


def canonical(x: Floats, centroids: Floats) -> KMeansFit:
    """Round, drop what is nobody's nearest, order by descending size and coordinates, label by exact distances."""
    rounded = np.round(centroids, DECIMALS) + 0.0
    sizes = np.bincount(nearest(x, rounded), minlength=len(rounded))
    held = (i for i in range(len(rounded)) if sizes[i] > 0)
    order = sorted(held, key=lambda i: (-int(sizes[i]), tuple(rounded[i].tolist())))
    ordered = rounded[order]
    squared = squared_distances(x, ordered)
    labels = squared.argmin(axis=1).astype(np.int64)
    return KMeansFit(
        centroids=ordered,
        labels=labels,
        sizes=np.bincount(labels, minlength=len(ordered)).astype(np.int64),
        inertia=float(squared[np.arange(len(x)), labels].sum()),
    )


def assign(x: Floats, centroids: Floats, *, previous: Ints | None = None, hysteresis: float = 0.10) -> Assignment:
    """Assign every row to a centroid, reluctantly where it already had one.

    A row that was in segment `p` stays there while `distance to p <= (1 + hysteresis) * distance to the nearest`:
    a customer on a boundary does not change segment for noise. Strength is that of `partition.by_distance`.

    Args:
        x: shape (rows, features), standardised.
        centroids: shape (k, features).
        previous: shape (rows,), label each row had; -1 where it had none.
        hysteresis: how much nearer, as a share, another centroid must be.
    """
    return in_chunks(x, previous, lambda rows, had: _assign_chunk(rows, centroids, had, hysteresis))


def _assign_chunk(x: Floats, centroids: Floats, previous: Ints | None, hysteresis: float) -> Assignment:
    distances = np.sqrt(squared_distances(x, centroids))
    rows = np.arange(len(x))
    own = distances.argmin(axis=1).astype(np.int64)
    if previous is not None:
        had = previous >= 0
        old = np.where(had, previous, 0)
        own = np.where(had & (distances[rows, old] <= (1 + hysteresis) * distances[rows, own]), old, own)
    return by_distance(distances, own)
