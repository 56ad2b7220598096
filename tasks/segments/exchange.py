"""The step out of a local optimum of k-means: join two clusters, cut a third.

Owns: which clusters to join and which to cut (split-and-merge, Kaukoranta, Fränti and Nevalainen 1998, *Optical
Engineering* 37(10)). Does not own: the Lloyd iterations after it, or whether the result is better (`kmeans.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tasks.segments.matrix import nearest, squared_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def exchanged(x: Floats, centroids: Floats) -> Floats | None:
    """Centroids after joining the cheapest pair and cutting the most rewarding other cluster.

    Args:
        x: shape (rows, features).
        centroids: shape (k, features).

    Returns:
        Shape (k, features), or None where cutting gains less inertia than joining costs, or k is below three (with two
        clusters an exchange only starts over).
    """
    k = len(centroids)
    if k < 3:  # noqa: PLR2004 - as the docstring says
        return None
    labels = nearest(x, centroids)
    sizes = np.bincount(labels, minlength=k).astype(float)
    # Ward's cost of joining a pair: the inertia it adds.
    cost = sizes[:, None] * sizes[None, :] / np.maximum(sizes[:, None] + sizes[None, :], 1.0)
    cost *= squared_distances(centroids, centroids)
    cost[np.tril_indices(k)] = np.inf
    first, second = (int(i) for i in np.unravel_index(cost.argmin(), cost.shape))
    cuts = [_cut(x[labels == label]) for label in range(k)]
    gains = [gain if label not in {first, second} else 0.0 for label, (gain, _, _) in enumerate(cuts)]
    target = int(np.argmax(gains))
    if gains[target] <= cost[first, second]:
        return None
    moved = centroids.copy()
    joined = sizes[first] * centroids[first] + sizes[second] * centroids[second]
    moved[first] = joined / max(sizes[first] + sizes[second], 1.0)
    moved[second], moved[target] = cuts[target][1:]
    return moved


def _cut(members: Floats) -> tuple[float, Floats, Floats]:
    """Inertia gained by cutting a cluster at its mean across its longest axis, and the means of the two halves."""
    if len(members) < 2:  # noqa: PLR2004 - one row cannot be cut
        return 0.0, members, members
    centred = members - members.mean(axis=0)
    axis = np.linalg.eigh(np.atleast_2d(np.cov(centred.T)))[1][:, -1]
    right = centred @ axis > 0
    if right.all() or not right.any():
        return 0.0, members, members
    halves = members[~right].mean(axis=0), members[right].mean(axis=0)
    share = float(right.mean())
    return len(members) * share * (1 - share) * float(((halves[0] - halves[1]) ** 2).sum()), *halves
