"""Two versions of what a segmentation learnt, side by side on the customers of the newest published run.

Owns: `compare`. Does not own the versions (`registry.py`), or naming splits and merges (`tasks/insight`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from tasks.config.errors import UsageError
from tasks.segments.challenge import Standing, learner_of, standing_of
from tasks.segments.version import ids_between
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.run import Run
from tasks.warehouse.small_groups import withheld_groups


@dataclass(frozen=True, slots=True)
class Centre:
    """The middle of one segment in one feature under both versions, in the feature's own unit.

    Attributes:
        first: median of its customers; None where the version has no such segment, or one too small to be described.
        second: likewise.
    """

    segment: str
    feature: str
    first: float | None
    second: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What would change if the second version were used instead of the first.

    Attributes:
        kept: ids of segments that both have; `new` and `retired`: that only the second, or only the first has.
        sizes: customers by segment id under the first and the second.
        flows: customers by segment id under the first and the second; None: in none.
        moved_count: customers who would be in another segment.
        customer_count: customers compared.
    """

    first: Standing
    second: Standing
    kept: list[str]
    new: list[str]
    retired: list[str]
    sizes: dict[str, tuple[int, int]]
    flows: dict[tuple[str | None, str | None], int]
    moved_count: int
    customer_count: int
    centres: list[Centre]


def compare(run: Run, name: str, first: int, second: int) -> Comparison:
    """Compare two versions of a segmentation.

    Raises:
        UsageError: there is no such version, or what is in it was not kept.
        StatisticsError: a version was learnt for features that are not asked for today.
    """
    one, other = standing_of(run, name, first), standing_of(run, name, second)
    contents = _kept_content(name, one), _kept_content(name, other)
    learner = learner_of(run, name)
    then, now = (
        learner.places(content).with_columns((pl.lit(f"{name}.") + pl.col("segment_key")).alias("segment_key"))
        for content in contents
    )
    kept, new, retired = (
        [f"{name}.{key}" for key in ids.split(",") if key] for ids in ids_between(*map(learner.keys, contents))
    )
    counted = (
        then.join(now, on=KEY, suffix="_now")
        .group_by("segment_key", "segment_key_now")
        .agg(pl.len())
        .sort("segment_key", "segment_key_now", nulls_last=True)
    )
    flows: dict[tuple[str | None, str | None], int] = {(old, to): count for old, to, count in counted.iter_rows()}
    segments = sorted({key for pair in flows for key in pair if key})
    sizes = {
        key: (
            sum(count for (old, _), count in flows.items() if old == key),
            sum(count for (_, to), count in flows.items() if to == key),
        )
        for key in segments
    }
    least = run.workspace.privacy.min_group_size
    return Comparison(
        one,
        other,
        kept,
        new,
        retired,
        sizes,
        flows,
        sum(count for (old, to), count in flows.items() if old != to),
        sum(flows.values()),
        _centres(learner.training_rows(), (then, now), sizes, least),
    )


def _kept_content(name: str, standing: Standing) -> Mapping[str, Any]:
    if standing.content is None:
        raise UsageError(
            f"{name}: what is in model {standing.version.model_no} was not kept, for the gates refused it",
            hint=f"`resegment model show {name} {standing.version.model_no}` tells why",
        )
    return standing.content


def _centres(
    rows: pl.DataFrame, places: tuple[pl.DataFrame, pl.DataFrame], sizes: Mapping[str, tuple[int, int]], least: int
) -> list[Centre]:
    """Medians by segment; of features that are numbers."""
    features = [column for column in rows.columns if column != KEY and rows.schema[column].is_numeric()]
    found = []
    for position, placed in enumerate(places):
        withheld = withheld_groups({key: both[position] for key, both in sizes.items()}, least)
        medians = rows.join(placed, on=KEY).group_by("segment_key").agg(pl.col(features).median())
        found.append({row["segment_key"]: row for row in medians.to_dicts() if row["segment_key"] not in withheld})
    return [
        Centre(segment, feature, *(table.get(segment, {}).get(feature) for table in found))
        for segment in sizes
        for feature in features
    ]
