"""Proving that the expressions of a mapping can be computed over the columns of a file.

Owns: that proof, and telling what is wrong with an expression. Does not own the expressions (`mapping.py`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from tasks.config.errors import SourceError, SqlError
from tasks.ingest.beginning import header_further_down
from tasks.ingest.folders import folder_called, is_column_where
from tasks.ingest.mapping import Mapping
from tasks.ingest.readers import Reader
from tasks.warehouse.connection import Warehouse, identifier


def check_bindings(warehouse: Warehouse, mapping: Mapping, reader: Reader, relation: str) -> dict[str, str]:
    """Prove that every expression can be computed over the file's columns; returns the type of each entity column's.

    Raises:
        SourceError: a column is not in the file (the nearest one is named), or an expression is not valid there.
    """
    places = tuple(mapping.expressions)
    try:
        found = warehouse.columns(_selected(mapping.expressions.values(), relation))
    except SqlError as together:
        if (absent := _absent_key(mapping, reader)) is not None:
            raise absent from together
        # Which of them it is: the first that cannot be computed alone.
        for place, expression in mapping.expressions.items():
            try:
                warehouse.columns(_selected([expression], relation))
            except SqlError as error:
                if _is_word(warehouse, expression, relation):
                    raise _word(mapping, reader, place) from error
                raise _unbound(mapping, reader, place, error) from error
        raise SourceError(
            f"its columns cannot be computed beside each other: {together.message}",
            where=f"{mapping.where[places[0]]} and {mapping.called(reader.path)}",
            hint="each expression is about one row: leave out functions over many rows",
        ) from together
    kinds = zip(places, found, strict=True)
    return {place.removeprefix("columns."): kind for place, (_, kind) in kinds}


def _selected(expressions: Iterable[str], relation: str) -> str:
    return f"SELECT {', '.join(f'({expression})' for expression in expressions)} FROM {relation}"


def _absent_key(mapping: Mapping, reader: Reader) -> SourceError | None:
    """What is told of a lookup that is joined by a column which the file has not; nothing can be computed then."""
    present = {name.casefold() for name in reader.columns}
    for name in mapping.source.lookups:
        owner, key = mapping.joined_by(name)
        if not owner and key.casefold() not in present:
            near = difflib.get_close_matches(key, reader.columns, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the file has {', '.join(reader.columns)}"
            if (other := key.partition(".")[0]) in mapping.source.lookups:
                hint = f"lookups are joined in their order: write {other} above {name}"
            if folder := folder_called(mapping.called(reader.path), key):
                hint = is_column_where(folder)
            return SourceError(
                f"lookups.{name}: is joined by the column {key!r}, which the file has not",
                where=f"{next(iter(mapping.where.values()))} and {mapping.called(reader.path)}",
                hint=f"{hint}; source_key says which column of the source it is",
            )
    return None


def _is_word(warehouse: Warehouse, expression: str, relation: str) -> bool:
    """Whether it is the name of a column, such as `order` or `at`, and a word of SQL, too.

    What DuckDB says then is about something else.
    """
    try:
        warehouse.columns(_selected([identifier(expression.strip())], relation))
    except SqlError:
        return False
    return True


def _word(mapping: Mapping, reader: Reader, place: str) -> SourceError:
    said = mapping.expressions[place].strip()
    return SourceError(
        f"{place}: {said!r} is a word of SQL",
        where=f"{mapping.where[place]} and {mapping.called(reader.path)}",
        hint=f"write it in double quotes: '\"{said}\"'",
    )


def _unbound(mapping: Mapping, reader: Reader, place: str, error: SqlError) -> SourceError:
    present = {name.casefold() for name in reader.columns}
    absent = [name for name in mapping.reads[place] if name.casefold() not in present]
    where = f"{mapping.where[place]} and {mapping.called(reader.path)}"
    if not absent:
        is_nested = mapping.source.stored_as == "jsonl" and "Cannot extract field" in error.message
        nested = "of JSON, what is nested is taken by its path, such as buyer ->> '$.id'"
        hint = nested if is_nested else "correct the expression"
        return SourceError(f"{place}: {error.message}", where=where, hint=hint)
    near = difflib.get_close_matches(absent[0], reader.columns, n=1)
    what = "file" if mapping.source.query is None else "query"
    hint = f"did you mean {near[0]!r}?" if near else f"the {what} has {', '.join(reader.columns)}"
    if mapping.source.lookups and not near:
        hint = f"a column of a lookup is named with it: {next(iter(mapping.source.lookups))}.{absent[0]}"
    if mapping.source.query is not None:
        return SourceError(f"{place}: the query has no column {absent[0]!r}", where=where, hint=hint)
    own = {name.casefold() for name in reader.own_columns}
    wanted = [name for name in mapping.wanted if name.casefold() not in present - own]
    if not own & {name.casefold() for name in wanted}:
        # Not what stands there: it may be a customer's row.
        hint = f"none of {', '.join(sorted(wanted))} is in the first line: is it a header? see options.header"
    if len(reader.own_columns) == 1:
        hint = f"the file has one column, {reader.own_columns[0]!r}: is options.delimiter right?"
    elif blank := [name for name in reader.columns if name.strip().casefold() == absent[0].casefold()]:
        hint = f"in the file its name has blanks around it: write '\"{blank[0]}\"'"
    if mapping.source.stored_as == "csv" and mapping.source.options.header and reader.path.is_file():
        line = header_further_down(reader.path, mapping.source.options, wanted)
        hint = (
            hint if line is None else f"line {line} has it: the header must be the first line, take out those above it"
        )
    if folder := folder_called(mapping.called(reader.path), absent[0]):
        hint = is_column_where(folder)
    return SourceError(f"{place}: the file has no column {absent[0]!r}", where=where, hint=hint)
