"""Lookups: files that are left-joined to a source, such as products to order lines.

Owns: the join, and what is told of lines of theirs that are no rows. Does not own reading them (`readers.py`), or what
follows when other values are in them (`looked_up.py`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Paths
from pathlib import Path

from tasks.config.counting import counted
from tasks.config.errors import SourceError, WorkspaceError
from tasks.ingest.beginning import check_whole
from tasks.ingest.mapping import Mapping
from tasks.ingest.readers import Reader, open_reader
from tasks.ingest.unmatched_quotes import read_in_order
from tasks.warehouse.connection import Warehouse, identifier

#: The files of each lookup, by its name.
LookupFiles = Paths[str, Sequence[Path]]


def with_lookups(warehouse: Warehouse, mapping: Mapping, files: LookupFiles, relation: str) -> str:
    """A relation of a source, named `source`, with its lookups beside it.

    Of a lookup's rows with one key only the first of the last file counts, so that no row is doubled.

    Raises:
        SourceError: a lookup cannot be read, or has not a column that is read.
        WorkspaceError: it has not the column that it is joined by.
    """
    joined = f"{relation} AS source"
    for name, lookup in mapping.source.lookups.items():
        owner, column = mapping.joined_by(name)
        held_against = f"{identifier(owner or 'source')}.{identifier(column)}"
        alias, key = identifier(name), identifier(lookup.key)
        readers = list(lookup_readers(warehouse, mapping, files, name))
        for reader in readers:
            _check_columns(mapping, name, reader)
        joined += (
            f" LEFT JOIN ({_one_row_a_key(readers, key)}) AS {alias}"
            f" ON CAST({held_against} AS VARCHAR) = CAST({alias}.{key} AS VARCHAR)"
        )
    return joined


def _one_row_a_key(readers: Sequence[Reader], key: str) -> str:
    rows = " UNION ALL BY NAME ".join(
        f"SELECT *, {number} AS _file FROM {reader.relation}" for number, reader in enumerate(readers)
    )
    return (
        f"SELECT * EXCLUDE (_record, _file) FROM ({rows})"
        f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY _file DESC, _record) = 1"
    )


def lookup_readers(warehouse: Warehouse, mapping: Mapping, files: LookupFiles, name: str) -> Iterator[Reader]:
    """The files of a lookup as they can be read, in the order of their paths.

    Raises:
        SourceError: one cannot be read.
        WorkspaceError: one has not the column that it is joined by.
    """
    lookup = mapping.source.lookups[name]
    read = frozenset({lookup.key, *mapping.looked_up[name]})
    for path in files[name]:
        reader = open_reader(warehouse, path, lookup.format, lookup.options, read)
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
    return {
        "where": f"{mapping.where.get(place) or next(iter(mapping.where.values()))} and {reader.path.name}",
        "hint": f"did you mean {near[0]!r}?" if near else f"the file has {', '.join(reader.columns)}",
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
                of = reader.path.name
                told.append(f"lookup {name}: {what} no row and left out, the first is line {lines[0]} of {of}")
    return told
