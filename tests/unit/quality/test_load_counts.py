"""Loads are counted once, and series of what was counted are those of the rows themselves."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tasks.quality import load_counts
from tasks.quality.file_history import FileHistory
from tasks.quality.load_counts import COUNTED, TABLE, Counted, keep
from tasks.quality.series import SeriesMaker
from tasks.warehouse import migrations
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import OutputPaths, Run
from tests.unit.quality import corridor

END = dt.date(2025, 7, 1)
LINES = "raw.my_order_lines__order_lines"
MAPPED = ("order_id", "customer_id", "ordered_at", "quantity", "unit_price_amount", "channel_name")
#: Days overlap between loads, as files that were delivered late do.
ROWS = """
    SELECT
        printf('o%05d', n // 2) AS order_id, CASE WHEN n % 5 > 0 THEN 'c' || n % 70 END AS customer_id,
        TIMESTAMP '2025-06-30 08:00:00' - to_days(CAST(n % 90 AS INTEGER)) + to_minutes(CAST(n % 600 AS INTEGER))
            AS ordered_at,
        CAST(n % 7 - 1 AS DECIMAL(18, 3)) AS quantity,
        CAST(0.01 + hash(n) % 100000 / 100 AS DECIMAL(18, 4)) AS unit_price_amount,
        CASE n % 4 WHEN 0 THEN 'web' WHEN 1 THEN 'app' WHEN 2 THEN 'v' || n % 60 END AS channel_name,
        CAST({load} AS INTEGER) AS load_no
    FROM range({load} * 3000, {load} * 3000 + 3000) AS counted (n)
"""
ASKED: list[dict[str, Any]] = [
    {"aspect": "rows"},
    {"aspect": "empty", "columns": ["customer_id", "channel_name"]},
    {"aspect": "level", "columns": ["quantity", "unit_price_amount"]},
    {"aspect": "mix", "columns": ["channel_name"]},
    {"aspect": "mix", "by": "shape", "columns": ["order_id", "customer_id"]},
    {"aspect": "mix", "by": "sign", "columns": ["quantity"]},
    {"aspect": "mix", "by": "hour", "columns": ["ordered_at"]},
    {"aspect": "mix", "by": "month", "columns": ["ordered_at"]},
    # Nearly as many values as rows: not worth keeping.
    {"aspect": "mix", "columns": ["order_id"]},
]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with Warehouse.open(None, threads=2) as warehouse:
        space = corridor.workspace(tmp_path / "w", entities=("order_lines",))
        source = space.sources["my_order_lines"].model_copy(update={"columns": dict.fromkeys(MAPPED, "x")})
        space = space.model_copy(update={"sources": {"my_order_lines": source}})
        migrations.migrate(warehouse)
        opened = Run(space, warehouse, OutputPaths(tmp_path / "out"), dt.date(2025, 6, 30), None)
        warehouse.execute(f"CREATE TABLE {LINES} AS {ROWS.format(load=1)}")
        corridor.note_load(opened, "my_order_lines", "order_lines", read=3000, loaded=3000, file="1.csv")
        yield opened


def load_more(run: Run, number: int) -> None:
    run.warehouse.execute(f"INSERT INTO {LINES} {ROWS.format(load=number)}")
    corridor.note_load(run, "my_order_lines", "order_lines", read=3000, loaded=3000, file=f"{number}.csv")


def maker(run: Run, loads: list[int]) -> SeriesMaker:
    files = [FileHistory("new.csv", loads[-1], tuple(loads[:-1]), is_version=False, published=None)]
    return SeriesMaker(run.workspace, {"my_order_lines": loads}, {"my_order_lines": files}, END)


def counted(run: Run, made: SeriesMaker) -> SeriesMaker:
    asked = [
        one
        for kwargs in ASKED
        for one in (*made.counts_of_days("order_lines", kwargs), *made.counts_of_files("order_lines", kwargs))
    ]
    return dataclasses.replace(made, kept=keep(run.warehouse, asked))


def series(run: Run, made: SeriesMaker) -> list[list[tuple[Any, ...]]]:
    queries = [
        query for kwargs in ASKED for query in (made.days("order_lines", kwargs), made.new_files("order_lines", kwargs))
    ]
    return [run.warehouse.rows(f"SELECT * FROM ({query}) ORDER BY ALL") for query in queries]


def test_series_of_what_was_counted_are_those_of_the_rows(run: Run) -> None:
    counted(run, maker(run, [1]))
    for number in (2, 3):
        load_more(run, number)
    for loads in ([1, 2, 3], [1, 3]):
        made = maker(run, loads)
        of_counts = counted(run, made)
        assert all(TABLE in of_counts.days("order_lines", kwargs) for kwargs in ASKED[:-1])
        of_rows = series(run, made)
        assert series(run, of_counts) == of_rows
        assert all(of_rows[2 * position] for position in range(len(ASKED)))


def test_a_load_is_counted_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, ...]] = []
    original = load_counts._count

    def noted(warehouse: Warehouse, counts: Sequence[Counted], loads: Sequence[int]) -> None:
        seen.append(tuple(loads))
        original(warehouse, counts, loads)

    monkeypatch.setattr(load_counts, "_count", noted)
    counted(run, maker(run, [1]))
    assert seen == [(1,)]
    load_more(run, 2)
    before = run.warehouse.rows(f"SELECT * FROM {TABLE} ORDER BY ALL")
    for _ in range(2):
        counted(run, maker(run, [1, 2]))
    assert seen == [(1,), (2,)]
    assert run.warehouse.rows(f"SELECT * FROM {TABLE} WHERE load_no = 1 ORDER BY ALL") == before


def test_of_nearly_as_many_values_as_rows_nothing_is_kept(run: Run) -> None:
    counted(run, maker(run, [1]))
    kept = dict(run.warehouse.rows(f"SELECT count_id, is_kept FROM {COUNTED}"))
    assert [count_id for count_id, is_kept in kept.items() if not is_kept] == [
        next(count_id for count_id in kept if " mix order_id " in count_id and " shape " not in count_id)
    ]
    assert not run.warehouse.value(
        f"SELECT count(*) FROM {TABLE} WHERE contains(count_id, 'mix order_id ') AND NOT contains(count_id, ' shape ')"
    )


def test_a_count_that_is_defined_otherwise_is_another(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    made = maker(run, [1])
    ((shapes, _),) = made.counts_of_days("order_lines", {"aspect": "mix", "by": "shape", "columns": ["order_id"]})
    before = shapes[0].count_id
    monkeypatch.setattr(load_counts, "_SHAPE", "upper({value})")
    assert shapes[0].count_id != before
