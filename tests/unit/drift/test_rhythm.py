"""What came at the same days of the two months before is no alarm; more of it, or another way, is."""

from __future__ import annotations

import dataclasses
import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.drift.policy import DriftPolicy
from tasks.drift.reading import months_before, period_before
from tasks.drift.records import DriftVerdict
from tasks.drift.references import Reference
from tasks.drift.rhythm import MonthBefore, months_earlier, without_rhythm
from tasks.drift.verdict import effect_key
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication

SUNDAYS = [dt.date(2025, 1, 5) + dt.timedelta(days=7 * week) for week in range(14)]


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (dt.date(2025, 3, 15), 1, dt.date(2025, 2, 15)),
        (dt.date(2025, 3, 31), 1, dt.date(2025, 2, 28)),
        (dt.date(2025, 1, 31), 2, dt.date(2024, 11, 30)),
    ],
)
def test_the_same_day_of_an_earlier_month(day: dt.date, months: int, expected: dt.date) -> None:
    assert months_earlier(day, months) == expected


@pytest.fixture
def charge(alarm: DriftVerdict) -> DriftVerdict:
    """An alarm about orders of 30 days in the week of the charge."""
    return dataclasses.replace(alarm, effect_name="probit_d", effect_size=0.5, effect_scale=0.02)


@pytest.mark.parametrize(
    ("months", "level"),
    [
        # The weeks of the charge, and those after it.
        ([[0.0, 0.5], [0.45, -0.1]], "notice"),
        ([[0.5], [0.55]], "notice"),
        # Once is an event, and so is what is far more than it was, or the other way.
        ([[0.5]], "alarm"),
        ([[0.0, 0.5], [0.0, 0.01]], "alarm"),
        ([[0.3], [0.5]], "alarm"),
        ([[-0.5], [0.5]], "alarm"),
        ([[], []], "alarm"),
    ],
)
def test_two_months_make_a_rhythm(charge: DriftVerdict, months: list[list[float]], level: str) -> None:
    known = [
        MonthBefore(SUNDAYS[at], SUNDAYS[at + 2], [{effect_key(charge): size} for size in sizes])
        for at, sizes in enumerate(months)
    ]
    (told,) = without_rhythm([charge], known, DriftPolicy(), {})
    assert told.level == level
    if level == "notice":
        assert told.sentence.endswith(
            ": no more than a notice, for it comes with the month: likewise from 2025-01-05 to 2025-01-19"
            " and from 2025-01-12 to 2025-01-26."
        )


@pytest.fixture
def weekly() -> Any:  # noqa: ANN401 - what of a run is asked for
    """A run of 6 April 2025, after weekly ones of which each measured how many weeks it is from 5 January."""
    with Warehouse.open(None) as warehouse:
        warehouse.execute("CREATE SCHEMA monitoring")
        warehouse.execute(
            "CREATE TABLE monitoring.drift (run_id VARCHAR, reference_as_of_date DATE, reference_kind VARCHAR,"
            " subject_kind VARCHAR, subject_name VARCHAR, test_name VARCHAR, part_name VARCHAR, effect_size DOUBLE)"
        )
        for week, day in enumerate(SUNDAYS[1:-1], start=1):
            warehouse.execute(
                "INSERT INTO monitoring.drift VALUES (?, ?, 'previous', 'feature', 'f', 't', NULL, ?)",
                [f"run {day}", SUNDAYS[week - 1], float(week)],
            )
        earlier = [Publication(day, f"run {day}") for day in SUNDAYS[:-1]]
        yield SimpleNamespace(as_of=SUNDAYS[-1], earlier=lambda: earlier, warehouse=warehouse)


def test_the_weeks_that_hold_the_same_days_are_those_of_the_months_before(weekly: Any) -> None:  # noqa: ANN401
    months = months_before(weekly, Reference("previous", weekly.earlier()[-1]))
    # 30 March to 6 April: 28 February to 6 March, and 30 January to 6 February.
    assert [(month.since, month.until) for month in months] == [
        (dt.date(2025, 2, 23), dt.date(2025, 3, 9)),
        (dt.date(2025, 1, 26), dt.date(2025, 2, 9)),
    ]
    assert [[*effects.values()] for month in months for effects in month.effects] == [[8.0], [9.0], [4.0], [5.0]]
    assert not months_before(weekly, Reference("window", weekly.earlier()[-4]))
    assert not months_before(weekly, Reference("previous", weekly.earlier()[-4]))


def test_the_period_before_is_what_the_earlier_run_measured(weekly: Any) -> None:  # noqa: ANN401
    before = period_before(weekly, Reference("previous", weekly.earlier()[-1]))
    assert before.label == "2025-03-23 to 2025-03-30"
    assert [*before.effects.values()] == [12.0]
    # Four weeks are not held against one.
    assert not period_before(weekly, Reference("previous", weekly.earlier()[-4])).effects
    assert not period_before(weekly, Reference("baseline", weekly.earlier()[-1])).effects
