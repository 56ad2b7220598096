"""Profiles beside the same figures from Polars: several themes, several segmentations, one with overlapping segments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tasks.insight.profile import profile_segments
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.models import ModelColumn, SqlModel
from tests.workspaces import AS_OF

KEY = ModelColumn("customer_id", "the customer", kind="id")
MONEY = (KEY, ModelColumn("amount", "far beyond what squares fit into"), ModelColumn("rating", "which few have"))
PLACES = (KEY, *(ModelColumn(name, "a category", kind="category") for name in ("colour", "town")))
STAMP = f"DATE '{AS_OF}' AS as_of_date, 'r' AS run_id"


def model(table: str, columns: tuple[ModelColumn, ...]) -> SqlModel:
    return SqlModel("features", table, Path(f"{table}.sql"), "", "", "", "customer", columns)


def made(count: int = 400) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Features, and memberships of one segmentation of everybody and of one whose segments overlap and leave some out."""
    draw = np.random.default_rng(5)
    ids = [f"c{one}" for one in range(count)]
    features = pl.DataFrame(
        {
            "customer_id": ids,
            "amount": np.round(draw.lognormal(15, 2, count), 4),
            "rating": [
                float(value) if has else None
                for value, has in zip(draw.integers(1, 6, count), draw.random(count) < 0.3, strict=True)
            ],
            "colour": draw.choice(["red", "green", "blue"], count, p=[0.6, 0.3, 0.1]),
            "town": [name or None for name in draw.choice(["Aix", "Bonn", "Cork", ""], count)],
        }
    )
    whole = [("one", f"one.{draw.integers(3)}", customer) for customer in ids]
    overlapping = [
        ("two", f"two.{no}", customer) for no in range(3) for customer in draw.choice(ids, 90, replace=False)
    ]
    return features, pl.DataFrame(
        whole + overlapping, schema=["segmentation_id", "segment_id", "customer_id"], orient="row"
    )


def test_profiles_are_those_of_polars() -> None:
    features, members = made()
    with Warehouse.open(None, threads=2) as warehouse:
        for schema in ("features", "segments"):
            warehouse.execute(f"CREATE SCHEMA {schema}")
        with warehouse.registered("made", features), warehouse.registered("members", members):
            warehouse.execute(f"CREATE TABLE features.money AS SELECT {STAMP}, customer_id, amount, rating FROM made")
            warehouse.execute(f"CREATE TABLE features.places AS SELECT {STAMP}, customer_id, colour, town FROM made")
            warehouse.execute(f"CREATE TABLE segments.membership AS SELECT {STAMP}, * FROM members")
        catalogue = Catalogue([model("money", MONEY), model("places", PLACES)])
        found = profile_segments(warehouse, catalogue, "r", ["one", "two"], 1)
    assert found.height == 6 * 4
    joined = members.join(features, on="customer_id")
    for row in found.to_dicts():
        population = joined.filter(pl.col("segmentation_id") == row["segmentation_id"])
        # Who is in two segments is one customer of the segmentation.
        everybody = population.unique("customer_id").get_column(row["feature_name"]).drop_nulls()
        values = (
            population.filter(pl.col("segment_id") == row["segment_id"]).get_column(row["feature_name"]).drop_nulls()
        )
        assert row["customer_count"] == len(values)
        if row["top_value"] is None:
            assert row["mean_value"] == pytest.approx(values.mean())
            assert row["median_value"] == pytest.approx(values.median())
            assert row["population_mean_value"] == pytest.approx(everybody.mean())
            difference = (values.to_numpy().mean() - everybody.to_numpy().mean()) / everybody.to_numpy().std()
            assert row["standardised_difference"] == pytest.approx(difference)
        else:
            counts = values.value_counts().sort(["count", row["feature_name"]], descending=[True, False])
            assert row["top_value"] == counts.item(0, 0)
            assert row["top_share"] == pytest.approx(counts.item(0, 1) / len(values))
            assert row["population_share"] == pytest.approx((everybody == row["top_value"]).mean())
