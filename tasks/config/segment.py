"""What every kind of segmentation says of itself: segments, treatments, who is divided at all.

Owns: those parts. Does not own any kind (`segmentations.py`, `by_one_feature.py`), or what a treatment says
(`treatment.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from tasks.config.conditions import Condition
from tasks.config.features import Key, Strict
from tasks.config.treatment import Treatment

Basis = Literal[
    "demographic", "geographic", "psychographic", "behavioural", "value", "lifecycle", "needs", "predictive"
]


class Segment(Strict):
    """A named group."""

    id: Key = Field(description="permanent: readers know the segment as segmentation.id")
    name: str = Field(description="for people; unique in the segmentation")
    description: str = Field(default="", description="plain definition, for people")


class SegmentationBase(Strict):
    """What every kind of segmentation says of itself."""

    basis: Basis = Field(description="what customers are divided by")
    name: str = Field(default="", description="for people; default: its key")
    description: str = Field(default="", description="for people")
    owner: str | None = Field(default=None, description="who is responsible for its segments")
    population: Condition | None = Field(default=None, description="who is segmented at all; default all")
    except_: list[Condition] = Field(
        default_factory=list, alias="except", description="who is not, although he is of the population"
    )
    treatments: dict[str, Treatment] = Field(default_factory=dict, description="treatment by segment id")

    @property
    def declared_segments(self) -> list[Segment]:
        """Segments that the workspace names, in its order; none where they are found in the data."""
        return []

    @property
    def may_be_empty(self) -> set[str]:
        """Segments in which nobody need be: no rule of the workspace's own, which could be wrong, and no treatment."""
        return set()

    @property
    def is_multiple(self) -> bool:
        """Whether a customer may be in several of its segments."""
        return False

    @property
    def is_complete(self) -> bool:
        """Whether it says of every customer in which segment he is."""
        return False

    @property
    def no_group_key(self) -> str | None:
        """The segment of customers who are no group, because nothing is known that puts them in one; None: none is."""
        return None


class WithOtherwise(SegmentationBase):
    """A kind that may say what becomes of all others."""

    otherwise: Segment | None = Field(default=None, description="who is in no other segment; default: no membership")

    @property
    def is_complete(self) -> bool:
        """Whether it says of every customer in which segment he is."""
        return self.otherwise is not None and self.population is None and not self.except_

    def with_otherwise(self, segments: Sequence[Segment]) -> list[Segment]:
        """Segments, and that of all others after them."""
        return [*segments, *([self.otherwise] if self.otherwise else [])]


class Refit(Strict):
    """When what was learnt from the data is learnt anew."""

    every_days: int | None = Field(default=None, ge=1, description="null: what was learnt first stays")
    accept: Literal["automatic", "by_hand"] = Field(
        default="automatic",
        description="by_hand: what was learnt anew waits until somebody accepts it; a definition that somebody changed"
        " is learnt anew at once",
    )


def refuse_doubles(segments: Sequence[Segment]) -> None:
    """Prove that ids and names of a segmentation's segments are unique.

    Raises:
        ValueError: they are not.
    """
    seen_ids: set[str] = set()
    seen_names: set[str] = set()
    for segment in segments:
        if segment.id in seen_ids:
            message = f"two segments have the id {segment.id!r}; ids are permanent and unique"
            raise ValueError(message)
        if segment.name.casefold() in seen_names:
            message = f"two segments have the name {segment.name!r}; a reader could not tell them apart"
            raise ValueError(message)
        seen_ids.add(segment.id)
        seen_names.add(segment.name.casefold())
