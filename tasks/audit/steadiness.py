"""How steady the segments of a cluster model are, and how far apart, on its own transformed features.

Owns: bootstrap Jaccard with its band, silhouette, distance of segments, and the error of the fit. Does not own: the
transform or the algorithm, which whoever composes the rooms hands over as a `ClusterSpace`.

Distances are summed feature by feature in one order, so that no figure depends on threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: Customers that the figures of a model are computed on, and how often they are resampled.
SAMPLE_ROWS = 2_000
RESAMPLES = 30
#: The band holds this share of the resamples, in the middle.
BAND = 0.9
#: A segment with fewer customers in the sample has no figures.
LEAST_ROWS = 10
_DECIMALS = 6

#: Rows of the space and a seed to what assigns rows to clusters 0, 1, …: the model's own algorithm, fitted anew.
Refit = Callable[["Floats", int], Callable[["Floats"], "Ints"]]


@dataclass(frozen=True, slots=True, eq=False)
class ClusterSpace:
    """What a stored model says of customers.

    Attributes:
        x: shape (customers, features): transformed features, as the model measures distance.
        refit: the model's algorithm with its number of clusters.
        centres: by segment key, shape (features,): where the model has them.
        error_at_fit: mean squared distance to the own centre on the day of the fit; None where it is not kept.
    """

    x: Floats
    refit: Refit
    centres: Mapping[str, Floats]
    error_at_fit: float | None


#: The JSON of a stored model and customers with its features, ordered by id, to its space.
OpenSpace = Callable[[str, "pl.DataFrame"], ClusterSpace]


@dataclass(frozen=True, slots=True)
class Stability:
    """Mean Jaccard over resamples, and the middle 90 % of them; 0-1."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Separation:
    """How a segment lies among the others.

    Attributes:
        silhouette: mean over its customers, −1 to 1 (Rousseeuw 1987, Journal of Computational and Applied Mathematics
            20:53-65): below 0 they are nearer to another segment than to their own.
        rival: position of the segment whose mean is nearest.
        distance: to that mean, in standard deviations of the transformed features.
    """

    silhouette: float
    rival: int
    distance: float


def stability(
    x: Floats, labels: Ints, segments: int, refit: Refit, *, seed: int = 0, resamples: int = RESAMPLES
) -> dict[int, Stability]:
    """Bootstrap Jaccard of each segment with its best match in refits (Hennig 2007, CSDA 52(1):258-271).

    Args:
        x: shape (rows, features), ordered by customer id.
        labels: shape (rows,): position of the segment of each.
        segments: how many there are.
        refit: the algorithm.
        seed: of the resamples and refits.
        resamples: how many.

    Returns:
        By position; segments with fewer than `LEAST_ROWS` rows are left out.
    """
    rng = np.random.default_rng(seed)
    drawn = np.empty((resamples, segments))
    for draw in range(resamples):
        picked = np.sort(rng.integers(0, len(x), len(x)))
        assign = refit(x[picked], seed + draw)
        # Rows drawn several times count once, as in Hennig's nonparametric scheme.
        once = np.unique(picked)
        found = assign(x[once])
        table = np.bincount(
            labels[once] * (found.max() + 1) + found, minlength=segments * (int(found.max()) + 1)
        ).reshape(segments, -1)
        union = table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True) - table
        drawn[draw] = (table / np.maximum(union, 1)).max(axis=1)
    edges = (1 - BAND) / 2, (1 + BAND) / 2
    return {
        segment: Stability(*(round(float(value), _DECIMALS) for value in (values.mean(), *np.quantile(values, edges))))
        for segment, values in enumerate(drawn.T)
        if (labels == segment).sum() >= LEAST_ROWS
    }


def separations(x: Floats, labels: Ints) -> dict[int, Separation]:
    """Silhouette and nearest rival of each segment with at least `LEAST_ROWS` rows; empty where there is no rival."""
    present = [int(label) for label in np.unique(labels) if (labels == label).sum() >= LEAST_ROWS]
    if len(present) < 2:  # noqa: PLR2004 - a rival is another
        return {}
    among = np.isin(labels, present)
    rows, own = x[among], np.searchsorted(present, labels[among])
    order = np.argsort(own, kind="stable")
    rows, own = rows[order], own[order]
    starts = np.searchsorted(own, np.arange(len(present)))
    sizes = np.diff([*starts, len(own)])
    sums = np.add.reduceat(distances(rows, rows), starts, axis=1)
    at = np.arange(len(own))
    inside = sums[at, own] / np.maximum(sizes[own] - 1, 1)
    outside = sums / sizes
    outside[at, own] = np.inf
    nearest = outside.min(axis=1)
    silhouettes = (nearest - inside) / np.maximum(np.maximum(nearest, inside), 1e-12)
    means = np.add.reduceat(rows, starts, axis=0) / sizes[:, None]
    apart = distances(means, means)
    np.fill_diagonal(apart, np.inf)
    return {
        label: Separation(
            silhouette=round(float(silhouettes[own == place].mean()), _DECIMALS),
            rival=present[int(apart[place].argmin())],
            distance=round(float(apart[place].min()), _DECIMALS),
        )
        for place, label in enumerate(present)
    }


def mean_error(x: Floats, keys: list[str], centres: Mapping[str, Floats]) -> float | None:
    """Mean squared distance of customers to the centre of their own segment; None where a centre is not known."""
    if not keys or not set(keys) <= centres.keys():
        return None
    own = np.array([centres[key] for key in keys])
    total = np.zeros(len(keys))
    for column in range(x.shape[1]):
        total += (x[:, column] - own[:, column]) ** 2
    return round(float(total.mean()), _DECIMALS)


def distances(first: Floats, second: Floats) -> Floats:
    """Euclidean distances, shape (rows of the first, rows of the second)."""
    total = np.zeros((len(first), len(second)))
    for column in range(first.shape[1]):
        total += (first[:, column, None] - second[None, :, column]) ** 2
    return np.sqrt(total)
