"""Building all features of a run, and the proof that each theme has one row a customer.

Owns: that proof, on which joins of themes rest; and telling which features go without protected columns. Does not own
how a model is built (`tasks/warehouse/build.py`).
"""

from __future__ import annotations

from tasks.config.errors import WorkspaceError
from tasks.warehouse import ledger
from tasks.warehouse.build import build_features_model, models_of_run
from tasks.warehouse.catalogue import KEY, Catalogue, prediction_models
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.models import SqlModel
from tasks.warehouse.privacy import privacy_of, unseen_reads
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
    Catalogue([*models, *prediction_models(run.workspace)])
    customer_count = int(run.warehouse.value("SELECT count(*) FROM staging.customers"))
    privacy = privacy_of(run)
    counts: dict[str, int] = {}
    for model in models:
        counts[model.name] = build_features_model(run, model, privacy)
        _check_grain(run, model, counts[model.name], customer_count)
        _check_finite(run, model)
    return counts


def tell_unseen(run: Run) -> list[str]:
    """Say which features go without columns that are protected beyond what their models know; kept as alerts, too.

    The features of the run must be built.
    """
    told = []
    privacy = privacy_of(run)
    for model in models_of_run(run, "features"):
        for column, features in unseen_reads(privacy, model).items():
            name, found = ".".join(column), privacy.class_of(column)
            message = f"{_consequence(run, model, features)}: {name} is {found} and does not leave staging"
            ledger.raise_alert(
                run.warehouse, run.attempt, severity="warning", kind="privacy", subject=name, message=message
            )
            told.append(message)
    return told


def _consequence(run: Run, model: SqlModel, features: list[str]) -> str:
    if not features:
        return f"{model.name} is computed without a column that it only compares with"
    counts = ", ".join(f"count({identifier(name)})" for name in features)
    filled = run.warehouse.rows(f"SELECT {counts} FROM {model.name} WHERE run_id = {literal(run.run_id)}")[0]
    empty = [name for name, count in zip(features, filled, strict=True) if not count]
    others = [name for name in features if name not in empty]
    parts = [
        f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} {what}"
        for names, what in ((empty, "empty"), (others, "computed without it"))
        if names
    ]
    return " and ".join(parts)


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


def _check_finite(run: Run, model: SqlModel) -> None:
    """Refuse a number that is none: means, quantiles and clusters could not be computed from it."""
    floats = [name for name, kind in run.warehouse.columns(f"FROM {model.name}") if kind in {"DOUBLE", "FLOAT"}]
    if not floats:
        return
    counts = ", ".join(f"count(*) FILTER (WHERE NOT isfinite({identifier(name)}))" for name in floats)
    found = run.warehouse.rows(f"SELECT {counts} FROM {model.name} WHERE run_id = {literal(run.run_id)}")[0]
    for name, count in zip(floats, found, strict=True):
        if count:
            raise WorkspaceError(
                f"{name} is infinite or not a number for {count:,} customers",
                where=f"{model.path}:1",
                hint="guard the division: amount / nullif(order_count, 0); NULL says that nothing is known",
            )
