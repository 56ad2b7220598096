"""What pulls a customer to one cluster and away from another: the share of each feature in the two distances.

Owns: the contributions. Does not own distances or assignment (`tasks/segments/cluster_model.py`).

With x the customer and a, b two centres, all in standardised units, |x - b|² - |x - a|² is a sum over features of
(x_j - b_j)² - (x_j - a_j)²: what a feature speaks for a, or, where it is negative, for b. It explains an assignment to
the nearest centre; where a model's own distances are others (a mixture with its own shapes, densities), the sum does
not give them, and distances alone are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from tasks.segments.cluster import Cluster, ClusterModel
from tasks.segments.cluster_model import assign_members
from tasks.segments.transform import apply
from tasks.warehouse.catalogue import KEY

#: Distances are rounded to six decimals where they are told.
_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Pull:
    """What one feature says.

    Attributes:
        feature: its name.
        value: the customer's.
        typical: the median of the own cluster's members on the day of the fit; None: not kept.
        typical_there: of the other cluster's.
        weight: (x - b)² - (x - a)²: above zero it speaks for the own cluster.
    """

    feature: str
    value: Any
    typical: float | None
    typical_there: float | None
    weight: float


@dataclass(frozen=True, slots=True)
class Distances:
    """A customer between two clusters; distances are in standard deviations of the transformed features.

    Attributes:
        own: distance to the own centre.
        other: to the other one; None: it is not told by the model.
        pulls: by feature, strongest first; empty where distances do not add up from features.
    """

    own: float
    other: float | None
    pulls: tuple[Pull, ...]


def distances_between(model: ClusterModel, customer: pl.DataFrame, own: str, other: str) -> Distances:
    """What stands between a customer and another cluster than his.

    Args:
        model: the model in use.
        customer: one row: customer_id and the features.
        own: key of his cluster.
        other: key of another one.
    """
    mine = {cluster.key: cluster for cluster in model.clusters}
    x = apply(model.transform, customer)[0]
    a, b = np.asarray(mine[own].centroid), np.asarray(mine[other].centroid)
    squares = (x - b) ** 2 - (x - a) ** 2
    to_own, to_other = float(np.sqrt(((x - a) ** 2).sum())), float(np.sqrt(((x - b) ** 2).sum()))
    past = pl.DataFrame({KEY: customer[KEY], "segment_key": [own]})
    told = assign_members(model, customer, past).row(0, named=True)
    if told["segment_key"] != own or abs(told["distance"] - to_own) > _TOLERANCE:
        rival = told["rival_distance"] if told["rival_key"] == other else None
        return Distances(told["distance"], rival, ())
    pulls = [
        Pull(name, customer[name][0], _typical(mine[own], name), _typical(mine[other], name), round(float(weight), 6))
        for name, weight in zip(model.transform.names, squares, strict=True)
    ]
    ranked = tuple(sorted(pulls, key=lambda pull: (-abs(pull.weight), pull.feature)))
    return Distances(round(to_own, 6), round(to_other, 6), ranked)


def _typical(cluster: Cluster, feature: str) -> float | None:
    return next((item.typical for item in cluster.distinctions if item.feature == feature), None)
