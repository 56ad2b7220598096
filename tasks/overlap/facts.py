"""The rows of `monitoring.overlap` and `monitoring.intersection`, from customers that are read.

Owns: putting the figures of pairs and combinations together, and leaving out money of the few. Does not own the
figures.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from tasks.config.overlap import OverlapPolicy
from tasks.overlap.association import Floats, Ints
from tasks.overlap.conflicts import is_conflict, meetings
from tasks.overlap.pairs import pair_frame, upper_triangle
from tasks.overlap.reading import AMOUNT_SCALE, Customers
from tasks.overlap.trend import Before, trend_frame
from tasks.overlap.withheld import withheld_pairs
from tasks.warehouse.small_groups import withheld_groups

_PAIR_COLUMNS = {
    "segment_id_a": "segment_id_a",
    "segment_id_b": "segment_id_b",
    "a_count": "size_a",
    "b_count": "size_b",
    "intersection_count": "intersection_count",
    "jaccard_share": "jaccard",
    "containment_a_share": "containment_a_in_b",
    "containment_b_share": "containment_b_in_a",
    "lift": "lift",
    "phi": "phi",
    "p_adjusted": "p_adjusted",
    "relation_name": "relation",
}
#: What `segment_ids` says of all combinations of too few customers together.
FEW = ""


def overlap_rows(
    customers: Customers, before: Before | None, policy: OverlapPolicy, *, single: frozenset[str], least: int
) -> pl.DataFrame:
    """A row for every pair of segments.

    Args:
        customers: of this run.
        before: the previous run.
        policy: the limits.
        single: segmentations that put a customer in one segment at most.
        least: the smallest group whose money may be told.
    """
    memberships = customers.memberships
    shared, net, year, contacts = memberships.shared(
        customers.net_amount, customers.year_amount, customers.contact_count
    )
    at = upper_triangle(len(memberships.segment_ids))
    pairs = pair_frame(memberships.segment_ids, shared, customers.count, policy)
    withheld = withheld_pairs(shared, customers.groups(), customers.everybody(), single, least)[at]
    facts = pl.DataFrame(
        {
            "net_amount": _told(net[at] / AMOUNT_SCALE, withheld),
            "year_net_amount": _told(year[at] / AMOUNT_SCALE, withheld),
            "contact_count": pl.Series(contacts[at]).set(pl.Series(withheld), None),
            "border_count": _border(customers, shared)[at],
        },
        nan_to_null=True,
    )
    trend = trend_frame(memberships, before, pairs.get_column("jaccard").to_numpy(), policy)
    named = pairs.select(pl.col(source).alias(name) for name, source in _PAIR_COLUMNS.items())
    return pl.concat([named, facts, _conflicts(customers, pairs, policy), trend], how="horizontal")


def _told(amounts: Floats, withheld: npt.NDArray[np.bool_]) -> Floats:
    return np.where(withheld, np.nan, amounts)


def _border(customers: Customers, shared: Ints) -> Ints:
    """Customers of each pair with one of the two memberships near a boundary: all, less those with neither."""
    memberships, is_border = customers.memberships, customers.is_border
    if not is_border.any():
        return np.zeros_like(shared)
    rows = np.repeat(np.arange(memberships.customer_count), np.diff(memberships.starts))
    near = np.zeros(memberships.customer_count, dtype=bool)
    near[rows[is_border]] = True
    (every,) = memberships.of(near).shared()
    (clear,) = memberships.where(~is_border).of(near).shared()
    return every - clear


def _conflicts(customers: Customers, pairs: pl.DataFrame, policy: OverlapPolicy) -> pl.DataFrame:
    """The channel on which two treatments meet, what says which goes first, and whether that is missed."""
    met = meetings(list(customers.definitions.values()))
    place = {segment: at for at, segment in enumerate(customers.memberships.segment_ids)}
    count = len(place)
    channel: list[str | None] = [None] * pairs.height
    rule: list[str | None] = [None] * pairs.height
    conflicts = np.zeros(pairs.height, dtype=bool)
    sizes = pairs.select("intersection_count", pl.min_horizontal("size_a", "size_b").alias("smaller"))
    shared, smaller = (column.to_numpy() for column in sizes.get_columns())
    for (one, other), meeting in met.items():
        # Pairs ascend: before segment i come those of the i segments ahead of it.
        i, j = place[one], place[other]
        at = i * count - i * (i + 1) // 2 + j - i - 1
        channel[at], rule[at] = meeting.channel, meeting.rule
        conflicts[at] = is_conflict(meeting, int(shared[at]), int(smaller[at]), policy)
    return pl.DataFrame(
        {
            "channel_name": pl.Series(channel, dtype=pl.String),
            "settled_by": pl.Series(rule, dtype=pl.String),
            "is_conflict": pl.Series(conflicts, dtype=pl.Boolean),
        }
    )


def combination_rows(customers: Customers, least: int) -> pl.DataFrame:
    """A row for every exact combination of enough customers, and one for all others together.

    Args:
        customers: of this run.
        least: the smallest group that is told of.
    """
    held, counts, amounts = customers.memberships.combinations(customers.net_amount)
    segments, kept = customers.memberships.segment_ids, counts >= least
    names = [" & ".join(segments[at] for at in held[row]) for row in np.flatnonzero(kept)]
    sizes = dict(zip(names, counts[kept].tolist(), strict=True))
    few = int(counts[~kept].sum())
    rows = {
        "segment_ids": names,
        "degree_count": [len(held[row]) for row in np.flatnonzero(kept)],
        "combination_count": [1] * len(names),
        "customer_count": counts[kept].tolist(),
        "net_amount": (amounts[kept] / AMOUNT_SCALE).tolist(),
    }
    if few:
        others = (FEW, 0, int((~kept).sum()), few, int(amounts[~kept].sum()) / AMOUNT_SCALE)
        for column, value in zip(rows.values(), others, strict=True):
            column.append(value)
    withheld = withheld_groups(sizes | {FEW: few}, least)
    frame = pl.DataFrame(rows, schema=_COMBINATION_SCHEMA, strict=False)
    return frame.with_columns(
        net_amount=pl.when(pl.col("segment_ids").is_in(list(withheld))).then(None).otherwise("net_amount")
    ).sort("segment_ids")


_COMBINATION_SCHEMA = {
    "segment_ids": pl.String,
    "degree_count": pl.Int64,
    "combination_count": pl.Int64,
    "customer_count": pl.Int64,
    "net_amount": pl.Float64,
}
