"""The sequential Monte Carlo p-value."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from tasks.drift.montecarlo import sequential_p_value


def every(step: int) -> object:
    """Draws of which each `step`-th is 1 and the others are 0."""
    drawn = 0

    def draw(count: int) -> npt.NDArray[np.float64]:
        nonlocal drawn
        numbers = np.arange(drawn + 1, drawn + count + 1)
        drawn += count
        return (numbers % step == 0).astype(float)

    return draw


@pytest.mark.parametrize(("step", "expected"), [(1, 1.0), (10, 50 / 500), (100, 50 / 5_000), (101, 50 / 5_050)])
def test_it_stops_at_the_fiftieth_exceedance(step: int, expected: float) -> None:
    # Besag & Clifford 1991: h exceedances after l draws give p = h/l.
    assert sequential_p_value(every(step), 1.0, 99_999) == expected  # type: ignore[arg-type]


def test_it_counts_the_data_themselves_where_the_draws_run_out() -> None:
    assert sequential_p_value(every(2_000), 1.0, 19_999) == (9 + 1) / 20_000  # type: ignore[arg-type]
    assert sequential_p_value(every(99_999), 1.0, 999) == 1 / 1_000  # type: ignore[arg-type]


def test_it_draws_no_more_than_it_may() -> None:
    asked: list[int] = []

    def draw(count: int) -> npt.NDArray[np.float64]:
        asked.append(count)
        return np.zeros(count)

    sequential_p_value(draw, 1.0, 12_000)
    assert sum(asked) == 12_000


def test_statistics_equal_but_for_rounding_count_as_equal() -> None:
    assert sequential_p_value(lambda count: np.full(count, 0.3), 0.1 + 0.2, 99_999) == 1.0


def test_it_is_level() -> None:
    random = np.random.default_rng(0)
    p_values = [sequential_p_value(random.random, float(random.random()), 999) for _ in range(500)]
    # 50 of 500 are expected at or below 0.1, standard deviation 6.7.
    assert 30 <= sum(p <= 0.1 for p in p_values) <= 70
