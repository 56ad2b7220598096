"""How a file of each format becomes a relation in DuckDB.

Owns: the FROM clauses, the columns a file has, and the errors of files that cannot be read at all. Does not own what
the columns mean (`mapping.py`) or where rows go (`loading.py`).
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tasks.config.errors import SourceError, SqlError
from tasks.config.sources import Format, FormatOptions
from tasks.warehouse.connection import Warehouse, identifier, literal

#: A byte that no line of JSON holds, so that DuckDB's CSV reader takes each line as one value.
_NO_DELIMITER = "\x1f"
#: Whether a line of a JSON lines file is none.
BROKEN_LINE = "NOT json_valid(_row)"
_LONGEST_HEADER = 1_048_576
_PYTHON_ENCODINGS = {"utf-8": "utf-8-sig", "latin-1": "latin-1", "utf-16": "utf-16"}


@dataclass(frozen=True, slots=True)
class Reader:
    """A file that can be read: `relation` gives `_record`, the number of the row in the file, and the file's columns.

    `rejecting` is the same relation, which also notes lines that are no rows in the temporary table `reject_errors`.
    `described` is what is kept of the columns, so that a change of them is seen: names, of Parquet with types; of JSON
    lines none, for every line has its own.
    """

    path: Path
    columns: tuple[str, ...]
    relation: str
    rejecting: str | None = None
    described: tuple[str, ...] | None = None


def open_reader(
    warehouse: Warehouse, path: Path, file_format: Format, options: FormatOptions, wanted: frozenset[str]
) -> Reader:
    """Look at a file's beginning and say how to read it.

    Args:
        warehouse: where it will be read.
        path: the file.
        file_format: csv, parquet or jsonl; a name that ends in .gz is unpacked on the way.
        options: how a CSV file is written.
        wanted: the columns that the mapping names; JSON lines have no header to take them from.

    Raises:
        SourceError: the file is empty, not of that format, cut short, or in another encoding.
    """
    if path.stat().st_size == 0:
        raise SourceError("the file is empty: not even a header", where=str(path), hint="was the export cut short?")
    if file_format == "parquet":
        return _parquet(warehouse, path)
    return _json_lines(path, wanted, options) if file_format == "jsonl" else _csv(path, options)


def _parquet(warehouse: Warehouse, path: Path) -> Reader:
    scan = f"read_parquet({literal(str(path))}, file_row_number = true)"
    try:
        columns = warehouse.columns(f"SELECT * EXCLUDE (file_row_number) FROM {scan}")
    except SqlError as error:
        raise SourceError(
            f"not a Parquet file that can be read: {error.message}", where=str(path), hint="export it again"
        ) from error
    relation = f"(SELECT file_row_number + 1 AS _record, * EXCLUDE (file_row_number) FROM {scan})"
    described = tuple(f"{name} {kind}" for name, kind in columns)
    return Reader(path, tuple(name for name, _ in columns), relation, described=described)


def _csv(path: Path, options: FormatOptions) -> Reader:
    header = _header(path, options)
    columns = _named(header) if options.header else [f"column{index}" for index in range(len(header))]
    blank = [str(position) for position, name in enumerate(columns, 1) if not name.strip()]
    doubled = [str(position) for position, name in enumerate(columns, 1) if columns.count(name) > 1]
    if blank or doubled:
        # Not by their names: where a file has no header, these are values.
        what = f"no name for column {', '.join(blank)}" if blank else f"columns {', '.join(doubled)} share a name"
        raise SourceError(
            f"the header cannot be used: {what}",
            where=f"{path}, line 1",
            hint="give every column a name of its own, or set options.header to false and use column0, column1, …",
        )
    return Reader(path, tuple(columns), *_numbered(_scan(path, columns, options)), described=tuple(columns))


def _named(header: list[str]) -> list[str]:
    """The names, those that are empty at the end by their place: what a spreadsheet leaves of columns it once had."""
    named = max((place for place, name in enumerate(header, 1) if name.strip()), default=0)
    return header[:named] + [f"column{place}" for place in range(named, len(header))] if named else header


def _json_lines(path: Path, wanted: frozenset[str], options: FormatOptions) -> Reader:
    _first_line(path, options)
    plain = options.model_copy(update={"delimiter": _NO_DELIMITER, "quote": "", "header": False, "null_values": []})
    columns = sorted(wanted - {"_row"})
    relation, rejecting = (
        f"(SELECT _record, _row{taken_from_line(columns)} FROM {numbered})"
        for numbered in _numbered(_scan(path, ["_row"], plain))
    )
    return Reader(path, ("_row", *columns), relation, rejecting)


def taken_from_line(names: Iterable[str]) -> str:
    """SQL that takes keys from a line of JSON, each after a comma."""
    return "".join(
        f", CASE WHEN json_valid(_row) THEN _row ->> {literal('$.' + identifier(name))} END AS {identifier(name)}"
        for name in names
    )


def _scan(path: Path, columns: list[str], options: FormatOptions) -> str:
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    nulls = ", ".join(literal(value) for value in options.null_values)
    return (
        f"read_csv({literal(str(path))}, columns = {{{types}}}, auto_detect = false, header = {options.header},"
        f" delim = {literal(options.delimiter)}, quote = {literal(options.quote)}, escape = {literal(options.quote)},"
        f" encoding = {literal(options.encoding)}, max_line_size = {options.max_line_bytes}"
        + (f", nullstr = [{nulls}]" if nulls else "")
        + "%s)"
    )


def _numbered(scan: str) -> tuple[str, str]:
    """The relation for loading, which steps over broken lines, and the one for looking, which notes them."""
    rejecting = scan % ", store_rejects = true, rejects_limit = 0"
    skipping = scan % ", ignore_errors = true"
    numbered = "(SELECT row_number() OVER () AS _record, * FROM {})"
    return numbered.format(skipping), numbered.format(rejecting)


def _header(path: Path, options: FormatOptions) -> list[str]:
    line = _first_line(path, options)
    reader = csv.reader([line], delimiter=options.delimiter, quotechar=options.quote or None)
    return next(iter(reader), [])


def _first_line(path: Path, options: FormatOptions) -> str:
    """The first line as text; the errors of an unreadable file come from here."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as handle:
            start = handle.read(_LONGEST_HEADER)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(
            f"the gzip file is cut short or damaged: {error}", where=str(path), hint="fetch or export it again"
        ) from error
    except OSError as error:
        raise SourceError(f"cannot read the file: {error.strerror or error}", where=str(path)) from error
    encoding = _PYTHON_ENCODINGS[options.encoding]
    line = start.split("\n".encode(encoding.removesuffix("-sig")), maxsplit=1)[0] if encoding != "utf-16" else start
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError as error:
        # The part that was read may end inside a character.
        if len(start) == _LONGEST_HEADER and error.start > len(line) - 4:
            return line[: error.start].decode(encoding).partition("\n")[0].rstrip("\r")
        raise SourceError(
            f"the first line is not {options.encoding}: byte {error.start} is 0x{line[error.start]:02x}",
            where=f"{path}, line 1",
            hint="set options.encoding to latin-1 or utf-16, as the file was written",
        ) from error
    text = text.partition("\n")[0].rstrip("\r")
    if "\0" in text:
        raise SourceError(
            "the first line holds NUL bytes",
            where=f"{path}, line 1",
            hint="the file is binary or UTF-16: set options.encoding or format",
        )
    return text
