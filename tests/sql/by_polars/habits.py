"""Features of channels, times, loyalty and prices, recomputed in Polars; lines as in `orders.py`."""

from __future__ import annotations

import polars as pl

from tests.sql.by_polars.orders import KEY, bought, purchases

_DAYPARTS = {"morning": range(5, 11), "lunch": range(11, 15), "afternoon": range(15, 17), "dinner": range(17, 22)}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SEASONS = {"spring": (3, 4, 5), "summer": (6, 7, 8), "autumn": (9, 10, 11), "winter": (12, 1, 2)}
_ONLINE = ("web", "website", "webshop", "online", "internet", "ecommerce", "e-commerce", "app", "mobile")


def context(orders: pl.DataFrame) -> pl.DataFrame:
    """Theme `context`."""
    placed = purchases(orders).with_columns(
        daypart=_daypart(),
        weekday=pl.col("day").dt.weekday().replace_strict(dict(enumerate(_WEEKDAYS, 1)), return_dtype=pl.String),
        season=pl.col("day")
        .dt.month()
        .replace_strict({m: name for name, months in _SEASONS.items() for m in months}, return_dtype=pl.String),
    )
    timed = pl.col("daypart").is_not_null()
    times = placed.group_by(KEY).agg(
        weekend_order_share=pl.col("weekday").is_in(["saturday", "sunday"]).mean(),
        december_order_share=(pl.col("day").dt.month() == 12).mean(),
        **{f"{name}_order_share": (pl.col("season") == name).mean() for name in _SEASONS},
        **{f"{name}_order_share": (pl.col("daypart") == name).filter(timed).mean() for name in (*_DAYPARTS, "night")},
    )
    for kind, names in (("daypart", (*_DAYPARTS, "night")), ("weekday", _WEEKDAYS), ("season", tuple(_SEASONS))):
        times = times.join(_most(placed, kind, names).rename({kind: f"top_{kind}_name"}), on=KEY, how="left")
    return times.join(_channels(placed), on=KEY, how="left")


def _daypart() -> pl.Expr:
    """None for midnight sharp, which stands for a day without a time."""
    hour = pl.col("at").dt.hour()
    known = pl.when(pl.col("at") > pl.col("day").cast(pl.Datetime("us"))).then(pl.lit("night"))
    for name, hours in _DAYPARTS.items():
        known = pl.when(hour.is_in(list(hours))).then(pl.lit(name)).otherwise(known)
    return known


def _most(placed: pl.DataFrame, kind: str, names: tuple[str, ...]) -> pl.DataFrame:
    """The value of most orders, in a tie the earlier named."""
    place = pl.col(kind).replace_strict({name: number for number, name in enumerate(names)}, return_dtype=pl.Int64)
    counted = placed.filter(pl.col(kind).is_not_null()).group_by(KEY, kind).len()
    return (
        counted.sort(KEY, -pl.col("len").cast(pl.Int64), place)
        .group_by(KEY, maintain_order=True)
        .agg(pl.col(kind).first())
    )


def _channels(placed: pl.DataFrame) -> pl.DataFrame:
    counted = placed.filter(pl.col("channel_name").is_not_null()).group_by(KEY, "channel_name").len()
    share, name = pl.col("len") / pl.col("len").sum(), pl.col("channel_name")
    ranked = counted.sort(KEY, -pl.col("len").cast(pl.Int64), "channel_name")
    return ranked.group_by(KEY, maintain_order=True).agg(
        channel_count=pl.len(),
        top_channel_name=name.first(),
        top_channel_share=share.first(),
        second_channel_name=name.slice(1, 1).first(),
        second_channel_share=share.slice(1, 1).first(),
        online_order_share=share.filter(name.str.to_lowercase().is_in(_ONLINE)).sum(),
    )


def loyalty(lines: pl.DataFrame) -> pl.DataFrame:
    """Theme `loyalty`."""
    known = bought(lines).filter(pl.col("brand_name").is_not_null())
    sums = known.group_by(KEY, "brand_name").agg(pl.col("amount").sum())
    paid = sums.filter(pl.col("amount") > 0).sort(KEY, -pl.col("amount"), "brand_name")
    top = paid.group_by(KEY, maintain_order=True).agg(
        top_brand_name=pl.col("brand_name").first(), top_brand_share=pl.col("amount").first() / pl.col("amount").sum()
    )
    return (
        bought(lines)
        .select(KEY)
        .unique()
        .join(_switches(lines, "category"), on=KEY, how="left")
        .join(_switches(lines, "brand"), on=KEY, how="left")
        .join(sums.group_by(KEY).agg(brand_count=pl.len()), on=KEY, how="left")
        .join(top, on=KEY, how="left")
    )


