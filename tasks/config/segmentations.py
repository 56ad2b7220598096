"""The segmentations section of a workspace: how customers are divided, and what each group is offered.

Owns: the shape of a segmentation and what can be proved without data (ids unique, the RFM grid covered once).
Does not own: whether a rule's features exist (`tasks/segments/rules.py` checks against the catalogue).
"""

from __future__ import annotations

from itertools import product
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tasks.config.features import Key, Strict

Basis = Literal[
    "demographic", "geographic", "psychographic", "behavioural", "value", "lifecycle", "needs", "predictive"
]
Score = Annotated[int, Field(ge=1, le=5)]
ScoreRange = Annotated[list[Score], Field(min_length=2, max_length=2)]
Sql = Annotated[str, Field(min_length=1)]


class Treatment(Strict):
    """What marketing does with a segment; the lowest `priority` wins where two meet on one channel."""

    value_proposition: str | None = Field(default=None, description="what the company does for the segment")
    message: str | None = Field(default=None, description="what it is told")
    offer: str | None = Field(default=None, description="what it is offered")
    channel: str | None = Field(default=None, description="where; without one the customer gets no treatment")
    owner: str | None = Field(default=None, description="who is responsible; default: the segmentation's owner")
    priority: int = Field(default=100, description="the lowest wins where treatments meet on a channel")


class Segment(Strict):
    """A named group."""

    id: Key = Field(description="permanent: readers know the segment as segmentation.id")
    name: str = Field(description="for people; unique in the segmentation")
    description: str = Field(default="", description="plain definition, for people")


class RuleSegment(Segment):
    """A group of all customers for whom the SQL expression `when` over features is true."""

    when: Sql = Field(description="SQL condition over features")


class RfmSegment(Segment):
    """A group of all customers whose scores lie in the three inclusive ranges [low, high] of 1–5."""

    r: ScoreRange = Field(default=[1, 5], description="recency scores [low, high]; 5: most recent")
    f: ScoreRange = Field(default=[1, 5], description="frequency scores [low, high]; 5: most frequent")
    m: ScoreRange = Field(default=[1, 5], description="monetary scores [low, high]; 5: most valuable")

    def cells(self) -> set[tuple[int, int, int]]:
        """The (r, f, m) cells of the 5×5×5 grid that belong to the segment."""
        (r0, r1), (f0, f1), (m0, m1) = self.r, self.f, self.m
        return set(product(range(r0, r1 + 1), range(f0, f1 + 1), range(m0, m1 + 1)))


#: The named RFM segments in common use, on recency × frequency; monetary is scored and published beside them.
STANDARD_RFM: tuple[RfmSegment, ...] = (
    RfmSegment(id="champions", name="Champions", r=[5, 5], f=[4, 5], description="Bought just now and buy often."),
    RfmSegment(id="loyal", name="Loyal customers", r=[3, 4], f=[4, 5], description="Buy often, last time a while ago."),
    RfmSegment(
        id="potential_loyalists",
        name="Potential loyalists",
        r=[4, 5],
        f=[2, 3],
        description="Recent customers who came back more than once.",
    ),
    RfmSegment(
        id="new_customers", name="New customers", r=[5, 5], f=[1, 1], description="Bought just now, hardly ever before."
    ),
    RfmSegment(
        id="promising", name="Promising", r=[4, 4], f=[1, 1], description="Bought recently, hardly ever before."
    ),
    RfmSegment(
        id="need_attention",
        name="Need attention",
        r=[3, 3],
        f=[3, 3],
        description="Average in recency and frequency: can go either way.",
    ),
    RfmSegment(
        id="about_to_sleep",
        name="About to sleep",
        r=[3, 3],
        f=[1, 2],
        description="Buy seldom and have not been seen for a while.",
    ),
    RfmSegment(id="at_risk", name="At risk", r=[1, 2], f=[3, 4], description="Used to buy regularly, long not seen."),
    RfmSegment(
        id="cannot_lose",
        name="Cannot lose them",
        r=[1, 2],
        f=[5, 5],
        description="Were among the most frequent buyers, long not seen.",
    ),
    RfmSegment(id="hibernating", name="Hibernating", r=[2, 2], f=[1, 2], description="Bought seldom and long ago."),
    RfmSegment(id="lost", name="Lost", r=[1, 1], f=[1, 2], description="Bought seldom, and longest ago of all."),
)


