"""Writes the ledger's schema of today to `schemas/version-N.sql`, so that later versions are tried on it.

Run it with `python -m tests.unit.warehouse.write_schema` after a step was added to `tasks/warehouse/migrations.py`.
"""

from __future__ import annotations

from pathlib import Path

from tasks.warehouse import migrations
from tasks.warehouse.connection import Warehouse

SCHEMAS = Path(__file__).parent / "schemas"


def statements(warehouse: Warehouse) -> list[str]:
    """What creates the tables of a warehouse that are there before any data."""
    return [
        sql
        for (sql,) in warehouse.rows(
            "SELECT sql FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary"
            " ORDER BY schema_name, table_name"
        )
    ]


def fresh_schema() -> str:
    """The schema of a new warehouse."""
    with Warehouse.open(None) as warehouse:
        migrations.migrate(warehouse)
        lines = ["CREATE SCHEMA ops;", "CREATE SCHEMA raw;", *statements(warehouse)]
        return (
            "\n".join(
                [*lines, f"INSERT INTO {migrations.TABLE} (schema_version, copy_no) VALUES ({migrations.VERSION}, 0);"]
            )
            + "\n"
        )


if __name__ == "__main__":
    (SCHEMAS / f"version-{migrations.VERSION}.sql").write_text(fresh_schema())
