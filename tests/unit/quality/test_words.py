"""What an alert says of rows that are not the table's own."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tasks.config.drift import ROW_COUNT
from tasks.quality.suites import Expectation
from tasks.quality.vocabulary import NO_GAP, NO_LOSS, NO_ROWS, RECENT
from tasks.quality.words import in_words


def check(name: str, told: str | None = None) -> Expectation:
    return Expectation(type=name, severity="warning", meaning="all is well", told=told)


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        (
            ROW_COUNT,
            {"row_count": 2400, "least_count": 1100, "most_count": 1200},
            "2,400, where earlier runs had 1,100 to 1,200",
        ),
        (ROW_COUNT, {"row_count": 50, "least_count": 100, "most_count": 100}, "50, where earlier runs had 100"),
        (
            NO_LOSS,
            {"subject": "shop: country_name", "missing_value": "AT", "in_days": 7, "usual_count": 41.0},
            "shop: country_name: no 'AT' in the last 7 days, usually 41",
        ),
        (
            NO_GAP,
            {"source_name": "shop", "missing_date": dt.date(2025, 6, 2), "weekday_name": "Monday", "usual_count": 30.5},
            "shop: none on Monday, 2025-06-02, usually 30.5",
        ),
        (
            RECENT,
            {
                "source_name": "shop",
                "newest_at": dt.datetime(2025, 6, 2, 18, 5),
                "age_hours": 53.9,
                "oldest_so_far_hours": 15.0,
                "usual_since_count": 80.0,
            },
            "shop: the newest is of 2025-06-02 18:05, 53.9 hours before the end of the day; at most 15 hours so far",
        ),
        (NO_ROWS, {"segment_id": "rfm.promising", "segment_name": "Promising"}, "rfm.promising"),
        # Its rows are rows of the table.
        (NO_ROWS, {"customer_id": "c1", "segment_id": "rfm.promising"}, None),
    ],
)
def test_it_says_what_is_missing_late_or_too_much(name: str, row: dict[str, Any], said: str | None) -> None:
    assert in_words(check(name), [row], 1) == said


def test_of_many_the_first_are_named() -> None:
    row = {"subject": "shop: store_id", "missing_value": "s1", "in_days": 7, "usual_count": 9.0}
    assert str(in_words(check(NO_LOSS), [row] * 5, 12)).endswith("usually 9; and 9 more")
    assert in_words(check(NO_LOSS), [], 0) is None


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("{source_name}: {late_count:,} of {share:.0%}", "shop: 1,200 of 25%"),
        ("{late_count:# late order}, {one_count:# box}", "1,200 late orders, 1 box"),
        ("between 1 and {highest:g}", "between 1 and 5"),
        ("{{{source_name}}} by {newest_at:%Y-%m-%d}", "{shop} by 2025-06-02"),
        ("{columns}, {none} and {also_none}", "a, b, none and nothing"),
        # What cannot be written so is written as it is, and what is not there is a question: no message stops a run.
        ("{source_name:,.2f}, {source_name:# shop} and {price}", "shop, shop and ?"),
    ],
)
def test_a_suite_says_what_its_rows_say(told: str, said: str) -> None:
    row = {
        "source_name": "shop",
        "late_count": 1200,
        "one_count": 1,
        "highest": Decimal("5.0"),
        "share": 0.25,
        "newest_at": dt.datetime(2025, 6, 2, 18, 5),
        "columns": ["a", "b"],
        "none": [],
        "also_none": None,
    }
    assert in_words(check(NO_ROWS, told), [row], 1) == said


def test_what_is_withheld_is_not_told() -> None:
    row = {"source_name": "shop", "full_name": "Anna"}
    assert in_words(check(NO_ROWS, "{source_name}: {full_name}"), [row], 1, {"full_name"}) == "shop: …"
