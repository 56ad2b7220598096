"""All predictions of a run, written down: what is foretold as features, and the evidence.

Owns: the rows of `features.customer_prediction` and of the tables of evidence, and the alert on what was refused. Does
not own how a prediction is made (`forecast.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.predict.evidence import CALIBRATION_COLUMNS, PREDICTION_COLUMNS, SCORE_COLUMNS, Columns
from tasks.predict.forecast import Forecast, Shared, foretell
from tasks.predict.population import check_condition, check_type
from tasks.predict.snapshots import order_days, snapshot_model
from tasks.warehouse import ledger, tables
from tasks.warehouse.catalogue import KEY, PREDICTIONS
from tasks.warehouse.connection import identifier
from tasks.warehouse.run import Run

if TYPE_CHECKING:
    import polars as pl

#: The tables of evidence with their columns.
EVIDENCE = {
    "monitoring.prediction": PREDICTION_COLUMNS,
    "monitoring.prediction_score": SCORE_COLUMNS,
    "monitoring.calibration": CALIBRATION_COLUMNS,
}


def check_populations(run: Run) -> None:
    """Prove, before any work, that every population is a condition over what is known of past days.

    Raises:
        WorkspaceError: one is not; its line is named.
    """
    for key, prediction in run.workspace.predictions.items():
        known = [column.name for column in snapshot_model(run, prediction, run.as_of).columns]
        check_condition(prediction.population, known, run.workspace.line_of("predictions", key, "population"))


def bind_predictions(run: Run) -> None:
    """Prove that every population can be computed, and make the table of predictions without a row.

    Raises:
        WorkspaceError: a population is not a condition, or its types do not fit.
    """
    if not run.workspace.predictions:
        return
    check_populations(run)
    with order_days(run):
        for key, prediction in run.workspace.predictions.items():
            where = run.workspace.line_of("predictions", key, "population")
            check_type(run.warehouse, prediction.population, snapshot_model(run, prediction, run.as_of).sql, where)
    _write_features(run, {})


def predict_all(run: Run) -> dict[str, Forecast]:
    """Make every prediction of the workspace and write it down; staging of the run must be built.

    A prediction that is refused is an alert, and its feature is NULL. A workspace that makes none any more keeps the
    tables that it has, with no prediction of this run in them.
    """
    predictions = run.workspace.predictions
    if not predictions and not run.warehouse.table_exists(PREDICTIONS):
        return {}
    forecasts: dict[str, Forecast] = {}
    if predictions:
        with order_days(run) as unseen:
            for message in unseen:
                _warn(run, "privacy", "predictions", message)
            shared: Shared = {}
            for key, prediction in predictions.items():
                forecasts[key] = foretell(run, key, prediction, shared)
    for key, forecast in forecasts.items():
        if forecast.values is None:
            _warn(run, "prediction", key, f"the prediction {key} is {forecast.said}")
    _write_features(run, forecasts)
    _write_evidence(run, forecasts)
    return forecasts


def _write_features(run: Run, forecasts: dict[str, Forecast]) -> None:
    """One row a customer, with every prediction as a column; NULL where it is not made of him."""
    names = {key: identifier(prediction.feature_name(key)) for key, prediction in run.workspace.predictions.items()}
    made = {key: forecast.values for key, forecast in forecasts.items() if forecast.values is not None}
    columns = [KEY, *(name if key in made else f"CAST(NULL AS DOUBLE) AS {name}" for key, name in names.items())]
    joins = "".join(f" LEFT JOIN foretold_{key} USING ({KEY})" for key in made)
    for key, values in made.items():
        with run.warehouse.registered("incoming_frame", values):
            run.warehouse.execute(f"CREATE OR REPLACE TEMP TABLE foretold_{key} AS SELECT * FROM incoming_frame")
    tables.write_rows(run, PREDICTIONS, f"SELECT {', '.join(columns)} FROM staging.customers{joins} ORDER BY {KEY}")
    for key in made:
        run.warehouse.execute(f"DROP TABLE temp.foretold_{key}")


def _write_evidence(run: Run, forecasts: dict[str, Forecast]) -> None:
    rows: dict[str, list[dict[str, Any]]] = {
        "monitoring.prediction": [forecast.evidence.prediction for forecast in forecasts.values()],
        "monitoring.prediction_score": [row for forecast in forecasts.values() for row in forecast.evidence.scores],
        "monitoring.calibration": [row for forecast in forecasts.values() for row in forecast.evidence.calibration],
    }
    for table, columns in EVIDENCE.items():
        tables.write_frame(run, table, _frame(rows[table], columns))


def _frame(rows: list[dict[str, Any]], columns: Columns) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(
        {
            name: pl.Series([row.get(name) for row in rows], dtype=getattr(pl, kind))
            for name, (kind, _) in columns.items()
        }
    )


def _warn(run: Run, kind: str, subject: str, message: str) -> None:
    ledger.raise_alert(run.warehouse, run.attempt, severity="warning", kind=kind, subject=subject, message=message)
