"""What profiles say of a segment: its traits in a line, and which segment is nearest; read, not computed again.

Owns: both. Does not own the profiles (`monitoring.profile`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from tasks.audit.facts import Rival

TRAITS = 3
#: A smaller difference distinguishes nobody (Cohen 1988: 0.2 is small).
_LEAST_EFFECT = 0.2
#: Segments are compared in at least this many features.
_LEAST_SHARED = 3
_DECIMALS = 4
Row = Mapping[str, Any]


def traits(rows: Iterable[Row]) -> dict[str, str]:
    """The most distinguishing features of each segment with their effects, by segment id.

    Numbers: difference from all customers in their standard deviations. Categories: the most frequent value where it is
    more frequent than among all, with Cohen's h (1988, section 6.2). What is suppressed has no effect.
    """
    ranked: dict[str, list[tuple[float, str, str]]] = defaultdict(list)
    for row in rows:
        effect = _effect(row)
        if effect is None or abs(effect) < _LEAST_EFFECT:
            continue
        name = row["feature_name"]
        told = f"{name} {effect:+.2f}"
        if row["top_value"] is not None:
            told = f"{name} = {row['top_value']} {effect:+.2f}"
        ranked[row["segment_id"]].append((-abs(effect), name, told))
    return {
        segment: "; ".join(told for _, _, told in sorted(found)[:TRAITS]) for segment, found in sorted(ranked.items())
    }


def nearest_profiles(rows: Iterable[Row]) -> dict[str, Rival]:
    """The segment with the most similar profile, of the same segmentation, by segment id.

    Root mean square of the differences in all features that both tell, in population standard deviations.
    """
    by_segment: dict[str, dict[str, float]] = defaultdict(dict)
    segmentation: dict[str, str] = {}
    for row in rows:
        difference = row["standardised_difference"]
        if difference is not None:
            by_segment[row["segment_id"]][row["feature_name"]] = difference
            segmentation[row["segment_id"]] = row["segmentation_id"]
    found: dict[str, Rival] = {}
    for one in sorted(by_segment):
        near = [
            (distance, other)
            for other in sorted(by_segment)
            if other != one and segmentation[other] == segmentation[one]
            if (distance := _apart(by_segment[one], by_segment[other])) is not None
        ]
        if near:
            distance, other = min(near)
            found[one] = Rival(other, distance, "profile")
    return found


def _apart(first: Mapping[str, float], second: Mapping[str, float]) -> float | None:
    shared = sorted(first.keys() & second.keys())
    if len(shared) < _LEAST_SHARED:
        return None
    return round(math.sqrt(sum((first[name] - second[name]) ** 2 for name in shared) / len(shared)), _DECIMALS)


def _effect(row: Row) -> float | None:
    if row["top_share"] is not None and row["population_share"] is not None:
        return 2 * math.asin(math.sqrt(row["top_share"])) - 2 * math.asin(math.sqrt(row["population_share"]))
    difference: float | None = row["standardised_difference"]
    return difference
