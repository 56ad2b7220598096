"""Reading a PostgreSQL database: one read-only transaction, whose rows come as a stream.

Owns: the connection, what is sent to the database, and its errors in our words, without passwords or values of rows.
The only module that knows ADBC. Does not own what becomes of the rows (`pulling.py`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tasks.config.databases import Address
from tasks.config.errors import ConnectionLostError, SourceError
from tasks.ingest.query import bare
from tasks.warehouse.connection import identifier

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection

#: A setting of the session that holds the bound parameter: a statement with parameters of its own would not stream.
_READ_FROM = "resegment.read_from"
_KIND, _PRIMARY = b"POSTGRESQL:type", b"PG_DIAG_MESSAGE_PRIMARY"
#: Types that have a time by which rows can be asked for.
_TIMES = {
    "timestamp": "CAST({} AS timestamp)",
    "timestamptz": "CAST({} AS timestamptz)",
    "date": "CAST(CAST({} AS timestamp) AS date)",
}
_MONEY = {"money": "numeric", "_money": "numeric[]"}
#: What the driver misreads: numbers without a sign as ones with it, rows without a type as numbers.
_AS_TEXT = ("oid", "_oid", "record", "_record")
#: What libpq says of a server that may be there again in a while; else a refusal stays one.
_PASSING = ("starting up", "shutting down", "too many", "connection slots", "recovery mode", "terminating connection")
_REFUSED = "check user, password and database in the URL, and who may connect (pg_hba.conf of the server)"
_UNREADABLE = "the URL cannot be read"
_MISWRITTEN = "correct the URL; its parameters are those of libpq, such as sslmode and sslrootcert"
_UNTRUSTED = (
    "in the URL write sslrootcert=FILE, of the authority that signed the server's certificate, or sslrootcert=system,"
    " and the host as the certificate has it"
)
#: What libpq itself refuses, before or instead of the server, and what to do: asking again gives the same.
_LASTING = {
    "percent": _MISWRITTEN,
    _UNREADABLE: _MISWRITTEN,
    "no password supplied": _REFUSED,
    "certificate": _UNTRUSTED,
    "does not support SSL": _REFUSED,
    "Failed to connect: invalid ": _MISWRITTEN,
}
#: An error on the way has no SQLSTATE, and words of the server's language; so much the driver says of it.
_ON_THE_WAY = "[PGRES_FATAL_ERROR]"
#: Of those, what ended the session: no row does that.
_SESSION_ENDED = re.compile(r"\[PGRES_FATAL_ERROR\]\W*FATAL")
#: Of those, what somebody or a limit ended, a standby's recovery among them, and not the rows.
_ENDED = re.compile(r"ERROR:\s+canceling statement due to ")
#: Classes of SQLSTATE: connection, resources, intervention of an operator, a conflict with others.
_PASSING_STATES = ("08", "53", "57", "40")
#: Classes whose messages may quote a value of a row: data, cardinality, integrity, errors that a function raises.
_ABOUT_VALUES = ("21", "22", "23", "P0")
_VALUE = re.compile(r"""["'«»„“‘‚「].*["'«»“”’」]|[-+]?\d[\d.,:eE+-]*""", re.DOTALL)
_HINTS = {
    "42": "correct the query; psql with the same user says the same",
    "22": "a value of some row cannot be computed: guard the expression in the query",
    "25": "write a SELECT that changes nothing",
    "42501": "GRANT SELECT on it to the user of the URL, and USAGE on its schema",
    "57014": "where it is the server's limit of time, raise statement_timeout of this user; else run again",
}
_AWAY = "is the server up, and may this machine reach it? what is published stays; run again when it is back"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of a database, as long as its transaction is open.

    Attributes:
        address: of the database.
        where: the query stands in the workspace file.
        now: its clock, UTC.
    """

    address: Address
    where: str
    now: dt.datetime
    _connection: Connection = field(repr=False)

    def columns(self, query: str) -> dict[str, tuple[str, pa.DataType]]:
        """Columns of a query: their types in PostgreSQL and as they would come.

        Raises:
            SourceError: the database refuses the query, or two columns share a name.
        """
        with self._told(), self._connection.cursor() as cursor:
            schema = cursor.adbc_execute_schema(f"SELECT * FROM ({bare(query)}\n) AS pulled")
        doubled = sorted({name for name in schema.names if schema.names.count(name) > 1})
        if doubled:
            raise SourceError(
                f"query: several columns are called {', '.join(doubled)}",
                where=self.where,
                hint="give each a name of its own with AS",
            )
        return {one.name: ((one.metadata or {}).get(_KIND, b"").decode(), one.type) for one in schema}

    @contextlib.contextmanager
    def stream(self, query: str, since: str | None, read_from: dt.datetime | None) -> Iterator[Stream]:
        """The rows of a query, as long as the block runs; from a time on, and those without a time.

        Raises:
            SourceError: the database refuses the query, or `since` is no column of it with a time.
        """
        columns = self.columns(query)
        if since is not None and columns.get(since, ("",))[0] not in _TIMES:
            met = f"is of type {columns[since][0]}" if since in columns else "is no column of the query"
            raise SourceError(
                f"since: {since!r} {met}, expected a column of type {', '.join(_TIMES)}",
                where=self.where,
                hint=f"the query has {', '.join(columns)}; without since all rows are read each time",
            )
        listed = ", ".join(_selected(name, *kind) for name, kind in columns.items()) or "*"
        sql = f"SELECT {listed} FROM ({bare(query)}\n) AS pulled"
        if since is not None and read_from is not None:
            with self._told(), self._connection.cursor() as cursor:
                cursor.execute("SELECT set_config($1, $2, true)", (_READ_FROM, f"{read_from:%Y-%m-%d %H:%M:%S.%f}"))
                cursor.fetchall()
            moment = _TIMES[columns[since][0]].format(f"current_setting('{_READ_FROM}')")
            sql += f" WHERE {identifier(since)} >= {moment} OR {identifier(since)} IS NULL"
        cursor = self._connection.cursor()
        try:
            with self._told():
                cursor.execute(sql)
                reader = cursor.fetch_record_batch()
            yield Stream(self, reader)
        finally:
            # Of a connection that was lost there is nothing to end.
            with contextlib.suppress(*_errors()):
                cursor.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except _errors() as error:
            raise told(error, self.address, self.where) from None


class Stream:
    """Rows on their way; what ends them too early is kept, for whoever reads them may tell of it in other words."""

    def __init__(self, snapshot: Snapshot, reader: pa.RecordBatchReader) -> None:
        """Take over a reader of a snapshot that stays open."""
        self._snapshot = snapshot
        self._reader = reader
        #: Why the rows ended before their end; None: they did not.
        self.failure: SourceError | None = None
        schema = pa.schema([pa.field(one.name, _plain(one.type)) for one in self._reader.schema])
        #: The rows; read once.
        self.batches = pa.RecordBatchReader.from_batches(schema, self._read(schema))

    def _read(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._reader:
                yield pa.RecordBatch.from_arrays([_as_plain(one) for one in batch.columns], schema=schema)
        except _errors() as error:
            self.failure = told(error, self._snapshot.address, self._snapshot.where)
            raise self.failure from None


@contextlib.contextmanager
def snapshot(address: Address, where: str, query_where: str) -> Iterator[Snapshot]:
    """Connect, for one transaction that can change nothing and sees one state of the database; its time zone is UTC.

    Args:
        address: of the database.
        where: the database stands in the workspace file.
        query_where: the query does.

    Raises:
        ConnectionLostError: it cannot be reached, or was lost; asking again may help.
        SourceError: it refuses.
    """
    from adbc_driver_postgresql import dbapi

    try:
        connection = dbapi.connect(address.url)
    except _errors() as error:
        raise told(error, address, where, refused=_REFUSED) from None
    try:
        try:
            with connection.cursor() as cursor:
                # Before any other statement: after one, PostgreSQL lets nobody make the transaction writable again.
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute("SELECT set_config('TimeZone', 'UTC', true)")
                cursor.fetchall()
                cursor.execute("SELECT LOCALTIMESTAMP")
                now: dt.datetime = cursor.fetchall()[0][0]
        except _errors() as error:
            raise told(error, address, where) from None
        yield Snapshot(address, query_where, now, connection)
    finally:
        # Of one that was lost there is nothing to end.
        with contextlib.suppress(*_errors()):
            connection.close()


def told(error: BaseException, address: Address, where: str, refused: str = "what is published stays") -> SourceError:
    """An error of the database for people: without its password, and without values of rows.

    Args:
        error: what the driver raised.
        address: of the database.
        where: in the workspace file it is asked for.
        refused: what to do about a refusal of which nothing more is known.
    """
    state = str(getattr(error, "sqlstate", None) or "")
    said = dict(getattr(error, "details", None) or []).get(_PRIMARY)
    text = said.decode(errors="replace") if said else _essence(str(error))
    if not state and _ON_THE_WAY in str(error):
        # As the server would have said it at the beginning.
        state = "57P01" if _SESSION_ENDED.search(str(error)) else "57014" if _ENDED.search(str(error)) else "22"
    if state[:2] in _ABOUT_VALUES:
        text = _VALUE.sub("…", text)
    if "invalid percent-encoded" in text or "URI" in text:
        text = _UNREADABLE
    is_passing = state.startswith(_PASSING_STATES) if state else _may_pass(str(error))
    if not is_passing:
        refused = next((hint for word, hint in _LASTING.items() if word in text), refused)
    kind = ConnectionLostError if is_passing else SourceError
    return kind(
        f"cannot read the database {address.place}: {address.masked(text)}",
        where=where,
        hint=_HINTS.get(state) or _HINTS.get(state[:2]) or (_AWAY if is_passing else refused),
    )


def _may_pass(text: str) -> bool:
    """Whether what libpq says without a SQLSTATE is no refusal."""
    if "libpq" not in text or any(word in text for word in _LASTING):
        return False
    return "FATAL" not in text or any(word in text for word in _PASSING)


def _essence(text: str) -> str:
    """One line of what the driver says, without the statement."""
    line = text.split("\n\nQuery was", maxsplit=1)[0].split("\nLINE ", maxsplit=1)[0].strip()
    return " ".join(line.rpartition("[libpq] ")[2].split())


def _errors() -> tuple[type[BaseException], ...]:
    from adbc_driver_manager import Error

    return (Error, OSError, pa.ArrowException)


def _selected(name: str, kind: str, arrow: pa.DataType) -> str:
    """A column as it is asked for: as text where the driver would give bytes that only PostgreSQL can read.

    An infinite time would come as a wrong one; it comes as none. Likewise money in its smallest unit, and half of all
    object ids as negative numbers.
    """
    column = identifier(name)
    if kind in _TIMES:
        return f"CASE WHEN isfinite({column}) THEN {column} END AS {column}"
    if kind.removeprefix("_") in _TIMES:
        return f"array_replace(array_replace({column}, 'infinity', NULL), '-infinity', NULL) AS {column}"
    if kind in _MONEY:
        return f"CAST(CAST({column} AS {_MONEY[kind]}) AS text) AS {column}"
    return f"CAST({column} AS text) AS {column}" if kind in _AS_TEXT or _is_foreign(arrow) else column


def _is_foreign(arrow: pa.DataType) -> bool:
    if isinstance(arrow, pa.BaseExtensionType):
        return not pa.types.is_string(arrow.storage_type)
    if pa.types.is_list(arrow):
        return isinstance(arrow.value_type, pa.BaseExtensionType) or _is_foreign(arrow.value_type)
    return bool(arrow == pa.month_day_nano_interval())


def _plain(arrow: pa.DataType) -> pa.DataType:
    return arrow.storage_type if isinstance(arrow, pa.BaseExtensionType) else arrow


def _as_plain(column: Any) -> Any:  # noqa: ANN401 - an array of any type
    return column.storage if isinstance(column, pa.ExtensionArray) else column
