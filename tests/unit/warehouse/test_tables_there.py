"""Whether a table is there is asked once for all tables, and again when that may have changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from tasks.warehouse.connection import Warehouse


@pytest.fixture
def memory() -> Iterator[Warehouse]:
    with Warehouse.open(None) as opened:
        yield opened


def test_a_table_is_there_until_it_goes_or_was_never_made(memory: Warehouse) -> None:
    def asked() -> bool:
        return [memory.table_exists("main.thing"), memory.table_exists("main.thing")] == [True, True]

    assert not asked()
    memory.execute("CREATE TABLE thing (a INT)")
    assert asked()
    memory.execute("drop table thing")
    assert not asked()
    with suppress(RuntimeError), memory.transaction():
        memory.execute("CREATE VIEW thing AS SELECT 1 AS a")
        assert asked()
        raise RuntimeError
    assert not asked()


def test_many_tables_are_asked_for_in_one_statement(memory: Warehouse) -> None:
    memory.execute("CREATE TABLE thing (a INT)")
    memory.execute("CREATE TABLE other (a INT)")
    asked: list[str] = []
    memory.observer = lambda sql, _: asked.append(sql)
    tables = ("main.thing", "main.other", "main.none")
    assert [memory.table_exists(table) for table in tables] == [True, True, False]
    memory.execute("CREATE TEMP TABLE passing AS SELECT 1 AS a")
    memory.execute("DROP TABLE temp.passing")
    assert [memory.table_exists(table) for table in tables] == [True, True, False]
    assert sum("information_schema" in sql for sql in asked) == 1
    memory.execute("ALTER TABLE other RENAME TO none")
    assert [memory.table_exists(table) for table in tables] == [True, False, True]
