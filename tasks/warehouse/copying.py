"""Keeping what cannot be made again outside the one warehouse file: the folder `copy/` beside it.

Owns: which rows are copied, and bringing the copy up to the warehouse. Does not own the list of files
(`copy_manifest.py`) or reading it back (`restoring.py`).

Copied are the loads of `raw`, one file each, written once; the ledger; and the rows of each published run, so that what
comes of a rebuild does not depend on what definitions, code or models are by then. Not copied is what follows from the
rest: `staging`, pseudonyms, counts of loads. The copy follows the warehouse: where a process dies between the two, the
next that opens the folder brings the copy up.

Whoever removes rows from the warehouse, and not only adds some, calls `bring_up(…, recheck=True)`: what differs is
written anew, and the files that held more are removed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from tasks.config.errors import DamageError, OutputError
from tasks.warehouse import backfill_ledger, kept_rows, ledger, looked_up, migrations, pulls
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.copy_manifest import (
    CopyManifest,
    Part,
    drop_unlisted,
    read_manifest,
    write_manifest,
)
from tasks.warehouse.disk import digest, flush_file, flush_folder
from tasks.warehouse.ledger import KEPT_BY_RUN

log = logging.getLogger("resegment.warehouse")

ENGINE = duckdb.__version__
#: Whose rows are made again where they are missing.
_FOLLOWS = {"ops.built", looked_up.TABLE, "raw.pseudonym", "raw.load_count", "raw.load_counted", pulls.ROWS}
_WHOLE_RAW = {kept_rows.ROWS, kept_rows.VALUES}
#: Types that Parquet has no equal of; a text of them is read back as it was.
_AS_TEXT = ("HUGEINT", "UHUGEINT", "INTERVAL", "TIME WITH TIME ZONE")
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Rows that belong into the copy; those of a `stamp` are not looked at again."""

    table: str
    key: str
    where: str
    stamp: str


