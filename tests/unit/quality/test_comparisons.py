"""Which units are compared with which."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tasks.quality.comparisons import Comparison, compare_days, compare_files
from tasks.quality.history import Judgement, Rule

ROWS, LEVEL = Rule("rows", 3, deviations=4), Rule("level", 1.5)


def record(unit_no: int, size: float, total: float | None = None, subject: str = "shop") -> dict[str, Any]:
    return {"subject": subject, "unit_no": unit_no, "part": None, "size": size, "total": total}


def judged(found: list[Comparison]) -> Judgement:
    (comparison,) = found
    assert comparison.judgement is not None
    return comparison.judgement


def weekly(day: int) -> float:
    """Sundays (days 0, 7, …) have a tenth of the other days."""
    return 10.0 if day % 7 == 0 else 100.0 + day % 5


def test_a_day_is_compared_with_its_weekday() -> None:
    rule = Rule("rows", 3, deviations=4, min_rows=5)
    days = [record(day, weekly(day)) for day in range(190)]
    assert not judged(compare_days(days, rule, days=1)).is_wrong
    days[0] = record(0, 100)
    assert judged(compare_days(days, rule, days=1)).is_wrong


def test_a_weekday_on_which_amounts_are_always_others_is_not_told() -> None:
    def day(unit_no: int, amount: float) -> dict[str, Any]:
        return record(unit_no, 100, 100 * math.log(amount + 0.1 * (unit_no % 4)))

    days = [day(unit_no, 6 if unit_no % 7 == 0 else 2) for unit_no in range(190)]
    assert not judged(compare_days(days, LEVEL, days=1)).is_wrong
    # Twice as much is told on such a day, too, and on one of a source too young to know its weekdays.
    assert judged(compare_days([day(0, 12), *days[1:]], LEVEL, days=1)).is_wrong
    assert judged(compare_days(days[:50], LEVEL, days=1)).is_wrong


def test_a_week_is_compared_with_weeks_and_days_without_rows_count() -> None:
    days = [record(day, weekly(day)) for day in range(190)]
    assert judged(compare_days(days, ROWS, days=7)).newest == pytest.approx(sum(map(weekly, range(7))))
    sparse = [item for item in days if item["unit_no"] not in range(1, 6)]
    found = judged(compare_days(sparse, ROWS, days=7))
    assert found.newest == pytest.approx(weekly(0) + weekly(6))
    assert found.is_wrong


def test_four_weeks_are_compared_with_the_four_weeks_before_them() -> None:
    rule = Rule("mix", 0.15, min_units=5)

    def stores(gone_days: int, days: int = 196) -> list[dict[str, Any]]:
        # Sixteen stores that sell every other day: chance alone would not let anyone miss one of them.
        return [
            {**record(day, 3), "part": f"store {no}"}
            for day in range(days)
            for no in range(16)
            if (day + no) % 2 and (no >= 4 or day >= gone_days)
        ]

    assert not judged(compare_days(stores(0), rule, days=28)).is_wrong
    found = judged(compare_days(stores(28), rule, days=28))
    assert found.is_wrong
    assert found.change == pytest.approx(0.25, abs=0.1)
    # Five spans of history are the least: six whole ones in all.
    assert compare_days(stores(28, 28 * 6 - 1), rule, days=28) == [Comparison("shop, last 28 days", None)]


def test_the_week_in_which_a_source_begins_is_left_out() -> None:
    found = compare_days([record(day, 100) for day in range(7 * 8 + 3)], ROWS, days=7)
    # Eight whole weeks: the newest and seven of history, one too few.
    assert found == [Comparison("shop, last 7 days", None)]
    assert judged(compare_days([record(day, 100) for day in range(7 * 9 + 3)], ROWS, days=7)).usual == pytest.approx(
        700
    )


def test_a_source_without_new_rows_is_not_judged() -> None:
    found = compare_days([record(day, 100) for day in range(7, 190)], ROWS, days=7)
    assert found == [Comparison("shop, last 7 days", None)]


def test_the_same_season_a_year_before_explains_a_peak() -> None:
    def christmas(day: int) -> float:
        return 500.0 if day // 7 in {0, 52} else 100.0

    peak = [record(day, christmas(day)) for day in range(7 * 66)]
    assert not judged(compare_days(peak, ROWS, days=7)).is_wrong
    first = [record(day, christmas(day)) for day in range(7 * 40)]
    assert judged(compare_days(first, ROWS, days=7)).is_wrong


def test_what_the_last_publication_ended_with_is_not_told_again() -> None:
    prices = [record(day, 50, 50 * math.log(900 if day < 20 else 9)) for day in range(190)]
    assert judged(compare_days(prices, LEVEL, days=7)).is_wrong
    assert judged(compare_days(prices, LEVEL, days=7, published_day=30)).is_wrong
    assert not judged(compare_days(prices, LEVEL, days=7, published_day=7)).is_wrong
    # Of yesterday's publication, too, whose week shares six days with the newest.
    assert not judged(compare_days(prices, LEVEL, days=7, published_day=1)).is_wrong
    # What adds up day by day is unlike the day before on none of them, and told on one.
    told = []
    for back in range(6, -1, -1):
        slow = [record(day, 50, 50 * math.log(30 if day < 7 - back else 9)) for day in range(190)]
        told.append(judged(compare_days(slow, LEVEL, days=7, published_day=1)).is_wrong)
    assert told == [False, False, True, False, False, False, False]
    sudden = [record(day, 50, 50 * math.log(900 if day == 0 else 9)) for day in range(190)]
    assert judged(compare_days(sudden, LEVEL, days=7, published_day=1)).is_wrong


def files(*others: int, is_version: bool, published: int | None = None) -> list[dict[str, Any]]:
    return [{"file": "x.csv", "load_no": 9, "others": list(others), "is_version": is_version, "published": published}]


def test_a_new_version_of_a_file_is_compared_with_the_one_before() -> None:
    loads = [record(3, 100, 100 * math.log(30_000)), record(9, 100, 100 * math.log(2_500))]
    found = compare_files(loads, LEVEL, files(3, is_version=True, published=3))
    assert judged(found).is_wrong
    assert found[0].subject == "shop of x.csv"


def test_another_file_needs_several_to_be_compared_with() -> None:
    loads = [record(load, 100, 100 * math.log(2 if load < 9 else 200)) for load in range(1, 10)]
    rule = Rule("level", 1.5, min_units=5)
    assert compare_files(loads, rule, files(1, 2, 3, 4, is_version=False))[0].judgement is None
    assert judged(compare_files(loads, rule, files(1, 2, 3, 4, 5, is_version=False))).is_wrong


def test_each_subject_is_judged_by_its_own_history() -> None:
    loads = [record(load, 100, 0.0, subject) for subject in ("a", "b") for load in (3, 9)]
    loads[3] = record(9, 100, 100 * math.log(9), "b")
    found = compare_files(loads, LEVEL, files(3, is_version=True))
    assert [(item.subject, item.judgement is not None and item.judgement.is_wrong) for item in found] == [
        ("a of x.csv", False),
        ("b of x.csv", True),
    ]
