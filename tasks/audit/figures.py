"""The figures of one segmentation's segments, from values and tables that are in memory.

Owns: putting each figure to its segment. Does not own the figures (one module each), or reading what they are made of
(`measure.py`, `read.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks.audit.contrast import Contrast, Placed, contrasts, explained_share
from tasks.audit.facts import OrderRate, Reach, Rival, SegmentFacts, Split
from tasks.audit.proportions import Memberships, detectable_lift, share_change
from tasks.audit.steadiness import Separation, Stability
from tasks.config.audit import AuditPolicy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: The rule of a segment of all who meet no rule, in the dictionary.
REMAINDER = "otherwise"
_DECIMALS = 6
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """The customers of a segmentation and where they are.

    Attributes:
        segment_ids: by position; `placed` refers to it.
        placed: who is where.
        ranks: by KPI, of `contrast.scaled_ranks`, one a customer.
        rate: how many of all customers ordered of late; None: nobody did.
    """

    segment_ids: tuple[str, ...]
    placed: Placed
    ranks: dict[str, Floats]
    rate: OrderRate | None


@dataclass(frozen=True, slots=True)
class Others:
    """What other tables say of the segments, by segment id."""

    definitions: Sequence[Row]
    sizes: Mapping[str, Row]
    memberships: Mapping[str, Memberships]
    reach: Mapping[str, Reach]
    rates: Mapping[str, OrderRate]
    traits: Mapping[str, str]
    profile_rivals: Mapping[str, Rival]


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Figures of a cluster model, by position of the segment; empty for other kinds."""

    stability: Mapping[int, Stability]
    separations: Mapping[int, Separation]


def explained(values: Values) -> dict[str, float]:
    """How much the segmentation says of each KPI that varies."""
    found = {kpi: explained_share(ranks, values.placed) for kpi, ranks in values.ranks.items()}
    return {kpi: share for kpi, share in found.items() if share is not None}


def segment_facts(
    values: Values,
    others: Others,
    steadiness: Steadiness,
    split_of: Callable[[str], Split | None],
    policy: AuditPolicy,
) -> tuple[SegmentFacts, ...]:
    """The figures of every segment in use, in the order of the definitions.

    Args:
        values: customers, KPIs, who is where.
        others: what is read.
        steadiness: of a cluster model.
        split_of: the feature that would split a segment best; asked only where its customers are spread as widely as
            all, or it holds nearly everybody.
        policy: the thresholds, for that.
    """
    by_segment: dict[int, list[Contrast]] = {}
    for contrast in contrasts(values.ranks, values.placed):
        by_segment.setdefault(contrast.segment, []).append(contrast)
    position = {segment: place for place, segment in enumerate(values.segment_ids)}
    facts = []
    for row in others.definitions:
        place = position.get(row["segment_id"], -1)
        found = tuple(by_segment.get(place, ()))
        facts.append(_facts(row, place, found, values, others, steadiness, split_of, policy))
    return tuple(facts)


def _facts(
    row: Row,
    place: int,
    found: tuple[Contrast, ...],
    values: Values,
    others: Others,
    steadiness: Steadiness,
    split_of: Callable[[str], Split | None],
    policy: AuditPolicy,
) -> SegmentFacts:
    segment_id = row["segment_id"]
    size = others.sizes.get(segment_id, {})
    counts = others.memberships.get(segment_id)
    is_known = counts is not None and counts.then > 0
    is_suppressed = bool(size.get("is_suppressed"))
    customers, share = int(size.get("customer_count") or 0), float(size.get("customer_share") or 0.0)
    rate = None if is_suppressed or not customers or values.rate is None else others.rates.get(segment_id, values.rate)
    is_wide = share > policy.max_share or (
        bool(found) and min(one.spread_ratio for one in found) >= policy.max_spread_ratio
    )
    return SegmentFacts(
        segment_id=segment_id,
        name=row["segment_name"] or segment_id,
        since=row["since_date"],
        size=customers,
        share=round(share, _DECIMALS),
        entered=size.get("entered_count") if is_known else None,
        left=size.get("left_count") if is_known else None,
        is_suppressed=is_suppressed,
        is_remainder=row["rule_text"] == REMAINDER,
        previous_share=round(counts.inside_then / counts.then, _DECIMALS) if counts and is_known else None,
        change=share_change(counts) if counts else None,
        common_count=counts.both if counts and is_known else None,
        kept_share=round(counts.stayed / counts.inside_now, _DECIMALS)
        if counts and is_known and counts.inside_now
        else None,
        jaccard=None if is_suppressed else steadiness.stability.get(place),
        silhouette=None
        if is_suppressed or place not in steadiness.separations
        else steadiness.separations[place].silhouette,
        rival=_rival(segment_id, place, values, others, steadiness),
        rate=rate,
        detectable_lift=None if rate is None else detectable_lift(customers, rate.share),
        reach=None if is_suppressed else others.reach.get(segment_id),
        contrasts=() if is_suppressed else found,
        traits=others.traits.get(segment_id),
        split=split_of(segment_id) if is_wide and not is_suppressed else None,
    )


def _rival(segment_id: str, place: int, values: Values, others: Others, steadiness: Steadiness) -> Rival | None:
    """By the model where there is one, else by profiles."""
    if place in steadiness.separations:
        found = steadiness.separations[place]
        return Rival(values.segment_ids[found.rival], found.distance, "model")
    return others.profile_rivals.get(segment_id)
