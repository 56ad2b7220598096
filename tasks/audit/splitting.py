"""Which feature goes with a KPI among customers that a segmentation does not tell apart.

Owns: the choice of that feature. Does not own reading the features, or whether anything is to be split.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tasks.audit.contrast import scaled_ranks
from tasks.audit.facts import Split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

#: A weaker correlation is no advice: it explains less than 1 % of the variance.
LEAST_CORRELATION = 0.1
#: A stronger one is the KPI under another name.
MOST_CORRELATION = 0.8
#: At least this many customers must have both values, and this share of all.
LEAST_ROWS = 30
LEAST_KNOWN = 0.5
#: Customers in a row who count as having made as many orders as each other, where none made exactly as many.
_ALIKE = 20
_DECIMALS = 4
#: Two-sided 1 %, over all features and KPIs (Bonferroni); Fisher's z.
_ERROR = 0.01


def best_split(
    kpis: Mapping[str, Floats], features: Mapping[str, Floats], orders: Floats | None = None
) -> Split | None:
    """The feature with the strongest rank correlation with any of the KPIs; None where none is worth it.

    The share of a customer's favourite product falls with each line that he buys, whatever he likes: it goes with what
    he spends, and splits nobody but by the number of his orders. So what a feature says of a KPI must not be gone among
    customers of as many orders.

    Args:
        kpis: values by name, one a customer, NaN where not known.
        features: likewise; none of them may be a KPI, or the same under another name.
        orders: how many orders each customer has made; None: not looked at.
    """
    from statistics import NormalDist

    ranked = {name: scaled_ranks(values) for name, values in kpis.items()}
    limit = NormalDist().inv_cdf(1 - _ERROR / (2 * max(len(ranked) * len(features), 1)))
    alike = None if orders is None else _alike(orders)
    best: Split | None = None
    for name in sorted(features):
        ranks = scaled_ranks(features[name])
        for kpi, of_kpi in ranked.items():
            both = np.isfinite(ranks) & np.isfinite(of_kpi)
            count = int(both.sum())
            if count < max(LEAST_ROWS, LEAST_KNOWN * len(ranks)):
                continue
            found = _correlation(ranks[both], of_kpi[both])
            is_chance = abs(math.atanh(min(abs(found), 0.999999))) * math.sqrt(count - 3) < limit
            if not LEAST_CORRELATION <= abs(found) <= MOST_CORRELATION or is_chance:
                continue
            if best is not None and abs(found) <= abs(best.correlation):
                continue
            if alike is None or abs(_beyond(alike[both], ranks[both], of_kpi[both])) >= LEAST_CORRELATION:
                best = Split(name, kpi, found)
    return best


def _alike(orders: Floats) -> Integers:
    """Numbers customers by groups of about as many orders, shape (n,); who has none that is known is in the first."""
    known = np.nan_to_num(orders, nan=-1.0)
    _, place, counts = np.unique(known, return_inverse=True, return_counts=True)
    group = np.zeros(len(counts), dtype=np.int64)
    number = filled = 0
    for at, count in enumerate(counts.tolist()):
        group[at], filled = number, filled + count
        if filled >= _ALIKE:
            number, filled = number + 1, 0
    return np.asarray(group[place], dtype=np.int64)


def _beyond(alike: Integers, ranks: Floats, of_kpi: Floats) -> float:
    """The correlation of ranks that is left among customers of as many orders."""
    size = np.maximum(np.bincount(alike), 1)
    first, second = (one - (np.bincount(alike, weights=one) / size)[alike] for one in (ranks, of_kpi))
    return _correlation(first, second)


def _correlation(first: Floats, second: Floats) -> float:
    """Pearson's of ranks, which is Spearman's."""
    a, b = first - first.mean(), second - second.mean()
    spread = math.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return round(float((a * b).sum()) / spread, _DECIMALS) if spread > 0 else 0.0
