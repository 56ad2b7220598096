"""The segmentations section of a workspace: how customers are divided, and what each group is offered.

Owns: the kinds rules and rfm, and what can be proved without data (ids unique, the RFM grid covered once). Does not
own: what all kinds share (`segment.py`), the other kinds (`clusters.py`, `by_one_feature.py`), or whether a rule's
features exist (`tasks/segments/rules.py` checks against the catalogue).
"""

from __future__ import annotations

from itertools import product
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tasks.config.by_one_feature import CutsSegmentation, ValuesSegmentation
from tasks.config.clusters import ClustersSegmentation
from tasks.config.conditions import Condition, SegmentName
from tasks.config.projected import ProjectedSegmentation
from tasks.config.segment import Segment, SegmentationBase, WithOtherwise, refuse_doubles

Score = Annotated[int, Field(ge=1, le=5)]
ScoreRange = Annotated[list[Score], Field(min_length=2, max_length=2)]


class RuleSegment(Segment):
    """A group of all customers for whom a condition over features holds.

    A condition that is NULL, because it asks for a feature that is not known, does not hold.
    """

    when: Condition | None = Field(default=None, description="the condition; may be left out where `extends` is given")
    extends: SegmentName | None = Field(
        default=None, description="another segment of kind rules, whose rule has to hold, too"
    )
    except_: list[Condition] = Field(
        default_factory=list, alias="except", description="who is not in the segment, although the rest holds"
    )

    @model_validator(mode="after")
    def _some_rule(self) -> Self:
        if self.when is None and self.extends is None:
            message = f"segment {self.id!r} has no rule: give `when`, `extends`, or both"
            raise ValueError(message)
        return self


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


class RulesSegmentation(WithOtherwise):
    """Segments by rules: `first` puts a customer in the first rule that holds, `any` in every one."""

    kind: Literal["rules"]
    match: Literal["first", "any"] = Field(default="first", description="one segment a customer, or several")
    segments: list[RuleSegment] = Field(min_length=1)

    @property
    def declared_segments(self) -> list[Segment]:
        """In the order of the rules, `otherwise` last."""
        return self.with_otherwise(self.segments)

    @property
    def is_multiple(self) -> bool:
        """Whether a customer is in every segment whose rule holds."""
        return self.match == "any"

    @model_validator(mode="after")
    def _ids(self) -> Self:
        refuse_doubles(self.declared_segments)
        return self


class RfmSegmentation(SegmentationBase):
    """Quintile scores of recency, frequency and monetary value, and named ranges over the 5×5×5 grid."""

    kind: Literal["rfm"]
    recency: str = Field(default="recency_days", description="feature; the lowest values score 5")
    frequency: str = Field(default="order_count", description="feature; the highest values score 5")
    monetary: str = Field(default="net_amount", description="feature; the highest values score 5")
    population: Condition | None = Field(default="order_count > 0", description="who is scored")
    segments: list[RfmSegment] = Field(default_factory=lambda: list(STANDARD_RFM), min_length=1)

    @property
    def declared_segments(self) -> list[Segment]:
        """As they are listed."""
        return list(self.segments)

    @property
    def may_be_empty(self) -> set[str]:
        """Cells of the usual grid: of few customers some are in none of them."""
        is_usual = self.segments == list(STANDARD_RFM)
        return {segment.id for segment in self.segments if is_usual} - self.treatments.keys()

    @model_validator(mode="after")
    def _grid(self) -> Self:
        refuse_doubles(self.segments)
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


Segmentation = Annotated[
    RulesSegmentation
    | RfmSegmentation
    | ClustersSegmentation
    | CutsSegmentation
    | ValuesSegmentation
    | ProjectedSegmentation,
    Field(discriminator="kind"),
]
