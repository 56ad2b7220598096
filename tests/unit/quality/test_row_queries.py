"""Rows that are late, days that are missing, values that are unknown or misspelt, tables that shrank."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest

from tasks.quality.row_queries import (
    known_query,
    missing_day_query,
    missing_value_query,
    pattern_query,
    recent_query,
)
from tasks.warehouse.connection import Warehouse

END = dt.date(2025, 7, 1)


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.open(None, threads=1) as opened:
        opened.execute('CREATE TABLE events (source_name VARCHAR, "at" TIMESTAMP)')
        yield opened


def shop(
    warehouse: Warehouse, source: str = "shop", *, days: int = 150, closed: tuple[int, ...] = (), last: int = 21
) -> None:
    """An order every quarter of an hour from 8 to 21 h, on all days but the closed weekdays (1: Monday)."""
    warehouse.execute(
        "INSERT INTO events SELECT $source, day + INTERVAL (8 * 60 + 15 * n) MINUTE"
        " FROM range($first, $end, INTERVAL 1 DAY) AS days (day), range(53) AS counted (n)"
        " WHERE NOT list_contains($closed, isodow(day))",
        {
            "source": source,
            "first": dt.datetime(2025, 7, 1) - dt.timedelta(days=days),
            "end": dt.datetime(2025, 7, 1),
            "closed": list(closed),
        },
    )
    warehouse.execute('DELETE FROM events WHERE "at" >= $since', {"since": dt.datetime(2025, 6, 30, last, 1)})


def late(warehouse: Warehouse, end: dt.date = END) -> list[tuple[Any, ...]]:
    return warehouse.rows(recent_query("events", "at", end))


def test_a_source_that_is_as_fresh_as_ever_is_not_told(warehouse: Warehouse) -> None:
    shop(warehouse)
    assert late(warehouse) == []


def test_a_day_that_ends_at_noon_is_told_with_its_age(warehouse: Warehouse) -> None:
    shop(warehouse, last=12)
    # Between noon and midnight of the 13 Mondays before, 36 orders came each time.
    assert late(warehouse) == [("shop", dt.datetime(2025, 6, 30, 12), 12.0, 3.0, 36.0)]


def test_a_short_day_is_told_though_one_midnight_was_as_old(warehouse: Warehouse) -> None:
    shop(warehouse, last=12)
    warehouse.execute("DELETE FROM events WHERE \"at\" BETWEEN '2025-05-10 11:00:00' AND '2025-05-10 23:00:00'")
    assert [source for source, *_ in late(warehouse)] == ["shop"]
    # Where Mondays have often ended as early, it is none.
    warehouse.execute('DELETE FROM events WHERE isodow("at") = 1 AND week("at") % 2 = 0 AND hour("at") >= 11')
    assert late(warehouse) == []


def test_days_on_which_a_shop_is_always_closed_make_no_alarm(warehouse: Warehouse) -> None:
    shop(warehouse, closed=(6, 7))
    # Monday, 30 June; the Sunday before it, the newest order is two and a half days old, as every week.
    assert late(warehouse) == []
    assert late(warehouse, dt.date(2025, 6, 30)) == []


@pytest.mark.parametrize("days", [1, 4, 40, 400])
def test_a_delivery_that_did_not_come_is_told(warehouse: Warehouse, days: int) -> None:
    shop(warehouse)
    found = late(warehouse, END + dt.timedelta(days=days))
    usual = days * 53.0 if days < 150 else None
    assert found == [("shop", dt.datetime(2025, 6, 30, 21), days * 24.0 + 3, 3.0, usual)]


def resort(warehouse: Warehouse, winters: dict[tuple[int, int, int], tuple[int, int, int]]) -> None:
    """Orders of every hour of days on which the resort is open, from one day to another."""
    for first, last in winters.items():
        warehouse.execute(
            "INSERT INTO events SELECT 'resort', day + INTERVAL (n) HOUR"
            " FROM range($first, $last, INTERVAL 1 DAY) AS days (day), range(8, 20) AS counted (n)",
            {"first": dt.datetime(*first), "last": dt.datetime(*last)},
        )


@pytest.mark.parametrize("day", [dt.date(2025, 4, 1), dt.date(2025, 6, 1), dt.date(2025, 9, 30), dt.date(2025, 12, 8)])
def test_the_silence_of_a_season_that_was_there_a_year_before_is_none(warehouse: Warehouse, day: dt.date) -> None:
    resort(warehouse, {(2023, 12, 10): (2024, 4, 2), (2024, 12, 7): (2025, 3, 31)})
    assert late(warehouse, day) == []
    # The year before nobody knew.
    warehouse.execute("DELETE FROM events WHERE \"at\" < '2024-12-01'")
    assert [source for source, *_ in late(warehouse, day + dt.timedelta(days=3))] == ["resort"]


@pytest.mark.parametrize("day", [dt.date(2025, 3, 20), dt.date(2025, 12, 31), dt.date(2026, 6, 1), dt.date(2030, 6, 1)])
def test_a_silence_in_the_season_is_told_and_so_is_a_source_that_is_dead(warehouse: Warehouse, day: dt.date) -> None:
    last = (2025, 3, 14) if day == dt.date(2025, 3, 20) else (2025, 3, 31)
    resort(warehouse, {(2023, 12, 10): (2024, 4, 2), (2024, 12, 7): last})
    assert [source for source, *_ in late(warehouse, day)] == ["resort"]


def test_too_short_a_history_says_nothing(warehouse: Warehouse) -> None:
    shop(warehouse, days=15, last=9)
    assert late(warehouse) == []


def shops_by_chance(warehouse: Warehouse, count: int, orders_a_day: float, noon: bool) -> None:
    """Shops with three lines an order at random times of 130 days; the last day ends at noon where asked."""
    random = np.random.default_rng(7)
    frames = []
    for shop_no in range(count):
        back = random.uniform(0, 130, random.poisson(130 * orders_a_day))
        frames.append(pl.DataFrame({"source_name": f"shop {shop_no}", "back": back[back > 0.5] if noon else back}))
    orders = pl.concat(frames).with_row_index("order_id")
    warehouse.execute("DROP TABLE events")
    with warehouse.registered("orders", orders):
        warehouse.execute(
            "CREATE TABLE events AS SELECT source_name, order_id, TIMESTAMP '2025-07-01'"
            ' - to_microseconds(CAST(back * 86400e6 AS BIGINT)) AS "at" FROM orders CROSS JOIN range(3)'
        )


@pytest.mark.parametrize(
    ("orders_a_day", "noon", "least", "most"),
    # Of 800 shops: half a day without any of 5 orders has a chance of 0.7 %, which alone is no reason to wake somebody;
    # of 12 it has one of 6 in a million. Of the clean ones, one in a thousand may be told, and a few by the other rule.
    [(10, False, 0, 6), (24, False, 0, 6), (10, True, 200, 600), (24, True, 740, 800), (40, True, 798, 800)],
)
def test_shops_that_end_early_are_told_from_those_that_do_so_by_chance(
    warehouse: Warehouse, orders_a_day: float, noon: bool, least: int, most: int
) -> None:
    shops_by_chance(warehouse, 800, orders_a_day, noon)
    told = warehouse.rows(recent_query("events", "at", END, "order_id"))
    assert least <= len(told) <= most


def missing(warehouse: Warehouse, since: dt.date | None = None) -> list[tuple[Any, ...]]:
    return warehouse.rows(f"SELECT source_name, missing_date FROM ({missing_day_query('events', 'at', END, since)})")


def test_a_day_that_is_missing_is_named(warehouse: Warehouse) -> None:
    shop(warehouse, closed=(7,))
    assert missing(warehouse) == []
    warehouse.execute("DELETE FROM events WHERE CAST(\"at\" AS DATE) = DATE '2025-06-18'")
    assert missing(warehouse) == [("shop", dt.date(2025, 6, 18))]
    # What was missing before the last publication has been told.
    assert missing(warehouse, dt.date(2025, 6, 19)) == []


def test_a_date_that_was_empty_a_year_before_is_a_holiday(warehouse: Warehouse) -> None:
    shop(warehouse, days=500)
    warehouse.execute("DELETE FROM events WHERE CAST(\"at\" AS DATE) IN ('2025-06-18', '2024-06-18', '2025-06-19')")
    assert missing(warehouse) == [("shop", dt.date(2025, 6, 19))]


def test_a_day_on_which_little_happens_may_be_empty(warehouse: Warehouse) -> None:
    shop(warehouse)
    warehouse.execute('DELETE FROM events WHERE minute("at") > 0 OR hour("at") % 2 = 1')
    warehouse.execute("DELETE FROM events WHERE CAST(\"at\" AS DATE) = DATE '2025-06-18'")
    assert missing(warehouse) == []


def test_one_source_does_not_hide_the_gap_of_another(warehouse: Warehouse) -> None:
    shop(warehouse)
    shop(warehouse, "till")
    warehouse.execute("DELETE FROM events WHERE source_name = 'till' AND CAST(\"at\" AS DATE) = DATE '2025-06-18'")
    assert missing(warehouse) == [("till", dt.date(2025, 6, 18))]


def test_unknown_and_misspelt_values_are_rows_and_nulls_are_not(warehouse: Warehouse) -> None:
    warehouse.execute("CREATE TABLE a AS SELECT unnest(['c1', 'c2', NULL, 'x''9']) AS id")
    warehouse.execute("CREATE TABLE b AS SELECT unnest(['c1', NULL]) AS customer_id")
    assert warehouse.rows(known_query("a", "id", "b", "customer_id") + " ORDER BY 1") == [("c2",), ("x'9",)]
    assert warehouse.rows(pattern_query("a", "id", "c[0-9]{1,3}")) == [("x'9",)]


def weeks(values: str) -> str:
    return f"SELECT 'shop: store_id' AS subject, unit_no, part, size FROM ({values}) AS made (unit_no, part, size)"


def daily(size: int | str, days: str = "range(180)", where: str = "true") -> str:
    return f"SELECT n, s, {size} FROM {days} AS d (n), unnest(['a', 'b']) AS v (s) WHERE {where}"


@pytest.mark.parametrize(
    ("values", "gone"),
    [
        (daily(5), []),
        (daily(5, where="n > 6 OR s = 'a'"), [("b", 7)]),
        (daily(1, where="n > 27 OR s = 'a'"), [("b", 28)]),
        # A value that has not always been there, or is seldom, may be gone.
        (daily(5, where="n > 20 OR s = 'a'"), []),
        (daily(5, where="s = 'a' OR n BETWEEN 7 AND 60"), []),
        (daily(1, where="n > 6 OR s = 'a'"), []),
        # Fourteen a week are many where they come evenly, and few where the third week has ten times as many.
        (daily(2, where="n > 6 OR s = 'a'"), [("b", 7)]),
        (daily("CASE WHEN n % 21 < 7 THEN 20 ELSE 2 END", where="n > 6 OR s = 'a'"), []),
        # Where nothing came at all, the age of the newest row says it.
        (daily(5, "range(28, 180)"), []),
        (daily(5, "range(27)", "n > 6 OR s = 'a'"), []),
    ],
)
def test_a_value_that_was_always_there_is_missed(
    warehouse: Warehouse, values: str, gone: list[tuple[str, int]]
) -> None:
    rows = warehouse.rows(missing_value_query(weeks(values)))
    assert [(value, days) for _, value, days, _ in rows] == gone


@pytest.mark.parametrize(
    ("a_week", "gone", "least", "most"), [(8, False, 0, 2), (8, True, 0, 40), (40, True, 990, 1000)]
)
def test_values_that_are_gone_are_told_from_those_that_stay_away_by_chance(
    warehouse: Warehouse, a_week: float, gone: bool, least: int, most: int
) -> None:
    """A thousand sources with one value of so many occasions a week; of the other there is no lack."""
    counts = np.random.default_rng(3).poisson(a_week / 7, (1000, 196))
    if gone:
        counts[:, :7] = 0
    series = pl.concat(
        pl.DataFrame({"subject": f"s{no}", "unit_no": np.arange(196), "part": part, "size": size})
        for no, rare in enumerate(counts)
        for part, size in (("rare", rare), ("usual", np.full(196, 9)))
    ).filter(pl.col("size") > 0)
    with warehouse.registered("counted", series):
        found = warehouse.rows(missing_value_query("SELECT * FROM counted"))
    assert least <= len(found) <= most


def weekly_counts(*counts: int) -> str:
    """A value `a` of so many occasions in each week, the last one the newest, beside one that is always there."""
    rows = [f"({7 * back + 3}, 'a', {count})" for back, count in enumerate(reversed(counts)) if count]
    rows += [f"({unit_no}, 'b', 20)" for unit_no in range(7 * len(counts))]
    return weeks(f"VALUES {', '.join(rows)}")


#: Orders with one category in a shop that grows, of the weeks before it stopped to deliver it.
GROWING = (4, 14, 21, 16, 16, 29, 23, 25, 35, 23, 33, 38, 38, 42, 34, 41, 37, 58, 59, 53, 60, 52, 51, 56, 65)


@pytest.mark.parametrize(
    ("counts", "is_told"),
    [
        ((*GROWING, 0), True),
        # A season that ends little by little; lumps.
        ((*(60,) * 12, 50, 42, 35, 28, 21, 14, 8, 4, 2, 0), False),
        ((*(2, 90) * 12, 2, 0), False),
    ],
)
def test_a_shop_that_grows_misses_what_stays_away(warehouse: Warehouse, counts: tuple[int, ...], is_told: bool) -> None:
    found = warehouse.rows(f"SELECT missing_value FROM ({missing_value_query(weekly_counts(*counts))})")
    assert found == ([("a",)] if is_told else [])
