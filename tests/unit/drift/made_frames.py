"""Small customer snapshots with known drift, for the tests of the drift room."""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.drift.policy import FeatureSpec

SPECS = {
    "money": FeatureSpec("money", "numeric"),
    "orders": FeatureSpec("orders", "numeric"),
    "age": FeatureSpec("age", "numeric", is_calendar_driven=True),
    "region": FeatureSpec("region", "category"),
    "is_member": FeatureSpec("is_member", "flag"),
    "lifecycle": FeatureSpec("lifecycle", "segment"),
}


def customers(size: int, seed: int, *, first_id: int = 0) -> pl.DataFrame:
    """Draw customers: lognormal money, a count with half zeros, days, five regions, a flag, four stages."""
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "customer_id": np.arange(first_id, first_id + size),
            "money": random.lognormal(4, 1, size=size),
            "orders": np.where(random.random(size) < 0.5, 0.0, np.ceil(random.lognormal(0.5, 0.8, size=size))),
            "age": random.integers(0, 1_000, size=size),
            "region": random.choice(
                ["east", "mid", "north", "south", "west"], p=[0.4, 0.25, 0.2, 0.1, 0.05], size=size
            ),
            "is_member": random.random(size) < 0.3,
            "lifecycle": random.choice(["active", "cooling", "lapsed", "new"], p=[0.4, 0.3, 0.2, 0.1], size=size),
        }
    )


def week_later(before: pl.DataFrame, seed: int, *, changed: float = 0.05, days: int = 7) -> pl.DataFrame:
    """The same customers, a share of them like others now; `age` grows by the days for those who did not change."""
    random = np.random.default_rng((seed, 1))
    fresh = customers(before.height, seed + 1_000_000)
    is_changed = pl.Series(random.random(before.height) < changed)
    columns = [
        pl.Series(name, fresh[name]).zip_with(is_changed, before[name])
        for name in before.columns
        if name != "customer_id"
    ]
    return before.select("customer_id").with_columns(columns).with_columns(age=before["age"] + days)
