"""A snapshot of the customers as the comparisons see it: one row a customer, read a column at a time.

Owns: what a snapshot has to offer, one that stays in the warehouse, rows by ascending customer id. Does not own: what a
snapshot holds (`reading`), or any statistic.

A Polars frame is a snapshot. A million customers with fifty features are 400 MB, at either date: such a snapshot stays
in the warehouse, and what is held of it at a time is the column that is compared.
"""

from __future__ import annotations

from typing import Protocol

import polars as pl

from tasks.warehouse.connection import Warehouse, identifier

CUSTOMER = "customer_id"

MOST_VALUES = 32_000_000
"""Values up to which a snapshot is read at once: 256 MB as numbers, and a thousand statements saved."""

_PREFIX = "drift_snapshot_"


class Snapshot(Protocol):
    """One row a customer: `customer_id` and columns that are read one by one, their rows in one order."""

    @property
    def height(self) -> int:
        """Number of customers."""

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""

    def __getitem__(self, name: str, /) -> pl.Series:
        """One column."""


class StoredSnapshot:
    """A snapshot in a temporary table, which keeps the order in which its rows were written."""

    def __init__(self, warehouse: Warehouse, table: str) -> None:
        """Look at a table that `stored_snapshot` made."""
        self._warehouse, self._table = warehouse, table
        self.columns = [name for name, _ in warehouse.columns(f"SELECT * FROM {table}")]
        self.height = int(warehouse.value(f"SELECT count(*) FROM {table}"))

    def __getitem__(self, name: str, /) -> pl.Series:
        """Read one column."""
        return self._warehouse.frame(f"SELECT {identifier(name)} FROM {self._table}").to_series()

    def filled_columns(self) -> frozenset[str]:
        """The columns that say something of anybody, found in one pass over the table."""
        counts = ", ".join(f"count({identifier(name)})" for name in self.columns)
        (row,) = self._warehouse.rows(f"SELECT {counts} FROM {self._table}")
        return frozenset(name for name, count in zip(self.columns, row, strict=True) if count)


class _Ascending:
    """Another snapshot with its rows by ascending customer id."""

    def __init__(self, snapshot: Snapshot) -> None:
        ids = snapshot[CUSTOMER]
        self._snapshot = snapshot
        self._order = None if ids.is_sorted() else ids.arg_sort()
        self.columns, self.height = snapshot.columns, snapshot.height

    def __getitem__(self, name: str, /) -> pl.Series:
        column = self._snapshot[name]
        return column if self._order is None else column.gather(self._order)


def ascending(snapshot: Snapshot) -> Snapshot:
    """The same customers by ascending id."""
    return _Ascending(snapshot)


def stored_snapshot(warehouse: Warehouse, key: str, sql: str) -> Snapshot:
    """The rows of a query, which runs once until `forget_snapshots`: as a frame where they are few, else a table.

    Args:
        warehouse: open for writing.
        key: a snapshot of the same key is the same; letters, digits and underscores.
        sql: its rows, in their order.
    """
    table = stored_table(warehouse, key, sql)
    snapshot = StoredSnapshot(warehouse, table)
    if snapshot.height * len(snapshot.columns) > MOST_VALUES:
        return snapshot
    return warehouse.frame(f"SELECT * FROM {table}")


def stored_table(warehouse: Warehouse, key: str, sql: str) -> str:
    """Name of a temporary table with the rows of a query; arguments as of `stored_snapshot`."""
    warehouse.execute(f"CREATE TEMP TABLE IF NOT EXISTS {_PREFIX}{key} AS {sql}")
    return f"temp.{_PREFIX}{key}"


def filled_columns(snapshot: Snapshot) -> frozenset[str]:
    """The columns that say something of anybody."""
    if isinstance(snapshot, StoredSnapshot):
        return snapshot.filled_columns()
    return frozenset(name for name in snapshot.columns if snapshot[name].null_count() < snapshot.height)


def forget_snapshots(warehouse: Warehouse) -> None:
    """Drop the temporary tables of `stored_snapshot`."""
    for (name,) in warehouse.rows(
        "SELECT table_name FROM duckdb_tables() WHERE temporary AND starts_with(table_name, $prefix) ORDER BY ALL",
        {"prefix": _PREFIX},
    ):
        warehouse.execute(f"DROP TABLE temp.{identifier(name)}")
