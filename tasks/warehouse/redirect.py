"""A model that reads temporary views in place of tables, without another change to its text.

Owns: the views and the redirected SQL. Does not own what they show (`privacy.py` hides columns, `increments.py` rows).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

import sqlglot

from tasks.warehouse.connection import Warehouse, identifier
from tasks.warehouse.models import SqlModel


@contextmanager
def redirected(warehouse: Warehouse, model: SqlModel, views: Mapping[str, str]) -> Iterator[SqlModel]:
    """A model that reads SELECTs in place of the tables of those names (``schema.table``, lower case).

    The views are temporary and called as their tables, so that a column may be named with its table. They may read the
    tables that they stand for, and each other's.
    """
    for table, select in views.items():
        warehouse.execute(f"CREATE OR REPLACE TEMP VIEW {_view(table)} AS {select}")
    try:
        yield replace(model, sql=_redirected(model.sql, frozenset(views)))
    finally:
        for table in views:
            warehouse.execute(f"DROP VIEW IF EXISTS temp.{_view(table)}")


def _view(table: str) -> str:
    return identifier(table.split(".")[1])


@lru_cache(maxsize=512)
def _redirected(sql: str, tables: frozenset[str]) -> str:
    """The same SQL with `temp` for the schema of these tables; nothing else of the text changes."""
    tokens = sqlglot.tokenize(sql, read="duckdb")
    parts, end = [], 0
    for schema, dot, table in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if dot.text == "." and f"{schema.text}.{table.text}".lower() in tables:
            parts += [sql[end : schema.start], "temp"]
            end = schema.end + 1
    return "".join([*parts, sql[end:]])
