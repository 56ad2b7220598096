"""The population of the drift figures: 12 RFM-like features with known drift, as the design's `statistics.md` has it.

Owns: the generator. Does not own: what is measured on it (`drift_figures.py`).
Each feature is a monotone function of a normal score, the scores sharing one factor, so that "a shift of 0.2 sd" means
the same for money, counts and features that are mostly zero: 0.2 on the score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import ndtr, ndtri

from tasks.drift.policy import FeatureSpec

Floats = npt.NDArray[np.float64]

COMMON_FACTOR = 0.3
"""Correlation between any two scores."""

LIFECYCLE_SHARES = {"active": 0.40, "cooling": 0.30, "lapsed": 0.20, "new": 0.10}
REGION_SHARES = {f"region {number:02d}": 1 / number for number in range(1, 13)}

NUMERIC = (
    "monetary_amount",
    "average_order_amount",
    "monetary_90_amount",
    "frequency_count",
    "frequency_90_count",
    "discount_amount",
    "return_count",
    "complaint_count",
    "recency_days",
    "tenure_days",
)
CATEGORIES = ("lifecycle", "region")
ZERO_SHARES = {
    "monetary_90_amount": 0.35,
    "frequency_90_count": 0.50,
    "discount_amount": 0.60,
    "return_count": 0.70,
    "complaint_count": 0.89,
}

SPECS = {name: FeatureSpec(name, "numeric") for name in NUMERIC} | {
    name: FeatureSpec(name, "category") for name in CATEGORIES
}


@dataclass(frozen=True)
class Population:
    """Scores of customers, shape (n, 12): the ten numeric features, then lifecycle and region."""

    scores: Floats

    @classmethod
    def draw(cls, size: int, random: np.random.Generator) -> Population:
        """Draw new customers."""
        common = random.standard_normal((size, 1))
        own = random.standard_normal((size, len(SPECS)))
        return cls(np.sqrt(COMMON_FACTOR) * common + np.sqrt(1 - COMMON_FACTOR) * own)

    def with_changed(self, share: float, random: np.random.Generator) -> Population:
        """Let a share of the customers become like others: all their features are drawn anew."""
        size = self.scores.shape[0]
        changed = random.choice(size, size=round(share * size), replace=False)
        scores = self.scores.copy()
        scores[changed] = Population.draw(changed.size, random).scores
        return Population(scores)

    def shifted(self, shifts: dict[str, float]) -> Population:
        """Shift the scores of numeric features, in standard deviations."""
        scores = self.scores.copy()
        for name, shift in shifts.items():
            scores[:, NUMERIC.index(name)] += shift
        return Population(scores)

    def frame(self, *, first_id: int = 0, lifecycle: dict[str, float] | None = None) -> pl.DataFrame:
        """Turn scores into what a company would see.

        Args:
            first_id: number of the first customer.
            lifecycle: shares of the lifecycle stages, where they are not `LIFECYCLE_SHARES`.
        """
        columns: dict[str, object] = {"customer_id": np.arange(first_id, first_id + self.scores.shape[0])}
        for at, name in enumerate(NUMERIC):
            columns[name] = _feature(name, self.scores[:, at])
        columns["lifecycle"] = _levels(lifecycle or LIFECYCLE_SHARES, self.scores[:, -2])
        columns["region"] = _levels(REGION_SHARES, self.scores[:, -1])
        return pl.DataFrame(columns)


def _feature(name: str, score: Floats) -> Floats:
    if name in ZERO_SHARES:
        above = score - ndtri(ZERO_SHARES[name])
        amount = np.exp(3.0 + 1.5 * above) if name.endswith("_amount") else np.exp(1.2 * above)
        rounded = np.round(amount, 2) if name.endswith("_amount") else np.floor(amount)
        return np.where(above > 0, rounded, 0.0)
    if name == "monetary_amount":
        return np.round(np.exp(5.0 + 1.0 * score), 2)
    if name == "average_order_amount":
        return np.round(np.exp(3.5 + 0.6 * score), 2)
    if name == "frequency_count":
        return 1.0 + np.floor(np.exp(1.0 + 0.8 * score))
    if name == "recency_days":
        return np.minimum(np.floor(np.exp(3.5 + 1.0 * score)), 730.0)
    return np.floor(2_000.0 * ndtr(score))


def _levels(shares: dict[str, float], score: Floats) -> npt.NDArray[np.str_]:
    weights = np.array(list(shares.values()))
    edges = ndtri(np.cumsum(weights / weights.sum())[:-1])
    return np.array(list(shares))[np.searchsorted(edges, score, side="right")]
