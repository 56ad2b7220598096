"""Groups of few customers are not described, and an attacker who subtracts learns of none either."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tasks.config.features import Features
from tasks.insight.profile import profile_segments
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.models import ModelColumn, SqlModel, load_models
from tasks.warehouse.small_groups import withheld_groups
from tests.workspaces import AS_OF

COLUMNS = (
    ModelColumn("customer_id", "the customer", kind="id"),
    ModelColumn("amount", "a number"),
    ModelColumn("rating", "a number that few have"),
    ModelColumn("colour", "a category", kind="category"),
)
MODEL = SqlModel("features", "customer_x", Path("x.sql"), "", "", "", "customer", COLUMNS)
Row = dict[str, Any]


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.open(None, threads=2) as opened:
        for schema in ("features", "segments"):
            opened.execute(f"CREATE SCHEMA {schema}")
        yield opened


def members(draw: np.random.Generator, sizes: list[int]) -> pl.DataFrame:
    """Customers in segments of these sizes, half of them with a rating."""
    segment = np.repeat([f"s.{place}" for place in range(len(sizes))], sizes)
    number = np.arange(len(segment))
    rating = [value if has else None for value, has in zip(draw.integers(1, 6, len(segment)), number % 2, strict=True)]
    return pl.DataFrame(
        {
            "customer_id": [f"c{one}" for one in number],
            "segment_id": segment,
            "amount": np.round(draw.lognormal(3, 1, len(segment)), 2),
            "rating": pl.Series(rating, dtype=pl.Float64),
            "colour": draw.choice(["red", "green", "blue"], len(segment), p=[0.6, 0.3, 0.1]),
        }
    )


def profile(warehouse: Warehouse, frame: pl.DataFrame, least: int) -> list[Row]:
    with warehouse.registered("made", frame):
        stamp = f"DATE '{AS_OF}' AS as_of_date, 'r' AS run_id"
        warehouse.execute(
            f"CREATE OR REPLACE TABLE features.customer_x AS SELECT DISTINCT {stamp}, * EXCLUDE (segment_id) FROM made"
        )
        warehouse.execute(
            f"CREATE OR REPLACE TABLE segments.membership AS SELECT {stamp}, 's' AS segmentation_id, segment_id,"
            " customer_id FROM made"
        )
    return profile_segments(warehouse, Catalogue([MODEL]), "r", ["s"], least).to_dicts()


def test_a_small_group_and_the_next_smallest_are_not_described(warehouse: Warehouse) -> None:
    frame = members(np.random.default_rng(1), [3, 20, 40])
    rows = {(row["segment_id"], row["feature_name"]): row for row in profile(warehouse, frame, 5)}
    for segment, is_suppressed in (("s.0", True), ("s.1", True), ("s.2", False)):
        row = rows[segment, "amount"]
        assert row["is_suppressed"] is is_suppressed
        assert (row["mean_value"] is None, row["median_value"] is None) == (is_suppressed, is_suppressed)
        assert (row["standardised_difference"] is None) is is_suppressed
    assert rows["s.0", "amount"]["customer_count"] == 3
    assert rows["s.0", "amount"]["population_mean_value"] == pytest.approx(frame["amount"].mean())
    # Nobody is described where all customers together are few.
    assert {row["population_mean_value"] for row in profile(warehouse, frame, 64)} == {None}
    assert not any(row["is_suppressed"] for row in profile(warehouse, frame, 1))


def test_a_value_that_few_share_is_not_named(warehouse: Warehouse) -> None:
    frame = members(np.random.default_rng(2), [9, 30, 30]).with_columns(
        colour=pl.when(pl.col("segment_id") == "s.0")
        .then(pl.concat_str(pl.lit("colour "), pl.col("customer_id").rank("dense") % 3))
        .otherwise(pl.lit("red"))
    )
    rows = {(row["segment_id"], row["feature_name"]): row for row in profile(warehouse, frame, 5)}
    # Nine customers in three colours: their amounts are told, the colour that three of them share is not.
    assert rows["s.0", "amount"]["mean_value"] is not None
    assert (rows["s.0", "colour"]["top_value"], rows["s.0", "colour"]["top_share"]) == (None, None)
    assert rows["s.2", "colour"]["top_value"] == "red"


def known_sums(rows: list[Row], feature: str) -> dict[frozenset[str], tuple[int, float]]:
    """What an attacker can work out for a feature: customers and sum, of every set of segments that he can."""
    mine = [row for row in rows if row["feature_name"] == feature and row["customer_count"]]
    everybody = frozenset(row["segment_id"] for row in mine)
    count = sum(row["customer_count"] for row in mine)
    shown = [row for row in mine if row["mean_value"] is not None]
    found = {
        frozenset({row["segment_id"]}): (row["customer_count"], row["mean_value"] * row["customer_count"])
        for row in shown
    }
    mean = next((row["population_mean_value"] for row in mine if row["population_mean_value"] is not None), None)
    if mean is not None:
        for size in range(len(shown) + 1):
            for minus in itertools.combinations(shown, size):
                rest = everybody - {row["segment_id"] for row in minus}
                left = count - sum(row["customer_count"] for row in minus)
                total = mean * count - sum(row["mean_value"] * row["customer_count"] for row in minus)
                if rest:
                    found[rest] = (left, total)
    return found


def test_subtraction_finds_no_small_group(warehouse: Warehouse) -> None:
    draw = np.random.default_rng(3)
    suppressed = 0
    for _ in range(60):
        least = int(draw.integers(2, 9))
        sizes = [int(size) for size in draw.choice((1, 2, 3, 4, 6, 9, 25), draw.integers(1, 6))]
        rows = profile(warehouse, members(draw, sizes), least)
        suppressed += sum(row["is_suppressed"] for row in rows)
        for feature in ("amount", "rating"):
            for segments, (count, _) in known_sums(rows, feature).items():
                assert count >= least, (sizes, least, feature, segments)
    assert suppressed > 100


def test_the_attack_works_where_only_small_groups_are_left_out(warehouse: Warehouse) -> None:
    frame = members(np.random.default_rng(4), [3, 20, 40])
    rows = profile(warehouse, frame, 1)
    for row in rows:
        if row["segment_id"] == "s.0":
            row["mean_value"] = None
    count, total = known_sums(rows, "amount")[frozenset({"s.0"})]
    assert count == 3
    assert total == pytest.approx(frame.filter(pl.col("segment_id") == "s.0")["amount"].sum())


def test_money_is_left_out_of_the_same_groups(warehouse: Warehouse) -> None:
    """The SQL of `monitoring.kpi` and `withheld_groups` say the same, whatever the sizes."""
    warehouse.execute("CREATE SCHEMA monitoring")
    draw = np.random.default_rng(5)
    for _ in range(40):
        least = int(draw.integers(1, 9))
        sizes = {f"s.{place}": int(draw.choice((0, 1, 2, 3, 4, 6, 9, 25))) for place in range(draw.integers(1, 6))}
        found = {row["segment_id"]: row for row in key_figures(warehouse, sizes, least)}
        assert found.keys() == sizes.keys()
        withheld = withheld_groups(sizes, least)
        for segment, row in found.items():
            assert row["is_suppressed"] is (segment in withheld), (sizes, least)
            assert row["customer_count"] == sizes[segment]
            figures = ("net_amount", "net_share", "order_count", "net_30d_amount", "order_30d_count")
            assert {row[name] is None for name in figures} == {segment in withheld}
            if segment in withheld:
                assert (row["average_order_amount"], row["recency_median_days"]) == (None, None)


def key_figures(
    warehouse: Warehouse, sizes: dict[str, int], least: int, *, starts: dict[str, int] | None = None
) -> list[Row]:
    """Rows of `monitoring.kpi` of segments of these sizes, every customer with one order of 10.

    With `starts` they overlap: those of a segment are numbered on from its start.
    """
    (model,) = [
        model
        for model in load_models(
            "monitoring",
            as_of=AS_OF,
            features=Features(windows=[30]),
            values={
                **dict.fromkeys(("run_id", "previous_run_id"), "'r'"),
                **dict.fromkeys(("previous_as_of", "known_as_of"), "NULL"),
                **dict.fromkeys(("workspace_name", "workspace_sha256", "code_version"), "''"),
                "multiple": "'s'" if starts else "''",
                "load_numbers": "-1",
                "maps_consents": "FALSE",
                "heeded": "('', '')",
                "min_group_size": least,
            },
        )
        if model.table == "kpi"
    ]
    listed = ", ".join(f"('{segment}', {size}, {(starts or {}).get(segment, 0)})" for segment, size in sizes.items())
    own = "''" if starts else "segment_id"
    for table, select in {
        "segments.definition": "SELECT 's' AS segmentation_id, segment_id, 'active' AS status_name FROM made",
        "segments.membership": f"SELECT 's' AS segmentation_id, segment_id, {own} || '-' || n AS customer_id"
        " FROM made, unnest(range(start, start + size)) AS r (n)",
        "features.customer_value": "SELECT DISTINCT customer_id, 10 AS net_amount, 10 AS net_30d_amount, 1 AS order_30d_count,"
        " 1 AS order_count, 7 AS recency_days FROM segments.membership",
        "monitoring.transition": "SELECT NULL::VARCHAR AS segmentation_id, NULL::VARCHAR AS from_segment_id,"
        " NULL::VARCHAR AS to_segment_id, 0 AS customer_count WHERE false",
    }.items():
        warehouse.execute(
            f"CREATE OR REPLACE TABLE {table} AS WITH made (segment_id, size, start) AS (VALUES {listed})"
            f" SELECT *, 'r' AS run_id FROM ({select})"
        )
    return warehouse.records(model.sql)


def test_whoever_is_in_all_but_one_overlapping_segment_is_not_given_away_by_subtraction(warehouse: Warehouse) -> None:
    """All customers less those of a segment that holds nearly all of them are the few who are not in it."""
    frame = members(np.random.default_rng(3), [40, 2])
    stayed = frame.filter(pl.col("segment_id") == "s.0").head(10).with_columns(segment_id=pl.lit("s.1"))
    rows = profile(warehouse, pl.concat([frame, stayed]), 5)
    told = {row["segment_id"]: row for row in rows if row["feature_name"] == "amount"}
    assert told["s.1"]["customer_count"] == 12
    assert told["s.0"]["is_suppressed"]
    assert told["s.0"]["mean_value"] is None


def test_money_of_the_few_beside_overlapping_segments_does_not_follow(warehouse: Warehouse) -> None:
    """By subtraction from all, whose net amount follows from a share, or of a segment from one that it lies in."""
    warehouse.execute("CREATE SCHEMA monitoring")
    sizes = {"s.all_but_three": 57, "s.the_same": 57, "s.three": 3, "s.wide": 30, "s.narrow": 26, "s.apart": 20}
    starts = {"s.three": 57, "s.narrow": 2, "s.apart": 30}
    found = {row["segment_id"]: row for row in key_figures(warehouse, sizes, 5, starts=starts)}
    told = {segment for segment, row in found.items() if row["net_amount"] is not None}
    assert told == {"s.narrow", "s.apart"}
    assert {row["net_share"] is None for row in found.values() if row["segment_id"] not in told} == {True}


def test_the_few_beside_a_segment_inside_another_are_not_described(warehouse: Warehouse) -> None:
    frame = members(np.random.default_rng(6), [40, 40])
    outer = frame.filter(pl.col("segment_id") == "s.0")
    inner = outer.head(37).with_columns(segment_id=pl.lit("s.2"))
    rows = profile(warehouse, pl.concat([frame, inner]), 5)
    told = {row["segment_id"]: row["mean_value"] is not None for row in rows if row["feature_name"] == "amount"}
    # Of the outer one alone it would follow from all less the customers of the third.
    assert told == {"s.0": False, "s.1": True, "s.2": False}