def bring_up(warehouse: Warehouse, folder: Path, *, recheck: bool = False) -> None:
    """Make the copy hold what the warehouse holds; the caller holds the writer's lock.

    Args:
        warehouse: open for writing.
        folder: of the copy.
        recheck: look at what was copied before, too.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    before = _manifest_before(folder)
    known = {(part.table, part.key): part for part in before.parts} if before and before.engine == ENGINE else {}
    tables = _tables(warehouse)
    copy_no = max(migrations.copy_no(warehouse), before.copy_no if before else 0) + 1
    try:
        folder.mkdir(exist_ok=True)
        parts = [
            _copied(warehouse, folder, one, known.get((one.table, one.key)), copy_no, recheck=recheck)
            for one in _wanted(warehouse, tables)
        ]
        now = CopyManifest(copy_no, migrations.VERSION, ENGINE, tables, tuple(parts))
        if before and (before.parts, before.tables) == (now.parts, now.tables):
            return
        for path in {folder / part.file for part in parts if known.get((part.table, part.key)) is not part}:
            flush_folder(path.parent if path != folder else folder)
        # The warehouse first: where a process dies in between, it is the one that knows more.
        migrations.note_copy(warehouse, copy_no)
        write_manifest(folder, now)
        drop_unlisted(folder, now)
    except OSError as error:
        raise OutputError(
            f"cannot write the copy of the warehouse: {error.strerror or error}",
            where=str(folder),
            hint="free space or give this user the right to write; the next run brings the copy up",
        ) from error


def copied_no(folder: Path) -> int:
    """The number of the copy; 0 where there is none that can be read."""
    manifest = _manifest_before(folder)
    return manifest.copy_no if manifest else 0


def _manifest_before(folder: Path) -> CopyManifest | None:
    try:
        return read_manifest(folder)
    except DamageError as error:
        log.warning("%s; the copy is made anew", error.message)
        return None


def _tables(warehouse: Warehouse) -> dict[str, str]:
    """Tables of the schemas that are copied, each with the statement that creates it."""
    rows = warehouse.rows(
        "SELECT schema_name || '.' || table_name, sql FROM duckdb_tables() WHERE database_name = current_database()"
        " AND NOT temporary AND list_contains($schemas, schema_name) ORDER BY 1",
        {"schemas": ["raw", "ops", *KEPT_BY_RUN]},
    )
    return {name: sql for name, sql in rows if name != migrations.TABLE}


def _wanted(warehouse: Warehouse, tables: dict[str, str]) -> Iterator[_Wanted]:
    for table in tables:
        if table not in _FOLLOWS and (table.startswith("ops.") or table in _WHOLE_RAW):
            yield _Wanted(table, "", "true", "")
    for load_no, source, entity in warehouse.rows("SELECT load_no, source_name, entity_name FROM ops.load ORDER BY 1"):
        table = f"raw.{source}__{entity}"
        if table in tables:
            yield _Wanted(table, f"load-{load_no:06d}", f"load_no = {load_no}", "loaded")
    runs = {item.run_id for item in ledger.publications(warehouse)} | backfill_ledger.waiting_runs(warehouse)
    newest = "SELECT run_id, arg_max(attempt_id, started_at) FROM ops.run WHERE run_id IS NOT NULL GROUP BY 1"
    attempts: dict[str, str] = dict(warehouse.rows(newest))
    of_runs = [table for table in tables if table.split(".")[0] in KEPT_BY_RUN]
    for run_id in sorted(runs):
        for table in of_runs:
            yield _Wanted(table, run_id, f"run_id = {literal(run_id)}", attempts.get(run_id) or "")


def _copied(
    warehouse: Warehouse, folder: Path, one: _Wanted, known: Part | None, copy_no: int, *, recheck: bool
) -> Part:
    """The part as it is in the copy, or as it is written now."""
    if known and one.stamp and one.stamp == known.stamp and not recheck:
        return known
    name = ".".join(map(identifier, one.table.split(".")))
    columns = dict(warehouse.columns(f"SELECT * FROM {name}"))
    if known and set(known.columns) <= columns.keys():
        now = fingerprint(warehouse, name, known.columns, one.where)
        if now == (known.row_count, known.fingerprint) and (one.key or len(known.columns) == len(columns)):
            return replace(known, stamp=one.stamp)
    count, total = fingerprint(warehouse, name, tuple(columns), one.where)
    part = Part(one.table, one.key, one.stamp, "", count, total, tuple(columns))
    if not count:
        return part
    listed = ", ".join(
        f"CAST({identifier(column)} AS VARCHAR) AS {identifier(column)}" if kind in _AS_TEXT else identifier(column)
        for column, kind in columns.items()
    )
    schema, table = one.table.split(".")
    file = f"{schema}/{table}/{one.key or 'all'}.{copy_no}.parquet"
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    warehouse.execute(
        f"COPY (SELECT {listed} FROM {name} WHERE {one.where}) TO {literal(str(path))}"
        " (FORMAT parquet, COMPRESSION zstd)"
    )
    flush_file(path)
    return Part(one.table, one.key, one.stamp, file, count, total, tuple(columns), path.stat().st_size, digest(path))


def tables_kept_by_run(warehouse: Warehouse) -> list[str]:
    """Tables whose rows are those of runs."""
    return [table for table in _tables(warehouse) if table.split(".")[0] in KEPT_BY_RUN]


def fingerprint(warehouse: Warehouse, table: str, columns: tuple[str, ...], where: str = "true") -> tuple[int, str]:
    """How many rows there are, and a sum over their hashes; the same for the same rows under one version of DuckDB."""
    listed = ", ".join(map(identifier, columns))
    count, total = warehouse.rows(
        f"SELECT count(*), CAST(coalesce(sum(CAST(hash({listed}) AS HUGEINT)), 0) AS VARCHAR) FROM {table}"
        f" WHERE {where}"
    )[0]
    return count, total
