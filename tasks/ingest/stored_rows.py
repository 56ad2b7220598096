"""Quarantined rows as a relation, read as their file would be read today.

Owns: turning what `raw.quarantined_row` keeps back into the columns and types that the file's reader gave. Does not own
what they mean (`mapping.py`) or what becomes of them (`working_off.py`).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from tasks.config.errors import SourceError
from tasks.config.sources import FormatOptions
from tasks.ingest.mapping import Mapping
from tasks.ingest.readers import Reader, taken_from_line
from tasks.warehouse import kept_rows
from tasks.warehouse.connection import Warehouse, identifier, literal

_TABLE = "stored_rows"


@contextmanager
def stored_reader(
    warehouse: Warehouse,
    mapping: Mapping,
    load_id: str,
    file_name: str,
    numbers: Sequence[int],
    *,
    with_lines: bool = False,
) -> Iterator[Reader]:
    """The rows of a load with these numbers, as a file of today's options; `_record` is the row's number in its file.

    Lines that are still no rows are left out, or, `with_lines`, are rows of which only the folders say anything.

    Raises:
        SourceError: the rows were kept without their types, or as another format than the source has now.
    """
    types = _column_types(warehouse, load_id, file_name)
    if types and ("_row" in types) != (mapping.source.stored_as == "jsonl"):
        raise SourceError(
            f"the source {mapping.name!r} is {mapping.source.stored_as} now;"
            " its quarantined rows are of another format",
            where=file_name,
            hint="deliver the file again, or discard the rows",
        )
    stored = warehouse.rows(
        f"SELECT row_number, row_json FROM {kept_rows.ROWS}"
        " WHERE load_id = $load AND row_number IN (SELECT unnest($numbers)) ORDER BY row_number",
        {"load": load_id, "numbers": list(numbers)},
    )
    no_row = "{}" if with_lines else None
    rows = [(number, _row(text, list(types), mapping) or no_row) for number, text in stored]
    frame = pl.DataFrame(
        [row for row in rows if row[1] is not None],
        schema={"row_number": pl.Int64, "row_json": pl.String},
        orient="row",
    )
    with warehouse.registered("incoming_frame", frame):
        warehouse.execute(f"CREATE OR REPLACE TEMP TABLE {_TABLE} AS SELECT * FROM incoming_frame")
    yield _reader(mapping, types, file_name)
    warehouse.execute(f"DROP TABLE {_TABLE}")


def _column_types(warehouse: Warehouse, load_id: str, file_name: str) -> dict[str, str]:
    found = warehouse.rows(
        f"SELECT column_types, count(*) FROM {kept_rows.ROWS} WHERE load_id = $load GROUP BY 1 ORDER BY 1 NULLS FIRST",
        {"load": load_id},
    )
    if any(text is None for text, _ in found):
        raise SourceError(
            "an older version quarantined these rows, and did not keep what types their columns have",
            where=file_name,
            hint="deliver the file again under its name, or discard the rows",
        )
    types: dict[str, str] = json.loads(found[0][0]) if found else {}
    return types


def _row(text: str, columns: list[str], mapping: Mapping) -> str | None:
    """The row as a JSON object; a line that was none is tried with today's options, None where it still is none."""
    if text.startswith("["):
        return None
    if not text.startswith('"'):
        return text
    line: str = json.loads(text)
    if mapping.source.stored_as == "jsonl":
        return json.dumps({"_row": line})
    values = _split(line, mapping.source.options)
    return json.dumps(dict(zip(columns, values, strict=True))) if values and len(values) == len(columns) else None


def _split(line: str, options: FormatOptions) -> list[str] | None:
    if len(line.encode()) > options.max_line_bytes:
        return None
    quote = {"quotechar": options.quote} if options.quote else {"quoting": csv.QUOTE_NONE}
    limit = csv.field_size_limit(options.max_line_bytes)
    try:
        (values,) = csv.reader([line], delimiter=options.delimiter, strict=True, **quote)
    except (csv.Error, ValueError):
        return None
    finally:
        csv.field_size_limit(limit)
    return values


def _reader(mapping: Mapping, types: dict[str, str], file_name: str) -> Reader:
    # As they are where the file lies: its name may be said by a link.
    folders = mapping.folders_of((mapping.directory / file_name).resolve(), mapping.source.options)
    if mapping.source.stored_as == "jsonl":
        names = sorted(mapping.wanted - {"_row"})
        line = f"row_json ->> {_path('_row')}"
        lines = f"(SELECT row_number AS _record, {line} AS _row FROM {_TABLE})"
        relation = f"(SELECT _record, _row{taken_from_line(names, folders)} FROM {lines})"
        return Reader(Path(file_name), ("_row", *names), relation)
    columns = ", ".join(f"{_value(mapping, name, kind)} AS {identifier(name)}" for name, kind in types.items())
    relation = f"(SELECT row_number AS _record, {columns} FROM {_TABLE})"
    return Reader(Path(file_name), tuple(types), relation).beside(folders)


def _value(mapping: Mapping, name: str, kind: str) -> str:
    text = f"(row_json ->> {_path(name)})"
    nulls = ", ".join(literal(value) for value in mapping.source.options.null_values)
    if mapping.source.stored_as == "csv" and nulls:
        return f"CASE WHEN {text} NOT IN ({nulls}) THEN {text} END"
    return f"CAST({text} AS {kind})"


def _path(name: str) -> str:
    """A JSON pointer (RFC 6901), which takes any name."""
    return literal("/" + name.replace("~", "~0").replace("/", "~1"))
