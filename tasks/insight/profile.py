"""Segment profiles: each feature of each segment beside all customers of its segmentation.

Owns: `monitoring.profile`, and that it holds no figure of a small group. Does not own the features, the memberships or
which groups are small (`tasks/config/privacy.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import polars as pl

from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.models import ModelColumn
from tasks.warehouse.small_groups import withheld_groups

SCHEMA = {
    "segmentation_id": pl.String,
    "segment_id": pl.String,
    "feature_name": pl.String,
    "customer_count": pl.Int64,
    "mean_value": pl.Float64,
    "median_value": pl.Float64,
    "population_mean_value": pl.Float64,
    "standardised_difference": pl.Float64,
    "top_value": pl.String,
    "top_share": pl.Float64,
    "population_share": pl.Float64,
    "is_suppressed": pl.Boolean,
}
#: What a suppressed row does not tell; `customer_count` it does.
_FIGURES = (
    "mean_value",
    "median_value",
    "standardised_difference",
    "top_value",
    "top_share",
    "population_share",
)
#: Sums are of decimals, not floats: the same total in whatever order threads add them up.
_EXACT = "DECIMAL(18, 4)"
#: Wide enough for squares of such values and their sums.
_WIDE = "DECIMAL(34, 4)"
Record = dict[str, Any]


def profile_segments(
    warehouse: Warehouse, catalogue: Catalogue, run_id: str, segmentations: Sequence[str], min_group_size: int
) -> pl.DataFrame:
    """Profile every segment of a run.

    Args:
        warehouse: open, with the run's features and memberships.
        catalogue: the features.
        run_id: the run.
        segmentations: those to profile.
        min_group_size: of groups of fewer customers with a value no figure is told, nor of such groups as would give it
            away by subtraction from all; a category's value that fewer share is not named.

    Returns:
        One row per segment and feature. Numbers and flags have means, medians and the difference from the population
        mean in population standard deviations; categories have their most frequent value.
    """
    numbers = [column for column in catalogue.features.values() if column.kind in {"number", "flag"}]
    categories = [column for column in catalogue.features.values() if column.kind == "category"]
    rows: list[Record] = []
    for segmentation in segmentations:
        members = (
            f"(SELECT {KEY}, segment_id FROM segments.membership WHERE run_id = {literal(run_id)}"
            f" AND segmentation_id = {literal(segmentation)})"
        )
        warehouse.execute(
            "CREATE OR REPLACE TEMP TABLE profiled AS SELECT * FROM "
            f"{members} AS membership JOIN {catalogue.relation(run_id)} AS feature USING ({KEY})"
        )
        found = [*_numbers(warehouse, numbers), *_categories(warehouse, categories)]
        rows += [{"segmentation_id": segmentation, **row} for row in _suppressed(found, min_group_size)]
    warehouse.execute("DROP TABLE IF EXISTS profiled")
    return pl.DataFrame(rows, schema=SCHEMA).sort("segment_id", "feature_name")


def _suppressed(rows: Sequence[Record], least: int) -> list[Record]:
    """The rows of one segmentation without the figures that would tell of fewer than `least` customers."""
    told: list[Record] = []
    for _, group in groupby(sorted(rows, key=_feature_of), key=_feature_of):
        same = list(group)
        sizes = {row["segment_id"]: int(row["customer_count"]) for row in same}
        rare = frozenset(row["segment_id"] for row in same if _sharing(row) < least)
        withheld = withheld_groups(sizes, least, rare)
        # All customers together may be a small group, too.
        beyond = ("population_mean_value",) if sum(sizes.values()) < least else ()
        for row in same:
            is_suppressed = row["segment_id"] in withheld
            hidden = dict.fromkeys((*_FIGURES, *beyond)) if is_suppressed else {}
            told.append({**row, **hidden, "is_suppressed": is_suppressed})
    return told


def _feature_of(row: Record) -> str:
    return str(row["feature_name"])


def _sharing(row: Record) -> int:
    """Customers who share the top value of a category; of a number, all who have one."""
    share = row.get("top_share")
    count = int(row["customer_count"])
    return count if share is None else round(count * share)


def _numbers(warehouse: Warehouse, columns: Sequence[ModelColumn]) -> list[Record]:
    parts = []
    for position, column in enumerate(columns):
        value = f"CAST({identifier(column.name)} AS {_EXACT})"
        parts += [
            f"count({value}) AS n{position}",
            f"sum({value}) AS s{position}",
            f"sum(CAST({value} AS {_WIDE}) * CAST({value} AS {_WIDE})) AS q{position}",
            f"median(CAST({identifier(column.name)} AS DOUBLE)) AS m{position}",
        ]
    records = warehouse.records(
        f"SELECT segment_id, {', '.join(parts)} FROM profiled GROUP BY GROUPING SETS ((segment_id), ()) ORDER BY 1"
    )
    population = next((record for record in records if record["segment_id"] is None), None)
    if population is None:
        return []
    return [
        _number(column.name, position, record, population)
        for record in records
        if record["segment_id"] is not None
        for position, column in enumerate(columns)
    ]


def _number(name: str, position: int, record: Mapping[str, Any], population: Mapping[str, Any]) -> Record:
    mean, _ = _mean_and_deviation(record, position)
    population_mean, deviation = _mean_and_deviation(population, position)
    difference = None
    if mean is not None and population_mean is not None and deviation:
        difference = (mean - population_mean) / deviation
    return {
        "segment_id": record["segment_id"],
        "feature_name": name,
        "customer_count": record[f"n{position}"],
        "mean_value": mean,
        "median_value": record[f"m{position}"],
        "population_mean_value": population_mean,
        "standardised_difference": difference,
    }


def _mean_and_deviation(record: Mapping[str, Any], position: int) -> tuple[float | None, float | None]:
    count = record[f"n{position}"]
    if not count:
        return None, None
    total, squares = record[f"s{position}"], record[f"q{position}"]
    variance = (squares - total * total / count) / count
    return float(total / count), math.sqrt(max(float(variance), 0.0))


def _categories(warehouse: Warehouse, columns: Sequence[ModelColumn]) -> list[Record]:
    rows: list[Record] = []
    for column in columns:
        counted = warehouse.records(
            f"WITH counts AS (SELECT segment_id, CAST({identifier(column.name)} AS VARCHAR) AS value, count(*) AS n"
            f" FROM profiled WHERE {identifier(column.name)} IS NOT NULL GROUP BY ALL),"
            " shares AS (SELECT segment_id, value, sum(n) OVER (PARTITION BY segment_id) AS customers,"
            " n / sum(n) OVER (PARTITION BY segment_id) AS share,"
            " sum(n) OVER (PARTITION BY value) / sum(n) OVER () AS population_share,"
            " row_number() OVER (PARTITION BY segment_id ORDER BY n DESC, value) AS place FROM counts)"
            " SELECT * FROM shares WHERE place = 1 ORDER BY segment_id"
        )
        rows += [
            {
                "segment_id": record["segment_id"],
                "feature_name": column.name,
                "customer_count": int(record["customers"]),
                "top_value": record["value"],
                "top_share": record["share"],
                "population_share": record["population_share"],
            }
            for record in counted
        ]
    return rows
