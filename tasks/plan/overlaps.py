"""Overlaps of segments that an edit would make: the same in all but name, inside each other, or in each other's way.

Owns: which pairs are new. Does not own measuring pairs, or when two treatments are in conflict (the room `overlap`,
whose results are handed in).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from tasks.plan.records import NewPair

_CLOSE = ("redundant", "nested")
InConflict = Callable[[str, str, int, int], bool]
"""Whether two segments are in conflict: their ids, customers in both, customers in the smaller one."""


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
    before: Iterable[Pair], after: Iterable[Pair], conflict_before: InConflict, conflict_after: InConflict
) -> list[NewPair]:
    """Pairs that are redundant, nested or in conflict by the edit, and not as published; by their ids.

    Args:
        before: pairs as published.
        after: pairs by the edit.
        conflict_before: of treatments as published.
        conflict_after: of treatments by the edit.
    """
    known = {(pair.segment_id_a, pair.segment_id_b): _relations(pair, conflict_before) for pair in before}
    return [
        NewPair(pair.segment_id_a, pair.segment_id_b, relation, pair.intersection_count, pair.size_a, pair.size_b)
        for pair in after
        for relation in _relations(pair, conflict_after)
        if relation not in known.get((pair.segment_id_a, pair.segment_id_b), ())
    ]


def _relations(pair: Pair, in_conflict: InConflict) -> list[str]:
    found = [pair.relation] if pair.relation in _CLOSE else []
    smaller = min(pair.size_a, pair.size_b)
    is_conflicting = in_conflict(pair.segment_id_a, pair.segment_id_b, pair.intersection_count, smaller)
    return [*found, *(["conflicting"] if is_conflicting else [])]
