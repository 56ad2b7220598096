"""What a report says of predictions, as plain records.

Owns: the shape of these records. Does not own: reading them (`read_predictions.py`). Values are shares from 0 to 1 for
churn, else amounts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Customers of whom about the same was foretold: what, and what came."""

    foretold: float
    observed: float
    customer_count: int


@dataclass(frozen=True, slots=True)
class ModelScore:
    """One model on the tested period; a figure that its kind of prediction does not have is None."""

    model_name: str
    is_used: bool
    note: str
    mean_foretold: float | None
    mean_observed: float | None
    brier_score: float | None
    auc: float | None
    calibration_slope: float | None
    calibration_intercept: float | None
    top_decile_lift: float | None
    mean_error_amount: float | None
    rmsle: float | None
    total_error_share: float | None
    poisson_deviance: float | None
    bins: tuple[CalibrationBin, ...]


@dataclass(frozen=True, slots=True)
class PredictionFacts:
    """A prediction of the run: made with one of the models that were tested, or refused."""

    prediction_id: str
    name: str
    kind: str
    feature_name: str
    horizon_days: int
    is_refused: bool
    model_name: str | None
    decision: str
    test_days: int | None
    test_from: dt.date | None
    test_until: dt.date | None
    test_customer_count: int | None
    test_ordered_count: int | None
    train_cut_off_count: int | None
    train_from: dt.date | None
    train_until: dt.date | None
    train_row_count: int | None
    scored_customer_count: int
    models: tuple[ModelScore, ...]

    @property
    def is_amount(self) -> bool:
        """Whether money is foretold, and not a chance."""
        return self.kind != "churn"

    @property
    def used(self) -> ModelScore | None:
        """The model that foretells; None: refused."""
        return next((model for model in self.models if model.is_used), None)
