"""Probabilities that mean what they say: of comments called negative with 0.8, eight in ten are.

Owns: the temperature that a model's probabilities are divided by, and how far they are off. Does not own the model
(`text_model.py`). One number cannot overfit and changes no answer, only how sure it is.

Source: Guo, Pleiss, Sun and Weinberger (2017), On Calibration of Modern Neural Networks, sections 3 and 4.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_COLDEST, _HOTTEST = 0.05, 20.0
_BINS = 10


def fit_temperature(log_shares: Floats, truth: Ints) -> float:
    """The temperature under which the truth is likeliest.

    Args:
        log_shares: shape (comments, labels), logarithms of probabilities of comments that the model did not learn from.
        truth: shape (comments,), the index of each comment's label.
    """
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda heat: log_loss(cooled(log_shares, float(np.exp(heat))), truth),
        bounds=(np.log(_COLDEST), np.log(_HOTTEST)),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return round(float(np.exp(found.x)), 6)


def cooled(log_shares: Floats, temperature: float) -> Floats:
    """Probabilities of a temperature: softmax of the logarithms divided by it, shape as given."""
    scaled = log_shares / temperature
    risen = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares: Floats = risen / risen.sum(axis=1, keepdims=True)
    return shares


def log_losses(shares: Floats, truth: Ints) -> Floats:
    """Minus the logarithm of the probability that each comment's label was given, shape (comments,)."""
    given = shares[np.arange(len(truth)), truth]
    losses: Floats = -np.log(np.maximum(given, np.finfo(float).tiny))
    return losses


def log_loss(shares: Floats, truth: Ints) -> float:
    """The mean of these; 0 is perfect."""
    return float(log_losses(shares, truth).mean())


def calibration_error(confidence: Floats, is_right: NDArray[np.bool_]) -> float:
    """Mean distance of confidence and accuracy over ten bins of confidence, weighted by comments (equation 3)."""
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, weights=confidence - is_right, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(confidence))
