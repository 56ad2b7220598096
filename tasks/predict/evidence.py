"""What is kept of a prediction: how good each model was on the period that was tested, and which is used.

Owns: the columns of `monitoring.prediction`, `monitoring.prediction_score` and `monitoring.calibration`, and their
rows. Does not own the scores (`scores.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasks.config.predictions import ModelName, Prediction
from tasks.predict import scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tasks.predict.rows import Rows

    Floats = NDArray[np.float64]

#: Type and meaning of each column.
Columns = dict[str, tuple[str, str]]
PREDICTION_COLUMNS: Columns = {
    "prediction_id": ("String", "key of the prediction in the workspace"),
    "prediction_name": ("String", "for people"),
    "kind_name": ("String", "churn, spend or clv"),
    "feature_name": ("String", "the feature that it is"),
    "horizon_days": ("Int64", "days after the as-of day that it is about"),
    "status_name": ("String", "made, or refused"),
    "model_name": ("String", "the model used; NULL: refused"),
    "decision": ("String", "why this model, or why refused"),
    "model_note": ("String", "with what result the model was fitted; NULL: refused"),
    "test_days": ("Int64", "days of the tested period; NULL: refused before one was chosen"),
    "test_from_date": ("Date", "its first day"),
    "test_until_date": ("Date", "its last day"),
    "test_customer_count": ("Int64", "customers in the test"),
    "test_ordered_count": ("Int64", "of these, those who ordered in the tested period"),
    "train_cut_off_count": ("Int64", "past days that were learnt from for the test; 0: histories only"),
    "train_from_date": ("Date", "the earliest of them; NULL: none"),
    "train_until_date": ("Date", "last day of the outcomes that were learnt from; NULL: none"),
    "train_row_count": ("Int64", "customers × past days that were learnt from"),
    "scored_customer_count": ("Int64", "customers that it is foretold of; 0: refused"),
}
SCORE_COLUMNS: Columns = {
    "prediction_id": ("String", "key of the prediction in the workspace"),
    "model_name": ("String", "boosting, bg_nbd or as_before"),
    "is_used": ("Boolean", "this is the model that foretells"),
    "model_note": ("String", "with what result it was fitted for the test"),
    "mean_foretold_value": ("Float64", "mean of what it foretold: a share, or an amount"),
    "mean_observed_value": ("Float64", "mean of what came"),
    "brier_score": ("Float64", "mean squared error of the chances; NULL for amounts"),
    "auc": ("Float64", "chance that a lost customer has the higher chance of being lost; NULL for amounts"),
    "calibration_slope": ("Float64", "1: chances are as far apart as they should be; NULL for amounts"),
    "calibration_intercept": ("Float64", "0, with slope 1: chances are right; NULL for amounts"),
    "top_decile_lift": ("Float64", "outcome of the tenth with the highest values ÷ that of all"),
    "mean_error_amount": ("Float64", "mean absolute error; NULL for chances"),
    "rmsle": ("Float64", "root mean squared error of log(1 + amount); NULL for chances"),
    "total_error_share": ("Float64", "total foretold ÷ total that came − 1; NULL for chances"),
    "poisson_deviance": ("Float64", "score of expected amounts; NULL for chances"),
}
CALIBRATION_COLUMNS: Columns = {
    "prediction_id": ("String", "key of the prediction in the workspace"),
    "model_name": ("String", "boosting, bg_nbd or as_before"),
    "bin_no": ("Int64", "group of customers by what was foretold of them, 1: the least"),
    "foretold_value": ("Float64", "mean of what was foretold: a share, or an amount"),
    "observed_value": ("Float64", "mean of what came"),
    "customer_count": ("Int64", "customers in the group"),
}
#: Figures are kept as they can be read.
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Tested:
    """One model on the period that was tested.

    Attributes:
        name: the model.
        note: with what result it was fitted.
        score: what models are compared by; the least is the best.
        figures: columns of `monitoring.prediction_score`.
        bins: foretold, observed, customers.
    """

    name: ModelName
    note: str
    score: float
    figures: dict[str, float | None]
    bins: list[tuple[float, float, int]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is kept of a prediction, as rows of the three tables."""

    prediction: dict[str, Any]
    scores: list[dict[str, Any]] = field(default_factory=list)
    calibration: list[dict[str, Any]] = field(default_factory=list)


def judge(prediction: Prediction, name: ModelName, note: str, foretold: Floats, rows: Rows, least: int) -> Tested:
    """Hold what a model foretold against what came.

    Args:
        prediction: what was foretold.
        name: the model.
        note: with what result it was fitted.
        foretold: chances or amounts.
        rows: the customers, with what came.
        least: the smallest group of customers that may be described.
    """
    outcome = rows.amount if prediction.is_amount else (~rows.has_ordered).astype(float)
    figures: dict[str, float | None] = {
        "mean_foretold_value": float(foretold.mean()),
        "mean_observed_value": float(outcome.mean()),
        "top_decile_lift": scores.top_lift(foretold, outcome),
    }
    if prediction.is_amount:
        score = scores.poisson_deviance(foretold, outcome)
        figures |= {
            "mean_error_amount": scores.mean_absolute_error(foretold, outcome),
            "rmsle": scores.rmsle(foretold, outcome),
            "total_error_share": scores.total_error(foretold, outcome),
            "poisson_deviance": score,
        }
    else:
        churned = ~rows.has_ordered
        score = scores.brier_score(foretold, churned)
        intercept, slope = scores.calibration_line(foretold, churned) or (None, None)
        figures |= {
            "brier_score": score,
            "auc": scores.auc(foretold, churned),
            "calibration_slope": slope,
            "calibration_intercept": intercept,
        }
    rounded = {key: None if value is None else round(value, _DECIMALS) for key, value in figures.items()}
    return Tested(name, note, score, rounded, scores.calibration_bins(foretold, outcome, least))


def score_rows(key: str, tested: list[Tested], used: ModelName) -> list[dict[str, Any]]:
    """Rows of `monitoring.prediction_score`."""
    return [
        {"prediction_id": key, "model_name": one.name, "is_used": one.name == used, "model_note": one.note}
        | one.figures
        for one in tested
    ]


def calibration_rows(key: str, tested: list[Tested]) -> list[dict[str, Any]]:
    """Rows of `monitoring.calibration`."""
    return [
        {
            "prediction_id": key,
            "model_name": one.name,
            "bin_no": number,
            "foretold_value": round(foretold, _DECIMALS),
            "observed_value": round(observed, _DECIMALS),
            "customer_count": count,
        }
        for one in tested
        for number, (foretold, observed, count) in enumerate(one.bins, 1)
    ]
