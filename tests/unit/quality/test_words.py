"""What an alert says of rows that are not the table's own."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tasks.config.drift import ROW_COUNT
from tasks.quality.vocabulary import NO_GAP, NO_LOSS, NO_ROWS, RECENT
from tasks.quality.words import in_words


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
    assert in_words(name, [row], 1) == said


def test_of_many_the_first_are_named() -> None:
    row = {"subject": "shop: store_id", "missing_value": "s1", "in_days": 7, "usual_count": 9.0}
    assert str(in_words(NO_LOSS, [row] * 5, 12)).endswith("usually 9; and 9 more")
    assert in_words(NO_LOSS, [], 0) is None
