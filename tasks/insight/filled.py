"""Whether a segment that has filled or emptied between two runs did so by more than chance.

Owns: that test. Does not own what became of the segment (`transitions.py`).

The bootstrap of the transitions cannot tell: it draws customers of the table anew, and where nobody was, it never draws
anybody, so that of none and three customers each draw says "emerged". Between segments that exchange customers as they
always did, as many come as go; that all of s customers went one way has a chance of 2 · 0.5^s (McNemar, Psychometrika
12, 1947, p. 153, exact). Of customers who are new, or gone, the chance that all of a segment are among these is that of
drawing them from everybody (Fisher's exact test, at its bound for draws with replacement). A segment is told where the
product is below one in a hundred for all segments of the run together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

_FAMILY_WISE = 0.01

_Flows = Mapping[tuple[str | None, str | None], int]


def by_more_than_chance(flows: _Flows, segments: Collection[str], compared: int) -> set[str]:
    """The segments whose first customers, or last ones, are no accident.

    Args:
        flows: customers by segment id at the run before and now; None: in none.
        segments: ids of those that had customers at one of the two runs only.
        compared: segments of all segmentations that it could have happened to.
    """
    return {segment for segment in segments if _chance(flows, segment) * max(compared, 1) <= _FAMILY_WISE}


def _chance(flows: _Flows, segment: str) -> float:
    walked = sum(count for (old, new), count in flows.items() if segment in (old, new) and old and new)
    came = sum(count for (old, new), count in flows.items() if new == segment and old is None)
    went = sum(count for (old, new), count in flows.items() if old == segment and new is None)
    everybody = max(sum(flows.values()), 1)
    entrants = sum(count for (old, _), count in flows.items() if old is None)
    leavers = sum(count for (_, new), count in flows.items() if new is None)
    by_walk = min(1.0, 2 * 0.5**walked)
    return float(by_walk * (entrants / everybody) ** came * (leavers / everybody) ** went)
