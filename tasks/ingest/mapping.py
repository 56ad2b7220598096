"""From a source's columns to an entity's: the SQL that casts, checks hard rules, and says what is wrong with a row.

Owns: the SELECT of one source. Does not own reading the file (`readers.py`) or where rows go (`loading.py`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping as Kinds
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp

from tasks.config.calendar import Calendar
from tasks.config.entities import ENTITIES
from tasks.config.entity import Column, Entity
from tasks.config.errors import WorkspaceError
from tasks.config.sources import FormatOptions, Source
from tasks.config.workspace import Workspace
from tasks.ingest.folders import Folders, folders_in
from tasks.ingest.moments import Clock
from tasks.ingest.query import check_query
from tasks.ingest.readers import BROKEN_LINE
from tasks.warehouse.connection import identifier, literal

#: The files of each lookup, by its name.
LookupFiles = Kinds[str, Sequence[Path]]

_LONGEST_VALUE = 500
#: What the file is called beside its lookups.
_SOURCE = "source"
#: What looks at other rows or tables, or stands for several values.
_NOT_OF_ONE_ROW = (exp.Query, exp.Table, exp.AggFunc, exp.Window, exp.Star, exp.Columns)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A source of the workspace with its expressions parsed.

    Attributes:
        name: of the source.
        source: as the workspace has it.
        expressions: each expression by its place below the source: `columns.<column>` or `where`.
        where: file and line of each place.
        reads: columns of the file that each expression names.
        inputs: by entity column, the columns of the file and of lookups (`lookup.column`) that it is made of.
        looked_up: by lookup, its columns that an expression or the key of another lookup names, each with the place of
            one that does.
        clock: how its times become the company's.
        directory: of the workspace.
    """

    name: str
    source: Source
    expressions: dict[str, str]
    where: dict[str, str]
    reads: dict[str, tuple[str, ...]]
    inputs: dict[str, tuple[str, ...]]
    looked_up: dict[str, dict[str, str]]
    clock: Clock
    directory: Path

    @property
    def entity(self) -> Entity:
        """What the rows are."""
        return ENTITIES[self.source.entity]

    @property
    def wanted(self) -> frozenset[str]:
        """Every column of the source file that an expression names."""
        keys = {column for owner, column in map(self.joined_by, self.source.lookups) if not owner}
        return frozenset(name for names in self.reads.values() for name in names) | keys

    @property
    def chosen(self) -> str:
        """SQL: whether a row of the file is one of this source; where that cannot be said, it is none."""
        condition = (
            "true" if self.source.where is None else f"coalesce(TRY(CAST(({self.source.where}) AS BOOLEAN)), false)"
        )
        # A line that is no JSON has no columns to choose it by, and is not to get lost.
        return f"({BROKEN_LINE} OR {condition})" if self.source.stored_as == "jsonl" else condition

    def called(self, path: Path) -> str:
        """What a file is called: its path below the workspace, or the whole path where it lies elsewhere."""
        return str(path.relative_to(self.directory) if path.is_relative_to(self.directory) else path)

    def folders_of(self, path: Path, options: FormatOptions) -> Folders:
        """The columns that the folders of a file are, by the options of the source, or of the lookup that it is of."""
        return folders_in(self.called(path)) if options.hive_partitions else {}

    def joined_by(self, lookup: str) -> tuple[str, str]:
        """Whose column a lookup's key is held against, of a lookup above it or of the file (``""``), and which."""
        said = self.source.lookups[lookup]
        return _joined_by(lookup, said.source_key or said.key, self.source.lookups)

    def lookup_columns(self, lookup: str) -> frozenset[str]:
        """Every column of a lookup that a column of the entity is made of."""
        prefix = f"{lookup}."
        named = {
            name
            for column, names in self.inputs.items()
            for name in names
            if name not in self.reads[f"columns.{column}"]
        }
        return frozenset(name.removeprefix(prefix) for name in named if name.startswith(prefix))

    @property
    def table(self) -> str:
        """The raw table of this source."""
        return f"raw.{identifier(f'{self.name}__{self.source.entity}')}"

    def digest(self, lookup_digests: list[str]) -> str:
        """SHA-256 of what turns the file's bytes into rows; of a source in a database, the rows of tables, too.

        Args:
            lookup_digests: of what lies in lookups, where a change of any of it is to be a change of the mapping.
        """
        parts = {"entity", "format", "options", "timezone", "columns", "lookups", "where", "query", "since"}
        said = self.source.model_dump(mode="json", include=parts, exclude_none=True)
        for lookup in said["lookups"].values():
            # Where a lookup lies does not matter, only what is in it.
            del lookup["path"]
        if self.clock.company != Clock().company:
            said["calendar"] = self.clock.company
        return hashlib.sha256(json.dumps([said, lookup_digests], sort_keys=True).encode()).hexdigest()


