"""Where the projection of the run before would put today's customers.

Owns: learning it again from what the run before knew, which gives the same model. Does not own the model
(`projection.py`), or what is made of its answer (`before.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from tasks.segments.projection import place, sure_segments
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import Warehouse, identifier, literal


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs.

    Attributes:
        customers: SQL for a FROM: those who were to be divided, with the features.
        answered: SELECT of customer_id and segment_id, of those who answered.
    """

    customers: str
    answered: str


def members_by_projection(
    warehouse: Warehouse, name: str, asked: Mapping[str, Any], then: Side, now: Side, held: str, *, is_worth: bool
) -> pl.DataFrame:
    """customer_id and segment_id of today's customers, by the model of then.

    Args:
        warehouse: with the features and members of both runs.
        name: the segmentation.
        asked: what was asked of it then.
        then: the run before.
        now: this run.
        held: SELECT of customer_id and segment_id, of the members of the projection then.
        is_worth: whether the model was found worth something; if not, only who answered had a segment.
    """
    learnt, today = (_frame(warehouse, side, asked["features"]) for side in (then, now))
    has_answered = pl.col("segment_key").is_not_null()
    others = today.filter(~has_answered)
    keys: list[str | None] = [None] * others.height
    if is_worth:
        respondents, features = learnt.filter(has_answered), asked["features"]
        segments, chances = place(
            respondents.select(features),
            respondents["segment_key"].to_list(),
            others.select(features),
            seed=asked["seed"],
        )
        was = warehouse.frame(f"SELECT {KEY}, split_part(segment_id, '.', 2) AS segment_key FROM ({held})")
        before = others.select(KEY).join(was, on=KEY, how="left", maintain_order="left")["segment_key"].to_list()
        keys = sure_segments(list(segments), list(chances), before, asked["min_confidence"])
    placed = others.select(KEY, pl.Series("segment_key", keys, dtype=pl.String))
    both = pl.concat([today.filter(has_answered).select(KEY, "segment_key"), placed])
    if asked["otherwise"] is not None:
        both = both.with_columns(pl.col("segment_key").fill_null(asked["otherwise"]["id"]))
    return both.drop_nulls().select(KEY, segment_id=pl.lit(f"{name}.") + pl.col("segment_key"))


def members_of(segmentation: str, run_id: str) -> str:
    """SELECT of customer_id and segment_id of a published segmentation."""
    return (
        f"SELECT {KEY}, segment_id FROM segments.membership"
        f" WHERE segmentation_id = {literal(segmentation)} AND run_id = {literal(run_id)}"
    )


def _frame(warehouse: Warehouse, side: Side, features: list[str]) -> pl.DataFrame:
    columns = ", ".join(map(identifier, features))
    return warehouse.frame(
        f"SELECT {KEY}, split_part(segment_id, '.', 2) AS segment_key, {columns} FROM {side.customers}"
        f" LEFT JOIN ({side.answered}) USING ({KEY}) ORDER BY {KEY}"
    )
