"""Whether database files and Parquet files are whole, found out by reading all of them.

Owns: that reading. DuckDB keeps a checksum of every block of its own files; Parquet has none, so that of those is found
what cannot be read. Does not own what follows from it (`flows/rebuild.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tasks.config.errors import DamageError, OutputError, SqlError
from tasks.warehouse import migrations
from tasks.warehouse.connection import Warehouse, identifier
from tasks.warehouse.copying import copied_no, fingerprint
from tasks.warehouse.damage import refuse_older
from tasks.warehouse.scanned import one_file


def damage_of_warehouse(path: Path, copy: Path) -> str | None:
    """What is wrong with a warehouse; None where it is whole, and no older than its copy.

    Raises:
        OutputError: a run is writing, or a later version made it.
    """
    try:
        with Warehouse.open(path, read_only=True) as warehouse:
            read_all(warehouse)
            if migrations.version_of(warehouse):
                refuse_older(path, migrations.copy_no(warehouse), copied_no(copy))
    except DamageError as error:
        return error.message
    return None


def damage_of_database(path: Path) -> str | None:
    """What is wrong with a database file; None where it is whole."""
    if not path.exists():
        return "is gone"
    try:
        with Warehouse.open(path, read_only=True) as database:
            read_all(database)
    except OutputError as error:
        return error.message
    return None


def damage_of_parquet(paths: Iterable[Path]) -> dict[Path, str]:
    """What is wrong with Parquet files; those that can be read are left out."""
    found = {}
    with Warehouse.open(None) as reader:
        for path in paths:
            try:
                reader.value(f"SELECT sum(CAST(hash(whole) AS HUGEINT)) FROM read_parquet({one_file(path)}) AS whole")
            except (OutputError, SqlError) as error:
                found[path] = error.message
    return found


def read_all(warehouse: Warehouse) -> None:
    """Read every row of every table.

    Raises:
        DamageError: a block is not what was written.
    """
    for schema, name, columns in warehouse.rows(
        "SELECT schema_name, table_name, list(column_name ORDER BY column_index) FROM duckdb_columns()"
        " JOIN duckdb_tables() USING (database_name, schema_name, table_name)"
        " WHERE database_name = current_database() GROUP BY ALL ORDER BY ALL"
    ):
        fingerprint(warehouse, f"{identifier(schema)}.{identifier(name)}", tuple(columns))
