"""Lookups: files that are left-joined to a source, such as products to order lines.

Owns: the join, and what is told of lines of theirs that are no rows. Does not own reading them (`readers.py`), or what
follows when other values are in them (`looked_up.py`).
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator
from collections.abc import Mapping as Paths

from tasks.config.counting import counted
from tasks.config.errors import SourceError, SqlError, WorkspaceError
from tasks.ingest.beginning import check_whole
from tasks.ingest.discovery import lookup_digests
from tasks.ingest.folders import folder_called, is_column_where
from tasks.ingest.mapping import LookupFiles, Mapping
from tasks.ingest.opening import open_lookup
from tasks.ingest.readers import Reader
from tasks.ingest.unmatched_quotes import read_in_order
from tasks.warehouse.connection import Warehouse, identifier


def with_lookups(warehouse: Warehouse, mapping: Mapping, files: LookupFiles, relation: str) -> str:
    """A relation of a source, named `source`, with its lookups beside it, which are read each time.

    Of a lookup's rows with one key only the first of the last file counts, so that no row is doubled.

    Raises:
        SourceError: a lookup cannot be read, or has not a column that is read.
        WorkspaceError: it has not the column that it is joined by.
    """
    names = mapping.source.lookups
    return _joined(mapping, relation, {name: f"({_one_row_a_key(warehouse, mapping, files, name)})" for name in names})


def with_kept_lookups(warehouse: Warehouse, mapping: Mapping, files: LookupFiles, relation: str) -> str:
    """The same for one file of many: a lookup is read for the first, into a table as long as the warehouse is open.

    Raises:
        SourceError: a lookup cannot be read, or has not a column that is read.
        WorkspaceError: it has not the column that it is joined by.
    """
    return _joined(mapping, relation, {name: _kept(warehouse, mapping, files, name) for name in mapping.source.lookups})


def _joined(mapping: Mapping, relation: str, lookups: Paths[str, str]) -> str:
    joined = f"{relation} AS source"
    for name, rows in lookups.items():
        owner, column = mapping.joined_by(name)
        held_against = f"{identifier(owner or 'source')}.{identifier(column)}"
        alias, key = identifier(name), identifier(mapping.source.lookups[name].key)
        joined += f" LEFT JOIN {rows} AS {alias} ON CAST({held_against} AS VARCHAR) = CAST({alias}.{key} AS VARCHAR)"
    return joined


def _kept(warehouse: Warehouse, mapping: Mapping, files: LookupFiles, name: str) -> str:
    """The temporary table of a lookup's rows, by what it is made of."""
    lookup = mapping.source.lookups[name]
    said = lookup.model_dump(mode="json", exclude={"path", "source_key"})
    made_of = [said, sorted(mapping.looked_up[name]), lookup_digests(mapping, files, name)]
    table = f"lookup_{hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]}"
    there = "SELECT count(*) FROM duckdb_tables() WHERE temporary AND table_name = $table"
    if not warehouse.value(there, {"table": table}):
        for path in files[name]:
            check_whole(path)
        rows = _one_row_a_key(warehouse, mapping, files, name)
        try:
            warehouse.execute(f"CREATE TEMP TABLE {table} AS {rows}")
        except SqlError as error:
            raise SourceError(
                f"lookups.{name} cannot be read: {error.message}",
                where=", ".join(map(str, files[name][:1])),
                hint="compare its format and options with the file, or export it again",
            ) from error
    return f"temp.{table}"


def _one_row_a_key(warehouse: Warehouse, mapping: Mapping, files: LookupFiles, name: str) -> str:
    readers = list(lookup_readers(warehouse, mapping, files, name))
    for reader in readers:
        _check_columns(mapping, name, reader)
    lookup = mapping.source.lookups[name]
    # By their names in any case, as DuckDB takes them for the same.
    columns = {column.casefold(): identifier(column) for column in (lookup.key, *mapping.looked_up[name])}.values()
    rows = " UNION ALL BY NAME ".join(
        f"SELECT {', '.join(columns)}, _record, {number} AS _file FROM {reader.relation}"
        for number, reader in enumerate(readers)
    )
    return (
        f"SELECT * EXCLUDE (_record, _file) FROM ({rows}) QUALIFY"
        f" row_number() OVER (PARTITION BY {identifier(lookup.key)} ORDER BY _file DESC, _record) = 1"
    )


def lookup_readers(warehouse: Warehouse, mapping: Mapping, files: LookupFiles, name: str) -> Iterator[Reader]:
    """The files of a lookup as they can be read, in the order of their paths.

    Raises:
        SourceError: one cannot be read.
        WorkspaceError: one has not the column that it is joined by.
    """
    lookup = mapping.source.lookups[name]
    for path in files[name]:
        reader = open_lookup(warehouse, mapping, name, path)
        if lookup.key.casefold() not in {column.casefold() for column in reader.columns}:
            said = f"lookups.{name}: the key {lookup.key!r} is no column of its file"
            raise WorkspaceError(said, **_place(mapping, "", reader, lookup.key))
        yield reader


def _check_columns(mapping: Mapping, name: str, reader: Reader) -> None:
    """Of a column that one file of several has not its rows would have no value, without a word."""
    present = {column.casefold() for column in reader.columns}
    for column, place in mapping.looked_up[name].items():
        if column.casefold() not in present:
            said = f"{place}: the lookup {name} has no column {column!r}"
            raise SourceError(said, **_place(mapping, place, reader, column))


def _place(mapping: Mapping, place: str, reader: Reader, absent: str) -> dict[str, str]:
    """Where a column is named that a file has not, and what to do."""
    near = difflib.get_close_matches(absent, reader.columns, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the file has {', '.join(reader.columns)}"
    if folder := folder_called(mapping.called(reader.path), absent):
        hint = is_column_where(folder)
    return {
        "where": f"{mapping.where.get(place) or next(iter(mapping.where.values()))} and {mapping.called(reader.path)}",
        "hint": hint,
    }


def lines_lost(warehouse: Warehouse, mapping: Mapping, files: LookupFiles) -> list[str]:
    """A sentence for each file of a lookup that has lines which are no rows: they have no quarantine to be kept in.

    Raises:
        SourceError: a lookup cannot be read, or lines disappear in another.
    """
    told = []
    for name, lookup in mapping.source.lookups.items():
        for path in files[name]:
            check_whole(path)
        for reader in lookup_readers(warehouse, mapping, files, name):
            if reader.rejecting is None:
                continue
            for table in ("reject_errors", "reject_scans"):
                warehouse.execute(f"DROP TABLE IF EXISTS {table}")
            # Of columns that nobody asks for DuckDB does not see whether their bytes are text.
            warehouse.rows(f"SELECT count(COLUMNS(*)) FROM {reader.rejecting}")
            lines = [line for (line,) in warehouse.rows("SELECT DISTINCT line FROM reject_errors ORDER BY 1")]
            read_in_order(warehouse, reader, lookup.options, len(lines))
            if lines:
                what = counted(len(lines), "line is", "lines are")
                of = mapping.called(reader.path)
                told.append(f"lookup {name}: {what} no row and left out, the first is line {lines[0]} of {of}")
    return told
