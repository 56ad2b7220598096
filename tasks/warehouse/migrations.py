"""The version of a warehouse's schema: bringing an older one up, refusing a newer one.

Owns: `ops.warehouse`, one row, and the steps between versions. Each step is one transaction that ends with noting its
number, so that a kill costs no more than the step it hits. Does not own the tables (`ledger.py`, `kept_rows.py`), or
those that are made by what is written to them: `raw.<source>__<entity>` (`tasks/ingest/raw_tables.py`) and tables kept
by run (`tables.py`) get the columns that they lack then.
"""

from __future__ import annotations

from collections.abc import Callable

from tasks.config.errors import OutputError
from tasks.warehouse import kept_rows, ledger
from tasks.warehouse.connection import Warehouse

TABLE = "ops.warehouse"
_COLUMNS = "schema_version INTEGER, copy_no INTEGER, copy_problem VARCHAR"
Step = Callable[[Warehouse], None]


def _add_copy_problem(warehouse: Warehouse) -> None:
    warehouse.execute(f"ALTER TABLE {TABLE} ADD COLUMN IF NOT EXISTS copy_problem VARCHAR")


def _add_value_counts(warehouse: Warehouse) -> None:
    for side in ("reference", "current"):
        warehouse.execute(f"ALTER TABLE IF EXISTS monitoring.drift ADD COLUMN IF NOT EXISTS {side}_value_count BIGINT")


#: The steps from each version to the next. A step that was released is not changed; a new column or table of the
#: ledger is a new step, which may be `ledger.add_missing` again.
STEPS: tuple[tuple[str, Step], ...] = (
    ("tables and columns that the ledger has today", ledger.add_missing),
    ("values of sources move from the ledger to raw", kept_rows.move_out_of_ledger),
    ("why the copy beside the warehouse is behind it", _add_copy_problem),
    ("the ledger knows what was pulled from databases", ledger.add_missing),
    ("how many values each test of drift looked at", _add_value_counts),
    ("what of an alert was told, part by part", ledger.add_missing),
    ("which load a file is, by what it looks up", ledger.add_missing),
)
#: What this version of resegment writes and reads.
VERSION = len(STEPS)


def version_of(warehouse: Warehouse) -> int:
    """The version of a warehouse; 0 where it was made before there were any, or is new.

    Raises:
        OutputError: it is of a later version than this one knows.
    """
    found = int(warehouse.value(f"SELECT schema_version FROM {TABLE}")) if warehouse.table_exists(TABLE) else 0
    if found > VERSION:
        raise OutputError(
            f"was made by a later version of resegment: its schema is version {found}, this one knows {VERSION}",
            where=str(warehouse.path),
            hint="install that version, or give this one its own --output DIR",
        )
    return found


def migrate(warehouse: Warehouse) -> list[str]:
    """Bring a warehouse up to this version; returns the names of the steps. The caller holds the writer's lock.

    Raises:
        OutputError: it is of a later version.
    """
    before = version_of(warehouse)
    if before == VERSION:
        return []
    with warehouse.transaction():
        for schema in ledger.SCHEMAS:
            warehouse.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        note_version(warehouse, version=0, copy_no=0)
    done = []
    for number, (name, step) in enumerate(STEPS, 1):
        if number > before:
            with warehouse.transaction():
                step(warehouse)
                warehouse.execute(f"UPDATE {TABLE} SET schema_version = {number}")
            done.append(name)
    return done


def note_version(warehouse: Warehouse, *, version: int, copy_no: int) -> None:
    """Note the version of a warehouse that notes none yet, and the number of its copy."""
    warehouse.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} ({_COLUMNS})")
    warehouse.execute(
        f"INSERT INTO {TABLE} (schema_version, copy_no) SELECT {version}, {copy_no} WHERE NOT EXISTS (FROM {TABLE})"
    )


def copy_no(warehouse: Warehouse) -> int:
    """The number that the warehouse last noted of its copy."""
    return int(warehouse.value(f"SELECT copy_no FROM {TABLE}"))


def note_copy(warehouse: Warehouse, number: int) -> None:
    """Note that the copy gets this number."""
    warehouse.execute(f"UPDATE {TABLE} SET copy_no = {number}")


def copy_problem(warehouse: Warehouse) -> str | None:
    """Why the copy could not be brought up when the warehouse was last written; None: it was."""
    problem: str | None = warehouse.value(f"SELECT copy_problem FROM {TABLE}")
    return problem


def note_copy_problem(warehouse: Warehouse, problem: str | None) -> None:
    """Note why the copy is behind the warehouse, or that it is not."""
    warehouse.execute(f"UPDATE {TABLE} SET copy_problem = $problem", {"problem": problem})
