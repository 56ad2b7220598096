"""The scores by which a number of clusters is judged, one function per score.

Owns: gap statistic, prediction strength, bootstrap Jaccard and separation of a k-means partition. Does not own: the
verdict on them (`choose_k.py`) or the fit (`kmeans.py`).

All take a standardised matrix of shape (rows, features) and are deterministic in their seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tasks.segments.centroids import CentroidPartition
from tasks.segments.kmeans import KMeansFit, fit, single_thread
from tasks.segments.matrix import distinct_rows, nearest, squared_distances
from tasks.segments.partition import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tasks.segments.partition import Partition

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_BIN = 0.1
_WINDOW_BINS = 5
_REACH = 1.5
_SIDE = 0.2


def cross_table(first: Ints, second: Ints, rows: int, columns: int) -> Floats:
    """Counts of label pairs, shape (rows, columns)."""
    counts = np.bincount(first * columns + second, minlength=rows * columns)
    return counts.reshape(rows, columns).astype(np.float64)


def fit_path(x: Floats, k_max: int, *, seed: int, n_init: int) -> list[KMeansFit]:
    """Fits for k = 1, 2, ... up to `k_max`, each also started from the one before with its most spread cluster cut.

    The path ends early where the rows have too few different values for another cluster.
    """
    path = [fit(x, 1, seed=seed)]
    for k in range(2, min(k_max, distinct_rows(x, k_max)) + 1):
        found = fit(x, k, seed=seed + k, n_init=n_init, starts=[_grown(x, path[-1])])
        if found.k < k:
            break
        path.append(found)
    return path


def _grown(x: Floats, smaller: KMeansFit) -> Floats:
    """The centroids of a fit plus one, at the row farthest within the cluster of the largest inertia."""
    squared = squared_distances(x, smaller.centroids)[np.arange(len(x)), smaller.labels]
    spread = np.bincount(smaller.labels, weights=squared, minlength=smaller.k)
    inside = np.where(smaller.labels == int(spread.argmax()), squared, -1.0)
    # The farthest row is an outlier; the 90th percentile of the cluster is a better seed.
    order = np.argsort(inside, kind="stable")
    members = int((inside >= 0).sum())
    seed_row = x[order[len(x) - 1 - members // 10]]
    return np.vstack([smaller.centroids, seed_row])


def log_inertia(path: Sequence[KMeansFit]) -> Floats:
    """Log inertia of each fit, floored so that a perfect fit stays finite."""
    return np.log(np.maximum([found.inertia for found in path], 1e-12))


def gap_statistic(x: Floats, path: Sequence[KMeansFit], *, seed: int, references: int) -> tuple[Floats, Floats]:
    """Gap and its standard error for k = 1..len(path) (Tibshirani, Walther and Hastie 2001).

    The reference is uniform over a box aligned with the principal components of `x`, their variant (b).
    """
    rng = np.random.default_rng(seed)
    mean = x.mean(axis=0)
    logs = []
    with single_thread():  # for the matrix products
        axes = np.linalg.svd(x - mean, full_matrices=False)[2]
        rotated = (x - mean) @ axes.T
        low, high = rotated.min(axis=0), rotated.max(axis=0)
        for _ in range(references):
            reference = rng.uniform(low, high, rotated.shape) @ axes
            logs.append(log_inertia([fit(reference, k, seed=seed, n_init=1) for k in range(1, len(path) + 1)]))
    drawn = np.array(logs)
    error = drawn.std(axis=0) * np.sqrt(1 + 1 / references)
    return drawn.mean(axis=0) - log_inertia(path), error


def prediction_strength(x: Floats, k_max: int, *, seed: int, splits: int, n_init: int) -> tuple[Floats, Floats]:
    """Prediction strength and its standard error for k = 1..`k_max` (Tibshirani and Walther 2005).

    Each split cuts the rows in two halves; each half serves once as the test half. The strength is the least share,
    over the test half's clusters, of pairs of members that the other half's centroids put together too. It is 0 where
    a half has too few different rows for that many clusters.
    """
    rng = np.random.default_rng(seed)
    found = np.zeros((splits, 2, k_max))
    found[:, :, 0] = 1.0
    half = len(x) // 2
    for split in range(splits):
        order = rng.permutation(len(x))
        halves = [x[np.sort(order[:half])], x[np.sort(order[half : 2 * half])]]
        paths = [
            fit_path(rows, k_max, seed=seed + 1000 * split + side, n_init=n_init) for side, rows in enumerate(halves)
        ]
        for side in (0, 1):
            for k in range(2, min(len(path) for path in paths) + 1):
                own, other = paths[side][k - 1], paths[1 - side][k - 1]
                table = cross_table(own.labels, nearest(halves[side], other.centroids), k, k)
                found[split, side, k - 1] = _pairs_kept(table).min()
    by_split = found.mean(axis=1)
    error = by_split.std(axis=0, ddof=1) / np.sqrt(splits) if splits > 1 else np.zeros(k_max)
    return by_split.mean(axis=0), error


def _pairs_kept(table: Floats) -> Floats:
    size = table.sum(axis=1)
    pairs = size * (size - 1)
    kept: Floats = np.divide((table * (table - 1)).sum(axis=1), pairs, out=np.zeros(len(size)), where=pairs > 0)
    return kept


def bootstrap_jaccard(
    x: Floats, labels: Ints, k: int, *, seed: int, resamples: int, n_init: int, starts: Sequence[Floats] = ()
) -> Floats:
    """Mean Jaccard of each cluster of `labels` with its best match in k-means refits to resamples (Hennig 2007).

    Args:
        x: the rows that `labels` divides.
        labels: shape (rows,), the partition to be judged, labels 0..clusters-1.
        k: clusters of each refit.
        seed: seed of the resamples and the refits.
        resamples: number of bootstrap resamples.
        n_init: random starts per refit.
        starts: further starts of each refit.

    Returns:
        Shape (clusters,): mean over resamples. At or below 0.5 a cluster is dissolved, from 0.75 it is stable.
    """

    def refit(rows: Floats, draw_seed: int) -> CentroidPartition:
        possible = distinct_rows(rows, k)
        found = fit(rows, possible, seed=draw_seed, n_init=n_init, starts=starts if possible == k else ())
        return CentroidPartition("kmeans", plain(found.centroids))

    return resampled_jaccard(x, labels, int(labels.max()) + 1, seed=seed, resamples=resamples, refit=refit)


def resampled_jaccard(
    x: Floats, labels: Ints, clusters: int, *, seed: int, resamples: int, refit: Callable[[Floats, int], Partition]
) -> Floats:
    """The same for any algorithm: `refit` fits it to some rows with a seed.

    Labels from `clusters` on are noise: they are no cluster, but count against those that take their rows in.
    """
    rng = np.random.default_rng(seed)
    total = np.zeros(clusters)
    height = int(labels.max(initial=clusters - 1)) + 1
    for draw in range(resamples):
        rows = np.sort(rng.integers(0, len(x), len(x)))
        partition = refit(x[rows], seed + draw)
        # Rows drawn several times count once, as in Hennig's nonparametric scheme.
        drawn = np.unique(rows)
        table = cross_table(labels[drawn], partition.assign(x[drawn]).own, height, partition.k)
        union = table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True) - table
        groups = partition.k - partition.has_noise
        total += (table / np.maximum(union, 1.0))[:clusters, :groups].max(axis=1)
    return total / resamples


def separation(x: Floats, centroids: Floats) -> float:
    """Depth of the shallowest valley between two clusters, 0 (one cloud cut in two) to 1 (an empty gap).

    The members of each pair of clusters are projected on the line through the two centroids (as Hamerly and Elkan
    2004 do to test a cut). Along it the rows in a window a quarter of the way wide are counted; the depth is one minus
    the emptiest window between the two peaks over the lower peak. A cut through a single cloud of whatever shape, long
    or round or uniform, has no valley, which neither inertia nor stability can see: a long cloud is cut the same way
    every time.
    """
    k = len(centroids)
    labels = nearest(x, centroids)
    members = [x[labels == label] for label in range(k)]
    depths = [
        _valley(np.vstack([members[a], members[b]]), centroids[a], centroids[b])
        for a in range(k)
        for b in range(a + 1, k)
    ]
    return min(depths, default=0.0)


def _valley(rows: Floats, first: Floats, second: Floats) -> float:
    line = second - first
    middle = (first + second) / 2
    along = np.zeros(len(rows))
    for j, step in enumerate(line):
        along += (rows[:, j] - middle[j]) * step
    along *= 2 / float((line**2).sum())  # -1 at the first centroid, +1 at the second
    bins = round(2 * _REACH / _BIN)
    counts = np.histogram(along, bins=bins, range=(-_REACH, _REACH))[0].astype(float)
    window = np.convolve(counts, np.ones(_WINDOW_BINS), "valid")
    centre = -_REACH + _BIN * (np.arange(len(window)) + _WINDOW_BINS / 2)
    left, right = np.flatnonzero(centre < -_SIDE), np.flatnonzero(centre > _SIDE)
    low_peak, high_peak = int(left[window[left].argmax()]), int(right[window[right].argmax()])
    peak = min(window[low_peak], window[high_peak])
    bottom = window[low_peak : high_peak + 1].min()
    # One standard error against the claim: few members make valleys by chance.
    return float(max(0.0, 1.0 - (bottom + np.sqrt(bottom)) / peak)) if peak > 0 else 0.0
