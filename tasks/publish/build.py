"""Building a publication aside: a DuckDB file and Parquet partitions, out of readers' sight.

Owns: what the folder `.building/published` holds. Does not own making it visible (`swap.py`).
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.config.errors import OutputError
from tasks.publish.scope import Scope
from tasks.publish.swap import recover
from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.disk import link
from tasks.warehouse.privacy import refuse_leaks
from tasks.warehouse.published_files import FILES, digests, kept, listed, write_manifest
from tasks.warehouse.run import Run

#: Schema of the tables behind the views; it changes only when a column changes its meaning or goes away.
CONTRACT_VERSION = "v1"
#: DuckDB releases since 1.5 can read the published file.
_STORAGE_VERSION = "v1.5.0"


def build_publication(run: Run, scope: Scope) -> Path:
    """Build everything that readers will see; returns the folder.

    Partitions of other dates are hard links to what is published already, which never changes in place.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
        WorkspaceError: a model of the workspace reads what does not leave `staging`.
    """
    newest = scope.current.as_of
    folder = begin_candidate(run, [run.as_of], newest)
    # A run for a date so long ago that its partitions would go with the next publication writes none.
    is_kept = run.as_of >= run.workspace.publish.kept_since(newest)
    build_date(run, folder, scope.until(run.as_of), has_partitions=is_kept)
    finish_candidate(run, folder, scope)
    return folder


def begin_candidate(run: Run, dates: Collection[dt.date], newest: dt.date) -> Path:
    """An empty candidate with the partitions of all dates but some; returns the folder.

    Args:
        run: the run, or that of a backfill.
        dates: that will be built anew.
        newest: history is kept as far back from it as the workspace says.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    folder = run.paths.building / "published"
    with _told(run):
        recover(run.paths.published)
        shutil.rmtree(run.paths.building, ignore_errors=True)
        folder.mkdir(parents=True)
        oldest = _partition(run.workspace.publish.kept_since(newest))
        # Of a date that was taken back, or whose run is lost, nothing is taken over.
        known = {_partition(item.as_of) for item in ledger.publications(run.warehouse)}
        others = known - {_partition(day) for day in dates}

        def is_kept(partition: str) -> bool:
            return partition >= oldest and partition in others

        _keep_other_dates(run, folder, is_kept)
        # What is built from here on is in no list yet, so that its digest is taken when all is built.
        write_manifest(folder / run.paths.manifest.name, {FILES: kept(run.paths.published, is_kept)})
    return folder


def build_date(run: Run, folder: Path, scope: Scope, *, has_partitions: bool = True) -> None:
    """Build the file as readers would have had it at the newest date of a scope, and the partitions of that date.

    Args:
        run: that of the date.
        folder: the candidate.
        scope: what is published until then.
        has_partitions: whether the date is one that history is kept of.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
        WorkspaceError: a model of the workspace reads what does not leave `staging`.
    """
    refuse_leaks(run, scope.models(run))
    with _told(run):
        database = folder / run.paths.published_database.name
        database.unlink(missing_ok=True)
        _build_database(run, scope, database)
        if has_partitions and run.workspace.publish.parquet:
            _write_partitions(run, scope, database, folder)


def finish_candidate(run: Run, folder: Path, scope: Scope) -> None:
    """Build the file of all dates, where the one built last is of an earlier one, and say what there is.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    with _told(run):
        if scope.current.as_of != run.as_of:
            database = folder / run.paths.published_database.name
            database.unlink(missing_ok=True)
            _build_database(run, scope, database)
        path = folder / run.paths.manifest.name
        manifest = {
            "contract": CONTRACT_VERSION,
            "as_of_date": scope.current.as_of.isoformat(),
            "runs": {item.as_of.isoformat(): item.run_id for item in scope.runs},
            FILES: digests(folder, listed(path)),
        }
        write_manifest(path, manifest)


@contextmanager
def _told(run: Run) -> Iterator[None]:
    """Errors of the file system in our words."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot build the publication: {error.strerror or error}",
            where=str(run.paths.building),
            hint="free space or give this user the right to write; what was published stays as it was",
        ) from error


def _build_database(run: Run, scope: Scope, path: Path) -> None:
    warehouse = run.warehouse
    models = scope.models(run)
    warehouse.execute(f"ATTACH {literal(str(path))} AS candidate (STORAGE_VERSION {literal(_STORAGE_VERSION)})")
    try:
        warehouse.execute(f"CREATE SCHEMA candidate.{CONTRACT_VERSION}")
        for model in models:
            table = f"candidate.{CONTRACT_VERSION}.{identifier(model.table)}"
            warehouse.execute(f"CREATE TABLE {table} AS {model.sql}")
    finally:
        warehouse.execute("DETACH candidate")
    # All at once: each statement that is a transaction of its own waits for the disk.
    with Warehouse.open(path, memory_limit=run.workspace.engine.memory_limit) as candidate, candidate.transaction():
        for model in models:
            table = f"{CONTRACT_VERSION}.{identifier(model.table)}"
            candidate.execute(f"CREATE VIEW main.{identifier(model.table)} AS SELECT * FROM {table}")
            candidate.execute(f"COMMENT ON TABLE {table} IS {literal(f'{model.what}; {model.why}')}")
            for column in model.columns:
                candidate.execute(f"COMMENT ON COLUMN {table}.{identifier(column.name)} IS {literal(column.meaning)}")


def _write_partitions(run: Run, scope: Scope, database: Path, folder: Path) -> None:
    """One file per table and date; rows keep the order of the table, so that a repeat is the same byte for byte."""
    with Warehouse.open(database, memory_limit=run.workspace.engine.memory_limit, read_only=True) as candidate:
        for model in scope.models(run):
            partition = folder / model.table / _partition(run.as_of)
            partition.mkdir(parents=True)
            target = partition / "part-0.parquet"
            candidate.execute(
                f"COPY (SELECT * FROM {CONTRACT_VERSION}.{identifier(model.table)}"
                f" WHERE as_of_date = {literal(run.as_of)})"
                f" TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
            )


def _keep_other_dates(run: Run, folder: Path, is_kept: Callable[[str], bool]) -> None:
    said = listed(run.paths.manifest)
    for partition in sorted(run.paths.published.glob("*/as_of_date=*")):
        if not is_kept(partition.name):
            continue
        target = folder / partition.parent.name / partition.name
        target.mkdir(parents=True)
        for file in sorted(partition.iterdir()):
            # What nobody published is not taken over for published.
            if not said or file.relative_to(run.paths.published).as_posix() in said:
                link(file, target / file.name)


def _partition(day: dt.date) -> str:
    return f"as_of_date={day.isoformat()}"
