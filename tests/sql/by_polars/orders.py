"""Features of orders, recomputed in Polars from lines by other means than the SQL models'.

Lines are a frame with the columns of `SCHEMA`: units in thousandths and money in ten-thousandths, as whole numbers, so
that sums are exact; `amount` is what a line came to, above zero for returns, too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "customer_id": pl.String,
    "order_id": pl.String,
    "at": pl.Datetime("us"),
    "product_id": pl.String,
    "product_name": pl.String,
    "category_name": pl.String,
    "brand_name": pl.String,
    "channel_name": pl.String,
    "country_name": pl.String,
    "units": pl.Int64,
    "amount": pl.Int64,
    "discount": pl.Int64,
    "is_back": pl.Boolean,
    "is_product": pl.Boolean,
}
MONEY, UNIT = 10_000, 1_000
KEY = "customer_id"


def lines_of(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every column of `SCHEMA`, of its type; what it lacks is null."""
    missing = [pl.lit(None, kind).alias(name) for name, kind in SCHEMA.items() if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def bought(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines of products that known customers bought."""
    return lines.filter(pl.col(KEY).is_not_null(), pl.col("is_product"), ~pl.col("is_back"))


def orders_of(lines: pl.DataFrame) -> pl.DataFrame:
    """One row per customer and order."""
    buys, back = pl.col("is_product") & ~pl.col("is_back"), pl.col("is_product") & pl.col("is_back")
    return (
        lines.filter(pl.col(KEY).is_not_null())
        .group_by(KEY, "order_id")
        .agg(
            pl.col("at").min(),
            pl.col("channel_name").min(),
            pl.col("country_name").min(),
            bought_lines=buys.sum(),
            back_lines=back.sum(),
            units=pl.col("units").filter(buys).sum(),
            gross=pl.col("amount").filter(buys).sum(),
            returned=pl.col("amount").filter(back).sum(),
            discount=pl.col("discount").filter(buys).sum(),
        )
        .with_columns(day=pl.col("at").dt.date(), is_purchase=pl.col("bought_lines") > 0)
    )


def purchases(orders: pl.DataFrame) -> pl.DataFrame:
    """Orders with at least one bought product."""
    return orders.filter("is_purchase")


def value(lines: pl.DataFrame, orders: pl.DataFrame, as_of: dt.date, windows: Sequence[int]) -> pl.DataFrame:
    """Theme `value`: orders are of the day of their first line, amounts of that of their own."""
    day, is_purchase = pl.col("day"), pl.col("is_purchase")
    recent = {days: day > as_of - dt.timedelta(days=days) for days in windows}
    placed = orders.group_by(KEY).agg(
        recency_days=(as_of - day.filter(is_purchase).max()).dt.total_days(),
        tenure_days=(as_of - day.filter(is_purchase).min()).dt.total_days(),
        first_order_date=day.filter(is_purchase).min(),
        last_order_date=day.filter(is_purchase).max(),
        order_count=is_purchase.sum(),
        unit_count=pl.col("units").sum() / UNIT,
        average_order_amount=pl.col("gross").filter(is_purchase).mean() / MONEY,
        **{f"order_{days}d_count": (is_purchase & recent[days]).sum() for days in windows},
    )
    signed = pl.when("is_back").then(-pl.col("amount")).otherwise("amount")
    moved = (
        lines.filter(pl.col(KEY).is_not_null(), pl.col("is_product"))
        .with_columns(day=pl.col("at").dt.date(), net=signed)
        .group_by(KEY)
        .agg(
            net_amount=pl.col("net").sum() / MONEY,
            **{f"net_{days}d_amount": pl.col("net").filter(recent[days]).sum() / MONEY for days in windows},
        )
    )
    return placed.join(moved, on=KEY, how="left")


def returns(orders: pl.DataFrame) -> pl.DataFrame:
    """Theme `returns`."""
    back, buys = pl.col("back_lines").sum(), pl.col("bought_lines").sum()
    returned, gross = pl.col("returned").sum(), pl.col("gross").sum()
    share = pl.when(gross > 0).then((returned / gross).clip(upper_bound=1)).when(returned > 0).then(1.0)
    return orders.group_by(KEY).agg(
        return_line_count=back,
        return_line_share=pl.when(back + buys > 0).then(back / (back + buys)),
        returned_amount=returned / MONEY,
        return_amount_share=share,
    )


def cadence(orders: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Theme `cadence`."""
    days = purchases(orders).group_by(KEY).agg(pl.col("day").unique().sort())
    gaps = days.with_columns(gap=pl.col("day").list.eval(pl.element().diff(null_behavior="drop").dt.total_days()))
    gap, last = pl.col("gap").list, pl.col("day").list.last()
    spread = gap.std(ddof=1) / gap.mean()
    due = last + pl.duration(days=gap.median().ceil().cast(pl.Int64))
    return gaps.select(
        KEY,
        order_day_count=pl.col("day").list.len(),
        gap_mean_days=gap.mean(),
        gap_median_days=gap.median(),
        gap_std_days=gap.std(ddof=1),
        last_gap_days=gap.last(),
        overdue_ratio=(as_of - last).dt.total_days() / gap.mean(),
        gap_variation_ratio=spread,
        is_regular=spread <= 0.5,
        expected_next_order_date=due,
        expected_next_order_days=(due - as_of).dt.total_days(),
    )


def basket(lines: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """Theme `basket`."""
    discount, gross = pl.col("discount").sum(), pl.col("gross").sum()
    sizes = (
        purchases(orders)
        .group_by(KEY)
        .agg(
            units_per_order=pl.col("units").sum() / UNIT / pl.len(),
            lines_per_order=pl.col("bought_lines").sum() / pl.len(),
            discount_share=pl.when(gross > 0).then(discount / (gross + discount)).when(discount > 0).then(1.0),
        )
    )
    return sizes.join(_categories(lines), on=KEY, how="left").join(_products(lines), on=KEY, how="left")


def _categories(lines: pl.DataFrame) -> pl.DataFrame:
    sums = (
        bought(lines)
        .filter(pl.col("category_name").is_not_null())
        .group_by(KEY, "category_name")
        .agg(pl.col("amount").sum())
    )
    paid = sums.filter(pl.col("amount") > 0).sort(KEY, -pl.col("amount"), "category_name")
    share = pl.col("amount") / pl.col("amount").sum()
    ranked = paid.group_by(KEY, maintain_order=True).agg(
        category_entropy=-(share * share.log(2)).sum(),
        top_category_name=pl.col("category_name").first(),
        top_category_share=share.first(),
        second_category_name=pl.col("category_name").slice(1, 1).first(),
        second_category_share=share.slice(1, 1).first(),
    )
    return sums.group_by(KEY).agg(category_count=pl.len()).join(ranked, on=KEY, how="left")


def _products(lines: pl.DataFrame) -> pl.DataFrame:
    known = bought(lines).filter(pl.col("product_id").is_not_null())
    each = known.group_by(KEY, "product_id").agg(
        lines=pl.len(),
        amount=pl.col("amount").sum(),
        days=pl.col("at").dt.date().n_unique(),
        name=pl.col("product_name").max(),
    )
    ranked = each.sort(KEY, -pl.col("lines").cast(pl.Int64), -pl.col("amount"), "product_id")
    return ranked.group_by(KEY, maintain_order=True).agg(
        product_count=pl.len(),
        favourite_product_id=pl.col("product_id").first(),
        favourite_product_name=pl.col("name").first(),
        favourite_product_share=pl.col("lines").first() / pl.col("lines").sum(),
        repeat_product_share=(pl.col("days") > 1).mean(),
    )
