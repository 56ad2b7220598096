"""The frozen transform from customer features to the standardised matrix that clustering works on.

Owns: imputation, winsor caps, standardisation and weight of each feature, fitted once per model version and then never
refitted, and its plain JSON form. Does not own: the curves (`bend.py`), which features are used (the workspace file),
or the clusters.

Every constant is rounded when it is fitted, not when it is stored, so the model in memory and the model read back from
JSON are the same numbers and give the same results to the last bit.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from tasks.config.clusters import TransformName
from tasks.config.errors import StatisticsError
from tasks.segments.bend import Knots, bent, fitted_knots, fitted_power, rounded
from tasks.segments.matrix import sample_rows
from tasks.segments.ties import is_tied, spread_ties

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

OUTPUT_DECIMALS = 9
"""Standardised values are rounded here, so that a vectorised and a scalar power function agree."""

FIT_ROWS = 100_000
"""Rows the constants are fitted on at most (a seeded sample of the rows given)."""


@dataclass(frozen=True, slots=True)
class FeatureTransform:
    """The constants of one feature, applied in the order of the attributes.

    Attributes:
        name: column name.
        median: replaces null, NaN and infinite values; raw unit.
        lower: winsor cap below, raw unit; None for no cap.
        upper: winsor cap above, raw unit; None for no cap.
        unit: the value is divided by it before the power, so that pounds and pence give the same result.
        power: Yeo-Johnson lambda (Yeo and Johnson 2000); of no meaning on another curve.
        mean: mean on the curve.
        scale: standard deviation on the curve.
        curve: how the value is bent.
        knots: places and shares that a rank is read off.
        weight: a feature of weight 2 counts as if it were there twice.
    """

    name: str
    median: float
    lower: float | None
    upper: float | None
    unit: float
    power: float
    mean: float
    scale: float
    curve: TransformName = "power"
    knots: Knots = ()
    weight: float = 1.0

    @property
    def stretch(self) -> float:
        """What standardised values are multiplied by: distances are squared, so it is the root of the weight."""
        return math.sqrt(self.weight)

    def apply(self, raw: Floats, limit: float) -> Floats:
        """Standardised values times the root of the weight, shape (rows,), cut to +-`limit` before it."""
        values = _capped(np.where(np.isfinite(raw), raw, self.median), self.lower, self.upper)
        on_curve = bent(values / self.unit, self.curve, self.power, self.knots)
        standardised = np.clip((on_curve - self.mean) / self.scale, -limit, limit) * self.stretch
        return np.asarray(np.round(standardised, OUTPUT_DECIMALS) + 0.0, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class FrozenTransform:
    """The transform of all features, and why some were left out.

    Attributes:
        features: one entry per used feature, in the order of the matrix columns.
        dropped: feature name to the reason it is not used.
        limit: standardised values are cut to plus and minus this many standard deviations.
    """

    features: tuple[FeatureTransform, ...]
    dropped: Mapping[str, str]
    limit: float

    @property
    def names(self) -> tuple[str, ...]:
        """Used features, in column order."""
        return tuple(feature.name for feature in self.features)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; `from_dict` gives back an equal transform."""
        return {
            "features": [asdict(feature) for feature in self.features],
            "dropped": dict(sorted(self.dropped.items())),
            "limit": self.limit,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> FrozenTransform:
        """Read what `to_dict` wrote."""
        return cls(
            features=tuple(_feature(feature) for feature in stored["features"]),
            dropped=dict(stored["dropped"]),
            limit=float(stored["limit"]),
        )


def fit_transform_model(
    frame: pl.DataFrame,
    features: Sequence[str],
    *,
    seed: int = 0,
    winsor: float | None = 0.001,
    curves: Mapping[str, TransformName] | None = None,
    weights: Mapping[str, float] | None = None,
    limit: float = 4.0,
    min_variation: float = 0.005,
    fit_rows: int = FIT_ROWS,
) -> FrozenTransform:
    """Fit the constants of every feature.

    Args:
        frame: one row per customer, in an order that does not depend on chance; nulls allowed.
        features: numeric columns to use.
        seed: seed of the sample of rows.
        winsor: share of customers capped at either end before the curve; None for no caps.
        curves: by feature, how it is bent; power where not said.
        weights: by feature, how often it counts; once where not said.
        limit: standardised values are cut to plus and minus this.
        min_variation: least share of customers that must differ from the most common value. A flag that is set for
            1 in 1,000 customers would stand 30 standard deviations out, and become a cluster of its own.
        fit_rows: rows used at most.

    Raises:
        StatisticsError: a column is missing or not numeric, or no feature varies.
    """
    rows = sample_rows(frame.height, fit_rows, seed)
    fitted: list[FeatureTransform] = []
    dropped: dict[str, str] = {}
    for name in features:
        curve = (curves or {}).get(name, "power")
        found = _fit_feature(name, raw_column(frame, name)[rows], winsor, min_variation, curve)
        if isinstance(found, str):
            dropped[name] = found
        else:
            fitted.append(replace(found, weight=(weights or {}).get(name, 1.0)))
    if not fitted:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in dropped.items())
        raise StatisticsError(
            f"no feature can tell customers apart ({reasons or 'none was given'})",
            hint="name features that vary between customers under the segmentation's `features`",
        )
    return FrozenTransform(features=tuple(fitted), dropped=dropped, limit=limit)


