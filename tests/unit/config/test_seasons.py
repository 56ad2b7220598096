"""Seasons that a company declares: their days, each year or once, and what cannot be one."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import yaml
from pydantic import ValidationError

from tasks.config.calendar import Calendar
from tasks.config.seasons import Season
from tests.workspaces import MakeWorkspace, small_workspace


def season(first: str, last: str) -> Season:
    return Season.model_validate({"name": "Christmas", "from": first, "to": last})


@pytest.mark.parametrize(
    ("first", "last", "day", "is_in"),
    [
        ("06-01", "08-31", "2025-05-31", False),
        ("06-01", "08-31", "2025-06-01", True),
        ("06-01", "08-31", "2031-08-31", True),
        ("06-01", "08-31", "2025-09-01", False),
        # Across New Year.
        ("11-24", "01-31", "2024-11-23", False),
        ("11-24", "01-31", "2024-11-24", True),
        ("11-24", "01-31", "2024-12-31", True),
        ("11-24", "01-31", "2025-01-31", True),
        ("11-24", "01-31", "2025-02-01", False),
        # The 29th of February is a day of some years.
        ("02-01", "02-29", "2024-02-29", True),
        ("02-01", "02-29", "2025-02-28", True),
        ("02-01", "02-29", "2025-03-01", False),
        # Once.
        ("2024-12-20", "2025-01-05", "2025-01-05", True),
        ("2024-12-20", "2025-01-05", "2025-12-25", False),
    ],
)
def test_its_days(first: str, last: str, day: str, *, is_in: bool) -> None:
    assert season(first, last).has(dt.date.fromisoformat(day)) is is_in


def test_it_touches_days_after_one_and_up_to_another() -> None:
    christmas = season("11-24", "12-31")
    november = dt.date(2024, 11, 23)
    assert not christmas.touches(november - dt.timedelta(days=7), november)
    assert christmas.touches(november, november + dt.timedelta(days=1))
    assert not christmas.touches(dt.date(2024, 12, 31), dt.date(2025, 11, 23))
    assert christmas.touches(dt.date(2024, 12, 30), dt.date(2025, 11, 23))
    assert not christmas.touches(dt.date(2024, 12, 10), dt.date(2024, 12, 10))


def test_dates_of_the_file_need_no_quotes() -> None:
    said = yaml.safe_load("{name: Opening, from: 2025-03-01, to: 2025-03-14}")
    assert Season.model_validate(said).has(dt.date(2025, 3, 14))


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (
            "02-30",
            "03-31",
            "'02-30' is no day; expected month and day such as '11-24' (each year), or 2025-03-01 (once)",
        ),
        ("13-01", "03-31", "'13-01' is no day"),
        ("24.12.", "01-31", "'24.12.' is no day"),
        ("2025-02-29", "2025-03-31", "'2025-02-29' is no day"),
        ("20250301", "20250331", "'20250301' is no day"),
        ("11-24", "11-24", "Christmas: from 11-24 to 11-24 is one day or all of them"),
        ("11-24", "2025-01-31", "Christmas: from 11-24 to 2025-01-31 is no season; write both as month and day"),
        ("2025-03-14", "2025-03-01", "Christmas: from 2025-03-14 to 2025-03-01 has no day"),
    ],
)
def test_what_is_no_season(first: str, last: str, told: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(told)):
        season(first, last)


def test_each_has_a_name_of_its_own() -> None:
    said = [{"name": "Sale", "from": "01-02", "to": "01-20"}, {"name": "sale", "from": "07-01", "to": "07-20"}]
    with pytest.raises(ValidationError, match="there are two seasons called 'sale'"):
        Calendar.model_validate({"seasons": said})


def test_of_the_calendar_zone_and_seasons_are_part_of_what_a_run_is_known_by(make_workspace: MakeWorkspace) -> None:
    def digest(calendar: dict[str, object]) -> str:
        return make_workspace(tree=small_workspace() | {"calendar": calendar}).digest()

    christmas = {"name": "Christmas", "from": "11-24", "to": "01-31"}
    plain = digest({})
    assert digest({"holidays": ["2025-12-25"], "business_days": ["sat"]}) == plain
    assert digest({"timezone": "UTC"}) == plain
    assert digest({"timezone": "Europe/Berlin"}) != plain
    assert digest({"seasons": [christmas]}) != plain
    assert digest({"seasons": [christmas]}) != digest({"seasons": [christmas | {"to": "01-15"}]})
