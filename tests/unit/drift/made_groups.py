"""Snapshots in which a group of customers comes to lie together, for the tests of the scan."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.drift.policy import FeatureSpec

SPECS = {name: FeatureSpec(name, "numeric") for name in ("money", "orders", "returns", "visits")} | {
    "is_member": FeatureSpec("is_member", "flag"),
    "region": FeatureSpec("region", "category"),
}
NUMBERS = ("money", "orders", "returns", "visits")


def base(size: int, seed: int, *, first_id: int = 0) -> pl.DataFrame:
    """Draw customers: money, two counts that are mostly zero, days; a flag and a category."""
    random = np.random.default_rng(seed)
    scores = np.sqrt(0.3) * random.standard_normal((size, 1)) + np.sqrt(0.7) * random.standard_normal((size, 4))
    return frame(scores, random, first_id)


def frame(scores: np.ndarray, random: np.random.Generator, first_id: int) -> pl.DataFrame:
    size = scores.shape[0]
    return pl.DataFrame(
        {
            "customer_id": [f"c{first_id + at:06d}" for at in range(size)],
            "money": np.round(np.exp(4 + scores[:, 0]), 2),
            "orders": np.maximum(np.floor(np.exp(1.2 * scores[:, 1])), 0.0),
            "returns": np.where(scores[:, 2] > 0.7, np.floor(np.exp(scores[:, 2])), 0.0),
            "visits": np.floor(np.exp(2 + scores[:, 3])),
            "is_member": random.random(size) < 0.3,
            "region": random.choice(["east", "north", "west"], p=[0.5, 0.3, 0.2], size=size),
        }
    )


def changed(before: pl.DataFrame, seed: int, *, share: float = 0.05) -> pl.DataFrame:
    """The same customers, a share of them like others now."""
    random = np.random.default_rng((seed, 1))
    rows = random.choice(before.height, size=round(share * before.height), replace=False)
    order = np.arange(before.height)
    order[rows] = random.permutation(rows)
    return before[order].with_columns(before["customer_id"])


def with_group(after: pl.DataFrame, members: np.ndarray, seed: int) -> pl.DataFrame:
    """Let the customers of some rows spend, order and return a lot, from the north."""
    random = np.random.default_rng((seed, 2))
    columns = {name: after[name].to_numpy().astype(np.float64).copy() for name in ("money", "orders", "returns")}
    for name, level in (("money", 1_500.0), ("orders", 40.0), ("returns", 12.0)):
        columns[name][members] = np.round(level * np.exp(0.3 * random.standard_normal(members.size)))
    region = after["region"].to_numpy().copy()
    region[members] = "north"
    return after.with_columns(
        *(pl.Series(name, values) for name, values in columns.items()), pl.Series("region", region)
    )