class SegmentationBase(Strict):
    """What every kind of segmentation says of itself."""

    basis: Basis = Field(description="what customers are divided by")
    name: str = Field(default="", description="for people; default: its key")
    description: str = Field(default="", description="for people")
    owner: str | None = Field(default=None, description="who is responsible for its segments")
    population: Sql | None = Field(default=None, description="SQL over features: who is segmented at all; default all")
    treatments: dict[str, Treatment] = Field(default_factory=dict, description="treatment by segment id")


def _unique_ids(segments: list[RuleSegment] | list[RfmSegment], extra: list[Segment]) -> None:
    seen_ids: set[str] = set()
    seen_names: set[str] = set()
    for segment in [*segments, *extra]:
        if segment.id in seen_ids:
            message = f"two segments have the id {segment.id!r}; ids are permanent and unique"
            raise ValueError(message)
        if segment.name.casefold() in seen_names:
            message = f"two segments have the name {segment.name!r}; a reader could not tell them apart"
            raise ValueError(message)
        seen_ids.add(segment.id)
        seen_names.add(segment.name.casefold())


class RulesSegmentation(SegmentationBase):
    """Segments by SQL rules: `first` puts a customer in the first rule that holds, `any` in every one."""

    kind: Literal["rules"]
    match: Literal["first", "any"] = Field(default="first", description="one segment a customer, or several")
    segments: list[RuleSegment] = Field(min_length=1)
    otherwise: Segment | None = Field(default=None, description="who meets no rule; default: no membership")

    @model_validator(mode="after")
    def _ids(self) -> Self:
        _unique_ids(self.segments, [self.otherwise] if self.otherwise else [])
        return self


class RfmSegmentation(SegmentationBase):
    """Quintile scores of recency, frequency and monetary value, and named ranges over the 5×5×5 grid."""

    kind: Literal["rfm"]
    recency: str = Field(default="recency_days", description="feature; the lowest values score 5")
    frequency: str = Field(default="order_count", description="feature; the highest values score 5")
    monetary: str = Field(default="net_amount", description="feature; the highest values score 5")
    population: Sql | None = Field(default="order_count > 0", description="SQL over features: who is scored")
    segments: list[RfmSegment] = Field(default_factory=lambda: list(STANDARD_RFM), min_length=1)

    @model_validator(mode="after")
    def _grid(self) -> Self:
        _unique_ids(self.segments, [])
        owner: dict[tuple[int, int, int], str] = {}
        for segment in self.segments:
            for letter, (low, high) in (("r", segment.r), ("f", segment.f), ("m", segment.m)):
                if low > high:
                    message = f"segment {segment.id!r}: {letter} range [{low}, {high}] is empty; write [low, high]"
                    raise ValueError(message)
            for cell in sorted(segment.cells()):
                if cell in owner:
                    message = (
                        f"segments {owner[cell]!r} and {segment.id!r} overlap at (r, f, m) = {cell}; "
                        "every cell of the grid must belong to one segment"
                    )
                    raise ValueError(message)
                owner[cell] = segment.id
        missing = sorted(set(product(range(1, 6), repeat=3)) - set(owner))
        if missing:
            message = (
                f"the RFM grid has a gap: no segment for {len(missing)} of 125 cells, first (r, f, m) = {missing[0]}; "
                "widen a range or add a segment"
            )
            raise ValueError(message)
        return self


class KRange(Strict):
    """How many clusters may be chosen."""

    min: int = Field(default=2, ge=1, le=50, description="fewest clusters")
    max: int = Field(default=8, ge=1, le=50, description="most clusters")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            message = f"k.min {self.min} is above k.max {self.max}"
            raise ValueError(message)
        return self


class Refit(Strict):
    """When a challenger is fitted; it replaces the champion only if it is measurably better."""

    every_days: int | None = Field(default=None, ge=1, description="null: the first model stays")


class ClustersSegmentation(SegmentationBase):
    """Segments found by k-means on power-transformed features, with ids that survive refits."""

    kind: Literal["clusters"]
    features: list[str] = Field(min_length=1, description="numeric features that tell customers apart")
    k: KRange = KRange()
    min_share: float = Field(default=0.02, gt=0, lt=0.5, description="smallest share of customers a cluster may have")
    refit: Refit = Refit()
    seed: int = Field(default=0, description="of the draws of k-means")

    @model_validator(mode="after")
    def _unique_features(self) -> Self:
        if len(set(self.features)) != len(self.features):
            message = "a feature is named twice"
            raise ValueError(message)
        return self


Segmentation = Annotated[RulesSegmentation | RfmSegmentation | ClustersSegmentation, Field(discriminator="kind")]
