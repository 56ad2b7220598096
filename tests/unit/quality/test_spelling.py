"""A counter that gains a digit spells its ids as before; zeros in front, points behind and lost digits do not."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from tasks.config.entities import ENTITIES
from tasks.quality.comparisons import compare_days
from tasks.quality.history import Rule, Unit
from tasks.quality.load_counts import Counted
from tasks.quality.spelling import like_counters
from tasks.warehouse.connection import Warehouse

RULE = Rule("mix", 0.2)


def weeks(*shapes: dict[str, float]) -> list[dict[str, object]]:
    """Rows of one subject; the last week is the newest."""
    rows = []
    for back, week in enumerate(reversed(shapes)):
        for day, (part, size) in itertools.product(range(7), week.items()):
            rows.append({"subject": "s", "unit_no": 7 * back + day, "part": part, "size": size, "total": None})
    return rows


def is_told(earlier: dict[str, float], *newest: dict[str, float]) -> bool:
    (found,) = compare_days(weeks(*[earlier] * 10, *newest), RULE, days=7, is_spelling=True)
    assert found.judgement is not None
    return found.judgement.is_wrong


@pytest.mark.parametrize(
    ("earlier", "newest"),
    [
        # Orders 9,990 to 10,020; customers of whom a third is new; one with letters; padded ones that overflow.
        ([{"9999": 50}], [{"9999": 10, "99999": 40}]),
        ([{"9999": 50}], [{"9999": 10, "99999": 40}, {"99999": 50}]),
        ([{"999": 50}], [{"999": 30, "9999": 20}]),
        ([{"AA-9999-a": 50}], [{"AA-99999-a": 50}]),
        ([{"A0999": 20, "A9999": 30}], [{"A9999": 10, "A99999": 40}]),
        # Within their width padded ones have ever fewer zeros.
        ([{"A0999": 50}], [{"A9999": 50}]),
    ],
)
def test_one_digit_more_is_the_same_spelling(earlier: list[dict[str, float]], newest: list[dict[str, float]]) -> None:
    assert not is_told(earlier[0], *newest)


@pytest.mark.parametrize(
    ("earlier", "newest"),
    [
        ({"999": 50}, {"0999": 50}),
        ({"999": 50}, {"09999": 50}),
        ({"0999": 20, "9999": 30}, {"999": 20, "9999": 30}),
        ({"9999": 50}, {"9999.9": 50}),
        ({"9999": 50}, {"999": 50}),
        ({"9999": 50}, {"999999": 50}),
        ({"9999": 50}, {"A9999": 50}),
        ({"aaaa": 50}, {"AAAA": 50}),
        # A number where there was none is no digit more.
        ({"aa": 50}, {"aa9": 50}),
    ],
)
def test_ids_that_are_written_otherwise_are_told(earlier: dict[str, float], newest: dict[str, float]) -> None:
    assert is_told(earlier, newest)


def test_who_goes_back_to_the_shorter_ids_is_told() -> None:
    longer: Sequence[dict[str, float]] = [{"99999": 50}] * 4
    assert not is_told({"9999": 50}, *longer)
    (found,) = compare_days(weeks(*[{"99999": 50}] * 10, {"9999": 50}), RULE, days=7, is_spelling=True)
    assert found.judgement is not None
    assert found.judgement.is_wrong


def test_what_is_counted_stays() -> None:
    newest, (before,) = like_counters(Unit(9, 0, {"999": 2, "9999": 7}), [Unit(5, 0, {"9999": 1, "999": 4})])
    assert newest.counts == {"999": 9}
    assert before.counts == {"999": 5}


@pytest.mark.parametrize(
    ("value", "shape"),
    [("C0000123", "A0999999"), ("C1000123", "A9999999"), ("0", "9"), ("10", "99"), (" x-007.0", "_a-099.9")],
)
def test_a_zero_that_digits_follow_is_told_apart(value: str, shape: str) -> None:
    counted = Counted("s", ENTITIES["order_lines"], "mix", "order_id", "shape")
    with Warehouse.open(None) as warehouse:
        found = warehouse.value(f"SELECT {counted.value} FROM (SELECT $value AS order_id)", {"value": value})
    assert found == shape
