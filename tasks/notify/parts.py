"""What is wrong of one subject, part by part: which parts are news where an alert of it stands already.

Owns: `found_parts_json` and `told_parts_json` of `ops.alert_state`. Does not own when an alert is told (`book.py`).

A table may fail several checks, one after another, and all are one alert. Without its parts the alert that stands, or
that somebody acknowledged, would hide whatever goes wrong of the same table later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

#: What should be, by its meaning, and of which source; and how many rows are not so, 0: not counted.
Parts = Mapping[str, int]
#: Tables with a row for each file: one more is another delivery, and whoever sent it is to know.
_OF_FILES = frozenset({"ops.load"})
#: Of other tables the same check fails for about as many rows from run to run.
_GROWN = 2


def of_check(meaning: str, count: int | None, examples_json: str | None) -> dict[str, int]:
    """The parts of a failed check: itself, and each source that its examples name, for every source is somebody's."""
    examples = json.loads(examples_json or "[]")
    sources = {one["source_name"] for one in examples if isinstance(one, dict) and "source_name" in one}
    return {meaning: count or 0} | {f"{meaning} ({source})": 0 for source in sources}


def found(alert: Mapping[str, Any]) -> dict[str, int]:
    """The parts of an alert as it was last found."""
    return dict(json.loads(alert["found_parts_json"] or "{}"))


def told(alert: Mapping[str, Any]) -> dict[str, int]:
    """The parts that somebody was told of."""
    return dict(json.loads(alert["told_parts_json"] or "{}"))


def still_told(alert: Mapping[str, Any], now: Parts) -> dict[str, int]:
    """What of the told parts is still so: what was mended meanwhile is news when it comes again.

    Of an alert from before parts were kept everything counts as told.
    """
    if alert["found_parts_json"] is None:
        return dict(now)
    return {part: min(count, now[part]) for part, count in told(alert).items() if part in now}


def untold(subject: str, before: Parts, now: Parts) -> set[str]:
    """The parts that are news: failed checks that were not told, or that fail for many more rows than were told."""
    least = 1 if subject in _OF_FILES else _GROWN
    return {
        part
        for part, count in now.items()
        if part not in before or count >= max(before[part] + 1, least * before[part])
    }


def written(parts: Parts) -> str:
    """As it is kept."""
    return json.dumps(dict(sorted(parts.items())), ensure_ascii=False)
