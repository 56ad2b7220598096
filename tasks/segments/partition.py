"""What every way of finding clusters gives: a partition that is plain data and puts customers into segments.

Owns: the interface `Partition` and the result `Assignment`. Does not own any algorithm (`centroids.py`, `gaussian.py`,
`density.py`), or which of them is asked for (`algorithms.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

CHUNK_ROWS = 200_000
DECIMALS = 9
"""Constants of a partition are rounded here when it is fitted, so that the stored and the fitted one are equal."""

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """Where each row belongs, one entry per row.

    Attributes:
        own: label of the segment the row is in.
        rival: label of the next best segment; -1 where there is only one.
        distance: to the own segment: to its centroid, its nearest core customer other than himself (density), or in
            standard deviations of the segment (gaussian).
        rival_distance: the same to the rival; NaN where there is none.
        strength: 0 on the boundary to 1, as each algorithm says.
    """

    own: Ints
    rival: Ints
    distance: Floats
    rival_distance: Floats
    strength: Floats


class Partition(Protocol):
    """A fitted way of putting customers into segments 0..k-1. Equal partitions assign identically."""

    @property
    def k(self) -> int:
        """Number of segments, that of noise included."""

    @property
    def has_noise(self) -> bool:
        """Whether the last segment is of those who belong to no group."""

    def assign(self, x: Floats, *, previous: Ints | None = None, hysteresis: float = 0.10) -> Assignment:
        """Put every row of `x`, shape (rows, features), into a segment, reluctantly where `previous` (-1: none) is.

        The result of a row depends on no other row.
        """

    def reordered(self, order: Sequence[int]) -> Partition:
        """The same with its segments in another order; that of noise stays last."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; read by `algorithms.partition_from`."""


def in_chunks(x: Floats, previous: Ints | None, assign: Callable[[Floats, Ints | None], Assignment]) -> Assignment:
    """Assign a bounded number of rows at a time; the result does not depend on it."""
    parts = [
        assign(x[at : at + CHUNK_ROWS], None if previous is None else previous[at : at + CHUNK_ROWS])
        for at in range(0, max(len(x), 1), CHUNK_ROWS)
    ]
    if len(parts) == 1:
        return parts[0]
    return Assignment(
        own=np.concatenate([part.own for part in parts]),
        rival=np.concatenate([part.rival for part in parts]),
        distance=np.concatenate([part.distance for part in parts]),
        rival_distance=np.concatenate([part.rival_distance for part in parts]),
        strength=np.concatenate([part.strength for part in parts]),
    )


def by_distance(distances: Floats, own: Ints) -> Assignment:
    """Rival and strength where distances, shape (rows, k), decide.

    Strength is `1 - distance / rival distance` cut to 0..1, the simplified silhouette of Hruschka, Campello and de
    Castro (2004): 1 at the centre, 0 on the boundary or beyond it; 1 where there is no rival.
    """
    rows = np.arange(len(distances))
    distance = distances[rows, own]
    if distances.shape[1] == 1:
        return Assignment(own, np.full(len(own), -1), distance, np.full(len(own), np.nan), np.ones(len(own)))
    others = distances.copy()
    others[rows, own] = np.inf
    rival = others.argmin(axis=1).astype(np.int64)
    rival_distance = others[rows, rival]
    ratio = np.divide(distance, rival_distance, out=np.ones(len(own)), where=rival_distance > 0)
    return Assignment(own, rival, distance, rival_distance, np.clip(1.0 - ratio, 0.0, 1.0))


def plain(values: Floats) -> Rows:
    """Rounded rows as tuples, which compare equal and survive JSON."""
    return tuple(tuple(row) for row in (np.round(values, DECIMALS) + 0.0).tolist())
