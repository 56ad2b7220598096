"""Segments as overlapping Gaussian clouds, each with its own size, place and shape.

Owns: the fit of a Gaussian mixture, the chance of each segment for a customer, and how likely today's customers are
under a partition. Does not own: the number of segments (`choose_k.py`).

Densities are computed feature by feature, without BLAS, so that a customer's result depends on nobody else.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks.segments import kmeans
from tasks.segments.matrix import sample_rows
from tasks.segments.partition import DECIMALS, Assignment, Rows, in_chunks, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FIT_ROWS = 50_000
"""Rows that a mixture is fitted on at most (a seeded sample)."""

LEAST_VARIANCE = 0.01
"""Added to each variance: a tenth of a standard deviation, so that no cloud shrinks onto a single value."""


@dataclass(frozen=True, slots=True)
class GaussianPartition:
    """A mixture; a customer is in the segment that he is likeliest of.

    Attributes:
        weights: share of each segment.
        means: centre of each.
        covariances: shape of each, features by features.
    """

    weights: tuple[float, ...]
    means: Rows
    covariances: tuple[Rows, ...]

    @property
    def k(self) -> int:
        """Number of segments."""
        return len(self.weights)

    @property
    def has_noise(self) -> bool:
        """No: everybody is likeliest of some segment."""
        return False

    def assign(self, x: Floats, *, previous: Ints | None = None, hysteresis: float = 0.10) -> Assignment:
        """The likeliest segment; the one before until another is likelier by more than `hysteresis` (0.1: 10 points).

        Strength is the chance of the own segment (its posterior), distances are Mahalanobis distances.
        """
        return in_chunks(x, previous, lambda rows, had: self._assign(rows, had, hysteresis))

    def reordered(self, order: Sequence[int]) -> GaussianPartition:
        """The same with its segments in another order."""
        return GaussianPartition(
            tuple(self.weights[label] for label in order),
            tuple(self.means[label] for label in order),
            tuple(self.covariances[label] for label in order),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "algorithm": "gaussian",
            "weights": list(self.weights),
            "means": [list(row) for row in self.means],
            "covariances": [[list(row) for row in shape] for shape in self.covariances],
        }

    def _assign(self, x: Floats, previous: Ints | None, hysteresis: float) -> Assignment:
        logs, squared = _log_densities(x, self)
        chances = np.exp(logs - logs.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        rows, distances = np.arange(len(x)), np.sqrt(squared)
        own = logs.argmax(axis=1).astype(np.int64)
        if previous is not None:
            had = previous >= 0
            old = np.where(had, previous, 0)
            own = np.where(had & (chances[rows, old] >= chances[rows, own] - hysteresis), old, own)
        strength, distance = chances[rows, own], distances[rows, own]
        if self.k == 1:
            return Assignment(own, np.full(len(x), -1), distance, np.full(len(x), np.nan), strength)
        logs[rows, own] = -np.inf
        rival = logs.argmax(axis=1).astype(np.int64)
        return Assignment(own, rival, distance, distances[rows, rival], strength)


def fit_gaussian(x: Floats, k: int, seed: int) -> GaussianPartition:
    """Fit a mixture of `k` full covariances by EM, started at the centroids of k-means.

    A cloud that is nobody's likeliest is left out, so that fewer than `k` may come back.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    rows = x[sample_rows(len(x), FIT_ROWS, seed)]
    start = kmeans.fit_sampled(rows, k, seed=seed).centroids
    with kmeans.single_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = GaussianMixture(
            len(start), reg_covar=LEAST_VARIANCE, means_init=start, random_state=seed, max_iter=200
        ).fit(rows)
    partition = _partition(found.weights_, found.means_, found.covariances_)
    sizes = np.bincount(partition.assign(rows).own, minlength=partition.k)
    held = sorted((i for i in range(partition.k) if sizes[i]), key=lambda i: (-int(sizes[i]), partition.means[i]))
    weights = found.weights_[held] / found.weights_[held].sum()
    return _partition(weights, found.means_[held], found.covariances_[held])


def surprise(x: Floats, labels: Ints) -> float:
    """How unlikely customers are under a partition whose clouds are estimated from its own members of today.

    The inverse of the geometric mean of their density: as an inertia, lower is better, and 1 % lower is 1 % more
    density a customer. Segments of fewer members than features share the shape of all.
    """
    present, dense = np.unique(labels, return_inverse=True)
    features = x.shape[1]
    everybody = np.atleast_2d(np.cov(x.T))
    members = [x[dense == label] for label in range(len(present))]
    shapes = [np.atleast_2d(np.cov(rows.T)) if len(rows) > features + 1 else everybody for rows in members]
    partition = _partition(
        np.array([len(rows) / len(x) for rows in members]),
        np.array([rows.mean(axis=0) for rows in members]),
        np.array(shapes) + LEAST_VARIANCE * np.eye(features),
    )
    logs, _ = _log_densities(x, partition)
    highest = logs.max(axis=1)
    total = highest + np.log(np.exp(logs - highest[:, None]).sum(axis=1))
    return float(np.exp(-total.mean()))


def gaussian_from(stored: Mapping[str, Any]) -> GaussianPartition:
    """Read what `to_dict` wrote."""
    return GaussianPartition(
        tuple(stored["weights"]),
        tuple(tuple(row) for row in stored["means"]),
        tuple(tuple(tuple(row) for row in shape) for shape in stored["covariances"]),
    )


def _partition(weights: Floats, means: Floats, covariances: Floats) -> GaussianPartition:
    return GaussianPartition(
        tuple((np.round(weights, DECIMALS) + 0.0).tolist()), plain(means), tuple(plain(shape) for shape in covariances)
    )


def _log_densities(x: Floats, partition: GaussianPartition) -> tuple[Floats, Floats]:
    """Log of weight times density, and squared Mahalanobis distance; both of shape (rows, k)."""
    logs, squared = np.empty((len(x), partition.k)), np.empty((len(x), partition.k))
    columns = [np.ascontiguousarray(column) for column in x.T]
    for label, (weight, mean, shape) in enumerate(
        zip(partition.weights, partition.means, partition.covariances, strict=True)
    ):
        lower = np.linalg.cholesky(np.array(shape))
        solved: list[Floats] = []
        for j, column in enumerate(columns):
            rest = column - mean[j]
            for i, done in enumerate(solved):
                rest -= lower[j, i] * done
            solved.append(rest / lower[j, j])
        squared[:, label] = sum(part**2 for part in solved)
        log_det = 2 * float(np.log(np.diag(lower)).sum())
        floor = np.log(max(weight, 10.0**-DECIMALS))
        logs[:, label] = floor - 0.5 * (squared[:, label] + log_det + len(columns) * np.log(2 * np.pi))
    return logs, squared
