"""What stands in a DuckDB file, as text, to be searched."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb


def columns_of(database: Path, schemas: Iterable[str]) -> dict[tuple[str, str, str], list[str]]:
    """Every value of every column of some schemas as text, each once, by schema, table and column."""
    with duckdb.connect(str(database), read_only=True) as connection:
        columns = connection.execute(
            "SELECT table_schema, table_name, column_name FROM information_schema.columns"
            " WHERE list_contains($schemas, table_schema)",
            {"schemas": list(schemas)},
        ).fetchall()
        return {
            (schema, table, column): [
                text
                for (text,) in connection.execute(
                    f'SELECT DISTINCT CAST("{column}" AS VARCHAR) FROM {schema}."{table}" WHERE "{column}" IS NOT NULL'
                ).fetchall()
            ]
            for schema, table, column in columns
        }
