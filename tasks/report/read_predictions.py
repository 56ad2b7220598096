"""Reading the predictions of a run, and how the models did that were tested.

Owns: their queries. Does not own: the figures (`tasks/predict`).
"""

from __future__ import annotations

from collections import defaultdict

from tasks.report.prediction_records import CalibrationBin, ModelScore, PredictionFacts
from tasks.report.reader import RunReader

_PREDICTION = (
    "prediction_id",
    "prediction_name",
    "kind_name",
    "feature_name",
    "horizon_days",
    "status_name",
    "model_name",
    "decision",
    "test_days",
    "test_from_date",
    "test_until_date",
    "test_customer_count",
    "test_ordered_count",
    "train_cut_off_count",
    "train_from_date",
    "train_until_date",
    "train_row_count",
    "scored_customer_count",
)
_SCORE = (
    "prediction_id",
    "model_name",
    "is_used",
    "model_note",
    "mean_foretold_value",
    "mean_observed_value",
    "brier_score",
    "auc",
    "calibration_slope",
    "calibration_intercept",
    "top_decile_lift",
    "mean_error_amount",
    "rmsle",
    "total_error_share",
    "poisson_deviance",
)
_BIN = ("prediction_id", "model_name", "bin_no", "foretold_value", "observed_value", "customer_count")


def predictions(reader: RunReader) -> tuple[PredictionFacts, ...]:
    """The predictions by their keys; empty where the workspace asks for none, or the run did not come to them."""
    bins: dict[tuple[str, str], list[CalibrationBin]] = defaultdict(list)
    for row in reader.of_run("monitoring.calibration", _BIN, order_by="prediction_id, model_name, bin_no"):
        found = CalibrationBin(row["foretold_value"], row["observed_value"], row["customer_count"])
        bins[row["prediction_id"], row["model_name"]].append(found)
    models: dict[str, list[ModelScore]] = defaultdict(list)
    order = "prediction_id, is_used DESC, model_name"
    for row in reader.of_run("monitoring.prediction_score", _SCORE, order_by=order):
        key, name, is_used, note, foretold, observed, *figures = (row[column] for column in _SCORE)
        models[key].append(ModelScore(name, is_used, note or "", foretold, observed, *figures, tuple(bins[key, name])))
    facts = []
    for row in reader.of_run("monitoring.prediction", _PREDICTION, order_by="prediction_id"):
        key, name, kind, feature, days, status, model, decision, *rest = (row[column] for column in _PREDICTION)
        facts.append(
            PredictionFacts(
                key,
                name or key,
                kind,
                feature,
                days,
                status == "refused",
                model,
                decision or "",
                *rest,
                models=tuple(models[key]),
            )
        )
    return tuple(facts)