def _switches(lines: pl.DataFrame, kind: str) -> pl.DataFrame:
    name = f"{kind}_name"
    known = bought(lines).filter(pl.col(name).is_not_null())
    main = (
        known.sort(-pl.col("amount"), name)
        .group_by(KEY, "order_id", maintain_order=True)
        .agg(pl.col("at").min(), main=pl.col(name).first())
        .sort(KEY, "at", "order_id")
    )
    before = pl.col("main").shift().over(KEY)
    steps = main.with_columns(is_switch=pl.col("main") != before).filter(pl.col("is_switch").is_not_null())
    return steps.group_by(KEY).agg(pl.col("is_switch").mean().alias(f"{kind}_switch_share"))


def price(lines: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """Theme `price`; lines without a customer are among those of everybody."""
    off = pl.col("discount").fill_null(0) > 0
    paid, taken = pl.col("amount").filter(off).sum(), pl.col("discount").filter(off).sum()
    discounts = (
        bought(lines)
        .group_by(KEY)
        .agg(
            discount_unit_share=pl.when(pl.col("units").sum() > 0).then(
                pl.col("units").filter(off).sum() / pl.col("units").sum()
            ),
            discount_depth_share=pl.when(off.any()).then(pl.when(paid > 0).then(taken / (paid + taken)).otherwise(1.0)),
        )
    )
    ordered = purchases(orders).group_by(KEY).agg(discount_order_share=(pl.col("discount") > 0).mean())
    return ordered.join(discounts, on=KEY, how="left").join(_compared(lines), on=KEY, how="left")


def _compared(lines: pl.DataFrame) -> pl.DataFrame:
    everybody = lines.filter(
        pl.col("is_product"), ~pl.col("is_back"), pl.col("units") > 0, pl.col("amount") > 0
    ).with_columns(pl.col(KEY).fill_null(""))
    usual = pl.col("amount").sum() / pl.col("units").sum()
    several = pl.col(KEY).n_unique() > 1
    product, category, shelf = ("product_id",), ("category_name",), ("category_name", "product_id")
    known = {
        keys: pl.all_horizontal(pl.col(name).is_not_null() for name in keys) for keys in (product, category, shelf)
    }
    by_product = everybody.filter(known[product]).group_by(product).agg(product_price=pl.when(several).then(usual))
    by_category = everybody.filter(known[category]).group_by(category).agg(category_price=usual)
    shelves = everybody.filter(known[shelf]).group_by(shelf).agg(shelf_price=(usual * 0.1).round(6))
    count, low, high = pl.len(), pl.col("shelf_price").min(), pl.col("shelf_price").max()
    tiers = shelves.with_columns(
        cheaper=pl.col("shelf_price").rank("min").over("category_name") - 1,
        dearer=pl.col("shelf_price").rank("min", descending=True).over("category_name") - 1,
        count=count.over("category_name"),
        is_tiered=((count >= 3) & (low < high)).over("category_name"),
    ).filter("is_tiered")
    tiers = tiers.select(
        *shelf, is_cheap=pl.col("cheaper") < pl.col("count") / 3, is_dear=pl.col("dearer") < pl.col("count") / 3
    )
    mine = (
        everybody.filter(pl.col(KEY) != "")
        .join(by_product, on=product, how="left")
        .join(by_category, on=category, how="left")
        .join(tiers, on=shelf, how="left")
    )
    return mine.group_by(KEY).agg(
        *(_ratio(kind) for kind in ("product", "category")),
        cheap_line_share=pl.col("is_cheap").mean(),
        dear_line_share=pl.col("is_dear").mean(),
    )


def _ratio(kind: str) -> pl.Expr:
    usual = pl.col(f"{kind}_price")
    paid = pl.col("amount").filter(usual.is_not_null()).sum()
    expected = (usual * pl.col("units")).sum()
    return pl.when(expected > 0).then(paid / expected).alias(f"{kind}_price_ratio")
