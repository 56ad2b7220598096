"""Segments as dense groups with sparse space between them, whatever their shape: HDBSCAN.

Owns: the fit, the core customers that stand for each group, and who belongs to none. Does not own: what becomes of
those in the workspace (`noise` says it).

HDBSCAN itself cannot say where a new customer belongs. Each group is therefore kept as a bounded number of core
customers' places, and a distance beyond which nobody belongs to it; both are frozen with the model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks.config.clusters import NoiseName
from tasks.segments import kmeans
from tasks.segments.matrix import sample_rows, squared_distances
from tasks.segments.partition import DECIMALS, Assignment, Rows, by_distance, in_chunks, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FIT_ROWS = 10_000
"""Rows that groups are found on at most: time grows with their square (10,000 rows of 8 features: some seconds)."""

EXEMPLARS = 200
"""Core customers kept of each group."""

REACH = 0.99
"""Share of a group's members on the day of the fit who are within its distance."""

_NEIGHBOURS = 10


@dataclass(frozen=True, slots=True)
class DensityPartition:
    """Dense groups; a customer is in that of the nearest core customer, or in none where even that one is far.

    Attributes:
        exemplars: places of core customers, for each group.
        reach: for each group, the distance to its nearest core customer beyond which nobody belongs to it.
        noise: whether those who belong to none are a segment of their own, the last, or of the nearest group.
    """

    exemplars: tuple[Rows, ...]
    reach: tuple[float, ...]
    noise: NoiseName

    @property
    def k(self) -> int:
        """Number of segments, that of noise included."""
        return len(self.exemplars) + self.has_noise

    @property
    def has_noise(self) -> bool:
        """Whether there is a segment of those who belong to no group."""
        return self.noise == "segment" and len(self.exemplars) > 1

    def assign(self, x: Floats, *, previous: Ints | None = None, hysteresis: float = 0.10) -> Assignment:
        """The group of the nearest core customer, within its reach.

        A customer stays where he was while that is not farther by more than the share `hysteresis`; by as much he must
        be beyond the reach to leave for noise, or inside it to come back. Strength is that of `by_distance`.
        """
        return in_chunks(x, previous, lambda rows, had: self._assign(rows, had, hysteresis))

    def reordered(self, order: Sequence[int]) -> DensityPartition:
        """The same with its groups in another order; a trailing label of noise is passed over."""
        groups = [label for label in order if label < len(self.exemplars)]
        return replace(
            self,
            exemplars=tuple(self.exemplars[label] for label in groups),
            reach=tuple(self.reach[label] for label in groups),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "algorithm": "hdbscan",
            "exemplars": [[list(row) for row in rows] for rows in self.exemplars],
            "reach": list(self.reach),
            "noise": self.noise,
        }

    def _assign(self, x: Floats, previous: Ints | None, hysteresis: float) -> Assignment:
        groups = len(self.exemplars)
        distances = np.sqrt(np.column_stack([nearest_squared(x, np.array(rows)) for rows in self.exemplars]))
        rows = np.arange(len(x))
        own = distances.argmin(axis=1).astype(np.int64)
        slack = np.ones(len(x))
        if previous is not None:
            had = (previous >= 0) & (previous < groups)
            old = np.where(had, previous, 0)
            own = np.where(had & (distances[rows, old] <= (1 + hysteresis) * distances[rows, own]), old, own)
            slack = np.where(own == previous, 1 + hysteresis, slack)
            slack = np.where(previous == groups, 1 / (1 + hysteresis), slack)
        found = by_distance(self._beside_himself(x, distances, own), own)
        if not self.has_noise:
            return found
        limit = np.array(self.reach)[own]
        is_noise = distances[rows, own] > slack * limit
        strength = 1 - np.divide(limit, found.distance, out=np.ones(len(x)), where=found.distance > 0)
        return Assignment(
            own=np.where(is_noise, groups, own),
            rival=np.where(is_noise, own, found.rival),
            distance=found.distance,
            rival_distance=np.where(is_noise, found.distance, found.rival_distance),
            strength=np.where(is_noise, np.clip(strength, 0.0, 1.0), found.strength),
        )

    def _beside_himself(self, x: Floats, distances: Floats, own: Ints) -> Floats:
        """Distances that are told: a core customer's to the nearest other one of his group, and not to himself.

        Else more than half of a small company would be at distance 0 on the day of the fit and on no later one.
        """
        told = distances.copy()
        at_a_core = distances[np.arange(len(x)), own] == 0
        for label in np.unique(own[at_a_core]).tolist():
            places = np.array(self.exemplars[label])
            if len(places) > 1:
                here = at_a_core & (own == label)
                told[here, label] = np.sqrt(second_nearest_squared(x[here], places))
        return told


