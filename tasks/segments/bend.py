"""The curves that bend a feature before it is standardised: power, logarithm, rank, or none.

Owns: the curves, and fitting their constants. Does not own: caps, units, weights and standardisation (`transform.py`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tasks.config.clusters import TransformName

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

POWER_LIMIT = 4.0
"""Yeo-Johnson powers are cut to +-4: beyond it the curve is a step, and the value overflows."""

KNOTS = 101
"""Quantiles that a rank is read off: the percentiles."""

Knots = tuple[tuple[float, float], ...]


def bent(values: Floats, curve: TransformName, power: float, knots: Knots) -> Floats:
    """Values in units of what counts as small in the feature, on the curve; shape kept."""
    if curve == "power":
        return yeo_johnson(values, power)
    if curve == "log":
        logarithm: Floats = np.sign(values) * np.log1p(np.abs(values))
        return logarithm
    if curve == "rank":
        places, shares = zip(*knots, strict=True)
        ranks: Floats = np.interp(values, places, shares)
        return ranks
    return values


def fitted_power(values: Floats) -> float:
    """The Yeo-Johnson lambda of largest likelihood, cut to +-`POWER_LIMIT`."""
    from sklearn.preprocessing import PowerTransformer

    with np.errstate(all="ignore"):
        found = float(PowerTransformer(standardize=False).fit(values.reshape(-1, 1)).lambdas_[0])
    if not math.isfinite(found):
        return 1.0
    return rounded(min(max(found, -POWER_LIMIT), POWER_LIMIT), digits=6)


def fitted_knots(values: Floats) -> Knots:
    """Different percentiles, each with the mean share of customers below it: ties stand amid their ranks."""
    shares = np.linspace(0, 1, KNOTS)
    places = [rounded(float(place)) for place in np.quantile(values, shares)]
    by_place: dict[float, list[float]] = {}
    for place, share in zip(places, shares.tolist(), strict=True):
        by_place.setdefault(place, []).append(share)
    return tuple((place, rounded(sum(found) / len(found))) for place, found in by_place.items())


def yeo_johnson(values: Floats, power: float) -> Floats:
    """Yeo and Johnson (2000), *Biometrika* 87(4):954-959."""
    out = np.empty_like(values, dtype=np.float64)
    up = values >= 0
    # expm1 and log1p keep precision where the power is near its limits 0 and 2.
    risen, fallen = np.log1p(values[up]), np.log1p(-values[~up])
    out[up] = risen if power == 0 else np.expm1(power * risen) / power
    out[~up] = -fallen if power == 2 else -np.expm1((2 - power) * fallen) / (2 - power)  # noqa: PLR2004
    return out


def rounded(value: float, digits: int = 10) -> float:
    """A constant with more digits than the data support, and fewer than summation order can disturb."""
    return float(f"{value:.{digits}g}")
