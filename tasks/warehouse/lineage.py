"""Which columns of which tables a SELECT reads, and from which of them each of its columns comes.

Owns: reading that off the SQL, with sqlglot, without a database. Does not own what follows from it (`privacy.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

#: A column of a table: (`schema.table`, column), in lower case.
Origin = tuple[str, str]
Origins = frozenset[Origin]
#: The columns of the tables that a SELECT may read, in a form that can be a key: ((`schema.table`, columns), …).
Tables = tuple[tuple[str, tuple[str, ...]], ...]

_NOTHING: Origins = frozenset()
#: Stands for the column of a table in the origins of `count(*)`, while the SELECT is gone through.
_ROWS = "*"
#: What gives a value of the column back as it is.
_PASSING = (exp.Alias, exp.Paren, exp.Cast, exp.Min, exp.Max, exp.AnyValue, exp.First, exp.Last, exp.Lower, exp.Trim)


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a SELECT reads.

    Attributes:
        reads: every column that it names anywhere, those of a `*` included, whether they reach its result or not.
        outputs: by its columns, those that their values are computed from.
        bare: by its columns, the one whose values are passed on as they are.
        counted: by its columns, the tables whose rows a `count(*)` in them counts.
    """

    reads: Origins
    outputs: Mapping[str, Origins]
    bare: Mapping[str, Origin]
    counted: Mapping[str, frozenset[str]]


@lru_cache(maxsize=512)
def trace(sql: str, tables: Tables) -> Lineage:
    """Find out what a SELECT reads.

    Where the SQL cannot be followed, nothing is missed: every column that it may name counts as read, and as a source
    of each column of its result.
    """
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    schema: dict[str, object] = {
        database: {
            name.partition(".")[2]: dict.fromkeys(columns, "VARCHAR")
            for name, columns in tables
            if name.startswith(f"{database}.")
        }
        for database in {name.partition(".")[0] for name, _ in tables}
    }
    try:
        qualified = qualify(
            tree.copy(), dialect="duckdb", schema=schema, validate_qualify_columns=False, quote_identifiers=False
        )
        return _Tracer(dict(tables)).trace(qualified)
    except (SqlglotError, RecursionError, _Untraceable):
        return _by_name(tree, tables)


class _Untraceable(Exception):  # noqa: N818 - a way out, not an error to be told
    """The SQL has something in it that is not followed, such as recursion."""


