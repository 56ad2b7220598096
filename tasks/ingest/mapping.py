"""From a source's columns to an entity's: the SQL that casts, checks hard rules, and says what is wrong with a row.

Owns: the SELECT of one source. Does not own reading the file (`readers.py`) or where rows go (`loading.py`).
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import json
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from tasks.config.entities import ENTITIES, Column, Entity
from tasks.config.errors import SourceError, SqlError, WorkspaceError
from tasks.config.workspace import Source, Workspace
from tasks.ingest.readers import BROKEN_LINE, Reader
from tasks.warehouse.connection import Warehouse, identifier, literal

_LONGEST_VALUE = 500


@dataclass(frozen=True, slots=True)
class Mapping:
    """A source of the workspace with its expressions parsed."""

    name: str
    source: Source
    where: dict[str, str]
    reads: dict[str, tuple[str, ...]]

    @property
    def entity(self) -> Entity:
        """What the rows are."""
        return ENTITIES[self.source.entity]

    @property
    def wanted(self) -> frozenset[str]:
        """Every column of the source file that an expression names."""
        return frozenset(name for names in self.reads.values() for name in names)

    @property
    def table(self) -> str:
        """The raw table of this source."""
        return f"raw.{identifier(f'{self.name}__{self.source.entity}')}"

    def digest(self, lookup_digests: list[str]) -> str:
        """SHA-256 of what turns the file's bytes into rows."""
        said = self.source.model_dump(mode="json", include={"entity", "format", "options", "columns", "lookups"})
        for lookup in said["lookups"].values():
            # Where a lookup lies does not matter; what is in it is in its digest.
            del lookup["path"]
        return hashlib.sha256(json.dumps([said, lookup_digests], sort_keys=True).encode()).hexdigest()


def parse_mapping(workspace: Workspace, name: str) -> Mapping:
    """Parse the expressions of a source.

    Raises:
        WorkspaceError: an expression is not SQL; its line and place are named.
    """
    source = workspace.sources[name]
    where = {column: workspace.line_of("sources", name, "columns", column) for column in source.columns}
    reads = {column: _columns_read(source, text, where[column]) for column, text in source.columns.items()}
    return Mapping(name, source, where, reads)


def _columns_read(source: Source, expression: str, where: str) -> tuple[str, ...]:
    try:
        tree = sqlglot.parse_one(f"SELECT {expression}", dialect="duckdb")
    except sqlglot.ParseError as error:
        raise WorkspaceError(
            f"not a SQL expression: {expression!r}",
            where=where,
            hint='write an expression over the source\'s columns; quote names with spaces as "Customer ID"',
        ) from error
    names = {column.name for column in tree.find_all(exp.Column) if column.table not in source.lookups}
    return tuple(sorted(names))


def check_bindings(warehouse: Warehouse, mapping: Mapping, reader: Reader, relation: str) -> None:
    """Prove that every expression can be computed over the file's columns.

    Raises:
        SourceError: a column is not in the file (the nearest one is named), or an expression is not valid there.
    """
    for column, expression in mapping.source.columns.items():
        try:
            warehouse.columns(f"SELECT ({expression}) FROM {relation}")
        except SqlError as error:
            raise _unbound(mapping, reader, column, error) from error


