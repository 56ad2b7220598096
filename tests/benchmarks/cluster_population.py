"""Made customers with a known number of segments, as a company would measure them: money is lognormal, counts are whole.

Used by the tests of `tasks/segments` and by `cluster_figures.py`. The latent units are standard deviations within a
segment; separation is the least distance between two segments' centres in those units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FAMILIES = ("equal", "unequal", "correlated", "spread", "noise", "all")
CLOUDS = ("independent", "uniform", "one factor", "strong factor", "two factors", "gamma", "zero-inflated")


@dataclass(frozen=True)
class Measure:
    """How latent features are measured: one fixed monotone curve per feature."""

    sigma: Floats
    scale: Floats
    counts: bool

    @classmethod
    def draw(cls, rng: np.random.Generator, features: int, *, counts: bool = False) -> Measure:
        """Skewness and unit of each feature."""
        return cls(rng.uniform(0.4, 0.8, features), rng.uniform(0, 6, features), counts)

    def __call__(self, latent: Floats) -> Floats:
        """Three of four features lognormal (one of them in whole numbers, if asked), the fourth as it is, like age."""
        raw = np.exp(self.sigma * latent + self.scale)
        raw[:, 3::4] = 50 + 10 * latent[:, 3::4]
        if self.counts:
            raw[:, 2::4] = np.floor(np.exp(0.5 * latent[:, 2::4] + 2.5))
        return raw


def table(raw: Floats, ids: Ints | None = None) -> pl.DataFrame:
    """One row per customer: customer_id and f0, f1, ..."""
    numbers = np.arange(len(raw)) if ids is None else ids
    columns = {f"f{j}": raw[:, j] for j in range(raw.shape[1])}
    return pl.DataFrame({"customer_id": [f"k{number:07d}" for number in numbers], **columns})


def feature_names(raw: Floats) -> tuple[str, ...]:
    """The feature columns of `table`."""
    return tuple(f"f{j}" for j in range(raw.shape[1]))


def centres(rng: np.random.Generator, k: int, features: int, separation: float) -> Floats:
    """Random centres whose nearest two are `separation` to 1.6 times that apart."""
    spread = 0.6 * separation
    while True:
        for _ in range(200):
            drawn = rng.normal(0, spread, (k, features))
            apart = np.linalg.norm(drawn[:, None] - drawn[None], axis=2)[np.triu_indices(k, 1)]
            if separation <= apart.min() <= 1.6 * separation:
                return drawn
        spread *= 1.1


def weights(rng: np.random.Generator, k: int, least: float) -> Floats:
    """Unequal shares of segments, none much below `least`."""
    drawn = np.maximum(rng.dirichlet(np.full(k, 2.0)), least)
    shares: Floats = drawn / drawn.sum()
    return shares


def within(rng: np.random.Generator, labels: Ints, features: int, family: str) -> Floats:
    """How customers scatter around their segment's centre."""
    scatter = rng.normal(size=(len(labels), features))
    if family in {"correlated", "all"}:
        loading = rng.uniform(0.3, 0.7, features)
        scatter = rng.normal(size=(len(labels), 1)) * loading + scatter * np.sqrt(1 - loading**2)
    if family in {"spread", "all"}:
        scatter *= rng.uniform(0.6, 1.3, int(labels.max()) + 1)[labels][:, None]
    return scatter


def mixture(
    rng: np.random.Generator, k: int, features: int, rows: int, separation: float, family: str = "unequal"
) -> tuple[Floats, Ints]:
    """Latent customers of `k` segments and their true labels."""
    shares = np.full(k, 1 / k) if family == "equal" else weights(rng, k, 0.05)
    labels = rng.choice(k, rows, p=shares).astype(np.int64)
    latent = centres(rng, k, features, separation)[labels] + within(rng, labels, features, family)
    if family in {"noise", "all"}:
        latent = np.hstack([latent, rng.normal(size=(rows, 3))])
    return latent, labels


def cloud(rng: np.random.Generator, kind: str, rows: int, features: int = 8) -> Floats:
    """Measured customers without segments."""
    if kind == "uniform":
        return rng.uniform(size=(rows, features)) * 100
    if kind == "gamma":
        activity = np.exp(0.6 * rng.normal(size=(rows, 1)))
        return rng.gamma(rng.uniform(0.5, 3, features), 1, (rows, features)) * activity * rng.uniform(1, 100, features)
    latent = rng.normal(size=(rows, features))
    if kind == "two factors":
        factors = rng.normal(size=(rows, 2))
        latent = 0.85 * np.repeat(factors, features // 2, axis=1) + latent * np.sqrt(1 - 0.85**2)
    elif kind != "independent":
        low, high = (0.85, 0.97) if kind == "strong factor" else (0.4, 0.9)
        loading = rng.uniform(low, high, features)
        latent = rng.normal(size=(rows, 1)) * loading + latent * np.sqrt(1 - loading**2)
    raw = Measure.draw(rng, features)(latent)
    if kind == "zero-inflated":
        for j, zeros in zip((0, 1, 4, 5), (0.35, 0.6, 0.8, 0.89), strict=True):
            raw[latent[:, j] < norm.ppf(zeros), j] = 0.0
    return raw


def rare_orders(rng: np.random.Generator, chances: Floats, rows: int, orders: float) -> tuple[Floats, Ints]:
    """Shares of orders with some habits and mean amounts of customers who order `orders` times on average, and types.

    Args:
        rng: of everything drawn.
        chances: shape (types, habits), of an order to show the habit.
        rows: customers.
        orders: beyond the first one; customers differ in it.
    """
    labels = rng.integers(0, len(chances), rows)
    counts = 1 + rng.poisson(orders * rng.gamma(3, 1 / 3, rows))
    shares = rng.binomial(counts[:, None], chances[labels]) / counts[:, None]
    scatter = rng.normal(size=rows) * np.sqrt(0.1 + 0.15 / counts)
    return np.column_stack([shares, np.exp(4 + 0.5 * (labels - labels.mean()) + scatter)]), labels
