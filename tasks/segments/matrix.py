"""What everything in this room asks of the standardised matrix: a sample of its rows, distances, different rows.

Owns: exact distances and seeded row samples. Does not own: how the matrix is made (`transform.py`).

Distances are summed feature by feature, without BLAS: the result of a row depends neither on the other rows, nor on
their order, nor on the number of threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def sample_rows(rows: int, size: int, seed: int) -> Ints:
    """Ascending indices of a seeded simple random sample of `size` out of `rows`; all of them when there are fewer."""
    if rows <= size:
        return np.arange(rows, dtype=np.int64)
    picked = np.random.default_rng(seed).choice(rows, size, replace=False)
    return np.sort(picked).astype(np.int64)


def squared_distances(x: Floats, centroids: Floats) -> Floats:
    """Squared Euclidean distances of rows of shape (rows, features) to centroids (k, features); shape (rows, k)."""
    out = np.empty((len(x), len(centroids)))
    columns = [np.ascontiguousarray(x[:, j]) for j in range(x.shape[1])]
    for label, centroid in enumerate(centroids):
        total = np.zeros(len(x))
        for column, value in zip(columns, centroid, strict=True):
            total += (column - value) ** 2
        out[:, label] = total
    return out


def nearest(x: Floats, centroids: Floats) -> Ints:
    """Label of the nearest centroid of each row; the first of equals."""
    labels: Ints = squared_distances(x, centroids).argmin(axis=1).astype(np.int64)
    return labels


def distinct_rows(x: Floats, at_most: int) -> int:
    """Number of different rows, counted no further than `at_most`."""
    seen: set[bytes] = set()
    for row in np.ascontiguousarray(x):
        seen.add(row.tobytes())
        if len(seen) >= at_most:
            break
    return len(seen)
