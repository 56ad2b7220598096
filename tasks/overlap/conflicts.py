"""Which treatments of two segments are in each other's way.

Owns: on which channel two treatments meet, what says which goes first, and from how many customers on it matters that
nothing does. Does not own who gets what in the end (`tasks/treatment`), or contradictions that need no data
(`tasks/segments/check_treatments.py`).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

from tasks.config.overlap import OverlapPolicy
from tasks.config.treatment import Window

Rule = Literal["priority", "exclusion", "window", "content"]
Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two segments with treatments on one channel.

    Attributes:
        channel: as the first of them writes it.
        rule: what keeps them out of each other's way: `priority`: one goes first; `exclusion`: members of one do not
            get the other's; `window`: there is no day on which both are given; `content`: message, offer and price are
            the same, so that it does not matter; None: nothing does.
    """

    channel: str
    rule: Rule | None


def meetings(definitions: Sequence[Definition]) -> dict[tuple[str, str], Meeting]:
    """Every two segments with treatments on one channel, by their ids, ascending.

    Args:
        definitions: rows of `segments.definition`; a dictionary that an earlier version wrote has fewer columns.
    """
    by_channel: defaultdict[str, list[Definition]] = defaultdict(list)
    for row in sorted(definitions, key=lambda row: str(row["segment_id"])):
        key = (row["channel_name"] or "").strip().casefold()
        if key:
            by_channel[key].append(row)
    return {
        (one["segment_id"], other["segment_id"]): Meeting(one["channel_name"].strip(), _rule(one, other))
        for rows in by_channel.values()
        for one, other in combinations(rows, 2)
    }


def is_conflict(meeting: Meeting | None, shared: int, smaller: int, policy: OverlapPolicy) -> bool:
    """Whether nothing says which of two treatments goes first for so many customers that it matters.

    Args:
        meeting: None where they are not on one channel.
        shared: customers in both segments.
        smaller: customers in the smaller one.
        policy: the limits.
    """
    if meeting is None or meeting.rule is not None or shared == 0:
        return False
    return shared >= policy.conflict_count or shared >= policy.conflict_share * smaller


def _rule(one: Definition, other: Definition) -> Rule | None:
    if not _window(one).meets(_window(other)):
        return "window"
    if _excluded(one, other) or _excluded(other, one):
        return "exclusion"
    if any(one.get(key) != other.get(key) for key in ("priority_place", "priority")):
        return "priority"
    alike = all(one.get(key) == other.get(key) for key in ("message", "offer", "price_text"))
    return "content" if alike else None


def _window(row: Definition) -> Window:
    days: list[dt.date | None] = [row.get("window_from_date"), row.get("window_until_date")]
    return Window.model_validate({"from": days[0], "until": days[1]})


def _excluded(one: Definition, other: Definition) -> bool:
    return other["segment_id"] in (one.get("excluded_segment_ids") or "").split(",")


def conflict_judge(
    definitions: Sequence[Definition], policy: OverlapPolicy | None = None
) -> Callable[[str, str, int, int], bool]:
    """Whether two segments are in conflict, asked by their ids, customers in both, and in the smaller one."""
    met, limits = meetings(definitions), policy or OverlapPolicy()

    def judge(one: str, other: str, shared: int, smaller: int) -> bool:
        return is_conflict(met.get((min(one, other), max(one, other))), shared, smaller, limits)

    return judge
