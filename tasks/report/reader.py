"""Reading tables that may not be there.

Owns: small SELECTs over a run's rows where a table, or a column of it, may be missing: a run that stopped early has
written only some of them. Does not own: what the rows mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.warehouse.connection import identifier
from tasks.warehouse.run import Run


class RunReader:
    """The rows of one run, as mappings by column name."""

    def __init__(self, run: Run) -> None:
        """Read for `run`; nothing is read yet."""
        self.run = run
        self.warehouse = run.warehouse
        self._columns: dict[str, frozenset[str]] = {}

    def columns(self, table: str) -> frozenset[str]:
        """Names of the columns of `schema.table`; empty where it does not exist."""
        if table not in self._columns:
            exists = self.warehouse.table_exists(table)
            described = self.warehouse.columns(f"SELECT * FROM {table}") if exists else []
            self._columns[table] = frozenset(name for name, _ in described)
        return self._columns[table]

    def of_run(
        self,
        table: str,
        columns: Sequence[str],
        *,
        order_by: str,
        where: str = "true",
        qualify: str | None = None,
        parameters: Mapping[str, object] | None = None,
        limit: int = 10_000,
        key: str = "run_id",
    ) -> list[dict[str, Any]]:
        """Rows of this run; a column that the table lacks is None, a table that is not there has no rows.

        Args:
            table: `schema.table`.
            columns: those wanted.
            order_by: SQL that orders the rows uniquely.
            where: SQL that chooses among them.
            qualify: SQL over window functions that chooses among those.
            parameters: of `where` and `qualify`.
            limit: most rows returned.
            key: `run_id`, or `attempt_id` for tables of `ops` that belong to the attempt.
        """
        present = self.columns(table)
        if key not in present:
            return []
        among = f" QUALIFY {qualify}" if qualify else ""
        value = self.run.attempt_id if key == "attempt_id" else self.run.run_id
        return self.warehouse.records(
            f"SELECT {', '.join(self.column(table, name) for name in columns)} FROM {table}"
            f" WHERE {key} = $key_value AND ({where}){among} ORDER BY {order_by} LIMIT {limit:d}",
            {"key_value": value, **(parameters or {})},
        )

    def column(self, table: str, name: str) -> str:
        """SQL for a column: itself, or NULL under its name where the table lacks it."""
        quoted = identifier(name)
        return quoted if name in self.columns(table) else f"NULL AS {quoted}"
