"""The SQL that counts rows by day and by file, against the same counted in Python."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.quality.file_history import FileHistory
from tasks.quality.row_queries import OTHER
from tasks.quality.series import SeriesMaker
from tasks.warehouse.connection import Warehouse
from tests.unit.quality import corridor

END = dt.date(2025, 7, 1)
Row = tuple[str, str | None, dt.datetime, float, str | None, int]
#: order, customer, time, quantity, channel, load; one line a row.
ROWS: list[Row] = [
    (
        f"o{n}",
        None if n % 5 == 0 else f"c{n % 7}",
        dt.datetime(2025, 6, 30, 23 - n % 24) - dt.timedelta(days=n // 10),
        0.0 if n % 11 == 0 else float(1 + n % 4),
        None if n % 6 == 0 else ("web", "app")[n % 2],
        1 + n // 200,
    )
    for n in range(600)
]


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.open(None, threads=1) as opened:
        opened.execute("CREATE SCHEMA raw")
        opened.execute(
            "CREATE TABLE raw.my_order_lines__order_lines (order_id VARCHAR, customer_id VARCHAR, ordered_at TIMESTAMP,"
            " quantity DECIMAL(18, 3), channel_name VARCHAR, load_no INTEGER)"
        )
        for row in ROWS:
            opened.execute("INSERT INTO raw.my_order_lines__order_lines VALUES (?, ?, ?, ?, ?, ?)", row)
        yield opened


def maker(folder: Path, loads: list[int], files: list[FileHistory] | None = None) -> SeriesMaker:
    space = corridor.workspace(folder)
    mapped = space.sources["my_order_lines"].columns | {"customer_id": "x", "channel_name": "x"}
    source = space.sources["my_order_lines"].model_copy(update={"columns": mapped})
    space = space.model_copy(update={"sources": {"my_order_lines": source}})
    return SeriesMaker(space, {"my_order_lines": loads}, {"my_order_lines": files or []}, END)


def records(warehouse: Warehouse, sql: str) -> set[tuple[Any, ...]]:
    return {
        (
            row["subject"],
            row["unit_no"],
            row["part"],
            row["size"],
            None if row["total"] is None else round(row["total"], 9),
        )
        for row in warehouse.records(sql)
    }


def day(row: Row) -> int:
    return (dt.date(2025, 6, 30) - row[2].date()).days


def test_rows_by_day_of_the_loads_that_are_seen(warehouse: Warehouse, tmp_path: Path) -> None:
    sql = maker(tmp_path, [1, 3]).days("order_lines", {"aspect": "rows"})
    expected = Counter(day(row) for row in ROWS if row[5] in {1, 3})
    assert records(warehouse, sql) == {("my_order_lines", no, None, count, None) for no, count in expected.items()}


def test_empties_and_logarithms_of_several_columns(warehouse: Warehouse, tmp_path: Path) -> None:
    made = maker(tmp_path, [1, 2, 3])
    found = records(warehouse, made.days("order_lines", {"aspect": "empty", "columns": ["customer_id", "store_id"]}))
    by_day: dict[int, list[Row]] = {}
    for row in ROWS:
        by_day.setdefault(day(row), []).append(row)
    # `store_id` is mapped by no source: it is not looked at.
    assert found == {
        ("my_order_lines: customer_id", no, None, len(rows), float(sum(row[1] is None for row in rows)))
        for no, rows in by_day.items()
    }
    found = records(warehouse, made.days("order_lines", {"aspect": "level", "columns": ["quantity"]}))
    assert found == {
        (
            "my_order_lines: quantity",
            no,
            None,
            sum(row[3] > 0 for row in rows),
            round(math.fsum(math.log(row[3]) for row in rows if row[3] > 0), 9),
        )
        for no, rows in by_day.items()
    }


@pytest.mark.parametrize(
    ("column", "by", "value"),
    [
        ("channel_name", None, lambda row: row[4]),
        ("ordered_at", "hour", lambda row: "no time" if row[2].hour == 0 else f"{row[2].hour:02d} h"),
        ("quantity", "sign", lambda row: "zero" if row[3] == 0 else "positive"),
        ("order_id", "shape", lambda row: "a" + "9" * (len(row[0]) - 1)),
    ],
)
def test_values_by_day(
    warehouse: Warehouse, tmp_path: Path, column: str, by: str | None, value: Callable[[Row], str | None]
) -> None:
    sql = maker(tmp_path, [1, 2, 3]).days(
        "order_lines", {"aspect": "mix", "columns": [column]} | ({"by": by} if by else {})
    )
    expected = Counter((day(row), value(row)) for row in ROWS if value(row) is not None)
    assert records(warehouse, sql) == {
        (f"my_order_lines: {column}", no, part, count, None) for (no, part), count in expected.items()
    }


def test_occasions_are_orders_not_lines(warehouse: Warehouse, tmp_path: Path) -> None:
    made = maker(tmp_path, [1, 2, 3])
    warehouse.execute("BEGIN")
    warehouse.execute("UPDATE raw.my_order_lines__order_lines SET order_id = order_id[:3]")
    found = records(warehouse, made.occasions("order_lines", {"columns": ["channel_name"]}))
    warehouse.execute("ROLLBACK")
    orders = {(day(row), row[4], row[0][:3]) for row in ROWS if row[4]}
    expected = Counter((no, channel) for no, channel, _ in orders)
    assert found == {("my_order_lines: channel_name", *key, count, None) for key, count in expected.items()}
    assert sum(expected.values()) < sum(row[4] is not None for row in ROWS)


def test_rare_values_count_together(warehouse: Warehouse, tmp_path: Path) -> None:
    sql = maker(tmp_path, [1, 2, 3]).days("order_lines", {"aspect": "mix", "columns": ["order_id"]})
    found = warehouse.records(sql)
    assert len({row["part"] for row in found}) == 41
    assert sum(row["size"] for row in found) == len(ROWS)
    assert sum(row["size"] for row in found if row["part"] == OTHER) == len(ROWS) - 40


def test_days_after_the_end_are_not_seen(warehouse: Warehouse, tmp_path: Path) -> None:
    made = maker(tmp_path, [1, 2, 3])
    earlier = SeriesMaker(made.workspace, made.loads, made.files, END - dt.timedelta(days=10))
    found = warehouse.records(earlier.days("order_lines", {"aspect": "rows"}))
    assert min(row["unit_no"] for row in found) == 0
    assert sum(row["size"] for row in found) == len(ROWS) - 100


def test_files_that_are_new_with_those_they_are_compared_with(warehouse: Warehouse, tmp_path: Path) -> None:
    new = FileHistory("c.csv", 3, (1,), is_version=True, published=1)
    made = maker(tmp_path, [2, 3], [new])
    found = records(warehouse, made.new_files("order_lines", {"aspect": "rows"}))
    assert found == {("my_order_lines", 1, None, 200, None), ("my_order_lines", 3, None, 200, None)}
    only_others = {"aspect": "rows", "against": "other_files"}
    assert records(warehouse, made.new_files("order_lines", only_others)) == set()
    assert made.files_of("order_lines", only_others) == []
    (told,) = made.files_of("order_lines", {"aspect": "rows", "against": "earlier_version"})
    assert told == {"file": "c.csv", "load_no": 3, "others": [1], "is_version": True, "published": 1}


def test_an_entity_without_a_source_has_no_series(warehouse: Warehouse, tmp_path: Path) -> None:
    assert warehouse.records(maker(tmp_path, []).days("feedback", {"aspect": "rows"})) == []
