"""Segment profiles: each feature of each segment beside all customers of its segmentation.

Owns: `monitoring.profile`, and that it holds no figure of a small group. Does not own the features, the memberships or
which groups are small (`tasks/config/privacy.py`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from decimal import Context, Decimal
from itertools import groupby
from typing import Any

import polars as pl

from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.models import ModelColumn
from tasks.warehouse.small_groups import telling_groups, withheld_groups

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
#: Wide enough for squares of such values; a product of narrow decimals has no more digits than they have.
_WIDE = "DECIMAL(34, 4)"
#: Holds every digit of a sum that DuckDB has computed, and of a sum of those.
_DIGITS = Context(prec=60)
#: By what rows of memberships are grouped.
_GROUP = "segmentation_id, segment_id"
_ASKED_FIRST = 16
"""Customers of a segment who are asked for the others that all of them are in."""
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
    listed = ", ".join(map(literal, segmentations))
    members = _members(run_id, listed or "NULL")
    found: list[Record] = []
    # Model by model: all features side by side are more than fits into memory, and would be written for one reading.
    for model in catalogue.models:
        of_model = [catalogue.features[column.name] for column in model.columns if column.name in catalogue.features]
        features = catalogue.relation(run_id, [column.name for column in of_model])
        relation = f"{features} AS feature JOIN {members} AS membership USING ({KEY})"
        numbers = [column for column in of_model if column.kind in {"number", "flag"}]
        found += _numbers(warehouse, relation, numbers, _filled(warehouse, features, numbers))
        found += _categories(warehouse, relation, [column for column in of_model if column.kind == "category"])
    inside = _inside(warehouse, run_id, listed or "NULL")
    rows = [
        {"segmentation_id": segmentation, **row}
        for segmentation in segmentations
        for row in _suppressed([row for row in found if row["segmentation_id"] == segmentation], inside, min_group_size)
    ]
    return pl.DataFrame(rows, schema=SCHEMA).sort("segment_id", "feature_name")


def _members(run_id: str, listed: str) -> str:
    """Relation of who is profiled in what; of who is in several segments there is a row of all segments, too.

    That row has no segment. Where segments overlap, all customers are not the sum of the segments: who is in three
    would count three times. Where nobody is in two they are, and nobody is read twice.
    """
    of_run = f"FROM segments.membership WHERE run_id = {literal(run_id)} AND segmentation_id IN ({listed})"
    several = f"SELECT segmentation_id {of_run} GROUP BY ALL HAVING count(*) > count(DISTINCT {KEY})"
    return (
        f"(SELECT {KEY}, {_GROUP} {of_run} UNION ALL"
        f" SELECT DISTINCT {KEY}, segmentation_id, NULL AS segment_id {of_run} AND segmentation_id IN ({several}))"
    )


def _inside(warehouse: Warehouse, run_id: str, listed: str) -> list[tuple[str, str]]:
    """Segments, and others of the same segmentation whose customers are all in them.

    A few customers of a segment leave hardly another that it could be inside; only of those all are asked.
    """
    member = f"(FROM segments.membership WHERE run_id = {literal(run_id)} AND segmentation_id IN ({listed}))"
    return warehouse.rows(
        f"WITH few AS (SELECT {_GROUP}, count(*) AS size, unnest(min({KEY}, {_ASKED_FIRST})) AS {KEY} FROM {member}"
        f" GROUP BY {_GROUP}),"
        " candidate AS (SELECT outside.segment_id AS outer_id, few.segment_id AS inner_id, any_value(size) AS size"
        f" FROM few JOIN {member} AS outside USING (segmentation_id, {KEY})"
        " WHERE outside.segment_id <> few.segment_id"
        f" GROUP BY ALL HAVING count(*) = least(any_value(size), {_ASKED_FIRST}))"
        " SELECT outer_id, inner_id FROM candidate"
        f" JOIN {member} AS inside ON inside.segment_id = inner_id"
        f" JOIN {member} AS outside ON outside.segment_id = outer_id AND outside.{KEY} = inside.{KEY}"
        " GROUP BY outer_id, inner_id, size HAVING count(*) = size ORDER BY ALL"
    )


def _suppressed(rows: Sequence[Record], inside: Sequence[tuple[str, str]], least: int) -> list[Record]:
    """The rows of one segmentation without the figures that would tell of fewer than `least` customers."""
    told: list[Record] = []
    for _, group in groupby(sorted(rows, key=_feature_of), key=_feature_of):
        same = list(group)
        sizes = {row["segment_id"]: int(row["customer_count"]) for row in same}
        everybody = int(same[0]["population_count"])
        rare = frozenset(row["segment_id"] for row in same if _sharing(row) < least)
        withheld = withheld_groups(sizes, least, rare | telling_groups(sizes, everybody, inside, least))
        # All customers together may be a small group, too.
        beyond = ("population_mean_value",) if everybody < least else ()
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


def _filled(warehouse: Warehouse, features: str, columns: Sequence[ModelColumn]) -> frozenset[str]:
    """The columns that say something of anybody: of the others nothing is to be summed."""
    if not columns:
        return frozenset()
    counts = ", ".join(f"count({identifier(column.name)})" for column in columns)
    (found,) = warehouse.rows(f"SELECT {counts} FROM {features} AS feature")
    return frozenset(column.name for column, count in zip(columns, found, strict=True) if count)


def _numbers(
    warehouse: Warehouse, relation: str, columns: Sequence[ModelColumn], filled: Collection[str]
) -> list[Record]:
    if not columns:
        return []
    parts = []
    for position, column in enumerate(columns):
        if column.name not in filled:
            parts += [f"0 AS n{position}", *(f"NULL AS {figure}{position}" for figure in "sqm")]
            continue
        value = f"CAST({identifier(column.name)} AS {_EXACT})"
        parts += [
            f"count({value}) AS n{position}",
            f"sum({value}) AS s{position}",
            f"sum(CAST({value} AS {_WIDE}) * CAST({value} AS {_WIDE})) AS q{position}",
            f"median(CAST({identifier(column.name)} AS DOUBLE)) AS m{position}",
        ]
    records = warehouse.records(f"SELECT {_GROUP}, {', '.join(parts)} FROM {relation} GROUP BY {_GROUP} ORDER BY ALL")
    rows: list[Record] = []
    for _, group in groupby(records, key=lambda record: record["segmentation_id"]):
        read = list(group)
        segments = [record for record in read if record["segment_id"] is not None]
        whole = next((record for record in read if record["segment_id"] is None), None)
        population = whole or _together(segments, len(columns))
        rows += [
            _number(column.name, position, record, population)
            for record in segments
            for position, column in enumerate(columns)
        ]
    return rows


def _together(records: Sequence[Record], count: int) -> Record:
    """Counts and sums of all segments of a segmentation; what is summed is exact, so that no other scan tells more."""
    return {
        f"{figure}{position}": _exact_sum([record[f"{figure}{position}"] for record in records])
        for position in range(count)
        for figure in "nsq"
    }


def _exact_sum(values: Sequence[int | Decimal | None]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = _DIGITS.add(total, Decimal(value or 0))
    return total


def _number(name: str, position: int, record: Mapping[str, Any], population: Mapping[str, Any]) -> Record:
    mean, _ = _mean_and_deviation(record, position)
    population_mean, deviation = _mean_and_deviation(population, position)
    difference = None
    if mean is not None and population_mean is not None and deviation:
        difference = (mean - population_mean) / deviation
    return {
        "segmentation_id": record["segmentation_id"],
        "segment_id": record["segment_id"],
        "feature_name": name,
        "customer_count": record[f"n{position}"],
        "population_count": population[f"n{position}"],
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


def _categories(warehouse: Warehouse, relation: str, columns: Sequence[ModelColumn]) -> list[Record]:
    """The most frequent value of each category; all columns of a model in one pass."""
    if not columns:
        return []
    numbered = range(len(columns))
    texts = ", ".join(f"CAST({identifier(column.name)} AS VARCHAR) AS c{no}" for no, column in enumerate(columns))
    # A row is of one column: the others are NULL in it.
    feature = " ".join(f"WHEN GROUPING(c{no}) = 0 THEN {no}" for no in numbered)
    counted = warehouse.records(
        f"WITH counts AS (SELECT {_GROUP}, CASE {feature} END AS feature_no,"
        f" coalesce({', '.join(f'c{no}' for no in numbered)}) AS value, count(*) AS n"
        f" FROM (SELECT {_GROUP}, {texts} FROM {relation})"
        f" GROUP BY GROUPING SETS ({', '.join(f'({_GROUP}, c{no})' for no in numbered)})),"
        # Of a segmentation whose segments overlap the rows without a segment are all, of another its segments.
        " weighed AS (SELECT *, segment_id IS NULL OR NOT bool_or(segment_id IS NULL) OVER"
        " (PARTITION BY segmentation_id) AS is_of_all FROM counts WHERE value IS NOT NULL),"
        f" shares AS (SELECT {_GROUP}, feature_no, value, sum(n) OVER of_segment AS customers,"
        " n / sum(n) OVER of_segment AS share, sum(n) FILTER (is_of_all) OVER of_all AS population,"
        " sum(n) FILTER (is_of_all) OVER of_value / sum(n) FILTER (is_of_all) OVER of_all AS population_share,"
        " row_number() OVER (of_segment ORDER BY n DESC, value) AS place FROM weighed"
        f" WINDOW of_segment AS (PARTITION BY {_GROUP}, feature_no),"
        " of_value AS (PARTITION BY segmentation_id, feature_no, value),"
        " of_all AS (PARTITION BY segmentation_id, feature_no))"
        f" SELECT * FROM shares WHERE place = 1 AND segment_id IS NOT NULL ORDER BY {_GROUP}, feature_no"
    )
    return [
        {
            "segmentation_id": record["segmentation_id"],
            "segment_id": record["segment_id"],
            "feature_name": columns[record["feature_no"]].name,
            "customer_count": int(record["customers"]),
            "population_count": int(record["population"]),
            "top_value": record["value"],
            "top_share": record["share"],
            "population_share": record["population_share"],
        }
        for record in counted
    ]
