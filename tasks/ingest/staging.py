"""`raw` to `staging`: the canonical entities as the as-of day saw them, and the orders made of their lines.

Owns: that the staging models are built. Does not own them (`sql/staging`) or the `raw.<entity>` views that they read.
"""

from __future__ import annotations

from tasks.warehouse.build import build_schema
from tasks.warehouse.run import Run


def build_staging(run: Run) -> dict[str, int]:
    """Build all staging models, in order; returns the number of rows by ``staging.table``.

    Every ``raw.<entity>`` view must be there, with zero rows where no source maps to it.

    Raises:
        WorkspaceError: a model does not keep to its header, or reads what it may not.
        SqlError: DuckDB refused a model; the error names the file.
    """
    return build_schema(run, "staging")
