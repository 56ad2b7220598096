"""One open DuckDB file, and the only place that works with one.

Owns: statements and transactions, and what a file is opened with. Does not own any table, reaching the file
(`opening.py`), or errors in our words (`engine_errors.py`).
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb
import pyarrow as pa

from tasks.config.errors import OutputError
from tasks.warehouse.damage import damage_told
from tasks.warehouse.disk import flush_file, flush_folder
from tasks.warehouse.engine_errors import first_line, translated
from tasks.warehouse.opening import connected, held_by, refuse_misread

if TYPE_CHECKING:
    from types import TracebackType

    import polars as pl

#: Folder beside a database file for what does not fit into memory.
SPILL_NAME = ".spill"
#: Folder beside it for what is on its way from a database into the warehouse.
PULLED_NAME = ".pulled"
Parameters = Mapping[str, object]
Row = tuple[Any, ...]


def literal(value: str | int | dt.date | dt.datetime | None) -> str:
    """A Python value as a DuckDB literal, for statements that take no bound parameters."""
    if value is None:
        return "NULL"
    if isinstance(value, dt.datetime):
        return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S.%f}'"
    if isinstance(value, dt.date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def identifier(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


#: What may make a table that stays.
_MAKES_TABLES = re.compile(r"\b(?:CREATE\s+(?:OR\s+REPLACE\s+)?(?!TEMP)|(?:RENAME|COPY|IMPORT)\b)", re.IGNORECASE)
#: What may take one away.
_TAKES_AWAY = re.compile(
    r"\b(?:DROP\s+(?!(?:TABLE|VIEW)\s+(?:IF\s+EXISTS\s+)?temp\.)|(?:RENAME|DETACH|USE)\b)", re.IGNORECASE
)
_MOST_WAL = "1GB"
"""Up to so much waits beside the file until it is closed. By default, 16 MB, a run moved tables into the file and put
groups of their rows together after nearly every step: ten seconds each time at ten million lines."""


class Warehouse:
    """One open DuckDB file; not thread-safe, closed by `with`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path | None) -> None:
        """Take over an open connection; use `Warehouse.open` to get one."""
        self.connection = connection
        self.path = path
        self.is_open = True
        #: Is told each statement, and how many rows it changed.
        self.observer: Callable[[str, int], None] | None = None
        self.closing = ExitStack()
        # Tables that are there, and whether those are all: DuckDB goes through all of them for each question.
        self._seen: set[str] = set()
        self._saw_all = False

    @classmethod
    def open(
        cls,
        path: Path | None,
        *,
        memory_limit: str = "4GB",
        threads: int | None = None,
        read_only: bool = False,
        wait_seconds: float = 0,
    ) -> Self:
        """Open (and create) a DuckDB file; `None` is a database in memory.

        Args:
            path: of the file.
            memory_limit: of the engine.
            threads: of the engine; None: as many as there are cores.
            read_only: nothing is to be written.
            wait_seconds: how long other processes that have it open are waited for.

        Raises:
            OutputError: the file cannot be written, has a name that cannot be used, or is held by another process.
            DamageError: it is no DuckDB file, or a damaged one.
        """
        refuse_misread(path)
        config: dict[str, Any] = {"memory_limit": memory_limit, "autoinstall_known_extensions": "false"}
        if threads:
            config["threads"] = threads
        if path and not read_only:
            config["temp_directory"] = str(path.parent / SPILL_NAME)
            config["checkpoint_threshold"] = _MOST_WAL
        try:
            connection = connected(path, wait_seconds, read_only=read_only, config=config)
        except duckdb.Error as error:
            if damage := damage_told(first_line(error), path):
                raise damage from error
            told = held_by(str(error))
            todo = "wait for what holds it to end" if told else "give this user the right to read and write it"
            todo = "free space" if os.strerror(errno.ENOSPC) in str(error) else todo
            raise OutputError(
                told or f"cannot open: {first_line(error)}",
                where=str(path),
                hint=f"{todo}; readers use published/published.duckdb",
            ) from error
        connection.execute("SET TimeZone = 'UTC'")
        # Our own lines show progress; DuckDB would draw over them.
        connection.execute("SET enable_progress_bar = false")
        return cls(connection, path)

    def __enter__(self) -> Self:
        """The warehouse itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close, whatever happened."""
        self.close()

    def close(self) -> None:
        """Close the file, and what was left to `closing`; committed work is on disk."""
        self.is_open = False
        self.connection.close()
        self.closing.close()

    def give_way_to(self, written: Path) -> None:
        """Close the file, and put another one in its place in one step; what readers have open they keep.

        Raises:
            OutputError: the file system refuses; the file stays as it was.
        """
        path = self.path
        if path is None:
            raise OutputError("a database in memory has no place on disk", hint="open a file")
        # All that is committed is in the file then: a log that stays would be read into the new one.
        self.execute("CHECKPOINT")
        self.close()
        try:
            if path.with_name(f"{path.name}.wal").exists():
                raise OutputError("has a log that is not empty", where=str(path), hint="run the command again")
            flush_file(written)
            written.replace(path)
            flush_folder(path.parent)
        except OSError as error:
            raise OutputError(
                f"cannot replace the file: {error.strerror or error}",
                where=str(path),
                hint="free space or give this user the right to write; the file stays as it was",
            ) from error

    def execute(self, sql: str, parameters: Parameters | Sequence[object] | None = None) -> int:
        """Run one statement; returns the number of rows it changed, or 0 where it changes none."""
        with translated(sql, self.path):
            row = self.connection.execute(sql, parameters).fetchone()
        if _TAKES_AWAY.search(sql):
            self._forget_tables()
        elif _MAKES_TABLES.search(sql):
            self._saw_all = False
        changed = int(row[0]) if row and isinstance(row[0], int) else 0
        self._tell(sql, changed)
        return changed

    def rows(self, sql: str, parameters: Parameters | Sequence[object] | None = None) -> list[Row]:
        """All rows of a small query."""
        self._tell(sql)
        with translated(sql, self.path):
            return self.connection.execute(sql, parameters).fetchall()

    def value(self, sql: str, parameters: Parameters | Sequence[object] | None = None) -> Any:  # noqa: ANN401 - any SQL value
        """The first column of the first row; None where there is no row."""
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def records(self, sql: str, parameters: Parameters | Sequence[object] | None = None) -> list[dict[str, Any]]:
        """All rows of a small query as mappings by column name."""
        self._tell(sql)
        with translated(sql, self.path):
            cursor = self.connection.execute(sql, parameters)
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def frame(self, sql: str, parameters: Parameters | None = None) -> pl.DataFrame:
        """The result as a Polars frame."""
        self._tell(sql)
        with translated(sql, self.path):
            result: pl.DataFrame = self.connection.sql(sql, params=dict(parameters or {})).pl()
            return result

    def _tell(self, sql: str, changed_rows: int = 0) -> None:
        if self.observer is not None:
            self.observer(sql, changed_rows)

    def columns(self, sql: str) -> list[tuple[str, str]]:
        """Name and type of each column of a SELECT, without running it."""
        self._tell(sql)
        with translated(sql, self.path):
            # Bound, not run; to ask with DESCRIBE takes five times as long.
            relation = self.connection.sql(sql)
            return list(zip(relation.columns, map(str, relation.types), strict=True))

    def table_exists(self, table: str) -> bool:
        """Whether `schema.table` is there, as a table or a view."""
        if table not in self._seen and not self._saw_all:
            found = self.rows(
                "SELECT table_schema || '.' || table_name FROM information_schema.tables"
                " WHERE table_catalog = current_catalog()"
            )
            self._seen = {name for (name,) in found}
            self._saw_all = True
        return table in self._seen

    def _forget_tables(self) -> None:
        self._seen.clear()
        self._saw_all = False

    @contextmanager
    def registered(self, name: str, frame: pl.DataFrame | pa.RecordBatchReader) -> Iterator[None]:
        """A Polars frame, or a stream that is read once, as a table of that name, as long as the block runs."""
        self.connection.register(name, frame if isinstance(frame, pa.RecordBatchReader) else frame.to_arrow())
        try:
            yield
        finally:
            self.connection.unregister(name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements of the block, or none."""
        self.connection.execute("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            self._roll_back()
            raise
        with translated("COMMIT", self.path):
            self.connection.execute("COMMIT")

    def _roll_back(self) -> None:
        self._forget_tables()
        # The error that broke the transaction is the one to tell; DuckDB may have rolled back by itself.
        with suppress(duckdb.Error):
            self.connection.execute("ROLLBACK")
