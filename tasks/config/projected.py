"""Segmentations that give the segments of some customers, who answered a survey, to the others.

Owns: their shape. Does not own the model (`tasks/segments/projection.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tasks.config.features import Key
from tasks.config.segment import Segment, WithOtherwise


class ProjectedSegmentation(WithOtherwise):
    """Segments of another segmentation, given to customers who are in none of them by what features say.

    Whoever is in a segment of the other one stays in it. Of whom nothing can be said with enough confidence, and of
    everybody where features do not tell the segments apart, `otherwise` says so.
    """

    kind: Literal["projected"]
    of: Key = Field(description="segmentation that the segments are learnt from; it stands before this one")
    features: list[str] = Field(min_length=1, description="numbers, flags and categories that are known of everybody")
    min_confidence: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.5,
        description="chance of the likeliest segment below which a customer is in none; whoever was there at the run"
        " before stays down to a tenth less",
    )
    seed: int = Field(default=0, description="of the folds on which its worth is measured")

    @property
    def declared_segments(self) -> list[Segment]:
        """None: they are those of the other segmentation."""
        return []

    @property
    def no_group_key(self) -> str | None:
        """Of whom nothing can be said."""
        return self.otherwise.id if self.otherwise else None

    @model_validator(mode="after")
    def _unique_features(self) -> Self:
        if len(set(self.features)) != len(self.features):
            message = "a feature is named twice"
            raise ValueError(message)
        return self
