"""Which day it is for a company: its time zone, its working days, the changes of the clock."""

from __future__ import annotations

import datetime as dt

import pytest
from pydantic import ValidationError

from tasks.config.calendar import Calendar, DayName
from tasks.config.errors import UsageError
from tests.workspaces import MakeWorkspace

BERLIN = Calendar(timezone="Europe/Berlin", holidays=[dt.date(2025, 12, 25), dt.date(2025, 12, 26)])


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("name", "now", "day"),
    [
        ("today", "2025-06-30T21:59", dt.date(2025, 6, 30)),
        # Midnight in Berlin's summer is ten in the evening of UTC, in its winter eleven.
        ("today", "2025-06-30T22:00", dt.date(2025, 7, 1)),
        ("today", "2025-12-31T22:00", dt.date(2025, 12, 31)),
        ("today", "2025-12-31T23:00", dt.date(2026, 1, 1)),
        ("yesterday", "2025-06-30T22:00", dt.date(2025, 6, 30)),
        # The nights in which the clocks change.
        ("today", "2025-03-29T22:59", dt.date(2025, 3, 29)),
        ("today", "2025-03-29T23:00", dt.date(2025, 3, 30)),
        ("today", "2025-03-30T22:00", dt.date(2025, 3, 31)),
        ("today", "2025-10-25T22:00", dt.date(2025, 10, 26)),
        ("today", "2025-10-26T22:59", dt.date(2025, 10, 26)),
        ("today", "2025-10-26T23:00", dt.date(2025, 10, 27)),
        # Monday: the newest business day that is over is Friday.
        ("last_business_day", "2025-06-30T08:00", dt.date(2025, 6, 27)),
        ("last_business_day", "2025-07-01T08:00", dt.date(2025, 6, 30)),
        # The Monday after Christmas, which fell on a Thursday and Friday.
        ("last_business_day", "2025-12-29T08:00", dt.date(2025, 12, 24)),
    ],
)
def test_days(name: DayName, now: str, day: dt.date) -> None:
    assert BERLIN.day(name, at(now)) == day


def test_two_companies_have_two_days() -> None:
    now = at("2025-06-30T12:00")
    assert Calendar(timezone="Pacific/Auckland").day("today", now) == dt.date(2025, 7, 1)
    assert Calendar(timezone="Pacific/Honolulu").day("yesterday", now) == dt.date(2025, 6, 29)


def test_business_days_of_its_own() -> None:
    sunday_week = Calendar(business_days=["sun", "mon", "tue", "wed", "thu"])
    assert sunday_week.is_business_day(dt.date(2025, 6, 29))
    assert not sunday_week.is_business_day(dt.date(2025, 6, 27))


@pytest.mark.parametrize(
    ("said", "told"),
    [({"timezone": "Mars/Olympus"}, "'Mars/Olympus' is no time zone"), ({"business_days": []}, "at least 1 item")],
)
def test_what_cannot_be(said: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Calendar.model_validate(said)


def test_a_day_is_described_when_it_has_begun_where_the_company_is(make_workspace: MakeWorkspace) -> None:
    space = make_workspace("calendar.timezone=Europe/Berlin", "as_of=2025-07-01")
    now = at("2025-06-30T22:00")
    assert space.day_described(None, now) == dt.date(2025, 7, 1)
    assert space.day_described(dt.date(2024, 1, 1), now) == dt.date(2024, 1, 1)
    with pytest.raises(UsageError, match=r"2025-07-02 lies in the future, today is 2025-07-01 \(Europe/Berlin\)"):
        space.day_described(dt.date(2025, 7, 2), now)


def test_a_workspace_about_the_future_is_told_with_its_line(make_workspace: MakeWorkspace) -> None:
    with pytest.raises(UsageError, match="the as-of day 2025-06-30 lies in the future, today is 2025-06-29") as caught:
        make_workspace().day_described(None, at("2025-06-29T12:00"))
    assert str(caught.value.where).endswith("resegment.yaml:2")