def apply(transform: FrozenTransform, frame: pl.DataFrame) -> Floats:
    """The standardised matrix, shape (rows, features), row order kept.

    Raises:
        StatisticsError: a feature the transform was fitted on is missing or not numeric.
    """
    columns = [feature.apply(raw_column(frame, feature.name), transform.limit) for feature in transform.features]
    return np.column_stack(columns)


def spread(transform: FrozenTransform, x: Floats, seed: int) -> Floats:
    """The matrix with the ties of tied features spread, in which gaps can be looked for; `x` is what `apply` gave."""
    columns = [
        # Drawn by name: which other features there are changes nothing.
        spread_ties(x[:, j], np.random.default_rng([seed, crc32(feature.name.encode())])) * feature.stretch
        if is_tied(x[:, j])
        else x[:, j]
        for j, feature in enumerate(transform.features)
    ]
    return np.column_stack(columns)


def raw_column(frame: pl.DataFrame, name: str) -> Floats:
    """One feature as floats, null as NaN.

    Raises:
        StatisticsError: the column is missing or not numeric.
    """
    import polars as pl

    if name not in frame.columns:
        raise StatisticsError(
            f"feature {name!r} is not in the feature table, which has {', '.join(sorted(frame.columns))}",
            hint="correct the name under the segmentation's `features`",
        )
    column = frame.get_column(name)
    if not (column.dtype.is_numeric() or column.dtype in {pl.Boolean, pl.Null}):
        raise StatisticsError(
            f"feature {name!r} is of type {column.dtype}; clustering needs numbers",
            hint="use a numeric feature, or turn the categories into shares or flags in a feature model",
        )
    return column.cast(pl.Float64).to_numpy().astype(np.float64)


def _feature(stored: Mapping[str, Any]) -> FeatureTransform:
    """Models of format 1 know neither curve nor knots nor weight: their defaults are what was done then."""
    return FeatureTransform(**{**stored, "knots": tuple(tuple(knot) for knot in stored.get("knots", ()))})


def _fit_feature(
    name: str, raw: Floats, winsor: float | None, min_variation: float, curve: TransformName
) -> FeatureTransform | str:
    """The constants of one feature, or the reason it is dropped."""
    known = raw[np.isfinite(raw)]
    if len(known) == 0:
        return "has no value for any customer"
    median = rounded(float(np.median(known)))
    lower, upper = _caps(known, winsor)
    values = np.where(np.isfinite(raw), raw, median)
    _, counts = np.unique(values, return_counts=True)
    if len(counts) == 1:
        return f"has the same value {median:g} for every customer"
    varying = 1.0 - counts.max() / len(values)
    if varying < min_variation:
        return f"differs from its most common value for only {varying:.2%} of customers"
    capped = _capped(values, lower, upper)
    # Pounds and pence give the same result; standardising alone takes care of that where nothing is bent.
    unit = _unit(capped) if curve in {"power", "log"} else 1.0
    power = fitted_power(capped / unit) if curve == "power" else 1.0
    knots = fitted_knots(capped) if curve == "rank" else ()
    on_curve = bent(capped / unit, curve, power, knots)
    mean, scale = float(on_curve.mean()), float(on_curve.std())
    if not (math.isfinite(scale) and scale > 1e-9 * max(abs(mean), 1.0)):
        return "does not vary once its extreme values are capped"
    return FeatureTransform(name, median, lower, upper, unit, power, rounded(mean), rounded(scale), curve, knots)


def _caps(known: Floats, winsor: float | None) -> tuple[float | None, float | None]:
    """Winsor caps, left off where a cap would flatten the only values that vary."""
    if not winsor:
        return None, None
    lower, upper = (rounded(float(q)) for q in np.quantile(known, [winsor, 1.0 - winsor]))
    return (lower, upper) if lower < upper else (None, None)


def _capped(values: Floats, lower: float | None, upper: float | None) -> Floats:
    capped: Floats = np.clip(values, -np.inf if lower is None else lower, np.inf if upper is None else upper)
    return capped


def _unit(values: Floats) -> float:
    """What counts as small in this feature, so that `log(1 + x)` can act as a logarithm on everything larger.

    A low quantile of the sizes that are not zero; a tenth of it where every value is positive, because then nothing
    has to be told from zero and a lognormal feature is to become normal down to its lower tail.
    """
    sizes = np.abs(values[values != 0])
    low = float(np.quantile(sizes, 0.05)) if len(sizes) else 1.0
    unit = low / 10 if values.min() > 0 else low
    # No more than twelve orders of magnitude, whose fourth power is still a number.
    return rounded(max(unit, float(np.abs(values).max()) * 1e-12))


def without(transform: FrozenTransform, reasons: Mapping[str, str]) -> FrozenTransform:
    """The transform with some features left out, each for its reason."""
    kept = tuple(feature for feature in transform.features if feature.name not in reasons)
    return replace(transform, features=kept, dropped={**transform.dropped, **reasons})
