"""Customers at past days as arrays: what models learn from and foretell from.

Owns: the way from frames of snapshots to arrays. Does not own reading frames (`snapshots.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tasks.predict.bg_nbd import History

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """One entry a customer and day.

    Attributes:
        ids: customer ids.
        inputs: what a model may learn from, a column each; NaN where it is not known.
        history: of order days, for BG/NBD.
        order_day_count: days with an order.
        mean_amount: net amount of an order day; 0 where more came back than was bought.
        orders_before: orders in the days before.
        amount_before: net amount of as many days before as the horizon has, zero or more.
        has_ordered: whether he ordered in the days after; of the as-of day, false for all.
        amount: for how much, minus returns, zero or more; of the as-of day, 0 for all.
    """

    ids: NDArray[np.object_]
    inputs: Floats
    history: History
    order_day_count: Floats
    mean_amount: Floats
    orders_before: Floats
    amount_before: Floats
    has_ordered: Flags
    amount: Floats

    def __len__(self) -> int:
        """Customers × days."""
        return len(self.ids)


def rows_of(frames: Sequence[pl.DataFrame], inputs: Sequence[str], days: int, quiet_days: int) -> Rows:
    """The rows of one or more snapshots, one after the other.

    Args:
        frames: of `read_snapshot`.
        inputs: columns that a model may learn from.
        days: the horizon.
        quiet_days: the window of `orders_before`; one of those of the snapshot.
    """
    import polars as pl

    # An empty sample has a column of nothing else but nulls where another has numbers.
    frame = pl.concat(frames, how="vertical_relaxed")
    has_outcome = "has_ordered" in frame.columns

    def column(name: str) -> Floats:
        return frame.get_column(name).cast(pl.Float64).fill_null(np.nan).to_numpy().astype(np.float64)

    tenure, recency, count = column("tenure_days"), column("recency_days"), column("order_day_count")
    return Rows(
        ids=frame.get_column("customer_id").to_numpy(),
        inputs=np.column_stack([column(name) for name in inputs]) if inputs else np.empty((frame.height, 0)),
        history=history_of(count, recency, tenure),
        order_day_count=count,
        mean_amount=_mean_amount(column("net_amount"), count),
        orders_before=column(f"order_{quiet_days}d_count"),
        amount_before=np.maximum(column(f"net_{days}d_amount"), 0.0),
        has_ordered=frame.get_column("has_ordered").to_numpy() if has_outcome else np.zeros(frame.height, dtype=bool),
        amount=np.maximum(column("outcome_amount"), 0.0) if has_outcome else np.zeros(frame.height),
    )


def history_of(order_day_count: Floats, recency_days: Floats, tenure_days: Floats) -> History:
    """What BG/NBD knows: a customer who bought nothing yet counts as one who bought once, today."""
    return History(
        x=np.maximum(order_day_count - 1, 0.0),
        t_x=np.nan_to_num(tenure_days - recency_days),
        total=np.nan_to_num(tenure_days),
    )


def cohort_of(frame: pl.DataFrame) -> tuple[History, Floats, Floats]:
    """Of `read_cohort`: what BG/NBD knows, and for gamma-gamma the order days and the mean net amount of one."""
    count, recency, tenure, net = (
        frame.get_column(name).to_numpy().astype(np.float64)
        for name in ("order_day_count", "recency_days", "tenure_days", "net_amount")
    )
    return history_of(count, recency, tenure), count, _mean_amount(net, count)


def _mean_amount(net_amount: Floats, order_day_count: Floats) -> Floats:
    return np.maximum(net_amount, 0.0) / np.maximum(order_day_count, 1.0)
