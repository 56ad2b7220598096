"""How a segment differs from all others of its segmentation in a KPI, and how much a segmentation says of one.

Owns: figures on ranks, one function each: KPIs of customers are as skewed as money is, and ranks do not care. Does not
own: which KPIs, or from when on a difference matters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_DECIMALS = 6
_NORMAL = NormalDist()
_POWER = 0.8
_ALPHA = 0.05
#: Relative efficiency of the rank test on normal data, 3/π (Hodges and Lehmann 1956).
_EFFICIENCY = 3 / math.pi


@dataclass(frozen=True, slots=True)
class Contrast:
    """A segment beside the rest in one KPI.

    Attributes:
        segment: position of the segment.
        kpi: its name.
        effect: probit-d, √2·Φ⁻¹(AUC): about the difference in standard deviations; positive: the segment is higher.
        p_value: two-sided, tie-corrected Mann-Whitney, normal approximation.
        p_adjusted: after Holm over all segments and KPIs of the segmentation.
        spread_ratio: standard deviation of ranks within the segment over that of all.
        detectable_effect: the effect that would be found in 80 % of cases at this size, after Holm's first step.
    """

    segment: int
    kpi: str
    effect: float
    p_value: float
    p_adjusted: float
    spread_ratio: float
    detectable_effect: float


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Customers and their segments.

    Attributes:
        rows: shape (memberships,): row of the customer.
        labels: shape (memberships,): position of his segment.
        segments: how many there are.
    """

    rows: Ints
    labels: Ints
    segments: int


def scaled_ranks(values: Floats) -> Floats:
    """Mean ranks of what is known, from 0 to 1; NaN where nothing is. NaN everywhere where all are the same."""
    from scipy.stats import rankdata

    known = np.isfinite(values)
    out = np.full(len(values), np.nan)
    if known.any() and values[known].min() < values[known].max():
        out[known] = (rankdata(values[known]) - 0.5) / known.sum()
    return out


def contrasts(ranks: dict[str, Floats], placed: Placed) -> list[Contrast]:
    """Every segment with customers beside the rest, in every KPI that varies.

    Args:
        ranks: by KPI, of `scaled_ranks`, one a customer.
        placed: who is where.
    """
    found: list[tuple[int, str, float, float, float, int, int]] = []
    for kpi, values in ranks.items():
        found += [(row[0], kpi, *row[1:]) for row in _of_kpi(values, placed)]
    adjusted = holm([row[3] for row in found])
    tests = max(len(found), 1)
    z = _NORMAL.inv_cdf(1 - _ALPHA / (2 * tests)) + _NORMAL.inv_cdf(_POWER)
    return [
        Contrast(
            segment,
            kpi,
            round(effect, _DECIMALS),
            p_value,
            p,
            round(ratio, _DECIMALS),
            round(z * math.sqrt((1 / inside + 1 / outside) / _EFFICIENCY), _DECIMALS),
        )
        for (segment, kpi, effect, p_value, ratio, inside, outside), p in zip(found, adjusted, strict=True)
    ]


def _of_kpi(ranks: Floats, placed: Placed) -> list[tuple[int, float, float, float, int, int]]:
    """Position, effect, p-value, spread ratio, customers inside and outside."""
    known = np.isfinite(ranks)
    total = int(known.sum())
    if total == 0:
        return []
    inside = known[placed.rows]
    values, labels = ranks[placed.rows][inside], placed.labels[inside]
    counts = np.bincount(labels, minlength=placed.segments)
    sums = np.bincount(labels, values, placed.segments)
    squares = np.bincount(labels, values**2, placed.segments)
    spread = float(ranks[known].std())
    rows = []
    for segment in range(placed.segments):
        n, rest = int(counts[segment]), total - int(counts[segment])
        if n == 0 or rest == 0:
            continue
        # Of U, in ranks from 1 on: (sum of ranks) − n(n + 1)/2.
        won = sums[segment] * total + n / 2 - n * (n + 1) / 2
        auc = won / (n * rest)
        # Of a sum of ranks drawn without replacement, which is exact with ties.
        deviation = total * spread / math.sqrt(n * rest * (total - 1))
        z = (auc - 0.5) / deviation
        variance = max(float(squares[segment] / n - (sums[segment] / n) ** 2), 0.0)
        edge = 1 / (2 * n * rest)
        effect = math.sqrt(2) * _NORMAL.inv_cdf(min(max(auc, edge), 1 - edge))
        rows.append((segment, effect, math.erfc(abs(z) / math.sqrt(2)), math.sqrt(variance) / spread, n, rest))
    return rows


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjustment, in the order given (Holm 1979, Scandinavian Journal of Statistics 6:65-70)."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda at: (p_values[at], at))):
        highest = max(highest, min(p_values[at] * (len(p_values) - rank), 1.0))
        adjusted[at] = highest
    return adjusted


def explained_share(ranks: Floats, placed: Placed) -> float | None:
    """Share of a KPI's variance, in ranks, that lies between segments; None where it does not vary.

    Epsilon squared (Kelley 1935, PNAS 21(9):554-559): unlike eta squared it is 0 on average for segments by lot.
    Each customer counts in one segment.
    """
    inside = np.isfinite(ranks[placed.rows])
    values, labels = ranks[placed.rows][inside], placed.labels[inside]
    counts = np.bincount(labels, minlength=placed.segments)
    filled = int((counts > 0).sum())
    if filled == 0 or len(values) <= filled or values.min() == values.max():
        return None
    total = float(((values - values.mean()) ** 2).sum())
    means = np.bincount(labels, values, placed.segments) / np.maximum(counts, 1)
    within = float(((values - means[labels]) ** 2).sum())
    unexplained = (within / (len(values) - filled)) / (total / (len(values) - 1))
    return round(max(0.0, 1 - unexplained), _DECIMALS)


def loss_is_chance(then: float, customers_then: int, now: float, customers_now: int) -> bool:
    """Whether a fall of an explained share lies within chance, at 1 % one-sided.

    Variance of R²: 4ρ²(1 − ρ²)²/n (Olkin and Finn 1995, Psychological Bulletin 118(1):155-164).
    """
    variance = sum(
        4 * share * (1 - share) ** 2 / max(count, 1) for share, count in ((then, customers_then), (now, customers_now))
    )
    return then - now <= _NORMAL.inv_cdf(0.99) * math.sqrt(variance)
