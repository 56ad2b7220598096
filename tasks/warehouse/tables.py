"""Writing derived tables: whole, keyed by run, in one transaction.

Owns: how rows of a run get into `staging` (of the newest run alone) and into `features`, `segments`, `monitoring` (kept
by run). A run's rows are invisible to readers and to later runs until the run is the published one of its date.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from tasks.warehouse import backfill_ledger, ledger
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.ledger import KEPT_BY_RUN
from tasks.warehouse.run import Run

if TYPE_CHECKING:
    import polars as pl


def rebuild(run: Run, table: str, select: str) -> int:
    """Replace a staging table by the rows of a SELECT; returns their number."""
    run.warehouse.execute(f"CREATE OR REPLACE TABLE {table} AS {stamped(run, select)}")
    return int(run.warehouse.value(f"SELECT count(*) FROM {table}"))


def write_rows(run: Run, table: str, select: str, names: Collection[str] = ()) -> int:
    """Put the rows of a SELECT into a table kept by run, instead of any this run has there; returns their number.

    Args:
        run: the run.
        table: as ``schema.table``; it is created, or gets the columns that it lacks (a new window, a new feature).
        select: of the rows, without the stamp.
        names: of the SELECT's columns, where they are known: to ask DuckDB takes as long as to begin the INSERT.
    """
    warehouse = run.warehouse
    rows = stamped(run, select)
    is_there = warehouse.table_exists(table)
    present = {name for name, _ in warehouse.columns(f"SELECT * FROM {table}")} if is_there else set()
    is_known = bool(names) and present.issuperset(names)
    lacking = [] if is_known else [column for column in warehouse.columns(rows) if column[0] not in present]
    with warehouse.transaction():
        if is_there:
            for name, kind in lacking:
                warehouse.execute(f"ALTER TABLE {table} ADD COLUMN {identifier(name)} {kind}")
            warehouse.execute(f"DELETE FROM {table} WHERE run_id = {literal(run.run_id)}")
        else:
            listed = ", ".join(f"{identifier(name)} {kind}" for name, kind in lacking)
            warehouse.execute(f"CREATE TABLE {table} ({listed})")
        return warehouse.execute(f"INSERT INTO {table} BY NAME {rows}")


def write_frame(run: Run, table: str, frame: pl.DataFrame) -> int:
    """Put a Polars frame into a table kept by run, instead of any rows this run has there."""
    with run.warehouse.registered("incoming_frame", frame):
        return write_rows(run, table, "SELECT * FROM incoming_frame", frame.columns)


def rows_of_run(table: str, run_id: str, columns: Sequence[str] = ()) -> str:
    """A SELECT of one run's rows, without the stamp."""
    chosen = ", ".join(identifier(column) for column in columns) or "* EXCLUDE (as_of_date, run_id)"
    return f"SELECT {chosen} FROM {table} WHERE run_id = {literal(run_id)}"


def forget_superseded(run: Run) -> int:
    """Drop rows of runs that are published for no date, wait in no backfill and are not this one; returns how many."""
    kept = {publication.run_id for publication in ledger.publications(run.warehouse)} | {run.run_id}
    kept |= backfill_ledger.waiting_runs(run.warehouse)
    listed = ", ".join(literal(run_id) for run_id in sorted(kept))
    dropped = 0
    for schema, name in run.warehouse.rows(
        "SELECT table_schema, table_name FROM information_schema.tables"
        " WHERE table_type = 'BASE TABLE' AND list_contains($schemas, table_schema) ORDER BY ALL",
        {"schemas": list(KEPT_BY_RUN)},
    ):
        dropped += run.warehouse.execute(f"DELETE FROM {schema}.{identifier(name)} WHERE run_id NOT IN ({listed})")
    return dropped


def restamp(run: Run, table: str) -> None:
    """Make every row of a staging table one of this run. A new column of one value is written faster than an update."""
    for name, value in (("as_of_date", run.as_of), ("run_id", run.run_id)):
        kind = "DATE" if name == "as_of_date" else "VARCHAR"
        run.warehouse.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
        run.warehouse.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind} DEFAULT {literal(value)}")


def stamped(run: Run, select: str) -> str:
    """A SELECT with the columns by which rows know their run."""
    # The SELECT stands on lines of its own: it may end in a comment.
    stamp = f"{literal(run.as_of)} AS as_of_date, {literal(run.run_id)} AS run_id"
    return f"SELECT {stamp}, model.* FROM (\n{select}\n) AS model"
