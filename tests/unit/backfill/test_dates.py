"""The calendar of a backfill: ends of months, leap years, ranges that are none."""

from __future__ import annotations

import calendar
import datetime as dt
import random

import pytest

from tasks.backfill.dates import Every, dates_between, parse_every
from tasks.config.errors import UsageError


@pytest.mark.parametrize(
    ("text", "every"),
    [("1d", Every(1, 0)), ("1w", Every(7, 0)), ("2w", Every(14, 0)), ("1mo", Every(0, 1)), ("12mo", Every(0, 12))],
)
def test_steps_are_read(text: str, every: Every) -> None:
    assert parse_every(text) == every


@pytest.mark.parametrize("text", ["", "0d", "1", "mo", "1m", "1 mo", "-1d", "1.5d", "1y", "99999d"])
def test_what_is_no_step_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="is no interval") as told:
        parse_every(text)
    assert "such as 1d, 1w, 1mo or 3mo" in str(told.value)


@pytest.mark.parametrize(
    ("first", "last", "step", "dates"),
    [
        ("2025-01-31", "2025-04-30", "1mo", ["01-31", "02-28", "03-31", "04-30"]),
        ("2024-02-29", "2024-05-30", "1mo", ["02-29", "03-31", "04-30"]),
        ("2025-01-30", "2025-04-30", "1mo", ["01-30", "02-28", "03-30", "04-30"]),
        ("2025-01-15", "2025-03-14", "1mo", ["01-15", "02-15"]),
        ("2025-01-31", "2025-12-31", "3mo", ["01-31", "04-30", "07-31", "10-31"]),
        ("2025-02-26", "2025-03-02", "1d", ["02-26", "02-27", "02-28", "03-01", "03-02"]),
        ("2025-02-26", "2025-03-13", "1w", ["02-26", "03-05", "03-12"]),
        ("2025-02-26", "2025-02-26", "1mo", ["02-26"]),
    ],
)
def test_dates_of_a_range(first: str, last: str, step: str, dates: list[str]) -> None:
    found = dates_between(dt.date.fromisoformat(first), dt.date.fromisoformat(last), parse_every(step))
    assert [f"{day:%m-%d}" for day in found] == dates


def test_months_are_never_skipped_or_repeated() -> None:
    draw = random.Random(7)  # noqa: S311 - dates, no secret
    for _ in range(200):
        first = dt.date(2023, 1, 1) + dt.timedelta(days=draw.randrange(1200))
        found = dates_between(first, first + dt.timedelta(days=draw.randrange(900)), Every(0, 1))
        numbers = [12 * day.year + day.month for day in found]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        # Of a month's end all are ends; of any other day, its number where the month has it.
        lasts = [calendar.monthrange(day.year, day.month)[1] for day in found]
        if first.day == lasts[0]:
            assert [day.day for day in found] == lasts
        else:
            assert [day.day for day in found] == [min(first.day, last) for last in lasts]


def test_ranges_that_are_none_are_told() -> None:
    with pytest.raises(UsageError, match="--from 2025-02-01 is after --to 2025-01-01"):
        dates_between(dt.date(2025, 2, 1), dt.date(2025, 1, 1), Every(1, 0))
    with pytest.raises(UsageError, match="more than 5,000 dates"):
        dates_between(dt.date(1900, 1, 1), dt.date(2025, 1, 1), Every(1, 0))
