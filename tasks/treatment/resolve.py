"""Who gets which treatment: priorities, contact caps and budgets, applied in one order.

Owns: that order. Does not own what stands against a treatment by itself (window, exclusions, consents:
`sql/treatment/planned.sql`), or the words for a reason (`words.py`).

Treatments take turns in the order of their rank, the same for every customer. In its turn a treatment goes to those of
its customers whom nothing stands against, who have nothing on the channel yet, and whose caps are not reached; where
its budget is short, to those who bring in most. Whoever does not get it stays open for the treatments after it. So a
budget that is spent leaves nobody without the next best, and nothing depends on the order of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from tasks.config.contacts import ContactCap

Ints = npt.NDArray[np.int64]

#: Reasons that `planned` may give already.
STATIC = ("window", "excluded", "refused", "unknown")
#: Reasons that are found here.
FOUND = ("priority", "contact_cap", "budget")
REASONS = (*STATIC, *FOUND)


class _State:
    """What customers have so far."""

    def __init__(self, customers: int, channels: int, caps: Sequence[ContactCap], remaining: Ints) -> None:
        """Nobody has anything; `remaining` contacts by cap and customer, shape (caps, n)."""
        self.winner = np.full((channels, customers), -1, dtype=np.int64)
        self.caps = caps
        self.remaining = remaining

    def binding(self, channel_key: str) -> list[int]:
        """Caps that count contacts on a channel."""
        return [at for at, cap in enumerate(self.caps) if cap.channel_key in {None, channel_key}]


def resolve(
    planned: pl.DataFrame, contacted: pl.DataFrame, caps: Sequence[ContactCap], budgets: Mapping[str, int | None]
) -> pl.DataFrame:
    """Give every planned treatment, or say what stands against it.

    Args:
        planned: rank_no, customer_id, segment_id, channel_key, refusal_name, …; ascending by rank, within it those who
            are to get it first where the budget is short.
        contacted: customer_id, channel_key, days_ago, contact_count: what was sent before.
        caps: the most contacts of a customer.
        budgets: how many customers a segment's treatment may reach; None: any number.

    Returns:
        `planned` with refusal_name filled in (NULL: he gets it), `winner_id` (for `priority`: the segment whose
        treatment he gets on the channel instead), `cap_no` (for `contact_cap`: position in `caps`) and `place` (of the
        treatment among those of the customer on the channel, 1 the first in turn).
    """
    customers = planned.get_column("customer_id").unique().sort()
    channels = planned.get_column("channel_key").unique().sort().to_list()
    row_customer = _positions(planned.get_column("customer_id"), customers)
    state = _State(len(customers), len(channels), caps, _remaining(contacted, caps, customers))
    segments, keys = planned.get_column("segment_id"), planned.get_column("channel_key")
    open_ = planned.get_column("refusal_name").is_null().to_numpy()
    reason = np.full(planned.height, -1, dtype=np.int64)
    winner, cap_no = np.full(planned.height, -1, dtype=np.int64), np.full(planned.height, -1, dtype=np.int64)
    ranks = planned.get_column("rank_no").to_numpy()
    bounds = [*np.flatnonzero(np.diff(ranks, prepend=-1)).tolist(), planned.height]
    for first, end in pairwise(bounds):
        rows = first + np.flatnonzero(open_[first:end])
        channel = channels.index(keys[first])
        taken = state.winner[channel, row_customer[rows]]
        reason[rows[taken >= 0]], winner[rows] = FOUND.index("priority"), taken
        rows = rows[taken < 0]
        for at in state.binding(keys[first]):
            is_reached = state.remaining[at, row_customer[rows]] <= 0
            reason[rows[is_reached]], cap_no[rows[is_reached]] = FOUND.index("contact_cap"), at
            rows = rows[~is_reached]
        paid = budgets.get(segments[first])
        if paid is not None:
            reason[rows[paid:]] = FOUND.index("budget")
            rows = rows[:paid]
        state.winner[channel, row_customer[rows]] = first
        for at in state.binding(keys[first]):
            state.remaining[at, row_customer[rows]] -= 1
    return _with_outcome(planned, reason, winner, cap_no)


def _with_outcome(planned: pl.DataFrame, reason: Ints, winner: Ints, cap_no: Ints) -> pl.DataFrame:
    """Say of every planned treatment what became of it; -1 in each of the three, shape (rows,): it does not apply."""
    segments = planned.get_column("segment_id")
    found = pl.Series(reason).replace_strict(dict(enumerate(FOUND)), default=None, return_dtype=pl.String)
    winners = segments.gather(pl.Series(np.maximum(winner, 0))) if planned.height else segments
    return planned.with_columns(
        refusal_name=pl.coalesce("refusal_name", found),
        winner_id=pl.when(pl.Series(winner >= 0)).then(winners),
        cap_no=pl.when(pl.Series(cap_no >= 0)).then(pl.Series(cap_no)),
        place=pl.col("rank_no").rank("ordinal").over("customer_id", "channel_key").cast(pl.Int64),
    )


def _positions(ids: pl.Series, customers: pl.Series) -> Ints:
    numbered = pl.DataFrame({"id": customers, "at": np.arange(len(customers), dtype=np.int64)})
    found: Ints = (
        ids.to_frame("id").join(numbered, on="id", how="left", maintain_order="left").get_column("at").to_numpy()
    )
    return found


def _remaining(contacted: pl.DataFrame, caps: Sequence[ContactCap], customers: pl.Series) -> Ints:
    """Contacts that each cap still allows each customer, shape (caps, n)."""
    left = np.zeros((len(caps), len(customers)), dtype=np.int64)
    known = contacted.filter(pl.col("customer_id").is_in(customers.implode()))
    for at, cap in enumerate(caps):
        counted = known.filter(pl.col("days_ago") < cap.days)
        if cap.channel_key is not None:
            counted = counted.filter(pl.col("channel_key") == cap.channel_key)
        sums = counted.group_by("customer_id").agg(pl.col("contact_count").sum())
        left[at] = cap.at_most
        left[at, _positions(sums.get_column("customer_id"), customers)] -= sums.get_column("contact_count").to_numpy()
    return left
