"""The three models that a prediction chooses from, each as a function from rows to what is foretold of them.

Owns: what each is fitted on, and how. Does not own which of them is used (`forecast.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tasks.config.predictions import ModelName, Prediction
from tasks.predict.bg_nbd import fit_bg_nbd
from tasks.predict.boosting import fit_amount, fit_chance
from tasks.predict.gamma_gamma import fit_gamma_gamma
from tasks.predict.rows import cohort_of

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from tasks.predict.rows import Rows

    Floats = NDArray[np.float64]

#: In the order in which they are told; where two are equally good the first is used.
MODEL_NAMES: tuple[ModelName, ...] = ("boosting", "bg_nbd", "as_before")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fitted model; `note` says with what result it was fitted."""

    name: ModelName
    predict: Callable[[Rows], Floats]
    note: str


def fit(name: ModelName, prediction: Prediction, days: int, train: Rows | None, cohort: pl.DataFrame) -> Candidate:
    """Fit one model.

    Args:
        name: which.
        prediction: what is foretold.
        days: over how many days.
        train: customers at past days with what came after; None: there are none, and only models that learn from
            histories alone can be fitted.
        cohort: everybody who had bought by the day from which is foretold (`read_cohort`).

    Raises:
        StatisticsError: it cannot be fitted on these.
    """
    if name == "bg_nbd":
        return _bg_nbd(prediction, days, cohort)
    if name == "as_before":
        return _as_before(prediction, days, train)
    assert train is not None  # noqa: S101 - `available` says so
    fitted = (fit_amount if prediction.is_amount else fit_chance)(train, prediction.seed)
    return Candidate(name, fitted.predict, f"{len(train):,} customers × days, {fitted.calibration}")


def available(prediction: Prediction, train: Rows | None) -> tuple[ModelName, ...]:
    """The models that can be fitted: learning from outcomes takes some."""
    needs_outcomes = {"boosting"} if prediction.is_amount else {"boosting", "as_before"}
    return tuple(name for name in MODEL_NAMES if train is not None or name not in needs_outcomes)


def _bg_nbd(prediction: Prediction, days: int, cohort: pl.DataFrame) -> Candidate:
    history, count, mean_amount = cohort_of(cohort)
    orders = fit_bg_nbd(history)
    note = f"r {orders.r:.3g}, alpha {orders.alpha:.3g} days, a {orders.a:.3g}, b {orders.b:.3g}"
    if not prediction.is_amount:
        return Candidate("bg_nbd", lambda rows: orders.probability_of_none(rows.history, days), note)
    money = fit_gamma_gamma(count, mean_amount)

    def expected(rows: Rows) -> Floats:
        known = np.where(rows.mean_amount > 0, rows.order_day_count, 0.0)
        return orders.expected_orders(rows.history, days) * money.expected_amount(known, rows.mean_amount)

    return Candidate("bg_nbd", expected, f"{note}; p {money.p:.3g}, q {money.q:.3g}, gamma {money.gamma:.3g}")


def _as_before(prediction: Prediction, days: int, train: Rows | None) -> Candidate:
    if prediction.is_amount:
        part = days / prediction.days
        return Candidate("as_before", lambda rows: rows.amount_before * part, f"amount of the {days} days before")
    assert train is not None  # noqa: S101 - `available` says so
    # As before, in chances: what became of those who had ordered in the days before, and of those who had not.
    had = train.orders_before > 0
    shares = [_share_lost(train, part) for part in (~had, had)]
    note = f"lost: {shares[1]:.0%} of those who had ordered before, {shares[0]:.0%} of the others"
    return Candidate("as_before", lambda rows: np.where(rows.orders_before > 0, shares[1], shares[0]), note)


def _share_lost(rows: Rows, part: NDArray[np.bool_]) -> float:
    """The share of some customers who did not order; of nobody that of all."""
    chosen = rows.has_ordered[part] if part.any() else rows.has_ordered
    return float(1 - chosen.mean())
