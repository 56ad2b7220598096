"""What a cluster segmentation asks for, and the model that answers it: plain data and its JSON form.

Owns: `ClusterSpec`, `Cluster`, `ClusterModel`, and storing a model without loss. Does not own: fitting and assigning
(`cluster_model.py`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tasks.config.errors import StatisticsError
from tasks.segments.choose_k import KChoice, KPolicy
from tasks.segments.naming import Distinction
from tasks.segments.transform import FrozenTransform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FORMAT = 1


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """What is asked of a cluster segmentation.

    Attributes:
        features: numeric feature columns.
        k_min: least number of segments; 1 lets the data say that there is no structure.
        k_max: largest number tried.
        min_share: least share of customers a segment must hold.
        seed: seed of everything drawn.
        accept: see `KPolicy.accept`.
        hysteresis: how much nearer, as a share, another segment must be before a customer moves.
        wins_to_change_k: refits in a row that must choose a new number of segments before it is adopted.
        winsor: share of customers capped at either end of each feature; None for no caps.
        min_customers: fewer than this cannot be clustered.
        min_group_size: a feature that fewer members of a segment have is not among its traits.
        effort: thresholds and repetitions of the choice of k; its k_min, k_max, min_share and accept are overridden.
    """

    features: tuple[str, ...]
    k_min: int = 1
    k_max: int = 8
    min_share: float = 0.02
    seed: int = 0
    accept: Literal["natural", "reproducible"] = "reproducible"
    hysteresis: float = 0.10
    wins_to_change_k: int = 2
    winsor: float | None = 0.001
    min_customers: int = 50
    min_group_size: int = 1
    effort: KPolicy = field(default_factory=KPolicy)

    def policy(self) -> KPolicy:
        """The complete policy for the choice of k."""
        given = asdict(self.effort)
        own = {"k_min": self.k_min, "k_max": self.k_max, "min_share": self.min_share, "accept": self.accept}
        return KPolicy(**(given | own))


@dataclass(frozen=True, slots=True)
class Cluster:
    """One segment of a model.

    Attributes:
        key: permanent id.
        name: for people; kept as long as the id.
        description: what tells its members apart, on the day of the fit.
        centroid: standardised units, in the order of the transform's features.
        size: customers nearest to it on the day of the fit.
        distinctions: all features, by how far the segment stands out.
    """

    key: str
    name: str
    description: str
    centroid: tuple[float, ...]
    size: int
    distinctions: tuple[Distinction, ...]


@dataclass(frozen=True, slots=True)
class ClusterModel:
    """A fitted model: everything needed to assign customers, and to say how it came about.

    Attributes:
        transform: features to standardised units.
        clusters: by key.
        choice: the number of segments with every criterion it was chosen by.
        names: name of every key this segmentation ever had, retired ones included.
        seed: seed of the fit.
        training_rows: customers it was fitted on.
        inertia: sum of squared distances of those customers to their nearest centroid.
        hysteresis: as in the spec.
        pending_k: another number of segments that refits have lately chosen; None for none.
        pending_wins: how many in a row.
    """

    transform: FrozenTransform
    clusters: tuple[Cluster, ...]
    choice: KChoice
    names: Mapping[str, str]
    seed: int
    training_rows: int
    inertia: float
    hysteresis: float
    pending_k: int | None = None
    pending_wins: int = 0

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys in the order of the centroids."""
        return tuple(cluster.key for cluster in self.clusters)

    @property
    def centroids(self) -> NDArray[np.float64]:
        """Shape (k, features)."""
        return np.array([cluster.centroid for cluster in self.clusters], dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; a model read back by `from_json` is equal and assigns identically."""
        return {
            "format": FORMAT,
            "transform": self.transform.to_dict(),
            "clusters": [asdict(cluster) for cluster in self.clusters],
            "choice": self.choice.to_dict(),
            "names": dict(sorted(self.names.items())),
            "seed": self.seed,
            "training_rows": self.training_rows,
            "inertia": self.inertia,
            "hysteresis": self.hysteresis,
            "pending_k": self.pending_k,
            "pending_wins": self.pending_wins,
        }

    @classmethod
    def from_json(cls, stored: str | Mapping[str, Any]) -> ClusterModel:
        """Read what `to_json` gave, as a mapping or as JSON text.

        Raises:
            StatisticsError: the model was stored by a version that wrote another format.
        """
        given: Mapping[str, Any] = json.loads(stored) if isinstance(stored, str) else stored
        if given.get("format") != FORMAT:
            raise StatisticsError(
                f"the stored cluster model has format {given.get('format')!r}; this version reads {FORMAT}",
                hint="refit the segmentation, or run the version that stored the model",
            )
        return cls(
            transform=FrozenTransform.from_dict(given["transform"]),
            clusters=tuple(_cluster(row) for row in given["clusters"]),
            choice=KChoice.from_dict(given["choice"]),
            names=dict(given["names"]),
            seed=given["seed"],
            training_rows=given["training_rows"],
            inertia=given["inertia"],
            hysteresis=given["hysteresis"],
            pending_k=given["pending_k"],
            pending_wins=given["pending_wins"],
        )


def _cluster(stored: Mapping[str, Any]) -> Cluster:
    return Cluster(
        key=stored["key"],
        name=stored["name"],
        description=stored["description"],
        centroid=tuple(stored["centroid"]),
        size=stored["size"],
        distinctions=tuple(Distinction(**row) for row in stored["distinctions"]),
    )
