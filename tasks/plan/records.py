"""What a plan says: plain data that text, Markdown and JSON are written from.

Owns: the shape. Does not own how anything in it is found (`compare.py`, `rules_reached.py`, `consumers.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Status = Literal["new", "gone", "changed", "same"]
Severity = Literal["breaks", "changes", "names nothing"]


@dataclass(frozen=True, slots=True)
class SegmentPlan:
    """One segment as it is published, and as it would be.

    Attributes:
        segment_id: its permanent id.
        name: for people; the new one where there is one.
        status: new, gone (it would be retired), changed or same.
        changed: what of its definition differs: rule, population, name, description, treatment.
        before_count: customers in it as published.
        after_count: customers in it by the edit.
        entered_count: who would come in.
        left_count: who would go out.
        entered_amount: net amount of those who come in; None as the next, where one of the two groups has fewer
            customers than `privacy.min_group_size`.
        left_amount: net amount of those who go out.
        entered_examples: ids of some who would come in.
        left_examples: ids of some who would go out.
    """

    segment_id: str
    name: str
    status: Status
    changed: list[str]
    before_count: int
    after_count: int
    entered_count: int
    left_count: int
    entered_amount: float | None
    left_amount: float | None
    entered_examples: list[str] = field(default_factory=list)
    left_examples: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Flow:
    """Customers who would leave one segment for another of the same segmentation; None: no segment."""

    from_segment_id: str | None
    to_segment_id: str | None
    customer_count: int


@dataclass(frozen=True, slots=True)
class SegmentationPlan:
    """One segmentation with its segments; `note` is what dividing said, such as which model goes on."""

    name: str
    status: Status
    note: str
    moved_count: int
    segments: list[SegmentPlan]
    flows: list[Flow]


@dataclass(frozen=True, slots=True)
class Unreached:
    """A rule of a segmentation of first match that no customer reaches.

    Attributes:
        segment_id: its segment.
        meets_count: customers who meet the rule by itself; all of them are taken by earlier ones.
        taken_by: the segments that take them, most first.
        is_new: as published somebody is in the segment, or it is not there.
    """

    segment_id: str
    meets_count: int
    taken_by: list[str]
    is_new: bool


@dataclass(frozen=True, slots=True)
class NewPair:
    """Two segments that would become redundant, nested or in conflict, and are not as published."""

    segment_id_a: str
    segment_id_b: str
    relation: str
    shared_count: int
    a_count: int
    b_count: int


@dataclass(frozen=True, slots=True)
class Broken:
    """What a consumer relies on, and what would become of it."""

    consumer: str
    owner: str
    use: str
    severity: Severity
    problem: str
    where: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it.

    Attributes:
        as_of: the newest published date, which the plan is made for.
        run_id: the run that is published for it.
        basis: what the edit was computed on, in a sentence.
        limits: what cannot be told without a run, each in a sentence.
        recomputed: why features had to be computed anew; empty: those of the published run were taken.
        amount: what amounts are, in words.
        moved_count: customers who would be in another segment of any segmentation.
        customer_count: customers there are.
        segmentations: of the edit and of what is published.
        unreached: rules that nobody reaches.
        pairs: new overlaps.
        consumers: who would break or see another meaning.
    """

    as_of: str
    run_id: str
    basis: str
    limits: list[str]
    recomputed: list[str]
    amount: str
    moved_count: int
    customer_count: int
    segmentations: list[SegmentationPlan]
    unreached: list[Unreached]
    pairs: list[NewPair]
    consumers: list[Broken]

    @property
    def breaks(self) -> bool:
        """Whether a consumer would break."""
        return any(item.severity == "breaks" for item in self.consumers)

    @property
    def changes(self) -> bool:
        """Whether anything that readers see of segments would be different."""
        return bool(self.moved_count) or self.breaks or any(item.status != "same" for item in self.segmentations)

    @property
    def verdict(self) -> str:
        """The plan in one line."""
        if not self.changes:
            return "nothing changes"
        changed = [item.name for item in self.segmentations if item.status != "same"]
        parts = [f"{self.moved_count:,} of {self.customer_count:,} customers change segment"]
        noun = "segmentation changes" if len(changed) == 1 else "segmentations change"
        parts += [f"{len(changed)} {noun}: {', '.join(changed)}"] if changed else []
        broken = sorted({item.consumer for item in self.consumers if item.severity == "breaks"})
        parts += [f"BREAKS {', '.join(broken)}"] if broken else []
        fresh = sum(item.is_new for item in self.unreached)
        parts += [f"{fresh} rules are no longer reached"] if fresh else []
        return "; ".join(parts)
