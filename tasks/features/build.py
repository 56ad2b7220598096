"""Building all features of a run, and the proof that each theme has one row a customer.

Owns: that proof; joins of themes rest on it. Does not own how a model is built (`tasks/warehouse/build.py`).
"""

from __future__ import annotations

from tasks.config.errors import WorkspaceError
from tasks.warehouse.build import build_model, models_of_run
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import literal
from tasks.warehouse.models import SqlModel
from tasks.warehouse.run import Run


def build_all(run: Run) -> dict[str, int]:
    """Build every features model; returns the number of rows by ``features.table``.

    The catalogue is proved before a row is written.

    Raises:
        WorkspaceError: a feature is defined twice, a model does not keep to its header or reads what it may not, or a
            theme has not exactly one row for each customer of staging.customers.
        SqlError: DuckDB refused a model; the error names the file.
    """
    models = models_of_run(run, "features")
    Catalogue(models)
    customer_count = int(run.warehouse.value("SELECT count(*) FROM staging.customers"))
    counts: dict[str, int] = {}
    for model in models:
        counts[model.name] = build_model(run, model)
        _check_grain(run, model, counts[model.name], customer_count)
    return counts


def _check_grain(run: Run, model: SqlModel, row_count: int, customer_count: int) -> None:
    found = run.warehouse.value(
        f"SELECT count(DISTINCT {KEY}) FROM {model.name} SEMI JOIN staging.customers USING ({KEY})"
        f" WHERE {model.name}.run_id = {literal(run.run_id)}"
    )
    if row_count == customer_count == found:
        return
    raise WorkspaceError(
        f"has {row_count:,} rows for {found:,} of {customer_count:,} customers, expected one row for each",
        where=f"{model.path}:1",
        hint="start from staging.customers, and LEFT JOIN what is grouped by customer_id",
    )
