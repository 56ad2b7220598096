"""From counted rows to judged units: the recent days of a source, or its new files, beside the earlier ones.

Owns: which units are compared with which. Does not own the rule (`history.py`) or the counting (`series.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from tasks.quality.history import Judgement, Rule, Unit, judge, pool
from tasks.quality.spelling import like_counters

#: How many weeks make the history, and how many of them the level that a season is scaled to.
HISTORY_WEEKS, LEVEL_WEEKS = 26, 13
DAYS_A_WEEK = 7
_YEAR_WEEKS = 52


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared, such as `web_orders: quantity, last 7 days`; no judgement where there is too little."""

    subject: str
    judgement: Judgement | None


def compare_days(
    records: Iterable[Mapping[str, Any]],
    rule: Rule,
    *,
    days: int,
    published_day: int | None = None,
    is_spelling: bool = False,
) -> list[Comparison]:
    """Judge the last day (`days` 1), week (7) or four weeks (28) of each subject by those before it.

    Args:
        records: rows of (subject, unit_no, part, size, total); unit 0 is the newest day, unit 1 the day before it.
        rule: when a unit is told.
        days: 1, 7 or 28.
        published_day: the day, counted back like units, that the last publication described.
        is_spelling: whether parts are shapes of ids, of which counters gain a digit.
    """
    label = "last day" if days == 1 else f"last {days} days"
    found = []
    for subject, by_day in sorted(_grouped(records).items()):
        if max(by_day) == 0:
            found.append(Comparison(f"{subject}, {label}", None))
            continue
        units = _spans(_whole(by_day), days)
        step = DAYS_A_WEEK if days == 1 and rule.aspect == "rows" else 1
        year = _YEAR_WEEKS * DAYS_A_WEEK // days
        longest = HISTORY_WEEKS * DAYS_A_WEEK // max(days, DAYS_A_WEEK)
        history = [units[index * step] for index in range(1, longest + 1) if index * step in units]
        published = _ending(units, by_day, days, published_day) if published_day else None
        seasonal = _seasonal(units, step, year) if rule.aspect == "rows" else None
        newest = units.get(0, Unit())
        judgement = None
        if is_spelling:
            newest, history, published = _as_counters(newest, history, published)
        if newest.size:
            # Where nothing came at all, the age of the newest row says it.
            judgement = judge(newest, history, rule, published=published, seasonal=seasonal)
        if judgement and judgement.is_wrong and days == step == 1 and not is_spelling:
            judgement = _beside_its_weekday(judgement, newest, units, rule)
        found.append(Comparison(f"{subject}, {label}", judgement))
    return found


def _beside_its_weekday(found: Judgement, newest: Unit, units: Mapping[int, Unit], rule: Rule) -> Judgement:
    """What is usual on a weekday is nothing wrong: on Saturdays families may buy three times as much of everything."""
    weekday = [units[week * DAYS_A_WEEK] for week in range(1, HISTORY_WEEKS + 1) if week * DAYS_A_WEEK in units]
    beside = judge(newest, weekday, rule)
    return found if beside is None or beside.is_wrong else beside


def compare_files(
    records: Iterable[Mapping[str, Any]],
    rule: Rule,
    files: Iterable[Mapping[str, Any]],
    *,
    is_spelling: bool = False,
) -> list[Comparison]:
    """Judge every new file by earlier ones.

    Args:
        records: rows of (subject, unit_no, part, size, total); the unit is the number of the load.
        rule: when a unit is told.
        files: of each new file its name (`file`) and load (`load_no`), the loads to compare with (`others`), whether
            they are its own earlier versions (`is_version`), and the one published last (`published`; null: none was).
        is_spelling: whether parts are shapes of ids, of which counters gain a digit.
    """
    found = []
    for subject, by_load in sorted(_grouped(records).items()):
        for file in files:
            if file["load_no"] not in by_load:
                continue
            history = [by_load[other] for other in file["others"] if other in by_load]
            # One earlier version of the same file says more than several other files.
            own = replace(rule, min_units=1) if file["is_version"] else rule
            published = by_load.get(file["published"]) if len(history) > 1 else None
            newest = by_load[file["load_no"]]
            if is_spelling:
                newest, history, published = _as_counters(newest, history, published)
            judgement = judge(newest, history, own, published=published)
            found.append(Comparison(f"{subject} of {file['file']}", judgement))
    return found


def _as_counters(newest: Unit, history: Sequence[Unit], published: Unit | None) -> tuple[Unit, list[Unit], Unit | None]:
    """The same by shapes that tell more apart than a counter's next digit."""
    now, all_of = like_counters(newest, [*history, *([published] if published else [])])
    return now, all_of[: len(history)], all_of[-1] if published else None


def _grouped(records: Iterable[Mapping[str, Any]]) -> dict[str, dict[int, Unit]]:
    grouped: dict[str, dict[int, Unit]] = defaultdict(dict)
    for record in records:
        unit = grouped[record["subject"]].setdefault(int(record["unit_no"]), Unit())
        unit.add(float(record["size"]), float(record["total"] or 0.0), record["part"])
    return grouped


def _whole(days: Mapping[int, Unit]) -> dict[int, Unit]:
    """Every day since the first, those without rows too."""
    return {day: days.get(day, Unit()) for day in range(max(days) + 1)}


def _spans(days: Mapping[int, Unit], length: int) -> dict[int, Unit]:
    """Days put together to spans of so many days; the span that the source begins in is left out."""
    return {span: pool(days[length * span + day] for day in range(length)) for span in range(len(days) // length)}


def _ending(units: Mapping[int, Unit], by_day: Mapping[int, Unit], days: int, last_day: int) -> Unit | None:
    """The unit that ended with a day."""
    if days == 1:
        return units.get(last_day)
    return pool(by_day[day] for day in range(last_day, last_day + days) if day in by_day)


def _seasonal(units: Mapping[int, Unit], step: int, year: int) -> tuple[float, float] | None:
    """Fewest and most rows of the same weeks of the year before, scaled by how the level has changed since."""
    then = [units[year + index * step].size for index in (-1, 0, 1) if year + index * step in units]
    level_then = [units[year + i * step].size for i in range(2, LEVEL_WEEKS + 1) if year + i * step in units]
    level_now = [units[i * step].size for i in range(1, LEVEL_WEEKS + 1) if i * step in units]
    if not then or len(level_then) < LEVEL_WEEKS // 2 or not level_now or not median(level_then):
        return None
    growth = median(level_now) / median(level_then)
    return min(then) * growth, max(then) * growth
