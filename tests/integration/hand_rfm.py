"""RFM written down a second time, from its definition and in Polars; nothing of `tasks/segments` is used."""

from __future__ import annotations

import datetime as dt

import polars as pl

#: The named segments in common use, on recency (rows, 5 best) × frequency (columns, 1 to 5).
_GRID = {
    5: ("new_customers", "potential_loyalists", "potential_loyalists", "champions", "champions"),
    4: ("promising", "potential_loyalists", "potential_loyalists", "loyal", "loyal"),
    3: ("about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"),
    2: ("hibernating", "hibernating", "at_risk", "at_risk", "cannot_lose"),
    1: ("lost", "lost", "at_risk", "at_risk", "cannot_lose"),
}


def _quintile(values: pl.Expr, *, reverse: bool) -> pl.Expr:
    """Score 1 to 5: in which fifth of the n customers the first of his equals stands, worst first.

    The best of all score 5 and, where all are equal, everybody 3.
    """
    place = values.rank("min", descending=reverse).cast(pl.Int64)
    best = values.min() if reverse else values.max()
    fifth = 1 + (place - 1) * 5 // pl.len().cast(pl.Int64)
    return pl.when(values.n_unique() == 1).then(3).when(values == best).then(5).otherwise(fifth)


def rfm(lines: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Segment and reason of every customer who bought by the end of a day.

    Args:
        lines: customer_id, order_id, at, is_bought (a product, not brought back), is_back (a product brought back or
            cancelled), amount (of the line, positive, in whole units of any size).
        as_of: the day.

    Returns:
        customer_id, segment_id, reason; ascending by customer.
    """
    seen = lines.filter(
        pl.col("at") < dt.datetime.combine(as_of + dt.timedelta(days=1), dt.time()), pl.col("customer_id").is_not_null()
    )
    # An order's day is that of its first line, of whatever kind; it is an order if a product was bought in it.
    orders = seen.group_by("customer_id", "order_id").agg(
        day=pl.col("at").min().dt.date(),
        is_order=pl.col("is_bought").any(),
        net=pl.col("amount").filter("is_bought").sum() - pl.col("amount").filter("is_back").sum(),
    )
    customers = orders.group_by("customer_id").agg(
        days=(as_of - pl.col("day").filter("is_order").max()).dt.total_days(),
        orders=pl.col("is_order").sum(),
        net=pl.col("net").sum(),
    )
    scored = customers.filter(pl.col("orders") > 0).select(
        "customer_id",
        r=_quintile(pl.col("days"), reverse=True),
        f=_quintile(pl.col("orders"), reverse=False),
        m=_quintile(pl.col("net"), reverse=False),
    )
    named = [
        {"customer_id": customer, "segment_id": f"rfm.{_GRID[r][f - 1]}", "reason": f"R{r} F{f} M{m}"}
        for customer, r, f, m in scored.iter_rows()
    ]
    return pl.DataFrame(named).sort("customer_id")
