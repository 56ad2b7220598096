"""Declared preparation: curves, weights and caps do what they say; what tells nothing is left out with its reason."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tasks.segments.relevance import dependence, telling_nothing
from tasks.segments.transform import FrozenTransform, apply, fit_transform_model


def column(values: np.ndarray, **options: object) -> tuple[FrozenTransform, np.ndarray]:
    frame = pl.DataFrame({"x": values})
    model = fit_transform_model(frame, ["x"], **options)  # type: ignore[arg-type]
    assert FrozenTransform.from_dict(json.loads(json.dumps(model.to_dict()))) == model
    return model, apply(model, frame)[:, 0]


@pytest.fixture(scope="module")
def money() -> np.ndarray:
    return np.random.default_rng(1).lognormal(4, 1, 4_000)


def test_none_only_standardises(money: np.ndarray) -> None:
    _, z = column(money, curves={"x": "none"}, winsor=0.0, limit=1e9)
    assert z == pytest.approx((money - money.mean()) / money.std(), abs=1e-6)


def test_log_is_a_logarithm_and_keeps_the_sign(money: np.ndarray) -> None:
    _, z = column(money, curves={"x": "log"})
    assert abs(stats.skew(z)) < 0.2
    model, _ = column(np.concatenate([money, -money]), curves={"x": "log"})
    both = apply(model, pl.DataFrame({"x": [100.0, -100.0]}))[:, 0]
    assert both[0] == pytest.approx(-both[1], abs=0.05)


def test_rank_spreads_evenly_keeps_ties_together_and_ends_where_the_fit_ended(money: np.ndarray) -> None:
    _, z = column(money, curves={"x": "rank"})
    assert np.histogram(z, bins=10)[0] == pytest.approx(400, abs=25)
    zeros = np.concatenate([np.zeros(2_000), money[:2_000]])
    model, z = column(zeros, curves={"x": "rank"})
    assert len(set(z[:2_000].tolist())) == 1
    beyond = apply(model, pl.DataFrame({"x": [1e12]}))[0, 0]
    assert beyond == pytest.approx(z.max(), abs=0.01)


def test_a_weight_of_two_counts_twice(money: np.ndarray) -> None:
    _, once = column(money)
    _, twice = column(money, weights={"x": 2.0})
    assert twice == pytest.approx(once * np.sqrt(2), abs=1e-8)


def test_caps_are_as_wide_as_declared(money: np.ndarray) -> None:
    model, _ = column(money, winsor=0.1)
    (feature,) = model.features
    assert (feature.lower, feature.upper) == pytest.approx(tuple(np.quantile(money, [0.1, 0.9])), rel=1e-6)


def test_what_is_independent_and_has_one_peak_is_left_out() -> None:
    rng = np.random.default_rng(2)
    group = rng.integers(0, 2, 3_000)
    x = np.column_stack(
        [group * 5 + rng.normal(size=3_000), group * 5 + rng.normal(size=3_000), rng.normal(size=3_000)]
    )
    silent = telling_nothing(x, ["a", "b", "c"], seed=0)
    assert set(silent) == {"c"}
    assert "independent of every other feature" in silent["c"]
    assert dependence(x)[0, 1] > 0.3
    # Independent, but with two peaks of its own; and whole numbers, between which is no valley.
    x[:, 2] += 6 * rng.integers(0, 2, 3_000)
    assert telling_nothing(x, ["a", "b", "c"], seed=0) == {}
    x[:, 2] = rng.poisson(6, 3_000)
    assert set(telling_nothing(x, ["a", "b", "c"], seed=0)) == {"c"}


def test_where_nothing_tells_anything_or_few_are_known_nothing_is_left_out() -> None:
    x = np.random.default_rng(3).normal(size=(2_000, 3))
    assert telling_nothing(x, ["a", "b", "c"], seed=0) == {}
    assert telling_nothing(x[:100], ["a", "b", "c"], seed=0) == {}
    assert dependence(np.column_stack([x[:, 0], np.ones(2_000)]))[0, 1] == 0
