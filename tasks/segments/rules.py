"""Rules: SQL conditions over features, turned into memberships.

Owns: the SELECT of members by rules, and dividing by the kind rules. Does not own what a tree of conditions means
(`tasks/config/resolving.py`), or whether a rule's features exist (`check.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tasks.config.resolving import Rule
from tasks.config.segmentations import RulesSegmentation
from tasks.segments.definitions import Definition
from tasks.segments.division import OTHERWISE, Division, Job
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import literal


def divide_by_rules(job: Job, segmentation: RulesSegmentation) -> Division:
    """Put customers into the first segment whose rule holds, or into each."""
    rules = job.resolved.rules
    other = segmentation.otherwise
    job.keep(members_by_rules(job.name, job.customers, rules, other.id if other else None, match=segmentation.match))
    listed = [
        # What a tree says is easier to read than the SQL made of it.
        Definition(segment.id, segment.name, segment.description or _told(rule), rule.condition)
        for segment, rule in zip(segmentation.segments, rules, strict=True)
    ]
    if other:
        listed.append(Definition(other.id, other.name, other.description, OTHERWISE))
    return Division(listed, f"{len(listed)} rules")


def members_by_rules(
    name: str,
    customers: str,
    rules: Sequence[Rule],
    fallback: str | None,
    *,
    match: Literal["first", "any"] = "first",
    unmatched: str = "no rule holds",
) -> str:
    """SELECT of memberships: one row per customer and segment that he is in.

    Rules are told apart by their position, an integer: with a thousand of them, comparing ids would take longer than
    the rules themselves.

    Args:
        name: the segmentation.
        customers: relation with `customer_id` and the features.
        rules: in order; a condition that is NULL does not hold.
        fallback: segment of those for whom none holds; None: they are in no segment.
        match: the first that holds, or each that does.
        unmatched: the reason of those in the fallback.
    """
    cases = [f"WHEN ({rule.condition}) THEN {position}" for position, rule in enumerate(rules)]
    if match == "first":
        matched = f"CASE {' '.join(cases)} END" if cases else "NULL::INTEGER"
        if fallback:
            matched = f"coalesce({matched}, {len(rules)})"
    else:
        listed = f"list_filter([{', '.join(f'CASE {case} END' for case in cases)}], lambda place: place IS NOT NULL)"
        matched = f"unnest({f'coalesce(nullif({listed}, []), [{len(rules)}])' if fallback else listed})"
    segments = [(rule.key, rule.told) for rule in rules] + ([(fallback, unmatched)] if fallback else [])
    values = ", ".join(
        f"({place}, {literal(f'{name}.{key}')}, {literal(reason)})" for place, (key, reason) in enumerate(segments)
    )
    return (
        f"SELECT {literal(name)} AS segmentation_id, segment_id, {KEY}, 1.0::DOUBLE AS strength_share, reason,"
        " NULL::VARCHAR AS rival_segment_id, NULL::DOUBLE AS centre_distance"
        f" FROM (SELECT {KEY}, {matched} AS place FROM {customers})"
        f" JOIN (VALUES {values}) AS listed (place, segment_id, reason) USING (place)"
    )


def _told(rule: Rule) -> str:
    return rule.told if rule.told != rule.condition else ""