def parse_mapping(workspace: Workspace, name: str) -> Mapping:
    """Parse the expressions of a source.

    Raises:
        WorkspaceError: an expression or the query is not SQL, or not of the kind that it is to be; its line is named.
    """
    source = workspace.sources[name]
    check_query(workspace, name)
    places = {f"columns.{column}": text for column, text in source.columns.items()}
    if source.where is not None:
        places["where"] = source.where
    where = {place: workspace.line_of("sources", name, *place.split(".", 1)) for place in places}
    named = {
        place: {_place_of(column, source.lookups) for column in _columns_named(text, where[place])}
        for place, text in places.items()
    }
    reads = {place: tuple(sorted(name for lookup, name in items if not lookup)) for place, items in named.items()}
    inputs = {
        column: reads[f"columns.{column}"]
        + tuple(sorted(f"{lookup}.{name}" for lookup, name in named[f"columns.{column}"] if lookup))
        for column in source.columns
    }
    if source.since is not None and (numbering := [place for place, names in reads.items() if "_record" in names]):
        raise WorkspaceError(
            f"{numbering[0]}: _record numbers the rows of one pull, and each pull has other rows",
            where=where[numbering[0]],
            hint="use a key of the table, or leave out since",
        )
    company = workspace.calendar.timezone
    clock = Clock(company, source.timezone or company)
    return Mapping(name, source, places, where, reads, inputs, _looked_up(source, named), clock, workspace.directory)


def _joined_by(lookup: str, key: str, lookups: Kinds[str, object]) -> tuple[str, str]:
    """The lookup above it whose column a key is, or ``""``, and the column."""
    owner, dot, column = key.partition(".")
    above = list(lookups)[: list(lookups).index(lookup)]
    return (owner, column) if dot and owner in above else ("", key)


def _looked_up(source: Source, named: Kinds[str, set[tuple[str, str]]]) -> dict[str, dict[str, str]]:
    keys = {
        f"lookups.{name}": {_joined_by(name, said.source_key or said.key, source.lookups)}
        for name, said in source.lookups.items()
    }
    return {
        name: {column: place for place, pairs in {**keys, **named}.items() for owner, column in pairs if owner == name}
        for name in source.lookups
    }


def _columns_named(expression: str, where: str) -> list[exp.Column]:
    try:
        # After a SELECT, for alone a column named `comment` would begin a statement.
        parsed = sqlglot.parse(f"SELECT {expression}", dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise WorkspaceError(
            f"not a SQL expression: {expression!r}",
            where=where,
            hint='write an expression over the source\'s columns; quote names with spaces as "Customer ID"',
        ) from error
    tree = _alone(parsed)
    if tree is None or tree.find(*_NOT_OF_ONE_ROW):
        raise WorkspaceError(
            f"more, or something else, than an expression over one row: {expression!r}",
            where=where,
            hint="use the source's columns, operators and scalar functions; no SELECT, aggregate, window, `*` or `;`",
        )
    return list(tree.find_all(exp.Column))


def _place_of(column: exp.Column, lookups: Kinds[str, object]) -> tuple[str, str]:
    """The lookup, if it is of one, and the column of a file that is named; `buyer.id` may be a part of a column."""
    first, *more = [part.name for part in column.parts]
    if more and first in lookups:
        return first, more[0]
    return "", more[0] if more and first == _SOURCE else first


def _alone(statements: Sequence[exp.Expr | None]) -> exp.Expr | None:
    """What is selected, where that is one expression and nothing else is said; else None."""
    if len(statements) != 1 or not isinstance(statements[0], exp.Select):
        return None
    said = [name for name, value in statements[0].args.items() if value]
    (first, *others) = statements[0].expressions
    return None if said != ["expressions"] or others or isinstance(first, exp.Alias) else first


def mapped_select(mapping: Mapping, relation: str, loaded_at: dt.datetime, kinds: Kinds[str, str]) -> str:
    """SELECT of `_record`, every column of the entity, and `_problems`: what is wrong with the row, of the chosen rows.

    `kinds` are the types that the columns' expressions have, as `binding.py` found. A problem is a struct (column_name,
    value_text, reason, kind_name, action_name); action ``row`` keeps the row out, action ``value`` blanks the value
    alone. Its kind is ``not_a_row``, ``unreadable``, ``missing`` or ``rule``; only what breaks a rule is a value that
    could be let in.
    """
    mapped = [column for column in mapping.entity.columns if column.name in mapping.source.columns]
    tried = [f"{BROKEN_LINE} AS _broken" if mapping.source.stored_as == "jsonl" else "false AS _broken"]
    for column in mapped:
        # TRY gives NULL for an error; inside a struct, an error (no struct) differs from a NULL (a struct of NULL).
        expression, type_ = mapping.source.columns[column.name], column.type
        is_time = type_ in {"TIMESTAMP", "DATE"}
        value = (
            mapping.clock.cast(expression, type_, kinds[column.name]) if is_time else f"CAST(({expression}) AS {type_})"
        )
        tried.append(f"TRY({{'value': {value}}}) AS {identifier('_try_' + column.name)}")
        tried.append(f"{_value_text(mapping.reads['columns.' + column.name])} AS {identifier('_text_' + column.name)}")
    values = [
        f"{identifier('_try_' + column.name)}.value AS {identifier(column.name)}"
        if column in mapped
        else f"CAST(NULL AS {column.type}) AS {identifier(column.name)}"
        for column in mapping.entity.columns
    ]
    clock_shows = Calendar(timezone=mapping.clock.company).shows(loaded_at)
    problems = ", ".join(_problem(column, clock_shows) for column in mapped)
    broken = (
        "{'column_name': NULL, 'value_text': NULL, 'reason': 'not a line of JSON', 'kind_name': 'not_a_row',"
        " 'action_name': 'row'}"
    )
    return (
        f"SELECT *, CASE WHEN _broken THEN [{broken}]"
        f" ELSE list_filter([{problems}], lambda problem: problem IS NOT NULL) END AS _problems"
        f" FROM (SELECT *, {', '.join(values)} FROM (SELECT _record, {', '.join(tried)} FROM {relation}"
        f" WHERE {mapping.chosen}))"
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
