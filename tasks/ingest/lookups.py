"""Lookups: files that are left-joined to a source, such as products to order lines.

Owns: the join, and what is told of lines of theirs that are no rows. Does not own reading them (`readers.py`).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping as Paths
from pathlib import Path

from tasks.config.counting import counted
from tasks.config.errors import WorkspaceError
from tasks.ingest.beginning import check_whole
from tasks.ingest.mapping import Mapping
from tasks.ingest.readers import Reader, open_reader
from tasks.ingest.unmatched_quotes import read_in_order
from tasks.warehouse.connection import Warehouse, identifier


def with_lookups(warehouse: Warehouse, mapping: Mapping, paths: Paths[str, Path], relation: str) -> str:
    """A relation of a source, named `source`, with its lookups beside it.

    Of a lookup's rows with one key only the first counts, so that no row is doubled.

    Raises:
        SourceError: a lookup cannot be read.
        WorkspaceError: it has not the column that it is joined by.
    """
    joined = f"{relation} AS source"
    for name, lookup in mapping.source.lookups.items():
        key, alias = identifier(lookup.key), identifier(name)
        source_key = identifier(lookup.source_key or lookup.key)
        other = open_reader(warehouse, paths[name], lookup.format, lookup.options, frozenset({lookup.key}))
        _check_key(mapping, name, lookup.key, other)
        joined += (
            f" LEFT JOIN (SELECT * EXCLUDE (_record) FROM {other.relation}"
            f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY _record) = 1) AS {alias}"
            f" ON CAST(source.{source_key} AS VARCHAR) = CAST({alias}.{key} AS VARCHAR)"
        )
    return joined


def _check_key(mapping: Mapping, name: str, key: str, reader: Reader) -> None:
    if key.casefold() in {column.casefold() for column in reader.columns}:
        return
    near = difflib.get_close_matches(key, reader.columns, n=1)
    raise WorkspaceError(
        f"lookups.{name}: the key {key!r} is no column of its file",
        where=f"{next(iter(mapping.where.values()))} and {reader.path.name}",
        hint=f"did you mean {near[0]!r}?" if near else f"the file has {', '.join(reader.columns)}",
    )


def lines_lost(warehouse: Warehouse, mapping: Mapping, paths: Paths[str, Path]) -> list[str]:
    """A sentence for each lookup that has lines which are no rows: they have no quarantine to be kept in.

    Raises:
        SourceError: a lookup cannot be read, or lines disappear in another.
    """
    told = []
    for name, lookup in mapping.source.lookups.items():
        path = paths[name]
        check_whole(path)
        reader = open_reader(warehouse, path, lookup.format, lookup.options, frozenset({lookup.key}))
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
            told.append(f"lookup {name}: {what} no row and left out, the first is line {lines[0]} of {path.name}")
    return told
