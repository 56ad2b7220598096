"""The dates of a range: every so many days, weeks or months.

Owns: the calendar of `--from --to --every`. Does not own which dates are published.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from tasks.config.errors import UsageError

_EVERY = re.compile(r"(?P<count>[1-9]\d{0,3})(?P<unit>d|w|mo)")
#: More would take months to compute: a slip of the pen.
_MOST = 5_000


@dataclass(frozen=True, slots=True)
class Every:
    """A step: days, or months."""

    days: int
    months: int


def parse_every(text: str) -> Every:
    """A step as it is written: `1d`, `1w`, `1mo`, or more of them.

    Raises:
        UsageError: it is none.
    """
    match = _EVERY.fullmatch(text)
    if match is None:
        raise UsageError(
            f"--every {text!r} is no interval",
            hint="write a number with d, w or mo, such as 1d, 1w, 1mo or 3mo",
        )
    count = int(match["count"])
    return Every(0, count) if match["unit"] == "mo" else Every(count * (7 if match["unit"] == "w" else 1), 0)


def dates_between(first: dt.date, last: dt.date, every: Every) -> list[dt.date]:
    """Every date from the first one on, up to the last day.

    Months count from the first date, so that no short month shifts those after it: its day where a month has it, else
    the last day of the month. A first date that is the last day of its month stands for month ends.

    Raises:
        UsageError: the range is empty or holds more dates than anybody waits for.

    >>> [str(day) for day in dates_between(dt.date(2024, 1, 31), dt.date(2024, 4, 30), Every(0, 1))]
    ['2024-01-31', '2024-02-29', '2024-03-31', '2024-04-30']
    """
    if last < first:
        raise UsageError(f"--from {first} is after --to {last}", hint="give the earlier date first")
    months = 12 * (last.year - first.year) + last.month - first.month
    steps = (last - first).days // every.days if every.days else months
    if steps > _MOST:
        raise UsageError(
            f"{first} to {last} are more than {_MOST:,} dates", hint="take a longer --every, or a shorter range"
        )
    if every.days:
        return [first + dt.timedelta(days=every.days * number) for number in range(steps + 1)]
    listed = [_months_later(first, number) for number in range(0, steps + 1, every.months)]
    return [day for day in listed if day <= last]


def _months_later(first: dt.date, months: int) -> dt.date:
    year, month = divmod(12 * first.year + first.month - 1 + months, 12)
    end = calendar.monthrange(year, month + 1)[1]
    is_month_end = first.day == calendar.monthrange(first.year, first.month)[1]
    return dt.date(year, month + 1, end if is_month_end else min(first.day, end))
