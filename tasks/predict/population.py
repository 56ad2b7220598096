"""Of whom something is foretold: a condition on one customer, over what is known of him at any past day.

Owns: what such a condition may say. Does not own the columns that it may name (`sql/predict/snapshot.sql`).
"""

from __future__ import annotations

import difflib
from collections.abc import Collection

import sqlglot
from sqlglot import exp

from tasks.config.errors import SqlError, WorkspaceError
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.model_reading import refuse_changing

#: A SELECT in it could see other customers, and later days.
_MORE = (exp.Query, exp.Subquery, exp.Window, exp.AggFunc, exp.Command, exp.DDL, exp.DML)


def check_condition(condition: str, known: Collection[str], where: str) -> None:
    """Prove that a population is one condition over columns of a snapshot.

    Args:
        condition: as the workspace has it.
        known: the columns.
        where: its place in the workspace file.

    Raises:
        WorkspaceError: it is not SQL, is more than a condition, or names another column; the nearest is told.
    """
    try:
        (tree,) = sqlglot.parse(condition, dialect="duckdb")
    except (sqlglot.errors.SqlglotError, ValueError) as error:
        raise WorkspaceError(
            f"the population {condition!r} is not SQL",
            where=where,
            hint="write one condition such as order_count >= 2 AND recency_days <= 365",
        ) from error
    if tree is None or tree.find(*_MORE):
        raise WorkspaceError(
            f"the population {condition!r} is more than a condition on one customer",
            where=where,
            hint="use comparisons, AND, OR, NOT and scalar functions; no SELECT, aggregate or window",
        )
    refuse_changing(tree, f"the population {condition!r}", where)
    lowered = {name.lower() for name in known}
    for name in sorted({column.name for column in tree.find_all(exp.Column)}):
        if name.lower() not in lowered:
            near = difflib.get_close_matches(name, known, n=1)
            raise WorkspaceError(
                f"a population of a prediction cannot name {name!r}: it is not known of past days",
                where=where,
                hint=f"did you mean {near[0]!r}?" if near else f"it may name {', '.join(sorted(known))}",
            )


def check_type(warehouse: Warehouse, condition: str, snapshot: str, where: str) -> None:
    """Prove that DuckDB can evaluate the condition over a snapshot, of which no row is needed.

    Raises:
        WorkspaceError: types do not fit, or a function is unknown.
    """
    try:
        warehouse.columns(f"SELECT CAST(({condition}) AS BOOLEAN) FROM (\n{snapshot}\n)")
    except SqlError as error:
        raise WorkspaceError(
            f"the population {condition!r} cannot be computed: {error.message}", where=where, hint="correct it"
        ) from error
