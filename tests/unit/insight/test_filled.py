"""A handful of customers in a segment where nobody was is no birth; a country that opens is."""

from __future__ import annotations

import pytest

from tasks.insight.filled import by_more_than_chance

#: Segments of all segmentations of a usual workspace.
SEGMENTS = 24


def flows(
    walked: int = 0, came: int = 0, *, then: int = 300, entrants: int = 30
) -> dict[tuple[str | None, str | None], int]:
    """Customers who stay in `old` but for some who walk to `new`, and new ones of whom some are in `new`."""
    table: dict[tuple[str | None, str | None], int] = {
        ("old", "old"): then - walked,
        ("old", "new"): walked,
        (None, "old"): entrants - came,
        (None, "new"): came,
    }
    return {way: count for way, count in table.items() if count}


@pytest.mark.parametrize(
    ("walked", "came", "is_told"),
    [
        (2, 0, False),
        (4, 0, False),
        (12, 0, False),
        (13, 0, True),
        (0, 1, False),
        (0, 2, False),
        (0, 4, True),
        (6, 3, True),
    ],
)
def test_few_customers_fill_a_segment_by_chance(walked: int, came: int, is_told: bool) -> None:
    table = flows(walked, came)
    assert by_more_than_chance(table, {"new"}, SEGMENTS) == ({"new"} if is_told else set())
    back = {(new, old): count for (old, new), count in table.items()}
    assert by_more_than_chance(back, {"new"}, SEGMENTS) == ({"new"} if is_told else set())


def test_where_most_customers_are_new_new_ones_say_little() -> None:
    assert not by_more_than_chance(flows(came=8, then=100, entrants=100), {"new"}, SEGMENTS)
