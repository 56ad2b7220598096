"""Lines that a quotation mark swallowed: a file in which one does not match loses, unseen, what follows it.

Owns: proving that every line of such a file became a row or is known to be none. Does not own reading rows
(`readers.py`) or what is kept of single lines (`quarantine.py`).

Inside quotation marks the end of a line is part of the value. Where a mark is not closed, all that follows is one
value, up to the next mark; it is noted as a single line that is no row, however many thousands it holds.
"""

from __future__ import annotations

import gzip
import io
from dataclasses import replace
from pathlib import Path

from tasks.config.errors import SourceError
from tasks.config.sources import FormatOptions
from tasks.ingest.encodings import codec
from tasks.ingest.readers import Reader
from tasks.warehouse.connection import Warehouse, identifier

_UNMATCHED = "error_type IN ('UNQUOTED VALUE', 'LINE SIZE OVER MAXIMUM')"


def first_unmatched(warehouse: Warehouse) -> int | None:
    """The first line that was noted as one whose marks do not match, or which has no end; None: there is none."""
    line: int | None = warehouse.value(f"SELECT min(line) FROM reject_errors WHERE {_UNMATCHED}")
    return line


def read_in_order(warehouse: Warehouse, reader: Reader, options: FormatOptions, rejected_count: int) -> Reader:
    """The reader to load with, after `rejecting` was read: one line after the other, where marks do not match.

    Args:
        warehouse: where the file is read.
        reader: the file.
        options: how it is written.
        rejected_count: lines that are known to be no rows.

    Raises:
        SourceError: lines disappeared in another; nothing of the file may be loaded.
    """
    line = first_unmatched(warehouse) if rejected_count else None
    if line is None or reader.in_order is None:
        return reader
    rows = int(warehouse.value(f"SELECT count(*) FROM {reader.in_order}"))
    swallowed = _lines(reader.path, options) - int(options.header) - rows - rejected_count
    # Values of several lines are rare; they are looked for only where something is missing.
    if swallowed > 0 and (swallowed := swallowed - _lines_inside_values(warehouse, reader)) > 0:
        raise unmatched_error(reader.path, line, f"{swallowed:,} lines after it cannot be told apart")
    return replace(reader, relation=reader.in_order)


def unmatched_error(path: Path, line: int, consequence: str) -> SourceError:
    """What is told of a file that cannot be read because of a quotation mark."""
    return SourceError(
        f"a quotation mark that does not match: {consequence}, and nothing of the file was loaded",
        where=f"{path}, line {line}",
        hint="have marks inside values doubled by the export; where they are no quotes, set options.quote to ''",
    )


def _lines(path: Path, options: FormatOptions) -> int:
    """Lines of the file that are not empty."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as handle:
        text = io.TextIOWrapper(handle, encoding=codec(options.encoding), errors="replace")
        return sum(1 for line in text if line != "\n")


def _lines_inside_values(warehouse: Warehouse, reader: Reader) -> int:
    """Lines, but for empty ones, that begin inside a value of a row."""
    counted = " + ".join(
        f"CASE WHEN contains({name}, chr(10)) THEN 1 + len(list_filter(string_split({name}, chr(10))[2:-2],"
        " lambda line: trim(line, chr(13)) <> '')) ELSE 0 END"
        for name in map(identifier, reader.own_columns)
    )
    return int(warehouse.value(f"SELECT coalesce(sum({counted}), 0) FROM {reader.in_order}"))
