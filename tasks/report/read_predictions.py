"""Reading the predictions of a run, and how the models did that were tested.

Owns: their queries. Does not own: the figures (`tasks/predict`).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

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
        models[row["prediction_id"]].append(_score(row, bins[row["prediction_id"], row["model_name"]]))
    rows = reader.of_run("monitoring.prediction", _PREDICTION, order_by="prediction_id")
    return tuple(_facts(row, models[row["prediction_id"]]) for row in rows)


def _score(row: dict[str, Any], bins: list[CalibrationBin]) -> ModelScore:
    return ModelScore(
        model_name=row["model_name"],
        is_used=bool(row["is_used"]),
        note=row["model_note"] or "",
        mean_foretold=row["mean_foretold_value"],
        mean_observed=row["mean_observed_value"],
        brier_score=row["brier_score"],
        auc=row["auc"],
        calibration_slope=row["calibration_slope"],
        calibration_intercept=row["calibration_intercept"],
        top_decile_lift=row["top_decile_lift"],
        mean_error_amount=row["mean_error_amount"],
        rmsle=row["rmsle"],
        total_error_share=row["total_error_share"],
        poisson_deviance=row["poisson_deviance"],
        bins=tuple(bins),
    )


def _facts(row: dict[str, Any], models: list[ModelScore]) -> PredictionFacts:
    return PredictionFacts(
        prediction_id=row["prediction_id"],
        name=row["prediction_name"] or row["prediction_id"],
        kind=row["kind_name"],
        feature_name=row["feature_name"],
        horizon_days=row["horizon_days"],
        is_refused=row["status_name"] == "refused",
        model_name=row["model_name"],
        decision=row["decision"] or "",
        test_days=row["test_days"],
        test_from=row["test_from_date"],
        test_until=row["test_until_date"],
        test_customer_count=row["test_customer_count"],
        test_ordered_count=row["test_ordered_count"],
        train_cut_off_count=row["train_cut_off_count"],
        train_from=row["train_from_date"],
        train_until=row["train_until_date"],
        train_row_count=row["train_row_count"],
        scored_customer_count=row["scored_customer_count"] or 0,
        models=tuple(models),
    )