class _Tracer:
    """Goes through the scopes of a qualified SELECT, inner ones first."""

    def __init__(self, tables: Mapping[str, tuple[str, ...]]) -> None:
        self.tables = tables
        self.reads: set[Origin] = set()
        self.resolved: dict[int, Origins] = {}
        self.outputs: dict[int, dict[str, Origins]] = {}
        self.bare: dict[int, dict[str, Origin]] = {}
        self.rows: dict[int, Origins] = {}

    def trace(self, tree: exp.Expr) -> Lineage:
        if any(_renames(node) for node in tree.find_all(exp.Pivot, exp.Table)):
            raise _Untraceable
        scopes = traverse_scope(tree)
        if not scopes:
            raise _Untraceable
        for scope in scopes:
            self._resolve(scope)
            self._conclude(scope)
        last = id(scopes[-1])
        outputs = self.outputs[last]
        return Lineage(
            frozenset(origin for origin in self.reads if origin[1] != _ROWS),
            {name: frozenset(one for one in origins if one[1] != _ROWS) for name, origins in outputs.items()},
            self.bare.get(last, {}),
            {name: frozenset(one[0] for one in origins if one[1] == _ROWS) for name, origins in outputs.items()},
        )

    def _resolve(self, scope: Scope) -> None:
        """Find the origins of every column that the scope names, and of what stands for several."""
        for column in scope.columns:
            self._note(column, self._origins(scope, column))
        for row in scope.find_all(exp.TableColumn):
            self._note(row, self._row(scope, row.name.lower()))
        for several in scope.find_all(exp.Star, exp.Columns, exp.PositionalColumn):
            if not isinstance(several.parent, exp.Count):
                self._note(several, self._all_of(scope.sources.values()))
            else:
                self.resolved[id(several)] = self._rows_of(scope)

    def _rows_of(self, scope: Scope) -> Origins:
        """The tables whose rows are those of a scope, after joins and groups."""
        tables = {_table_name(source) for source in scope.sources.values() if not isinstance(source, Scope)}
        inner = [self.rows.get(id(source), _NOTHING) for source in scope.sources.values() if isinstance(source, Scope)]
        return _NOTHING.union({(table, _ROWS) for table in tables if table in self.tables}, *inner)

    def _note(self, node: exp.Expr, origins: Origins) -> None:
        self.resolved[id(node)] = self.resolved.get(id(node), _NOTHING) | origins
        self.reads |= origins

    def _origins(self, scope: Scope, column: exp.Column) -> Origins:
        name = column.name.lower()
        if column.table in scope.sources:
            source = scope.sources[column.table]
            found = self._of_source(source, name)
            # A name of a table that stands for a column is its whole row.
            return found if found is not None else self._row(scope, name)
        if column.table:
            # Of an outer SELECT, which will come upon it again.
            return _NOTHING
        found_in = [self._of_source(source, name) for source in scope.sources.values()]
        known = [origins for origins in found_in if origins is not None]
        return frozenset[Origin]().union(*known) if known else self._row(scope, name)

    def _row(self, scope: Scope, name: str) -> Origins:
        named = [source for alias, source in scope.sources.items() if alias.lower() == name]
        return self._all_of(named)

    def _of_source(self, source: exp.Expr | Scope, name: str) -> Origins | None:
        """The origins of a column of a source; None where it has no such column."""
        if isinstance(source, Scope):
            if id(source) not in self.outputs:
                raise _Untraceable
            outputs = self.outputs[id(source)]
            return outputs.get(name, outputs.get("*"))
        table = _table_name(source)
        if table not in self.tables:
            return _NOTHING
        return frozenset({(table, name)}) if name in self.tables[table] else None

    def _all_of(self, sources: Iterable[exp.Expr | Scope]) -> Origins:
        found: set[Origin] = set()
        for source in sources:
            if isinstance(source, Scope):
                found |= _NOTHING.union(*self.outputs.get(id(source), {}).values())
            else:
                table = _table_name(source)
                found |= {(table, name) for name in self.tables.get(table, ())}
        return frozenset(found)

    def _conclude(self, scope: Scope) -> None:
        """Note from what each column of the scope's result comes."""
        tree = scope.expression
        self.rows[id(scope)] = self._rows_of(scope)
        if isinstance(tree, exp.SetOperation):
            self._unite(scope)
        elif isinstance(tree, exp.Select):
            names = [item.alias_or_name.lower() for item in tree.selects]
            self.outputs[id(scope)] = {name: self._inside(item) for name, item in zip(names, tree.selects, strict=True)}
            passed = {name: self._passed(scope, item) for name, item in zip(names, tree.selects, strict=True)}
            self.bare[id(scope)] = {name: origin for name, origin in passed.items() if origin}
        else:
            self.outputs[id(scope)] = {"*": self._inside(tree)}

    def _unite(self, scope: Scope) -> None:
        """The columns of a UNION: by name where it says so, else by place."""
        parts = [id(part) for part in scope.set_operation_scopes]
        names = list(self.outputs[parts[0]])
        if any(len(self.outputs[part]) != len(names) for part in parts):
            raise _Untraceable
        by_name = bool(scope.expression.args.get("by_name"))
        called = [names if by_name else list(self.outputs[part]) for part in parts]
        if any(name not in self.outputs[part] for part, its in zip(parts, called, strict=True) for name in its):
            raise _Untraceable
        self.outputs[id(scope)], self.bare[id(scope)] = {}, {}
        for place, name in enumerate(names):
            columns = [(part, its[place]) for part, its in zip(parts, called, strict=True)]
            self.outputs[id(scope)][name] = _NOTHING.union(*(self.outputs[part][column] for part, column in columns))
            for part, column in columns:
                if column in self.bare.get(part, {}):
                    self.bare[id(scope)][name] = self.bare[part][column]

    def _inside(self, tree: exp.Expr) -> Origins:
        nodes = tree.find_all(exp.Column, exp.TableColumn, exp.Star, exp.Columns, exp.PositionalColumn)
        return _NOTHING.union(*(self.resolved.get(id(node), _NOTHING) for node in nodes))

    def _passed(self, scope: Scope, item: exp.Expr) -> Origin | None:
        """The column whose values an item of the SELECT passes on as they are."""
        while isinstance(item, _PASSING):
            item = item.this
        if not isinstance(item, exp.Column) or item.table not in scope.sources:
            return None
        source = scope.sources[item.table]
        if isinstance(source, Scope):
            return self.bare.get(id(source), {}).get(item.name.lower())
        table = _table_name(source)
        return (table, item.name.lower()) if item.name.lower() in self.tables.get(table, ()) else None


def _table_name(source: exp.Expr) -> str:
    return f"{source.db}.{source.name}".lower() if isinstance(source, exp.Table) else ""


def _renames(node: exp.Expr) -> bool:
    """Whether a part of a FROM gives columns other names than its table has."""
    if isinstance(node, exp.Pivot | exp.PositionalColumn):
        return True
    alias = node.args.get("alias")
    return bool(node.args.get("db") and alias and alias.args.get("columns"))


def _by_name(tree: exp.Expr, tables: Tables) -> Lineage:
    """What may be read, by names alone; the one source of every column of the result, called `*`."""
    found = list(tree.find_all(exp.Table))
    named = {_table_name(table) for table in found}
    rows = {table.alias_or_name.lower() for table in found}
    words = {node.name.lower() for node in tree.find_all(exp.Identifier)}
    several = any(not isinstance(node.parent, exp.Count) for node in tree.find_all(exp.Star, exp.Columns))
    several |= any(column.name.lower() in rows for column in tree.find_all(exp.Column))
    several |= any(map(_renames, tree.find_all(exp.Pivot, exp.Table, exp.PositionalColumn)))
    reads = frozenset(
        (table, column)
        for table, columns in tables
        if table in named
        for column in columns
        if several or column in words
    )
    return Lineage(reads, {"*": reads}, {}, {"*": frozenset(named & {table for table, _ in tables})})
