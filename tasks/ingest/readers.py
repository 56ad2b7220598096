"""How a file of each format becomes a relation in DuckDB.

Owns: the FROM clauses, the columns a file has, and the errors of files that cannot be read at all. Does not own what
the columns mean (`mapping.py`) or where rows go (`loading.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from tasks.config.errors import SourceError, SqlError
from tasks.config.sources import Format, FormatOptions
from tasks.ingest.beginning import first_line, header, unpacked
from tasks.ingest.encodings import as_duckdb_reads
from tasks.ingest.folders import Folders, beside, value_of
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.scanned import one_file

#: A byte that no line of JSON holds, so that DuckDB's CSV reader takes each line as one value.
_NO_DELIMITER = "\x1f"
#: Whether a line of a JSON lines file is none.
BROKEN_LINE = "NOT json_valid(_row)"


@dataclass(frozen=True, slots=True)
class Reader:
    """A file that can be read: `relation` gives `_record`, the number of the row in the file, and the file's columns.

    `rejecting` is the same relation, which also notes lines that are no rows in the temporary table `reject_errors`;
    `in_order` reads one line after the other, which a file needs in which quotation marks do not match: read in parts,
    DuckDB leaves out all that follows them.
    `described` is what is kept of the file's own columns, so that a change of them is seen: names, of Parquet with
    types; of JSON lines none, for every line has its own. `folders` are the columns that are in no line of it.
    """

    path: Path
    columns: tuple[str, ...]
    relation: str
    rejecting: str | None = None
    in_order: str | None = None
    described: tuple[str, ...] | None = None
    folders: Folders = field(default_factory=dict)

    @property
    def own_columns(self) -> tuple[str, ...]:
        """Those that the file itself has."""
        return tuple(name for name in self.columns if name not in self.folders)

    def beside(self, folders: Folders) -> Reader:
        """The same file with what its folders say as columns; one that it has itself stays its own."""
        own = {name.casefold() for name in self.columns}
        more = {name: value for name, value in folders.items() if name.casefold() not in own}
        rejecting, in_order = (None if one is None else beside(one, more) for one in (self.rejecting, self.in_order))
        columns, relation = (*self.columns, *more), beside(self.relation, more)
        return Reader(self.path, columns, relation, rejecting, in_order, self.described, more)


def open_reader(
    warehouse: Warehouse,
    path: Path,
    file_format: Format,
    options: FormatOptions,
    wanted: frozenset[str],
    folders: Folders | None = None,
) -> Reader:
    """Look at a file's beginning and say how to read it.

    Args:
        warehouse: where it will be read.
        path: the file.
        file_format: csv, parquet or jsonl; a name that ends in .gz is unpacked on the way.
        options: how a CSV file is written.
        wanted: the columns that the mapping names; JSON lines have no header to take them from.
        folders: what its folders say, where they are columns.

    Raises:
        SourceError: the file is empty, not of that format, cut short, or in another encoding.
    """
    match file_format:
        case "csv":
            return _csv(warehouse, path, options).beside(folders or {})
        case "parquet":
            return _parquet(warehouse, path).beside(folders or {})
        case "jsonl":
            return _json_lines(warehouse, path, wanted, options, folders or {})
        case other:
            assert_never(other)


def _parquet(warehouse: Warehouse, path: Path) -> Reader:
    if path.stat().st_size == 0:
        raise SourceError("the file is empty: not one byte", where=str(path), hint="was the export cut short?")
    scan = f"read_parquet({one_file(path)}, file_row_number = true)"
    try:
        columns = warehouse.columns(f"SELECT * EXCLUDE (file_row_number) FROM {scan}")
    except SqlError as error:
        raise SourceError(
            f"not a Parquet file that can be read: {error.message}", where=str(path), hint="export it again"
        ) from error
    relation = f"(SELECT file_row_number + 1 AS _record, * EXCLUDE (file_row_number) FROM {scan})"
    described = tuple(f"{name} {kind}" for name, kind in columns)
    return Reader(path, tuple(name for name, _ in columns), relation, described=described)


def _csv(warehouse: Warehouse, path: Path, options: FormatOptions) -> Reader:
    names = header(path, options)
    columns = _named(names) if options.header else [f"column{index}" for index in range(len(names))]
    # DuckDB, too, takes upper and lower case for the same.
    folded = [name.lower() for name in columns]
    blank = [str(position) for position, name in enumerate(columns, 1) if not name.strip()]
    doubled = [str(position) for position, name in enumerate(folded, 1) if folded.count(name) > 1]
    if blank or doubled:
        # Not by their names: where a file has no header, these are values.
        but_for = "" if len(set(columns)) < len(columns) else " but for upper and lower case"
        doubles = f"columns {', '.join(doubled)} share a name{but_for}"
        what = f"no name for column {', '.join(blank)}" if blank else doubles
        raise SourceError(
            f"the header cannot be used: {what}",
            where=f"{path}, line 1",
            hint="give every column a name of its own, or set options.header to false and use column0, column1, …",
        )
    return Reader(path, tuple(columns), *_numbered(_scan(warehouse, path, columns, options)), described=tuple(columns))


def _named(names: list[str]) -> list[str]:
    """The names, those that are empty at the end by their place: what a spreadsheet leaves of columns it once had."""
    named = max((place for place, name in enumerate(names, 1) if name.strip()), default=0)
    return names[:named] + [f"column{place}" for place in range(named, len(names))] if named else names


def _json_lines(
    warehouse: Warehouse, path: Path, wanted: frozenset[str], options: FormatOptions, folders: Folders
) -> Reader:
    begins = first_line(path, options).strip()
    if begins.startswith("[") or begins == "{":
        raise SourceError(
            "one JSON text, and no JSON lines: the first line is no object by itself",
            where=f"{path}, line 1",
            hint="write one object a line, for example with jq -c '.[]'",
        )
    plain = options.model_copy(update={"delimiter": _NO_DELIMITER, "quote": "", "header": False, "null_values": []})
    columns = sorted(wanted - {"_row"})
    relation, rejecting, in_order = (
        f"(SELECT _record, _row{taken_from_line(columns, folders)} FROM {numbered} WHERE trim(_row) <> '')"
        for numbered in _numbered(_scan(warehouse, path, ["_row"], plain))
    )
    return Reader(path, ("_row", *columns), relation, rejecting, in_order)


def taken_from_line(names: Iterable[str], folders: Folders) -> str:
    """SQL that takes keys from a line of JSON, each after a comma; what a line has not its folders may say."""
    in_folders = {name.casefold() for name in folders}

    def taken(name: str) -> str:
        place = literal("$." + identifier(name))
        value = f"_row ->> {place}"
        if name.casefold() in in_folders:
            value = f"CASE WHEN json_exists(_row, {place}) THEN {value} ELSE {value_of(folders, name)} END"
        return f", CASE WHEN json_valid(_row) THEN {value} END AS {identifier(name)}"

    return "".join(map(taken, names))


def _scan(warehouse: Warehouse, path: Path, columns: list[str], options: FormatOptions) -> str:
    path, options = as_duckdb_reads(warehouse, path, options, unpacked)
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    nulls = ", ".join(literal(value) for value in options.null_values)
    return (
        # Without its last bracket, for what is done with broken lines.
        f"read_csv({one_file(path)}, columns = {{{types}}}, auto_detect = false, header = {options.header},"
        f" delim = {literal(options.delimiter)}, quote = {literal(options.quote)}, escape = {literal(options.quote)},"
        f" encoding = {literal(options.encoding)}, max_line_size = {options.max_line_bytes}"
        + (f", nullstr = [{nulls}]" if nulls else "")
    )


def _numbered(scan: str) -> tuple[str, str, str]:
    """The relation for loading, which steps over broken lines, the one for looking, which notes them, and in order."""

    def numbered(options: str) -> str:
        return f"(SELECT row_number() OVER () AS _record, * FROM {scan}, {options}))"

    return (
        numbered("ignore_errors = true"),
        numbered("store_rejects = true, rejects_limit = 0"),
        numbered("ignore_errors = true, parallel = false"),
    )
