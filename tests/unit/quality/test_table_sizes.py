"""A table that has grown with its company is told from one of which rows came twice, late, or no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from tasks.quality.table_sizes import row_count_query
from tasks.warehouse import migrations
from tasks.warehouse.connection import Warehouse

END = dt.date(2025, 6, 30)


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.open(None, threads=1) as opened:
        yield opened


@pytest.mark.parametrize(("count", "is_told"), [(100, False), (51, False), (49, True), (239, False), (241, True)])
def test_a_table_is_compared_with_the_published_runs_before_it(warehouse: Warehouse, count: int, is_told: bool) -> None:
    migrations.migrate(warehouse)
    for day, run_id, rows in ((1, "a", 100), (8, "b", 120), (15, "refused", 3), (29, "later", 9000)):
        at = dt.date(2025, 6, day)
        if run_id != "refused":
            warehouse.execute("INSERT INTO ops.publication VALUES (?, ?, ?)", [at, run_id, dt.datetime(2025, 7, 1)])
        warehouse.execute("INSERT INTO ops.table_size VALUES (?, ?, 'staging.t', ?)", [run_id, at, rows])
    query = row_count_query(f"(SELECT * FROM range({count}))", "staging.t", dt.date(2025, 6, 22), 2)
    assert warehouse.rows(query) == ([(count, 100, 120)] if is_told else [])


def published(warehouse: Warehouse, table: str, *sizes: tuple[dt.date, int]) -> None:
    """Runs that were published, with the number of rows that a table had."""
    for day, rows in sizes:
        warehouse.execute("INSERT INTO ops.table_size VALUES ('run', ?, ?, ?)", [day, table, rows])
        known = "SELECT count(*) FROM ops.publication WHERE as_of_date = $day"
        if not warehouse.value(known, {"day": day}):
            warehouse.execute("INSERT INTO ops.publication VALUES (?, 'run', ?)", [day, dt.datetime(2025, 7, 1)])


@pytest.mark.parametrize(
    ("earlier", "count", "is_told"),
    [((0, 0), 500, False), ((0, 100), 120, False), ((0, 100), 500, True), ((100, 100), 0, True), ((0, 0), 0, False)],
)
def test_the_first_rows_of_a_table_are_no_multiple(
    warehouse: Warehouse, earlier: tuple[int, int], count: int, is_told: bool
) -> None:
    migrations.migrate(warehouse)
    published(warehouse, "staging.t", *((dt.date(2025, 4 + at, 30), size) for at, size in enumerate(earlier)))
    query = row_count_query(f"(SELECT * FROM range({count}))", "staging.t", END, 2)
    assert bool(warehouse.rows(query)) == is_told


#: One order at noon of each of so many days from 1 June 2025 on.
DATED = "SELECT TIMESTAMP '2025-06-01 12:00:00' + to_days(CAST(n AS INTEGER)) AS moment FROM range({days}) AS r (n)"


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        # From ten orders to thirty in a young shop: all of the twenty are of later days.
        (DATED.format(days=30), []),
        # Each order of then stands there twice.
        (f"{DATED.format(days=30)} UNION ALL {DATED.format(days=10)}", [(20, 10, 10)]),
        # Half of the orders of then are gone, and as many as before are there.
        (f"{DATED.format(days=30)} WHERE n >= 5", [(5, 10, 10)]),
        # A list of old customers, without a date.
        (f"{DATED.format(days=30)} UNION ALL SELECT NULL::TIMESTAMP FROM range(7)", [(17, 10, 10)]),
    ],
)
def test_what_came_since_is_nothing_that_an_earlier_run_missed(
    warehouse: Warehouse, orders: str, expected: list[tuple[int, ...]]
) -> None:
    migrations.migrate(warehouse)
    published(warehouse, "staging.t", (dt.date(2025, 6, 10), 10))
    assert warehouse.rows(row_count_query("t", "staging.t", dt.date(2025, 6, 30), 1.5, since=orders)) == expected


@pytest.mark.parametrize(("count", "is_told"), [(45, False), (90, True), (0, True)])
def test_a_list_that_stays_as_it_is_is_counted_once_for_each_run(
    warehouse: Warehouse, count: int, is_told: bool
) -> None:
    migrations.migrate(warehouse)
    published(warehouse, "staging.t", *((dt.date(2025, 6, day), 45) for day in (3, 10, 17)))
    dated = f"SELECT NULL::TIMESTAMP FROM range({count})"
    found = warehouse.rows(row_count_query("t", "staging.t", dt.date(2025, 6, 30), 1.5, since=dated))
    assert found == ([(count, 45, 45)] if is_told else [])


@pytest.mark.parametrize(
    ("members", "customers", "is_told"),
    [
        (100, 20, False),
        (210, 42, False),
        (40, 8, False),
        # They are lost, or there twice, whatever customers do.
        (40, 20, True),
        (210, 20, True),
        # Old customers came who are in no segment.
        (110, 80, False),
    ],
)
def test_as_many_more_as_there_are_customers_are_none_too_many(
    warehouse: Warehouse, members: int, customers: int, is_told: bool
) -> None:
    migrations.migrate(warehouse)
    published(warehouse, "segments.t", (dt.date(2025, 6, 10), 100))
    published(warehouse, "staging.c", (dt.date(2025, 6, 10), 20))
    warehouse.execute("INSERT INTO ops.table_size VALUES ('now', ?, 'staging.c', ?)", [END, customers])
    found = warehouse.rows(row_count_query(f"range({members})", "segments.t", END, 2, per=("staging.c", "now")))
    assert bool(found) == is_told


def test_where_nobody_counted_customers_all_rows_count(warehouse: Warehouse) -> None:
    migrations.migrate(warehouse)
    published(warehouse, "segments.t", (dt.date(2025, 6, 10), 100))
    published(warehouse, "staging.c", (dt.date(2025, 6, 10), 20))
    found = warehouse.rows(row_count_query("range(210)", "segments.t", END, 2, per=("staging.c", "now")))
    assert found == [(210, 100, 100)]


def test_the_first_run_has_nothing_to_be_compared_with(warehouse: Warehouse) -> None:
    migrations.migrate(warehouse)
    assert warehouse.rows(row_count_query("(SELECT 1)", "staging.t", END, 2)) == []


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # Another segmentation came, which divides everybody, and one of then is not in the workspace any more.
        ({"rfm": 100, "life": 110}, []),
        # Of the one that both runs have rows are there twice, or half of them are gone.
        ({"rfm": 200, "life": 110}, [(200, 100, 100)]),
        ({"rfm": 50, "life": 110}, [(50, 100, 100)]),
        # Nothing of then is there any more: there is nothing to compare.
        ({"life": 900}, []),
    ],
)
def test_another_segmentation_is_no_larger_table(
    warehouse: Warehouse, now: dict[str, int], expected: list[tuple[int, ...]]
) -> None:
    migrations.migrate(warehouse)
    day = dt.date(2025, 6, 10)
    published(warehouse, "segments.t", (day, 130))
    warehouse.execute("CREATE SCHEMA kept")
    warehouse.execute("CREATE TABLE kept.t (run_id VARCHAR, as_of_date DATE, name VARCHAR)")
    for run_id, at, counts in (("run", day, {"rfm": 100, "old": 30}), ("refused", day, {"rfm": 9000}), ("x", END, now)):
        for name, rows in counts.items():
            warehouse.execute(f"INSERT INTO kept.t SELECT ?, ?, ? FROM range({rows})", [run_id, at, name])
    relation = "(SELECT * FROM kept.t WHERE run_id = 'x')"
    query = row_count_query(relation, "segments.t", END, 2, of="kept.t.name")
    assert warehouse.rows(query) == expected