def second_nearest_squared(x: Floats, places: Floats) -> Floats:
    """Squared distance of each row to the second nearest of two places or more; shape (rows,)."""
    best = np.full((len(x), 2), np.inf)
    for at in range(0, len(places), 20):
        best = np.partition(np.hstack([best, squared_distances(x, places[at : at + 20])]), 1, axis=1)[:, :2]
    return np.asarray(best[:, 1], dtype=np.float64)


def nearest_squared(x: Floats, places: Floats) -> Floats:
    """Squared distance of each row to the nearest of some places; shape (rows,)."""
    best = np.full(len(x), np.inf)
    for at in range(0, len(places), 20):
        np.minimum(best, squared_distances(x, places[at : at + 20]).min(axis=1), out=best)
    return best


def fit_density(x: Floats, k_max: int, seed: int, *, min_share: float, noise: NoiseName) -> DensityPartition:
    """Find dense groups (Campello, Moulavi and Sander 2013, PAKDD), at most `k_max` of at least `min_share`.

    Where there are more, the least size of a group is doubled until there are not. Where there is none, or a single
    one, the partition has one group, of everybody.
    """
    rows = x[sample_rows(len(x), FIT_ROWS, seed)]
    size = max(5, int(np.ceil(min_share * len(rows))))
    labels = _labels(rows, size)
    while labels.max(initial=-1) + 1 > k_max:
        size *= 2
        labels = _labels(rows, size)
    if labels.max(initial=-1) < 1:
        return one_group(rows, seed, noise=noise)
    sizes = np.bincount(labels[labels >= 0])
    groups = [rows[labels == label] for label in np.argsort(-sizes, kind="stable")]
    kept = [members[sample_rows(len(members), EXEMPLARS, seed)] for members in groups]
    exemplars = tuple(plain(places) for places in kept)
    reach = tuple(_reach(members, places) for members, places in zip(groups, kept, strict=True))
    return DensityPartition(exemplars, reach, noise)


def one_group(x: Floats, seed: int, *, noise: NoiseName) -> DensityPartition:
    """A partition of everybody."""
    return DensityPartition((plain(x[sample_rows(len(x), EXEMPLARS, seed)]),), (0.0,), noise)


def density_from(stored: Mapping[str, Any]) -> DensityPartition:
    """Read what `to_dict` wrote."""
    return DensityPartition(
        tuple(tuple(tuple(row) for row in rows) for rows in stored["exemplars"]),
        tuple(stored["reach"]),
        stored["noise"],
    )


def _labels(rows: Floats, size: int) -> Ints:
    from sklearn.cluster import HDBSCAN

    if len(rows) < 2 * size:
        return np.full(len(rows), -1, dtype=np.int64)
    with kmeans.single_thread():
        neighbours = min(_NEIGHBOURS, size)
        found = HDBSCAN(min_cluster_size=size, min_samples=neighbours, copy=True).fit(rows).labels_
    return np.asarray(found, dtype=np.int64)


def _reach(members: Floats, places: Floats) -> float:
    """Within it, `REACH` of the members have a core customer other than themselves."""
    squared = squared_distances(members, places)
    squared[squared == 0] = np.inf
    nearest = squared.min(axis=1)
    found = nearest[np.isfinite(nearest)]
    return round(float(np.sqrt(np.quantile(found, REACH))), DECIMALS) if len(found) else 0.0
