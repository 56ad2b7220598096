"""Whether checks can be run, told without a run.

Owns: that each query is one SELECT, and that columns and queries of a workspace's own checks can be bound to the tables
of a run without rows. Does not own rendering a query (`queries.py`) or running a check (`adapter.py`).
"""

from __future__ import annotations

import datetime as dt

import sqlglot
from sqlglot import exp

from tasks.config.errors import SqlError, WorkspaceError
from tasks.config.workspace import Workspace
from tasks.quality.queries import QueryContext
from tasks.quality.suites import DOORS, Door, load_suites, own_folder
from tasks.quality.told import columns_of
from tasks.warehouse.connection import identifier
from tasks.warehouse.run import Run

#: What a run without rows has built.
_DOORS: tuple[Door, ...] = ("raw", "staging", "features")


def validate_suites(workspace: Workspace) -> int:
    """Read every suite, ours and the workspace's own, and try its queries; returns the number of checks.

    Raises:
        WorkspaceError: a suite cannot be read, or a query in it is not one SELECT.
    """
    context = QueryContext(workspace, dt.date(2000, 1, 1), "0" * 16, ())
    count = 0
    for door in DOORS:
        for suite in load_suites(workspace, door):
            count += len(suite.checks)
            for check in suite.checks:
                query = context.query(suite.table, check)
                if query is not None:
                    _parse(query, check.where)
    return count


def _parse(query: str, where: str) -> None:
    hint = "it selects the rows that are wrong, in DuckDB's SQL"
    try:
        statements = sqlglot.parse(query, dialect="duckdb")
    except sqlglot.ParseError as error:
        first = error.errors[0] if error.errors else {}
        near = f"{first.get('description', error)} near {first.get('highlight', '')!r}"
        raise WorkspaceError(f"the query is not one SELECT: {near}", where=where, hint=hint) from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise WorkspaceError("the query is not one SELECT", where=where, hint=hint)


def bind_own_checks(run: Run) -> None:
    """Bind the workspace's own checks of raw, staging and features.

    Args:
        run: its tables of these rooms are built, of no rows.

    Raises:
        WorkspaceError: a check names a column or table that is not there; its file and line are named.
    """
    folder = own_folder(run.workspace)
    if folder is None:
        return
    context = QueryContext.of_run(run)
    for suite in (suite for door in _DOORS for suite in load_suites(run.workspace, door)):
        if suite.may_be_missing and not run.warehouse.table_exists(suite.table):
            continue
        for check in suite.checks:
            query, column = context.query(suite.table, check), check.expectation.kwargs.get("column")
            if query is None and isinstance(column, str):
                query = f"SELECT {identifier(column)} FROM {context.rows(suite.table)}"
            if query is None or not check.where.startswith(str(folder)):
                continue
            try:
                present = {name for name, _ in run.warehouse.columns(query)}
            except SqlError as error:
                raise WorkspaceError(
                    f"the check “{check.expectation.meaning}” of {suite.table} cannot be run: {error.message}",
                    where=check.where,
                    hint="`resegment features` and docs/reference/tables.md list what there is",
                ) from error
            for name in columns_of(check.expectation.told or ""):
                if name not in present:
                    raise WorkspaceError(
                        f"told: the query of the check “{check.expectation.meaning}” has no column {name!r}",
                        where=check.where,
                        hint=f"it has {', '.join(sorted(present))}",
                    )
