"""Segmentations of kind clusters: groups found in the data, how features are prepared, what is refused.

Owns: their shape, and what can be proved without data. Does not own fitting (`tasks/segments/cluster_model.py`), or
which features are sensitive (`tasks/segments/check.py` asks the catalogue).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tasks.config.features import Strict
from tasks.config.segment import Refit, SegmentationBase

TransformName = Literal["power", "log", "rank", "none"]
AlgorithmName = Literal["kmeans", "minibatch", "gaussian", "hdbscan"]
NoiseName = Literal["segment", "nearest"]
Weight = Annotated[float, Field(gt=0, le=100)]

#: Most clusters a model may have; the expectations of `segments.model` ask for no more.
MOST_CLUSTERS = 50
#: Permanent id of the segment of those who belong to no group.
NOISE_KEY = "noise"


class KRange(Strict):
    """How many clusters may be chosen."""

    min: int = Field(
        default=1, ge=1, le=MOST_CLUSTERS, description="fewest clusters; 1: where there is no structure, that is said"
    )
    max: int = Field(default=8, ge=1, le=MOST_CLUSTERS, description="most clusters")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            message = f"k.min {self.min} is above k.max {self.max}"
            raise ValueError(message)
        return self


class ClustersSegmentation(SegmentationBase):
    """Segments found in the data, with ids that survive refits."""

    kind: Literal["clusters"]
    features: list[str] = Field(min_length=1, description="numeric features that tell customers apart")
    inside: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9_]*\.[a-z0-9_]+$",
        description="segmentation.segment that stands before this one: only its members are divided",
    )
    algorithm: AlgorithmName = Field(
        default="kmeans",
        description="kmeans; minibatch: over every customer of very many; gaussian: overlapping clouds of own shape;"
        " hdbscan: dense groups of any shape, their number found, and customers who belong to none",
    )
    noise: NoiseName = Field(
        default="segment",
        description="hdbscan: customers of no group are a segment `noise` of their own, or go to the nearest group",
    )
    transform: TransformName | dict[str, TransformName] = Field(
        default="power",
        description="of all features, or by feature (power where not said): power (Yeo-Johnson), log, rank, none",
    )
    weights: dict[str, Weight] = Field(
        default_factory=dict, description="by feature; one of weight 2 counts as if it were there twice; default 1"
    )
    caps: Annotated[float, Field(ge=0, le=0.25)] = Field(
        default=0.001, description="share of customers capped at either end of each feature; 0: none"
    )
    screen: bool = Field(
        default=True,
        description="leave out, with the reason, what cannot tell segments apart: features that are independent of all"
        " others and have one peak",
    )
    allow_sensitive: list[str] = Field(
        default_factory=list, description="features computed from sensitive data that may divide customers all the same"
    )
    k: KRange = KRange()
    accept: Literal["reproducible", "natural"] = Field(
        default="reproducible",
        description="natural: only segments with gaps between them, else there is one; reproducible: also cuts through"
        " one continuous cloud that come out the same every time",
    )
    min_share: float = Field(default=0.02, gt=0, lt=0.5, description="smallest share of customers a cluster may have")
    refit: Refit = Field(
        default=Refit(),
        description="when a challenger is fitted; it replaces the champion only if it is measurably better",
    )
    seed: int = Field(default=0, description="of everything that is drawn")

    @property
    def no_group_key(self) -> str | None:
        """The segment of customers who belong to no group; None: there is none."""
        return NOISE_KEY if self.algorithm == "hdbscan" and self.noise == "segment" else None

    @property
    def strength_is_chance(self) -> bool:
        """Whether the strength of a membership is the chance of belonging there, and not a distance."""
        return self.algorithm == "gaussian"

    def transform_of(self, feature: str) -> TransformName:
        """How a feature is bent."""
        return self.transform if isinstance(self.transform, str) else self.transform.get(feature, "power")

    @model_validator(mode="after")
    def _unique_features(self) -> Self:
        if len(set(self.features)) != len(self.features):
            message = "a feature is named twice"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _known_features(self) -> Self:
        said: dict[str, Iterable[str]] = {
            "transform": {} if isinstance(self.transform, str) else self.transform,
            "weights": self.weights,
            "allow_sensitive": self.allow_sensitive,
        }
        for key, names in said.items():
            if unknown := [name for name in names if name not in self.features]:
                message = f"{key} names {unknown[0]!r}, which is not among the features {', '.join(self.features)}"
                raise ValueError(message)
        return self
