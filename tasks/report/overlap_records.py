"""What a report says of overlaps, and of who gets what, as plain records.

Owns: the shape of these records. Does not own: reading them (`read_overlap.py`).

Counts are customers, shares are 0-1, amounts are in the company's own currency. A figure that is not known, or not
told because it would tell of few customers, is None and printed as a dash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class OverlapPair:
    """Two segments and what they share; the columns of `monitoring.overlap`."""

    segment_id_a: str
    segment_id_b: str
    a_count: int
    b_count: int
    intersection_count: int
    jaccard_share: float
    containment_a_share: float | None
    containment_b_share: float | None
    lift: float | None
    relation: str
    net_amount: float | None = None
    contact_count: int | None = None
    border_count: int | None = None
    channel: str | None = None
    is_conflict: bool = False
    previous_jaccard_share: float | None = None
    trend: str | None = None

    @property
    def advice(self) -> str:
        """What to do about the pair; empty where nothing has to be done."""
        said = []
        if self.is_conflict:
            said.append(
                "give one treatment a priority, exclude one segment from the other's, or let their windows not meet"
            )
        if self.relation == "redundant":
            said.append("keep one of the two, or say what tells them apart")
        elif self.relation == "nested":
            said.append("say whether the inner segment wants a treatment of its own; if so, put it first")
        return "; ".join(said)


@dataclass(frozen=True, slots=True)
class Intersection:
    """Customers who are in exactly these segments and in no other."""

    segment_ids: tuple[str, ...]
    customer_count: int
    net_amount: float | None = None


@dataclass(frozen=True, slots=True)
class Overlap:
    """How segments of all segmentations overlap.

    Attributes:
        pairs: pairs with common customers among the segments shown, for the matrix.
        notable: pairs in conflict, redundant, nested, or of a changing overlap.
        notable_total: how many there are of them.
        intersections: the largest exclusive combinations.
        intersection_total: number of combinations in all.
        customer_total: customers in all combinations.
    """

    pairs: tuple[OverlapPair, ...]
    notable: tuple[OverlapPair, ...]
    notable_total: int
    intersections: tuple[Intersection, ...]
    intersection_total: int
    customer_total: int

    @property
    def conflicts(self) -> tuple[OverlapPair, ...]:
        """Pairs whose treatments are in each other's way, the most customers first."""
        return tuple(pair for pair in self.notable if pair.is_conflict)


@dataclass(frozen=True, slots=True)
class TreatmentFacts:
    """For how many a treatment was planned, how many get it, and why the others do not.

    Attributes:
        left_out: customers by reason, in the order in which reasons are looked at; none with nobody.
        cost_amount: of giving it to those who get it.
        budget_amount: what it may cost.
    """

    segment_id: str
    channel: str
    message: str | None
    offer: str | None
    price: str | None
    goal: str | None
    planned_count: int
    reached_count: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    cost_amount: float | None = None
    budget_amount: float | None = None
