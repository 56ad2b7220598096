"""Making a warehouse from its copy.

Owns: reading the files of `copy/` into a new database file, and saying what of them could not be. Does not own what is
in the copy (`copying.py`), or what follows from it (`staging`, views), which the next run makes.

A damaged file costs what is in it and no more: of a load, its rows, and what the ledger says of it, so that the next
run reads the file of the source again; of a run, its publication, so that its date can be computed anew. Without the
core of the ledger nothing can be told of the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.config.errors import DamageError
from tasks.warehouse import copying, migrations, pulls
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.copy_manifest import CopyManifest, Part, damage_of, read_manifest
from tasks.warehouse.ledger import KEPT_BY_RUN, SCHEMAS
from tasks.warehouse.scanned import one_file
from tasks.warehouse.taking_back import LOST, take_back

#: Without these nothing can be told of the other rows.
_CORE = ("ops.run", "ops.publication", "ops.load", "ops.delivery")


@dataclass(frozen=True, slots=True)
class Loss:
    """What could not be read back: what it was, where it was kept, what to do about it."""

    what: str
    where: str
    hint: str


def restore(folder: Path, target: Path, memory_limit: str) -> list[Loss]:
    """Write the database file that a copy is of; returns what is missing in it.

    Args:
        folder: of the copy.
        target: the file to write; what is there is replaced.
        memory_limit: of DuckDB.

    Raises:
        DamageError: there is no copy, or what says what is in it is damaged.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise DamageError(
            "there is no copy of the warehouse to make it from",
            where=str(folder),
            hint="put the output folder back from a backup, or move it away and run each date again",
        )
    damaged = {part: told for part in manifest.parts if (told := damage_of(folder, part)) is not None}
    for part, told in damaged.items():
        if part.table in _CORE:
            raise DamageError(
                f"is damaged: it {told}",
                where=str(folder / part.file),
                hint="the ledger is needed whole: put this file, or the folder, back from a backup",
            )
    for leftover in (target, target.with_name(target.name + ".wal")):
        leftover.unlink(missing_ok=True)
    with Warehouse.open(target, memory_limit=memory_limit) as warehouse:
        with warehouse.transaction():
            _create(warehouse, manifest)
        for part in manifest.parts:
            if part.file and part not in damaged:
                _read_back(warehouse, folder, part, is_same_engine=manifest.engine == copying.ENGINE)
        with warehouse.transaction():
            losses = _without(warehouse, folder, damaged)
        migrations.migrate(warehouse)
    return losses


def _create(warehouse: Warehouse, manifest: CopyManifest) -> None:
    for schema in SCHEMAS:
        warehouse.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for statement in manifest.tables.values():
        warehouse.execute(statement)
    migrations.note_version(warehouse, version=manifest.schema_version, copy_no=manifest.copy_no)


def _read_back(warehouse: Warehouse, folder: Path, part: Part, *, is_same_engine: bool) -> None:
    """The rows of a part, proved to be those that were written."""
    name = ".".join(map(identifier, part.table.split(".")))
    where = f"load_no = {int(part.key.removeprefix('load-'))}" if part.key.startswith("load-") else "true"
    where = f"run_id = {literal(part.key)}" if part.table.split(".")[0] in KEPT_BY_RUN else where
    source = one_file(folder / part.file)
    warehouse.execute(f"INSERT INTO {name} BY NAME SELECT * FROM read_parquet({source})")
    count, total = copying.fingerprint(warehouse, name, part.columns, where)
    if count != part.row_count or (is_same_engine and total != part.fingerprint):
        raise DamageError(
            f"gives other rows than were written: {count}, expected {part.row_count}",
            where=str(folder / part.file),
            hint="put this file back from a backup",
        )


def _without(warehouse: Warehouse, folder: Path, damaged: dict[Part, str]) -> list[Loss]:
    """Take back what the ledger says of rows that are missing."""
    losses = []
    for key in sorted({part.key for part in damaged}):
        parts = [part for part in damaged if part.key == key]
        where = str(folder / parts[0].file)
        if key.startswith("load-"):
            losses += _without_load(warehouse, int(key.removeprefix("load-")), where)
        elif key:
            losses += _without_run(warehouse, key, where)
        else:
            losses += [
                Loss(f"all rows of {part.table}", str(folder / part.file), "put this file back from a backup")
                for part in parts
            ]
    return losses


def _without_load(warehouse: Warehouse, load_no: int, where: str) -> list[Loss]:
    """Forget a load and what was worked off of it; its rows in other loads stay."""
    rows = warehouse.rows(
        "SELECT load_id, load_no, source_name, entity_name, file_name FROM ops.load WHERE load_no = $number"
        " OR parent_load_id = (SELECT load_id FROM ops.load WHERE load_no = $number) ORDER BY load_no",
        {"number": load_no},
    )
    for load_id, number, source, entity, _ in rows:
        warehouse.execute(f"DELETE FROM raw.{identifier(f'{source}__{entity}')} WHERE load_no = {number}")
        for table in ("ops.load", "ops.delivery", "ops.quarantine", "ops.column_guess", "raw.quarantined_row"):
            warehouse.execute(f"DELETE FROM {table} WHERE load_id = $load", {"load": load_id})
        warehouse.execute("DELETE FROM raw.quarantined_value WHERE load_id = $load", {"load": load_id})
        pulls.begin_anew(warehouse, source)
    return [
        Loss(
            f"load {load_no} of {source}, file {file}",
            where,
            "the next run reads the file again if it is still where it was; `status --stale` tells what follows",
        )
        for _, number, source, _, file in rows
        if number == load_no
    ]


def _without_run(warehouse: Warehouse, run_id: str, where: str) -> list[Loss]:
    """Forget that a run is published, or waits to be."""
    dates = [
        day
        for (day,) in warehouse.rows(
            "SELECT as_of_date FROM ops.publication WHERE run_id = $run UNION"
            " SELECT as_of_date FROM ops.backfill_date WHERE run_id = $run AND status_name = 'computed' ORDER BY 1",
            {"run": run_id},
        )
    ]
    take_back(warehouse, run_id, LOST)
    return [
        Loss(
            f"the results of {day} (run {run_id})",
            where,
            f"`resegment backfill --from {day} --to {day} --every 1d` computes the date anew",
        )
        for day in dates
    ]
