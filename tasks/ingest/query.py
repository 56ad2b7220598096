"""The query of a source in a database: that it is one SELECT, proved without the database.

Owns: that proof. The database proves the rest: whether tables and columns are there, and, as it runs in a read-only
transaction, that it changes nothing (`postgres.py`).
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from tasks.config.databases import DIALECT
from tasks.config.errors import WorkspaceError
from tasks.config.workspace import Workspace

_CHANGES = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Command, exp.Into, exp.Lock)


def check_query(workspace: Workspace, name: str) -> None:
    """Refuse what is not one SELECT that only reads.

    Raises:
        WorkspaceError: it is something else; its line is named.
    """
    query = workspace.sources[name].query
    if query is None:
        return
    where = workspace.line_of("sources", name, "query")
    try:
        statements = sqlglot.parse(query, dialect=DIALECT)
    except sqlglot.errors.SqlglotError as error:
        raise WorkspaceError(
            f"query: not a SELECT that can be read: {_first_line(error)}",
            where=where,
            hint="write it in PostgreSQL's SQL; what cannot be read here belongs into a view: select from that",
        ) from error
    tree = statements[0] if len(statements) == 1 else None
    changing = None if tree is None else tree.find(*_CHANGES)
    if not isinstance(tree, exp.Query) or changing is not None:
        what = "several statements" if len(statements) > 1 else (changing or tree).__class__.__name__.upper()
        raise WorkspaceError(
            f"query: expected one SELECT that only reads, met {what}",
            where=where,
            hint="select the rows; nothing is changed or locked in a database that sources are read from",
        )


def bare(query: str) -> str:
    """The query without the `;` that may end it and what is said after that, so that it can stand in brackets."""
    last = sqlglot.tokenize(query, dialect=DIALECT)[-1]
    return query[: last.start] if last.token_type.name == "SEMICOLON" else query


def _first_line(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0]
