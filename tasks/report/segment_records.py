"""What a report says of the segments: sizes, profiles, migration and drift, as plain records.

Owns: the shape of these records. Does not own: reading them (`read_segments.py`, `read_monitoring.py`), or overlap and
treatments (`overlap_records.py`).

Counts are customers, shares are 0-1, amounts are in the company's own currency (which the report does not know).
A figure that is not known is None and printed as a dash. Tuples are in the order in which they are to be shown.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tasks.report.run_records import Amount


@dataclass(frozen=True, slots=True)
class WindowFigures:
    """Revenue and orders of a segment in the last days."""

    days: int
    net_amount: Amount | None
    order_count: int | None


@dataclass(frozen=True, slots=True)
class Treatment:
    """What marketing does with a segment."""

    value_proposition: str | None
    message: str | None
    offer: str | None
    channel: str | None
    owner: str | None
    priority: int | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was planned."""
        return not any((self.value_proposition, self.message, self.offer, self.channel))


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment: what it is, how large, and what it is worth.

    Attributes:
        change_count: customers more than in the previous publication; None where there is none.
        windows: figures per look-back window, shortest first.
        is_suppressed: figures of money, orders and recency are withheld, as they would tell of a small group.
    """

    segment_id: str
    name: str
    description: str
    rule: str
    status: str
    since: dt.date | None
    customer_count: int | None
    customer_share: float | None
    change_count: int | None
    entered_count: int | None
    left_count: int | None
    net_amount: Amount | None
    net_share: float | None
    average_order_amount: Amount | None
    recency_median_days: float | None
    windows: tuple[WindowFigures, ...]
    treatment: Treatment
    is_suppressed: bool = False

    @property
    def is_retired(self) -> bool:
        """Whether the segment is kept for its history only."""
        return self.status == "retired" and not self.customer_count

    @property
    def previous_count(self) -> int | None:
        """Size in the previous publication."""
        if self.customer_count is None or self.change_count is None:
            return None
        return self.customer_count - self.change_count

    @property
    def relative_change(self) -> float | None:
        """Change as a part of the previous size; None where that was zero or is not known."""
        return (
            self.change_count / self.previous_count if self.previous_count and self.change_count is not None else None
        )


@dataclass(frozen=True, slots=True)
class ProfileCell:
    """How far a segment's mean of a feature lies from all customers', in their standard deviations.

    A suppressed cell has no figures: they would tell of a small group.
    """

    segment_id: str
    feature_name: str
    standardised_difference: float | None
    mean_value: float | None
    median_value: float | None
    population_mean: float | None
    is_suppressed: bool | None = False


@dataclass(frozen=True, slots=True)
class TypicalValue:
    """A category value that is far more common in a segment than among all customers, of whom a value is known.

    Of a feature that is known of few, such as the stage of life, the share among these is none of the segment.
    """

    segment_id: str
    feature_name: str
    value: str
    share: float
    population_share: float
    known_count: int | None


@dataclass(frozen=True, slots=True)
class Profile:
    """The features that tell a segmentation's segments apart most, and their cells."""

    feature_names: tuple[str, ...]
    feature_count: int
    cells: tuple[ProfileCell, ...]
    typical: tuple[TypicalValue, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """Customers who were in one segment and are in another; None: outside the population."""

    from_segment_id: str | None
    to_segment_id: str | None
    customer_count: int
    from_share: float | None
    to_share: float | None

    @property
    def is_stay(self) -> bool:
        """Whether the customers did not move."""
        return self.from_segment_id == self.to_segment_id


@dataclass(frozen=True, slots=True)
class SegmentEvent:
    """A named event in a segmentation's life, in words."""

    name: str
    sentence: str
    confidence_share: float | None


@dataclass(frozen=True, slots=True)
class SizePart:
    """One reason why a segment has more or fewer customers than before."""

    segment_id: str
    why_name: str
    entered_count: int
    left_count: int
    net_count: int


@dataclass(frozen=True, slots=True)
class Migration:
    """How customers moved between two publications of one segmentation.

    Attributes:
        reasons: main reason in words and customers who moved for it, most first.
        parts: what the change of each segment's size is made of, segment by segment.
        is_ranked: whether it divides by ranks, so that sizes hardly change whatever happens.
    """

    previous_as_of: dt.date
    flows: tuple[Flow, ...]
    events: tuple[SegmentEvent, ...]
    survived_count: int
    reasons: tuple[tuple[str, int], ...] = ()
    parts: tuple[SizePart, ...] = ()
    is_ranked: bool = False


@dataclass(frozen=True, slots=True)
class Try:
    """A number of clusters that was tried, its scores, and the verdict on it; a score that was not taken is None."""

    k: int
    is_chosen: bool
    verdict: str
    gap: float | None
    prediction_strength_share: float | None
    least_jaccard_share: float | None
    separation_share: float | None
    least_share: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of respondents whom it had not seen, those of whom the model is as sure, and how many of these it found."""

    confidence_share: float
    covered_share: float
    accuracy_share: float | None


@dataclass(frozen=True, slots=True)
class Projection:
    """How well segments can be given to those who did not answer.

    Attributes:
        sentence: what the run said of it.
        source: the segmentation that the segments are learnt from.
        is_refused: nobody but respondents has a segment.
        coverage: by confidence; empty where it is refused.
    """

    sentence: str
    source: str
    is_refused: bool
    coverage: tuple[Coverage, ...]


@dataclass(frozen=True, slots=True)
class SegmentationFacts:
    """One segmentation with all that is known of it; `retired` segments have no customers any more."""

    segmentation_id: str
    name: str
    basis: str
    description: str
    segments: tuple[SegmentRow, ...]
    retired: tuple[SegmentRow, ...]
    profile: Profile | None
    migration: Migration | None
    tries: tuple[Try, ...] = ()
    projection: Projection | None = None
