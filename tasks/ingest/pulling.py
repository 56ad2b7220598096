"""Pulling a source out of its database into one Parquet file, which is loaded as any file is.

Owns: which rows are asked for, the file, and its name and id. Does not own the connection (`postgres.py`), or what the
ledger keeps of a pull (`tasks/warehouse/pulls.py`).

Rows are sorted by all of their columns, so that equal rows give equal bytes, in whatever order a database gives them.
The file holds data about people: it is deleted when it is loaded, and what a kill leaves of it when the folder is
opened next. It is therefore not flushed to disk, as nobody reads it after this process.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.config.errors import ResegmentError
from tasks.ingest.discovery import FoundFile, digest_of, find_lookups, load_id_of
from tasks.ingest.mapping import Mapping
from tasks.ingest.postgres import Snapshot, snapshot
from tasks.warehouse import pulls
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.pulls import Pull
from tasks.warehouse.run import Run
from tasks.warehouse.scanned import one_file

#: The rows as they come, by this name.
_STREAM = "pulled_rows"
#: Rows that are known are found again by what is in them, however many equal ones there are.
_DIGESTS = (
    "(SELECT *, row_number() OVER (PARTITION BY row_md5) AS copy_no FROM"
    " (SELECT *, md5_number(CAST(to_json(pulled) AS VARCHAR)) AS row_md5 FROM read_parquet({file}) AS pulled))"
)


def pull(run: Run, mapping: Mapping) -> FoundFile | None:
    """Read a source out of its database; None where rows are asked for since the last pull, and there are no new ones.

    Raises:
        ConnectionLostError: the database cannot be reached, or was lost; asking again may help.
        SourceError: it refuses.
    """
    source, warehouse = mapping.source, run.warehouse
    name = f"{source.database}:{mapping.name}"
    where = run.workspace.line_of("databases", source.database or "")
    address = run.workspace.databases[source.database or ""].address(where)
    lookups, mapping_sha256 = find_lookups(run.workspace, mapping)
    until = None
    if source.since is not None:
        until = pulls.pulled_until(warehouse, mapping.name, mapping_sha256, address.place)
    read_from = None if until is None else until - source.overlap_span
    run.paths.pulled.mkdir(parents=True, exist_ok=True)
    path = run.paths.pulled / name
    with _removed_on_error(path):
        with snapshot(address, where, run.workspace.line_of("sources", mapping.name, "query")) as state:
            _write(warehouse, state, mapping, read_from, path)
        newest = None if source.since is None else _newest(warehouse, path, source.since, state.now)
        done = Pull(address.place, read_from, newest if until is None else max(newest or until, until))
        more: tuple[str, ...] = ()
        if source.since is not None:
            done = _with_rows(warehouse, mapping, path, done)
        if read_from is not None:
            if not _leave_known_out(warehouse, mapping, path):
                path.unlink()
                return None
            number = pulls.next_number(warehouse, mapping.name)
            # What came since the last pull is no version of what came before it, even where both are equal.
            name, more = f"{name} #{number}", (str(number),)
        sha256 = digest_of(path)
    return FoundFile(
        path, name, sha256, mapping_sha256, load_id_of(mapping.name, sha256, mapping_sha256, *more), lookups, done
    )


def _write(warehouse: Warehouse, state: Snapshot, mapping: Mapping, read_from: dt.datetime | None, path: Path) -> None:
    with state.stream(mapping.source.query or "", mapping.source.since, read_from) as stream:
        try:
            with warehouse.registered(_STREAM, stream.batches):
                _copy(warehouse, f"SELECT * FROM {_STREAM} ORDER BY ALL", path)
        except ResegmentError:
            if stream.failure is not None:
                # DuckDB tells of it as an error of its own.
                raise stream.failure from None
            raise


def _newest(warehouse: Warehouse, path: Path, since: str, now: dt.datetime) -> dt.datetime | None:
    """The newest time that is none of the future.

    One wrong row must hide neither what comes until then, nor what comes late: the clock in its place would be ahead of
    all rows of a table that is fed by night.
    """
    moment = f"CAST({identifier(since)} AS TIMESTAMP)"
    newest: dt.datetime | None = warehouse.value(
        f"SELECT max({moment}) FILTER (WHERE {moment} <= {literal(now)}) FROM read_parquet({one_file(path)})"
    )
    return newest


def _with_rows(warehouse: Warehouse, mapping: Mapping, path: Path, done: Pull) -> Pull:
    """The pull with the digests of the rows that the next one will read again."""
    table = f"seen_{mapping.name}"
    since = identifier(mapping.source.since or "")
    again = "true"
    if done.newest is not None:
        again = f"{since} IS NULL OR {since} >= {literal(done.newest - mapping.source.overlap_span)}"
    warehouse.execute(
        f"CREATE OR REPLACE TEMP TABLE {identifier(table)} AS SELECT row_md5, copy_no"
        f" FROM {_DIGESTS.format(file=one_file(path))} WHERE {again}"
    )
    return Pull(done.place, done.read_from, done.newest, table)


def _leave_known_out(warehouse: Warehouse, mapping: Mapping, path: Path) -> bool:
    """Leave out of a file what the last pull read, too; whether anything is left."""
    pulls.create_rows(warehouse)
    whole = path.with_name(f"{path.name} whole")
    path.rename(whole)
    with _removed_on_error(whole):
        rows = _copy(
            warehouse,
            f"SELECT pulled.* EXCLUDE (row_md5, copy_no) FROM {_DIGESTS.format(file=one_file(whole))} AS pulled"
            f" ANTI JOIN (SELECT row_md5, copy_no FROM {pulls.ROWS} WHERE source_name = {literal(mapping.name)})"
            " USING (row_md5, copy_no) ORDER BY ALL",
            path,
        )
    whole.unlink()
    return rows > 0


def _copy(warehouse: Warehouse, select: str, path: Path) -> int:
    return warehouse.execute(f"COPY ({select}) TO {literal(str(path))} (FORMAT parquet)")


@contextmanager
def _removed_on_error(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise
