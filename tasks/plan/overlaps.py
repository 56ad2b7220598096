"""Overlaps of segments that an edit would make: the same in all but name, inside each other, or in each other's way.

Owns: which pairs are new. Does not own measuring pairs (the room `overlap`, whose result is handed in).

Two segments are in conflict where both have a treatment on one channel with one priority, so that nothing says which
wins, and share at least 1 % of the smaller one or 50 customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from tasks.plan.records import NewPair

_CLOSE = ("redundant", "nested")
_CONFLICT_SHARE = 0.01
_CONFLICT_CUSTOMERS = 50


class Pair(Protocol):
    """What is read of a measured pair."""

    @property
    def segment_id_a(self) -> str: ...  # noqa: D102
    @property
    def segment_id_b(self) -> str: ...  # noqa: D102
    @property
    def size_a(self) -> int: ...  # noqa: D102
    @property
    def size_b(self) -> int: ...  # noqa: D102
    @property
    def intersection_count(self) -> int: ...  # noqa: D102
    @property
    def relation(self) -> str: ...  # noqa: D102


def new_pairs(
    before: Iterable[Pair],
    after: Iterable[Pair],
    defined_before: Mapping[str, Mapping[str, Any]],
    defined_after: Mapping[str, Mapping[str, Any]],
) -> list[NewPair]:
    """Pairs that are redundant, nested or in conflict by the edit, and not as published; by their ids.

    Args:
        before: pairs as published.
        after: pairs by the edit.
        defined_before: definitions as published, by segment.
        defined_after: definitions by the edit.
    """
    known = {(pair.segment_id_a, pair.segment_id_b): _relations(pair, defined_before) for pair in before}
    return [
        NewPair(pair.segment_id_a, pair.segment_id_b, relation, pair.intersection_count, pair.size_a, pair.size_b)
        for pair in after
        for relation in _relations(pair, defined_after)
        if relation not in known.get((pair.segment_id_a, pair.segment_id_b), ())
    ]


def _relations(pair: Pair, defined: Mapping[str, Mapping[str, Any]]) -> list[str]:
    found = [pair.relation] if pair.relation in _CLOSE else []
    return [*found, *(["conflicting"] if _in_conflict(pair, defined) else [])]


def _in_conflict(pair: Pair, defined: Mapping[str, Mapping[str, Any]]) -> bool:
    one, other = defined.get(pair.segment_id_a), defined.get(pair.segment_id_b)
    if one is None or other is None or not one["channel_name"]:
        return False
    if (one["channel_name"], one["priority"]) != (other["channel_name"], other["priority"]):
        return False
    shared = pair.intersection_count
    smaller = min(pair.size_a, pair.size_b)
    return shared >= _CONFLICT_CUSTOMERS or (bool(smaller) and shared >= _CONFLICT_SHARE * smaller and shared > 0)
