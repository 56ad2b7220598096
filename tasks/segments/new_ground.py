"""Clusters that stand where nobody stood when the model in use was learnt, and where their customers came from.

Owns: finding such clusters by scoring the new rules on the old data, and tracing their customers back to that day. Does
not own the ids that follow from it (`identity.py`), or what is told of it (`tasks/insight/transitions.py`).

Between two refits every customer is put into one of the segments there are. Whoever came since, or moved to where no
segment is, has been in the nearest one for weeks when a refit finds the group that he is in: by the members of the run
before, a newborn group would be told as a piece of a segment that it has nothing to do with, and could take its id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

PIECE = 0.2
"""Least share of an old segment in a cluster that is a piece of it: the least overlap of a child of a split (MONIC)."""


@dataclass(frozen=True, slots=True)
class NewGround:
    """What is known of clusters on new ground.

    Attributes:
        labels: of these clusters.
        before: customer_id and segment_key, where everybody was: at the run before; of members of these clusters, when
            the model in use was learnt. Who came since is not in it.
        origins: by label, its customers by the segment they were in when the model in use was learnt; None: they came
            since.
    """

    labels: frozenset[int]
    before: pl.DataFrame
    origins: Mapping[int, Mapping[str | None, int]]


def find_new_ground(then: pl.DataFrame, now: pl.DataFrame, before: pl.DataFrame) -> NewGround:
    """Find the clusters that no old segment had a piece in, and trace their customers back.

    Args:
        then: customer_id; segment_key, where the model in use put him when it was learnt; label, where the new rules
            put what he was on that day. Empty where that day is not kept: nothing is on new ground then.
        now: customer_id and label of today.
        before: customer_id and segment_key of the run before.
    """
    import polars as pl

    share = pl.col("customers") / pl.col("customers").sum().over("segment_key")
    settled = (
        then.group_by("segment_key", "label")
        .agg(pl.len().alias("customers"))
        .filter(share >= PIECE)
        .get_column("label")
        .to_list()
    )
    here = now.filter(~pl.col("label").is_in(settled)) if then.height else now.clear()
    traced = here.join(then.select("customer_id", "segment_key"), on="customer_id", how="left")
    origins: dict[int, dict[str | None, int]] = {}
    counted = traced.group_by("label", "segment_key").agg(pl.len().alias("customers"))
    for label, key, customers in counted.sort("label", "segment_key", nulls_last=True).iter_rows():
        origins.setdefault(label, {})[key] = customers
    stayed = before.select("customer_id", "segment_key").join(here, on="customer_id", how="anti")
    came_from = traced.drop_nulls("segment_key").select("customer_id", "segment_key")
    return NewGround(frozenset(origins), pl.concat([stayed, came_from]), origins)
