"""What the SQL of a model reads, and that it is one SELECT whose rows come of tables alone.

Owns: parsing a model, and which functions give another value each time, in models and conditions. Does not own which
schemas a model may read (`build.py`), or which columns (`privacy.py`).
"""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp

from tasks.config.errors import WorkspaceError

#: Functions whose value is of the moment, the machine or chance: the same files would give other rows each time.
_CHANGING = frozenset(
    {
        *("now", "today", "get_current_timestamp", "transaction_timestamp", "current_date", "current_time"),
        *("current_timestamp", "current_localtime", "current_localtimestamp", "localtime", "localtimestamp"),
        *("get_current_time", "random", "rand", "setseed", "uuid", "gen_random_uuid", "uuidv4", "uuidv7"),
        *("nextval", "currval", "txid_current", "getenv", "getvariable", "current_setting", "current_user"),
    }
)
#: Functions that make rows of their arguments; every other one that stands for a table reads something unseen.
_ROWS_OF_ARGUMENTS = frozenset({"generate_series", "range", "unnest"})
#: Functions that read a table by its name; what may be read is checked like a table.
_BY_NAME = frozenset({"query", "query_table"})
_ONE_SELECT = "a model is a single SELECT statement in DuckDB's SQL"
#: What is wrong, its line, and what to do.
_Wrong = tuple[str, int, str]


def tables_read(sql: str, path: str) -> frozenset[str]:
    """Every ``schema.table`` that a model names, and functions that read a table by its name.

    Raises:
        WorkspaceError: it is not one SELECT, or its rows would come of files, of the clock or of chance; with its line.
    """
    read, wrong = _read(sql)
    if wrong is not None:
        problem, line, hint = wrong
        raise WorkspaceError(problem, where=f"{path}:{line}", hint=hint)
    return read


def refuse_changing(condition: exp.Expr, told: str, where: str) -> None:
    """Refuse a condition over features that would hold of other customers each time that it is asked.

    Args:
        condition: parsed.
        told: what it is, for the message, such as ``the rule 'order_count > 3'``.
        where: its place in the workspace file.

    Raises:
        WorkspaceError: it calls a function that gives another value each time.
    """
    if (function := _changing(condition)) is not None:
        raise WorkspaceError(
            f"{told} calls {_called(function)}(), which gives another value each time",
            where=where,
            hint="compare features that are of the as-of day, such as recency_days: a repeat gives the same segments",
        )


@lru_cache(maxsize=1024)
def _read(sql: str) -> tuple[frozenset[str], _Wrong | None]:
    """Kept from one loading of the models to the next: a run loads each many times, and parsing is what takes long."""
    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
        tokens = sqlglot.tokenize(sql, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        first = error.errors[0] if isinstance(error, sqlglot.ParseError) and error.errors else {}
        said = f"{first.get('description', str(error))} near {first.get('highlight', '')!r}"
        return frozenset(), (f"not one SELECT: {said}", first.get("line", 1), _ONE_SELECT)
    if ends := [token.line for token in tokens if token.token_type.name == "SEMICOLON"]:
        return frozenset(), ("not one SELECT: met ';'", ends[0], "leave the ; out, and what follows it: " + _ONE_SELECT)
    if not isinstance(tree, exp.Query):
        return frozenset(), (f"not one SELECT: met {type(tree).__name__.upper()}", 1, _ONE_SELECT)
    names = frozenset(name for table in tree.find_all(exp.Table) if (name := _name(table)))
    return names, _unrepeatable(tree, sql)


def _name(table: exp.Table) -> str:
    if (function := _function(table)) in _BY_NAME:
        return f"{function}()"
    return ".".join(part.name for part in table.parts) if table.db else ""


def _function(table: exp.Table) -> str:
    return _called(table.this) if isinstance(table.this, exp.Func) else ""


def _called(function: exp.Func) -> str:
    return (function.name if isinstance(function, exp.Anonymous) else function.sql_name()).lower()


def _unrepeatable(tree: exp.Query, sql: str) -> _Wrong | None:
    """What the rows would come of besides tables: what is wrong, the line, and what to do."""
    named = {expression.alias.casefold() for expression in tree.find_all(exp.CTE)}
    tables = (_unseen(table, named, sql) for table in tree.find_all(exp.Table))
    if wrong := next((one for one in tables if one is not None), None):
        return wrong
    if (function := _changing(tree)) is not None:
        name = _called(function)
        hint = "write {{ as_of }} for the day that the run describes: a repeat is to give the same rows"
        return f"calls {name}(), which gives another value each time", _line(function) or _line_of(name, sql), hint
    if tree.find(exp.TableSample) is None:
        return None
    hint = "choose by a digest, such as md5_number_upper(customer_id) % 10 = 0"
    return "draws a sample by chance", _line_of("sample", sql), hint


def _unseen(table: exp.Table, named: set[str], sql: str) -> _Wrong | None:
    function = _function(table)
    if function and function not in _ROWS_OF_ARGUMENTS | _BY_NAME:
        return f"reads {function}()", _line_of(function, sql), "read tables; files come in as sources of the workspace"
    # What has no name is a bracket around a table or a join.
    if function or table.db or not table.name or table.name.casefold() in named:
        return None
    hint = "write staging.NAME for a table; files come in as sources of the workspace"
    return f"reads {table.name!r}, which is no table of a schema", _line(table) or 1, hint


def _changing(tree: exp.Expr) -> exp.Func | None:
    for function in tree.find_all(exp.Func):
        name = _called(function)
        # Of two times, `age` is the time between; of one, that until now.
        if name in _CHANGING or (name == "age" and len(function.expressions) == 1):
            return function
    return None


def _line(node: exp.Expr) -> int | None:
    """Of the first of a node's parts that has one."""
    return next((part.meta["line"] for part in node.walk() if "line" in part.meta), None)


def _line_of(word: str, sql: str) -> int:
    """The first line in which a word stands; 1 where it is spelt in another way."""
    lines = enumerate(sql.casefold().splitlines(), start=1)
    return next((number for number, line in lines if word in line and not line.startswith("--")), 1)