def _unbound(mapping: Mapping, reader: Reader, column: str, error: SqlError) -> SourceError:
    present = {name.casefold() for name in reader.columns}
    absent = [name for name in mapping.reads[column] if name.casefold() not in present]
    where = f"{mapping.where[column]} and {reader.path.name}"
    if not absent:
        return SourceError(f"columns.{column}: {error.message}", where=where, hint="correct the expression")
    near = difflib.get_close_matches(absent[0], reader.columns, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the file has {', '.join(reader.columns)}"
    if not present & {name.casefold() for name in mapping.wanted}:
        # Not what stands there: it may be a customer's row.
        hint = f"none of {', '.join(sorted(mapping.wanted))} is in the first line: is it a header? see options.header"
    if len(reader.columns) == 1:
        hint = f"the file has one column, {reader.columns[0]!r}: is options.delimiter right?"
    return SourceError(f"columns.{column}: the file has no column {absent[0]!r}", where=where, hint=hint)


def mapped_select(mapping: Mapping, relation: str, loaded_at: dt.datetime) -> str:
    """SELECT of `_record`, every column of the entity, and `_problems`: what is wrong with the row.

    A problem is a struct (column_name, value_text, reason, kind_name, action_name); action ``row`` keeps the row out,
    action ``value`` blanks the value alone. Its kind is ``not_a_row``, ``unreadable``, ``missing`` or ``rule``; only
    what breaks a rule is a value that could be let in.
    """
    mapped = [column for column in mapping.entity.columns if column.name in mapping.source.columns]
    tried = [f"{BROKEN_LINE} AS _broken" if mapping.source.format == "jsonl" else "false AS _broken"]
    for column in mapped:
        # TRY gives NULL for an error; inside a struct, an error (no struct) differs from a NULL (a struct of NULL).
        value = f"CAST(({mapping.source.columns[column.name]}) AS {column.type})"
        tried.append(f"TRY({{'value': {value}}}) AS {identifier('_try_' + column.name)}")
        tried.append(f"{_value_text(mapping.reads[column.name])} AS {identifier('_text_' + column.name)}")
    values = [
        f"{identifier('_try_' + column.name)}.value AS {identifier(column.name)}"
        if column in mapped
        else f"CAST(NULL AS {column.type}) AS {identifier(column.name)}"
        for column in mapping.entity.columns
    ]
    problems = ", ".join(_problem(column, loaded_at) for column in mapped)
    broken = (
        "{'column_name': NULL, 'value_text': NULL, 'reason': 'not a line of JSON', 'kind_name': 'not_a_row',"
        " 'action_name': 'row'}"
    )
    return (
        f"SELECT *, CASE WHEN _broken THEN [{broken}]"
        f" ELSE list_filter([{problems}], lambda problem: problem IS NOT NULL) END AS _problems"
        f" FROM (SELECT *, {', '.join(values)} FROM (SELECT _record, {', '.join(tried)} FROM {relation}))"
    )


def _value_text(names: tuple[str, ...]) -> str:
    """The source's value as text: of one column as it is, of several as JSON."""
    if not names:
        return "NULL"
    if len(names) == 1:
        return f"left(CAST(source.{identifier(names[0])} AS VARCHAR), {_LONGEST_VALUE})"
    fields = ", ".join(f"{literal(name)}: source.{identifier(name)}" for name in names)
    return f"left(CAST(to_json({{{fields}}}) AS VARCHAR), {_LONGEST_VALUE})"


def _problem(column: Column, loaded_at: dt.datetime) -> str:
    name = identifier(column.name)

    def struct(reason: str, kind: str, action: str) -> str:
        return (
            f"{{'column_name': {literal(column.name)}, 'value_text': {identifier('_text_' + column.name)},"
            f" 'reason': {literal(reason)}, 'kind_name': {literal(kind)}, 'action_name': {literal(action)}}}"
        )

    unreadable = struct(f"cannot be read as {column.type}", "unreadable", "row")
    cases = [f"WHEN {identifier('_try_' + column.name)} IS NULL THEN {unreadable}"]
    if column.required:
        cases.append(f"WHEN {name} IS NULL THEN {struct('is missing', 'missing', 'row')}")
    if column.rule:
        condition = column.rule.condition.replace("$loaded_at", literal(loaded_at))
        reason = f"expected {column.rule.expected}"
        cases.append(
            f"WHEN {name} IS NOT NULL AND NOT ({condition}) THEN {struct(reason, 'rule', column.rule.on_break)}"
        )
    return f"CASE {' '.join(cases)} END"
