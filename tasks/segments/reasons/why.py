"""Why a customer is in his segment, and why not in another one: told for every kind of segmentation.

Owns: putting the parts together. Does not own any of them: rules (`parts.py`), clusters (`pulls.py`), what would move
him (`smallest_change.py`).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

from tasks.config.errors import UsageError
from tasks.segments.cluster import ClusterModel
from tasks.segments.reasons.parts import Part, customer_relation, parts_of
from tasks.segments.reasons.placing import frame_of, rfm_of
from tasks.segments.reasons.pulls import Distances, distances_between
from tasks.segments.reasons.smallest_change import Change, smallest_change
from tasks.segments.reasons.standing import Standing
from tasks.warehouse.connection import literal


@dataclass(frozen=True, slots=True)
class Why:
    """One customer in one segmentation.

    Attributes:
        segmentation: its id.
        kind: such as rules.
        segment_ids: the segments he is in; none: outside.
        reason: as the run that put him there told it; of those in no segment, why not.
        parts: conditions of his rule, and of the population.
        distances: of clusters: between his and the nearest other one.
        change: the smallest change that would move him; None: none was found.
    """

    segmentation: str
    kind: str
    segment_ids: list[str]
    reason: str
    parts: list[Part] = field(default_factory=list)
    distances: Distances | None = None
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a customer is not in a segment.

    Attributes:
        segment_id: the segment.
        is_in: he is.
        reasons: in words.
        parts: conditions of its rule.
        distances: of clusters.
        change: the smallest change that would put him there; None: none was found.
    """

    segment_id: str
    is_in: bool
    reasons: list[str]
    parts: list[Part] = field(default_factory=list)
    distances: Distances | None = None
    change: Change | None = None


def why_in(standing: Standing) -> Why:
    """Why he is where he is, and what would move him."""
    own = sorted(standing.own)
    reason = "; ".join(row["reason"] for row in standing.memberships) or _why_in_none(standing)
    parts = [
        part
        for text in [
            standing.population,
            *(standing.by_id[key]["rule_text"] for key in own if _has_rule(standing, key)),
        ]
        if text
        for part in _parts(standing, text)
    ]
    rival = next((row["rival_segment_id"] for row in standing.memberships if row["rival_segment_id"]), None)
    return Why(
        standing.name,
        standing.kind,
        own,
        reason,
        list({part.text: part for part in parts}.values()),
        _distances(standing, rival),
        smallest_change(standing),
    )


def why_not(standing: Standing, segment_id: str) -> WhyNot:
    """Why he is not in a segment of the segmentation.

    Raises:
        UsageError: the segmentation has no such segment in use.
    """
    if segment_id not in standing.by_id:
        near = difflib.get_close_matches(segment_id, standing.by_id, n=1)
        raise UsageError(
            f"there is no segment {segment_id!r} in use",
            hint=f"did you mean {near[0]!r}?" if near else f"there are {', '.join(standing.by_id)}",
        )
    if segment_id in standing.own:
        return WhyNot(segment_id, is_in=True, reasons=["he is in it"])
    reasons: list[str] = []
    parts: list[Part] = []
    if not standing.is_divided:
        failing = [part for part in _parts(standing, str(standing.population)) if not part.holds]
        reasons.append("he is not among those who are divided: " + "; ".join(part.told for part in failing))
    if _has_rule(standing, segment_id):
        parts = _parts(standing, standing.by_id[segment_id]["rule_text"])
        reasons += _of_rules(standing, segment_id, parts)
    elif segment_id == standing.fallback:
        reasons += [f"he is in {key}: only who is in no other segment is here" for key in sorted(standing.own)]
    elif standing.kind == "rfm":
        reasons += _of_scores(standing, segment_id)
    elif standing.kind == "projected":
        reasons += [row["reason"] for row in standing.memberships]
    distances = _distances(standing, segment_id)
    if distances is not None and distances.other is not None:
        reasons.append(f"its centre is {distances.other:.2f} away, that of his segment {distances.own:.2f}")
    return WhyNot(
        segment_id,
        is_in=False,
        reasons=reasons,
        parts=parts,
        distances=distances,
        change=smallest_change(standing, segment_id),
    )


def _has_rule(standing: Standing, segment_id: str) -> bool:
    return any(row["segment_id"] == segment_id for row in standing.rules)


def _parts(standing: Standing, condition: str) -> list[Part]:
    relation = customer_relation(standing.everybody, literal(standing.customer_id))
    return parts_of(standing.warehouse, condition, relation, standing.values)


def _rule_holds(standing: Standing, condition: str) -> bool:
    relation = customer_relation(standing.everybody, literal(standing.customer_id))
    return bool(standing.warehouse.value(f"SELECT ({condition}) IS TRUE FROM {relation}"))


def _why_in_none(standing: Standing) -> str:
    if not standing.is_divided:
        failing = [part.told for part in _parts(standing, str(standing.population)) if not part.holds]
        return "not among those who are divided: " + "; ".join(failing)
    return "no rule holds" if standing.rules else "no segment is likely enough"


def _of_rules(standing: Standing, segment_id: str, parts: list[Part]) -> list[str]:
    if _rule_holds(standing, standing.by_id[segment_id]["rule_text"]):
        takers = [key for key in standing.own if not standing.is_multiple]
        return [f"its rule holds, too; the earlier rule of {key} took him" for key in takers]
    return [f"does not hold: {part.told}" for part in parts if not part.holds]


def _of_scores(standing: Standing, segment_id: str) -> list[str]:
    """Which scores are outside the segment's ranges; scores are read from the reason that the run told."""
    if not standing.memberships:
        return []
    scores = [int(word[1:]) for word in standing.memberships[0]["reason"].split()]
    made = rfm_of(standing)
    segment = next(item for item in made.segments if f"{standing.name}.{item.id}" == segment_id)
    rows = zip(
        ("recency", "frequency", "monetary"),
        (made.recency, made.frequency, made.monetary),
        (segment.r, segment.f, segment.m),
        scores,
        strict=True,
    )
    return [
        f"{what} score {score} by {feature}, expected {low}" + (f" to {high}" if high != low else "")
        for what, feature, (low, high), score in rows
        if not low <= score <= high
    ]


def _distances(standing: Standing, other: str | None) -> Distances | None:
    own = next(iter(standing.own), None)
    stored = standing.model() if standing.kind == "clusters" and own and other else None
    if stored is None or own is None or other is None:
        return None
    customer = frame_of(standing, [{}])
    return distances_between(ClusterModel.from_json(stored), customer, own.split(".", 1)[1], other.split(".", 1)[1])
