"""Whether a workspace's own checks can be run: their columns and queries are bound to the tables of a run without rows.

Owns: which checks that can be told of. Does not own rendering a query (`queries.py`) or running a check (`adapter.py`).
"""

from __future__ import annotations

from tasks.config.errors import SqlError, WorkspaceError
from tasks.quality.queries import QueryContext
from tasks.quality.suites import Door, load_suites, own_folder
from tasks.quality.told import columns_of
from tasks.warehouse.connection import identifier
from tasks.warehouse.run import Run

#: What a run without rows has built.
_DOORS: tuple[Door, ...] = ("raw", "staging", "features")


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
