"""A temperature makes confidences true, and changes no answer."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.comments.calibration import calibration_error, cooled, fit_temperature, log_loss

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def drawn(seed: int, heat: float, count: int = 4000) -> tuple[Floats, Ints]:
    """Logarithms of probabilities that were `heat` times too sure of labels drawn by the true ones."""
    draws = np.random.default_rng(seed)
    true = cooled(draws.normal(size=(count, 3)) * 2, 1.0)
    truth = np.array([draws.choice(3, p=row) for row in true], dtype=np.int64)
    return np.log(true) * heat, truth


@pytest.mark.parametrize("heat", [0.5, 1.0, 2.0, 4.0])
def test_the_temperature_is_how_much_too_sure_a_model_is(heat: float) -> None:
    found = [fit_temperature(*drawn(seed, heat)) for seed in range(5)]
    # 4,000 drawn labels tell the temperature to a few percent.
    assert np.abs(np.array(found) / heat - 1).max() < 0.1


def test_cooling_keeps_the_order_and_mends_confidence() -> None:
    log_shares, truth = drawn(7, 3.0)
    before, after = cooled(log_shares, 1.0), cooled(log_shares, fit_temperature(log_shares, truth))
    assert (before.argmax(axis=1) == after.argmax(axis=1)).all()
    assert np.allclose(after.sum(axis=1), 1.0)
    errors = [calibration_error(shares.max(axis=1), shares.argmax(axis=1) == truth) for shares in (before, after)]
    assert errors[1] < 0.03 < errors[0]
    assert log_loss(after, truth) < log_loss(before, truth)


def test_the_error_is_counted_by_hand() -> None:
    confidence = np.array([0.55, 0.55, 0.95, 0.95, 1.0])
    is_right = np.array([True, False, True, True, False])
    # Two of 0.55 of which one is right; three around 0.97 of which two are.
    assert calibration_error(confidence, is_right) == pytest.approx((0.1 + abs(2.9 - 2)) / 5)


def test_a_label_that_was_called_impossible_costs_much_but_not_infinitely() -> None:
    shares = np.array([[1.0, 0.0]])
    assert 600 < log_loss(shares, np.array([1])) < 1000
