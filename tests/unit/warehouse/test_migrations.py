"""A warehouse of every earlier schema is brought up to this version, a later one is refused.

`schemas/` has the ledger of each as SQL: those without a number are of builds from before versions were counted, with
two rows of each table.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tasks.config.errors import OutputError
from tasks.warehouse import ledger, migrations
from tasks.warehouse.connection import Warehouse
from tests.unit.warehouse.write_schema import SCHEMAS, fresh_schema

_FILES = sorted(SCHEMAS.glob("*.sql"))
#: What moves from one table to others, or is not there before the first step.
_MOVED = {"ops.quarantine", migrations.TABLE}


def old(path: Path, file: Path) -> None:
    with Warehouse.open(path) as warehouse:
        warehouse.connection.execute(file.read_text())


def shape(warehouse: Warehouse) -> dict[str, set[tuple[str, str]]]:
    """Columns and types of every table; in which order columns were added does not matter."""
    found: dict[str, set[tuple[str, str]]] = {}
    for table, column, kind in warehouse.rows(
        "SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns()"
        " WHERE database_name = current_database() AND NOT internal"
    ):
        found.setdefault(table, set()).add((column, kind))
    return found


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_an_older_warehouse_becomes_one_of_today_and_keeps_its_rows(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    old(path, file)
    with Warehouse.open(path) as warehouse, Warehouse.open(None) as fresh:
        kept = {
            table: ", ".join(sorted(f'"{name}"' for name, _ in columns))
            for table, columns in shape(warehouse).items()
            if table not in _MOVED
        }
        before = {table: warehouse.rows(f"SELECT {names} FROM {table} ORDER BY ALL") for table, names in kept.items()}
        counted = warehouse.value("SELECT count(*) FROM ops.quarantine")
        migrations.migrate(warehouse)
        migrations.migrate(fresh)
        assert shape(warehouse) == shape(fresh)
        for table, names in kept.items():
            assert warehouse.rows(f"SELECT {names} FROM {table} ORDER BY ALL") == before[table]
        assert warehouse.value("SELECT count(*) FROM ops.quarantine WHERE quarantine_no IS NOT NULL") == counted
        assert migrations.version_of(warehouse) == migrations.VERSION
        assert migrations.migrate(warehouse) == []


def test_the_schema_of_each_version_is_kept() -> None:
    file = SCHEMAS / f"version-{migrations.VERSION}.sql"
    assert fresh_schema() == file.read_text(), (
        "tables of the ledger have changed: add a step to STEPS of tasks/warehouse/migrations.py, then run"
        " `python -m tests.unit.warehouse.write_schema`; files of versions that were released stay as they are"
    )


def test_a_later_warehouse_is_refused(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        migrations.migrate(warehouse)
        warehouse.execute(f"UPDATE {migrations.TABLE} SET schema_version = {migrations.VERSION + 1}")
        with pytest.raises(OutputError, match=rf"later version .* version {migrations.VERSION + 1}, this one knows"):
            migrations.migrate(warehouse)


def test_a_step_that_is_killed_is_done_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "warehouse.duckdb"
    old(path, SCHEMAS / "2026-11-22.sql")

    first, (name, second), *rest = migrations.STEPS

    def killed(warehouse: Warehouse) -> None:
        second(warehouse)
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        try:
            monkeypatch.setattr(migrations, "STEPS", (first, (name, killed), *rest))
            with Warehouse.open(path) as warehouse:
                migrations.migrate(warehouse)
        finally:
            os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    with Warehouse.open(path) as warehouse:
        assert migrations.version_of(warehouse) == 1
        assert "row_json" in dict(warehouse.columns("SELECT * FROM ops.quarantine"))
        assert migrations.migrate(warehouse) == [name, *(later for later, _ in rest)]
        assert len(ledger.publications(warehouse)) == 2
