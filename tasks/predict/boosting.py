"""Gradient boosting on snapshots: the chance that a customer does not order, or what he is expected to spend.

Owns: what scikit-learn is asked for, and calibration by customers that were held out. Does not own which days are
learnt from (`plan.py`) or whether it is any good (`scores.py`).

Histograms of gradients are summed in threads; everything here runs on one, so that a result is the same on any machine.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks.predict.scores import log_odds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tasks.predict.rows import Rows

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

#: Small trees, slow steps, no stopping by a random part: what a few hundred customers bear, and thousands do not miss.
_SETTINGS: dict[str, Any] = {
    "max_iter": 100,
    "learning_rate": 0.06,
    "max_leaf_nodes": 12,
    "min_samples_leaf": 30,
    "l2_regularization": 1.0,
    "early_stopping": False,
}
_FOLDS = 3
#: Isotonic calibration overfits with fewer cases than this of either kind (Niculescu-Mizil and Caruana, "Predicting
#: Good Probabilities with Supervised Learning", ICML 2005, section 5).
_LEAST_FOR_ISOTONIC = 1000
#: Held-out totals of amounts are off by chance, too: a correction beyond this would be chance or a mistake.
_MOST_CORRECTION = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Boosting:
    """A fitted model; `foretell` takes the inputs of rows."""

    foretell: Callable[[Floats], Floats]
    calibration: str

    def predict(self, rows: Rows) -> Floats:
        """The chance of no order, or the amount, of each row."""
        with _single_thread():
            return self.foretell(rows.inputs)


def fit_chance(rows: Rows, seed: int) -> Boosting:
    """Learn the chance that a customer does not order.

    The chances of a boosted model are too sure of themselves on few customers. They are mapped to those that customers
    showed who were not learnt from: each third of the customers, with all its days, is foretold from the other two.

    Args:
        rows: customers at past days, with what came after.
        seed: of the folds.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    churned = ~rows.has_ordered
    events = min(int(churned.sum()), int(rows.has_ordered.sum()))

    def fit(part: Flags) -> Callable[[Floats], Floats]:
        told = _telling(rows.inputs[part])
        model = HistGradientBoostingClassifier(**_SETTINGS, random_state=seed)
        model.fit(rows.inputs[part][:, told], churned[part])
        return lambda inputs: np.asarray(model.predict_proba(inputs[:, told])[:, 1])

    with _single_thread():
        held_out = _held_out(rows, fit, seed)
        calibrate = _isotonic(held_out, churned) if events >= _LEAST_FOR_ISOTONIC else _sigmoid(held_out, churned)
        model = fit(np.ones(len(rows), dtype=bool))
    return Boosting(lambda inputs: calibrate(model(inputs)), "isotonic" if events >= _LEAST_FOR_ISOTONIC else "sigmoid")


def fit_amount(rows: Rows, seed: int) -> Boosting:
    """Learn what a customer is expected to spend, those who spend nothing included.

    The loss is the deviance of Poisson, which asks for the mean whatever the distribution (Gourieroux, Monfort and
    Trognon, "Pseudo Maximum Likelihood Methods: Theory", Econometrica 52(3), 1984), bears many zeros, and gives large
    amounts less weight than squares do. The total over customers that were not learnt from is made right.

    Args:
        rows: customers at past days, with what came after.
        seed: of the folds.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    # The unit of currency must not matter to the penalties of the trees.
    unit = float(rows.amount.mean()) or 1.0

    def fit(part: Flags) -> Callable[[Floats], Floats]:
        told = _telling(rows.inputs[part])
        model = HistGradientBoostingRegressor(loss="poisson", **_SETTINGS, random_state=seed)
        model.fit(rows.inputs[part][:, told], rows.amount[part] / unit)
        return lambda inputs: np.asarray(model.predict(inputs[:, told]) * unit)

    with _single_thread():
        held_out = _held_out(rows, fit, seed)
        factor = float(np.clip(rows.amount.sum() / held_out.sum(), 1 / _MOST_CORRECTION, _MOST_CORRECTION))
        model = fit(np.ones(len(rows), dtype=bool))
    return Boosting(lambda inputs: model(inputs) * factor, f"total × {factor:.2f}")


def _telling(inputs: Floats) -> Flags:
    """The columns that have two values or more: of a source without channels or discounts some have none."""
    known = ~np.isnan(inputs)
    least = np.where(known, inputs, np.inf).min(axis=0)
    most = np.where(known, inputs, -np.inf).max(axis=0)
    return np.asarray(most > least)


def _held_out(rows: Rows, fit: Callable[[Flags], Callable[[Floats], Floats]], seed: int) -> Floats:
    """What each customer is foretold by a model that has not seen him on any day."""
    customers, place = np.unique(rows.ids.astype(str), return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(customers))[place] % _FOLDS
    foretold = np.empty(len(rows))
    for number in range(_FOLDS):
        model = fit(fold != number)
        foretold[fold == number] = model(rows.inputs[fold == number])
    return foretold


def _sigmoid(chance: Floats, happened: Flags) -> Callable[[Floats], Floats]:
    """Platt's map: a logistic curve over the log-odds ("Probabilistic Outputs for Support Vector Machines", 1999)."""
    from tasks.predict.scores import calibration_line

    line = calibration_line(chance, happened)
    if line is None:
        return lambda new: new
    intercept, slope = line
    return lambda new: np.asarray(1 / (1 + np.exp(-(intercept + slope * log_odds(new)))))


def _isotonic(chance: Floats, happened: Flags) -> Callable[[Floats], Floats]:
    """Chances that rise with those of the model, in steps as the customers show them."""
    from sklearn.isotonic import IsotonicRegression

    steps = IsotonicRegression(out_of_bounds="clip", y_min=0.0, y_max=1.0).fit(chance, happened.astype(np.float64))
    return lambda new: np.asarray(steps.predict(new))


@functools.cache
def _controller() -> Any:  # noqa: ANN401 - threadpoolctl has no types
    import sklearn.ensemble  # noqa: F401 - loads the OpenMP and BLAS libraries that are to be limited
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _single_thread() -> AbstractContextManager[object]:
    limited: AbstractContextManager[object] = _controller().limit(limits=1)
    return limited
