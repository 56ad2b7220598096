"""What comes with every month is no drift: a subscription is charged on the first, and runs are a week apart.

Owns: what the same days of the two months before let expect, and what an alarm is worth beyond it. Does not own the
season of a year (`season.py`), which takes a year to be known, or the effects (`reading.py`).

Against the run before, the week of the charge is unlike that before it, each month, by as much. One month that was so
may be an event; two at the same days are a rhythm, and the third is held against the weaker of them (a naive seasonal
forecast, Hyndman & Athanasopoulos 2021, section 5.2). What goes beyond, or the other way, is something else.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.drift.policy import DriftPolicy, EffectHistory, EffectKey
from tasks.drift.records import DriftVerdict
from tasks.drift.settling import beyond
from tasks.drift.verdict import effect_key, materiality

MONTHS = (1, 2)
"""How many months ago a rhythm must have shown, in each of them."""
LONGEST_DAYS = 15
"""Of a period within a month; longer ones are the months themselves."""


@dataclass(frozen=True, slots=True)
class MonthBefore:
    """The same days of an earlier month.

    Attributes:
        since: the first of the runs that lie around them.
        until: the last.
        effects: what each of the periods between these runs changed.
    """

    since: dt.date
    until: dt.date
    effects: Sequence[Mapping[EffectKey, float]]

    def likewise(self, key: EffectKey, size: float) -> float | None:
        """The largest effect in the direction of `size`; None where there was none."""
        known = [effects[key] for effects in self.effects if key in effects]
        return max((one for one in known if one * size > 0), key=abs, default=None)


def months_earlier(day: dt.date, months: int) -> dt.date:
    """The same day of an earlier month, or its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def without_rhythm(
    verdicts: Sequence[DriftVerdict],
    months: Sequence[MonthBefore],
    policy: DriftPolicy,
    history: EffectHistory,
) -> list[DriftVerdict]:
    """The verdicts, where an alarm that the two months before had likewise is a notice.

    Args:
        verdicts: of one comparison with the run before.
        months: the same days of the months before; fewer than two say nothing.
        policy: the limits that the verdicts were judged by.
        history: past effects, likewise.
    """
    if len(months) < len(MONTHS):
        return list(verdicts)
    expected: dict[int, float] = {}
    for at, verdict in enumerate(verdicts):
        sizes = [month.likewise(effect_key(verdict), verdict.effect_size or 0.0) for month in months]
        known = [size for size in sizes if size is not None]
        if verdict.level == "alarm" and len(known) == len(months):
            expected[at] = min(known, key=abs)
    deviations = policy.deviations(len(expected))
    days = " and ".join(f"from {month.since} to {month.until}" for month in months)
    told = list(verdicts)
    for at, size in expected.items():
        if materiality(beyond(told[at], size, deviations), policy, history) != "alarm":
            told[at] = told[at].as_notice(f"it comes with the month: likewise {days}")
    return told
