"""The frozen transform: right constants, safe on ugly columns, and the same from JSON as from memory."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from sklearn.preprocessing import PowerTransformer

from tasks.config.errors import StatisticsError
from tasks.segments.transform import FrozenTransform, apply, fit_transform_model


def money(rows: int = 4_000, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).lognormal(4.0, 1.0, rows)


def fit_one(values: object, **options: object) -> tuple[FrozenTransform, np.ndarray]:
    frame = pl.DataFrame({"x": values}, strict=False)
    model = fit_transform_model(frame, ["x"], **options)  # type: ignore[arg-type]
    return model, apply(model, frame)[:, 0]


def test_lognormal_money_becomes_normal() -> None:
    _, z = fit_one(money())
    assert abs(stats.skew(z)) < 0.1
    assert abs(stats.kurtosis(z)) < 0.3  # caps take a little off both tails
    assert z.mean() == pytest.approx(0, abs=0.01)
    assert z.std() == pytest.approx(1, abs=0.01)


def test_equals_sklearn_without_caps() -> None:
    values = money()
    model, z = fit_one(values, winsor=None, limit=1e9)
    reference = PowerTransformer().fit_transform((values / model.features[0].unit).reshape(-1, 1))[:, 0]
    assert z == pytest.approx(reference, abs=1e-4)  # the power is kept to six digits


@pytest.mark.parametrize("power", [-1.5, 0.0, 0.5, 1.0, 2.0, 3.0])
def test_yeo_johnson_equals_scipy(power: float) -> None:
    from tasks.segments.bend import yeo_johnson

    values = np.linspace(-3, 5, 81)
    assert yeo_johnson(values, power) == pytest.approx(stats.yeojohnson(values, power), rel=1e-12, abs=1e-12)


def test_unit_of_money_does_not_matter() -> None:
    _, pounds = fit_one(money())
    _, pence = fit_one(money() * 100)
    assert pence == pytest.approx(pounds, abs=1e-5)


def test_unknown_values_stand_at_the_median() -> None:
    values = [*money(999).tolist(), None, float("nan"), float("inf"), float("-inf")]
    model, z = fit_one(values)
    middle = model.features[0].apply(np.array([model.features[0].median]), model.limit)[0]
    assert z[-4:].tolist() == [middle] * 4
    assert model.features[0].median == pytest.approx(np.median(money(999)))


def test_caps_hold_one_absurd_customer() -> None:
    values = money(5_000)
    _, usual = fit_one(values)
    _, with_absurd = fit_one(np.append(values, 1e15))
    capped = values >= np.quantile(values, 0.999)
    assert with_absurd[:-1][~capped] == pytest.approx(usual[~capped], abs=0.02)
    assert with_absurd[-1] < 4


@pytest.mark.parametrize("zeros", [0.35, 0.6, 0.8, 0.95, 0.99])
def test_zero_inflated_columns_stay_bounded(zeros: float) -> None:
    values = money(10_000)
    values[: int(zeros * len(values))] = 0.0
    _, z = fit_one(values)
    assert np.isfinite(z).all()
    assert np.abs(z).max() <= 4
    assert z[values == 0].max() < z[values > 0].min()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([7.0] * 100, "the same value 7"),
        ([None] * 100, "no value"),
        ([7.0] * 60 + [None] * 40, "the same value 7"),
        ([0.0] * 999 + [1.0], "only 0.10%"),
        ([False] * 100, "the same value 0"),
    ],
)
def test_columns_that_tell_nothing_are_dropped_with_the_reason(values: list[object], reason: str) -> None:
    frame = pl.DataFrame({"x": values, "y": money(len(values))})
    model = fit_transform_model(frame, ["x", "y"])
    assert model.names == ("y",)
    assert reason in model.dropped["x"]
    assert apply(model, frame).shape == (len(values), 1)


@pytest.mark.parametrize(
    "values",
    [
        np.repeat([0.0, 1.0], 500),
        np.repeat([1e-300, 1e300], 500),
        np.repeat([-1e9, 0.0, 1e9], 300),
        2_000 + np.random.default_rng(3).normal(0, 5, 1_000),
        np.concatenate([np.zeros(900), np.full(100, 1e12)]),
        -money(1_000),
    ],
    ids=["flag", "extreme scales", "three values", "years", "rare and huge", "negative"],
)
def test_ugly_columns_are_finite_and_in_order(values: np.ndarray) -> None:
    _, z = fit_one(values)
    assert np.isfinite(z).all()
    assert np.abs(z).max() <= 4
    assert (np.diff(z[np.argsort(values, kind="stable")]) >= 0).all()


def test_json_gives_back_the_same_transform_to_the_last_bit() -> None:
    rng = np.random.default_rng(5)
    frame = pl.DataFrame({"a": rng.lognormal(3, 1, 500), "b": rng.normal(size=500), "c": rng.poisson(1.5, 500)})
    model = fit_transform_model(frame, ["a", "b", "c"])
    stored = FrozenTransform.from_dict(json.loads(json.dumps(model.to_dict())))
    assert stored == model
    assert (apply(stored, frame) == apply(model, frame)).all()


@settings(max_examples=50)
@given(hnp.arrays(np.float64, st.integers(2, 60), elements=st.floats(-1e12, 1e12)))
def test_any_numbers_are_dropped_or_bounded(values: np.ndarray) -> None:
    frame = pl.DataFrame({"x": values})
    try:
        model = fit_transform_model(frame, ["x"])
    except StatisticsError as error:
        assert "x: " in str(error)  # noqa: PT017 - either outcome is right, and each is checked
        return
    z = apply(model, frame)
    assert np.isfinite(z).all()
    assert np.abs(z).max() <= model.limit


def test_a_single_row_gets_what_it_gets_among_many() -> None:
    frame = pl.DataFrame({"x": money(257)})
    model = fit_transform_model(frame, ["x"])
    together = apply(model, frame)
    alone = np.vstack([apply(model, frame[i]) for i in range(frame.height)])
    assert (alone == together).all()


def test_missing_feature_is_named() -> None:
    with pytest.raises(StatisticsError, match="'nett_amount' is not in the feature table, which has net_amount"):
        fit_transform_model(pl.DataFrame({"net_amount": [1.0, 2.0]}), ["nett_amount"])


def test_text_is_refused() -> None:
    with pytest.raises(StatisticsError, match="'country' is of type String"):
        fit_transform_model(pl.DataFrame({"country": ["NO", "SE"]}), ["country"])


def test_nothing_that_varies_is_an_error_with_every_reason() -> None:
    with pytest.raises(StatisticsError, match="x: has the same value 1"):
        fit_transform_model(pl.DataFrame({"x": [1, 1, 1]}), ["x"])
