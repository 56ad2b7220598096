"""What a cluster segmentation asks for, and the model that answers it: plain data and its JSON form.

Owns: `ClusterSpec`, `Cluster`, `ClusterModel`, and storing a model without loss. Does not own: fitting and
assigning (`candidate.py`, `cluster_model.py`).
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tasks.config.clusters import AlgorithmName, NoiseName, TransformName
from tasks.config.errors import StatisticsError
from tasks.segments.algorithms import Method, partition_from
from tasks.segments.choose_k import KChoice
from tasks.segments.k_policy import KPolicy
from tasks.segments.naming import Distinction
from tasks.segments.transform import FrozenTransform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tasks.segments.partition import Partition

FORMAT = 2
"""Format 1 knew k-means on power-transformed features alone; its models are read as that."""

_USUAL = {"algorithm": "kmeans", "caps": 0.001, "screen": True, "transforms": {}, "weights": {}}


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
        winsor: share of customers capped at either end of each feature; None or 0 for no caps.
        algorithm: how clusters are found.
        noise: what becomes of customers of no group (hdbscan).
        transforms: by feature, how it is bent; power where not said.
        weights: by feature, how often it counts; once where not said.
        screen: leave out features that cannot tell segments apart (`relevance.py`).
        min_customers: fewer than this cannot be clustered.
        min_group_size: a feature that fewer members of a segment have is not among its traits.
        inside: the segment of another segmentation whose members are divided; None: everybody.
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
    inside: str | None = None
    effort: KPolicy = field(default_factory=KPolicy)
    algorithm: AlgorithmName = "kmeans"
    noise: NoiseName = "segment"
    transforms: Mapping[str, TransformName] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    screen: bool = True

    def policy(self) -> KPolicy:
        """The complete policy for the choice of k."""
        given = asdict(self.effort)
        own = {"k_min": self.k_min, "k_max": self.k_max, "min_share": self.min_share, "accept": self.accept}
        return KPolicy(**(given | own))

    def method(self) -> Method:
        """The algorithm with what it asks."""
        return Method(self.algorithm, self.noise, self.min_share, self.k_max)

    def asked(self) -> dict[str, Any]:
        """What makes another model incomparable, as plain JSON; defaults are left out, so that old models have them."""
        said: dict[str, Any] = {
            "algorithm": self.algorithm,
            "caps": self.winsor or 0.0,
            "inside": self.inside,
            "screen": self.screen,
            "transforms": {name: curve for name, curve in sorted(self.transforms.items()) if curve != "power"},
            "weights": {name: weight for name, weight in sorted(self.weights.items()) if weight != 1},
        } | ({"min_share": self.min_share, "noise": self.noise} if self.algorithm == "hdbscan" else {})
        return {key: value for key, value in said.items() if value != _USUAL.get(key)}


@dataclass(frozen=True, slots=True)
class Cluster:
    """One segment of a model.

    Attributes:
        key: permanent id.
        name: for people; kept as long as the id, but for that of a segment of everybody.
        description: what tells its members apart, on the day of the fit.
        centroid: its middle in standardised units times the roots of weights, in the order of the transform's features.
        size: customers in it on the day of the fit.
        distinctions: all features, by how far the segment stands out.
    """

    key: str
    name: str
    description: str
    centroid: tuple[float, ...]
    size: int
    distinctions: tuple[Distinction, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """Customers who went the same way from the model before to this one.

    Attributes:
        came_from: segment that they were in; None: none.
        went_to: segment that they are in; None: none.
        customers: how many.
    """

    came_from: str | None
    went_to: str | None
    customers: int


@dataclass(frozen=True, slots=True)
class Origins:
    """From the model before to this one, on the day of the fit.

    Customers of clusters on new ground, and of segments that are no more, are counted from where they were when the
    model before was learnt (`new_ground.py`).

    Attributes:
        since: the day that the model before was learnt.
        new_ground: keys of clusters that stand where nobody stood then.
        flows: all customers.
    """

    since: dt.date
    new_ground: tuple[str, ...]
    flows: tuple[Flow, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self) | {"since": self.since.isoformat()}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Origins:
        """Read what `to_json` gave."""
        flows = tuple(Flow(**flow) for flow in given["flows"])
        return cls(dt.date.fromisoformat(given["since"]), tuple(given["new_ground"]), flows)


@dataclass(frozen=True, slots=True)
class ClusterModel:
    """A fitted model: everything needed to assign customers, and to say how it came about.

    Attributes:
        transform: features to standardised units.
        clusters: by key, that of noise last.
        partition: puts customers into them; its labels count them in this order.
        choice: the number of segments with every criterion it was chosen by.
        names: name of every key this segmentation ever had, retired ones included.
        seed: seed of the fit.
        training_rows: customers it was fitted on.
        inertia: what the algorithm lost on those customers: for k-means the sum of squared distances to the centroids.
        hysteresis: as in the spec.
        asked: `ClusterSpec.asked` on the day of the fit.
        pending_k: another number of segments that refits have lately chosen; None for none.
        pending_wins: how many in a row.
        pending_date: the day of the newest of them; None where that was not kept.
        origins: where its customers came from, where that is another story than the flows from the run before.
    """

    transform: FrozenTransform
    clusters: tuple[Cluster, ...]
    partition: Partition
    choice: KChoice
    names: Mapping[str, str]
    seed: int
    training_rows: int
    inertia: float
    hysteresis: float
    pending_k: int | None = None
    pending_wins: int = 0
    pending_date: dt.date | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    origins: Origins | None = None

    def answers(self, spec: ClusterSpec) -> bool:
        """Whether it is a model of what is asked: the same features, prepared the same way, by the same algorithm."""
        features = {*self.transform.names, *self.transform.dropped}
        return features == set(spec.features) and dict(self.asked) == spec.asked() and not self.unmet(spec)

    def unmet(self, spec: ClusterSpec) -> tuple[str, ...]:
        """What it was chosen without and does not meet, of what the number of segments is asked for."""
        chosen, asked, found = self.choice.policy, spec.policy(), len(self.clusters) - self.partition.has_noise
        ranges = ((policy.k_min, policy.k_max) for policy in (chosen, asked))
        other_k = len(set(ranges)) > 1 and not asked.k_min <= found <= asked.k_max
        return tuple(key for key, is_unmet in (("k", other_k), ("accept", chosen.accept != asked.accept)) if is_unmet)

    @property
    def method(self) -> Method:
        """The algorithm it was found by, with what it asked of it."""
        return Method(
            self.asked.get("algorithm", "kmeans"),
            self.asked.get("noise", "segment"),
            self.asked.get("min_share", 0.02),
            self.choice.policy.k_max,
        )

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
            "partition": self.partition.to_dict(),
            "asked": dict(self.asked),
            "choice": self.choice.to_dict(),
            "names": dict(sorted(self.names.items())),
            "seed": self.seed,
            "training_rows": self.training_rows,
            "inertia": self.inertia,
            "hysteresis": self.hysteresis,
            "pending_k": self.pending_k,
            "pending_wins": self.pending_wins,
            # What most models have not got is left out, so that they are the same bytes as before.
            **({"pending_date": self.pending_date.isoformat()} if self.pending_date else {}),
            **({"origins": self.origins.to_json()} if self.origins else {}),
        }

    @classmethod
    def from_json(cls, stored: str | Mapping[str, Any]) -> ClusterModel:
        """Read what `to_json` gave, as a mapping or as JSON text.

        Raises:
            StatisticsError: the model was stored by a version that wrote another format.
        """
        given: Mapping[str, Any] = json.loads(stored) if isinstance(stored, str) else stored
        if given.get("format") not in {1, FORMAT}:
            raise StatisticsError(
                f"the stored cluster model has format {given.get('format')!r}; this version reads 1 and {FORMAT}",
                hint="refit the segmentation, or run the version that stored the model",
            )
        clusters = tuple(_cluster(row) for row in given["clusters"])
        of_format_1 = {"algorithm": "kmeans", "centroids": [cluster.centroid for cluster in clusters]}
        return cls(
            transform=FrozenTransform.from_dict(given["transform"]),
            clusters=clusters,
            partition=partition_from(given.get("partition", of_format_1)),
            asked=given.get("asked", {}),
            choice=KChoice.from_dict(given["choice"]),
            names=dict(given["names"]),
            seed=given["seed"],
            training_rows=given["training_rows"],
            inertia=given["inertia"],
            hysteresis=given["hysteresis"],
            pending_k=given["pending_k"],
            pending_wins=given["pending_wins"],
            pending_date=dt.date.fromisoformat(given["pending_date"]) if "pending_date" in given else None,
            origins=Origins.from_json(given["origins"]) if "origins" in given else None,
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
