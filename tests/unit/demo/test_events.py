"""The planted events are to be seen in plain aggregates of the exports, and nothing of them before their dates."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from scipy import stats

from tests.unit.demo.conftest import Demo
from tests.unit.demo.read_exports import web_text, web_typed

PRICE_RISE = dt.datetime(2025, 5, 1)
FIRST_BOXES = dt.datetime(2025, 5, 5)
LAST_FIRST_BOXES = dt.date(2025, 5, 25)


def _sales(demo: Demo) -> pl.DataFrame:
    return demo.lines.filter(~pl.col("order").str.contains("-"))


def _orders(demo: Demo, segment: str, days: tuple[str, str]) -> int:
    """Orders of those who were customers at the end of February, from the first day to the last."""
    first, last = (dt.date.fromisoformat(day) for day in days)
    members = demo.truth.filter(
        (pl.col("segment_at_end") == segment) & (pl.col("registered_date") < dt.date(2025, 3, 1))
    )
    found = _sales(demo).join(members, left_on="customer", right_on="customer_id", how="semi")
    return found.filter(pl.col("at").dt.date().is_between(first, last))["order"].n_unique()


def test_online_prices_rise_by_twelve_per_cent_and_store_prices_stay(demo: Demo) -> None:
    goods = _sales(demo).filter((pl.col("category") != "Delivery") & (pl.col("category") != "Meal kits"))
    prices = goods.group_by("product", online=pl.col("channel") != "store", after=pl.col("at") >= PRICE_RISE).agg(
        low=pl.col("price").min(), high=pl.col("price").max()
    )
    # One price per product, system and period.
    assert (prices["low"] == prices["high"]).all()
    before, after = (prices.filter(pl.col("after") == flag) for flag in (False, True))
    both = before.join(after, on=["product", "online"])
    online, store = both.filter("online"), both.filter(~pl.col("online"))
    assert online["product"].n_unique() > 20
    assert store["product"].n_unique() > 20
    assert ((online["low"] * 1.12 - online["low_right"]).abs() < 0.00501).all()
    assert (store["low"] == store["low_right"]).all()


def test_pantry_stockers_halve_and_lunchers_do_not(demo: Demo) -> None:
    """Weeks from Monday to Sunday on both sides, so that weekdays weigh the same; the season is level."""
    quiet, before, after = ("2025-03-03", "2025-03-30"), ("2025-03-31", "2025-04-27"), ("2025-05-05", "2025-06-01")

    def change(segment: str, one: tuple[str, str], other: tuple[str, str]) -> tuple[int, int]:
        return _orders(demo, segment, one), _orders(demo, segment, other)

    for segment in ("pantry_stockers", "weekday_lunchers", "family_weekenders"):
        one, other = change(segment, quiet, before)
        assert stats.binomtest(one, one + other, 0.5).pvalue > 0.001, segment
    one, other = change("weekday_lunchers", before, after)
    assert stats.binomtest(one, one + other, 0.5).pvalue > 0.001
    one, other = change("pantry_stockers", before, after)
    # Two orders before, one after: two thirds lie before.
    assert stats.binomtest(one, one + other, 0.5).pvalue < 1e-9
    assert stats.binomtest(one, one + other, 2 / 3).pvalue > 0.001


def test_everybody_together_is_quiet_before_and_moves_after(demo: Demo) -> None:
    """McNemar on who ordered within the 30 days before two month ends, of those known before the first of them."""
    sales = _sales(demo)
    known = sales.filter(pl.col("at") < dt.datetime(2025, 3, 1))["customer"].drop_nulls().unique()

    def active(last: dt.date) -> pl.Series:
        window = pl.col("at").dt.date().is_between(last - dt.timedelta(days=29), last)
        return known.is_in(sales.filter(window)["customer"].drop_nulls().unique().implode())

    march, april, may = (active(dt.date(2025, month, day)) for month, day in ((3, 31), (4, 30), (5, 31)))

    def stopped_and_started(one: pl.Series, other: pl.Series) -> tuple[int, int]:
        return int((one & ~other).sum()), int((~one & other).sum())

    stopped, started = stopped_and_started(march, april)
    assert stats.binomtest(stopped, stopped + started).pvalue > 0.001
    stopped, started = stopped_and_started(april, may)
    assert stopped > started
    assert stats.binomtest(stopped, stopped + started).pvalue < 0.001


def test_the_lapsed_order_until_the_day_and_never_again(demo: Demo) -> None:
    lapsed = demo.truth.filter("lapsed_by_price_rise")
    theirs = _sales(demo).join(lapsed, left_on="customer", right_on="customer_id", how="semi")
    assert (theirs["at"] < PRICE_RISE).all()
    april = theirs.filter(pl.col("at") >= dt.datetime(2025, 4, 1))
    assert april["customer"].n_unique() > 0.3 * len(lapsed)


def test_meal_kits_appear_in_may(demo: Demo) -> None:
    kits = _sales(demo).filter(pl.col("category") == "Meal kits")
    assert (kits["at"] >= FIRST_BOXES).all()
    subscribers = demo.truth.drop_nulls("meal_kit_since_date")
    assert set(kits["customer"]) <= set(subscribers["customer_id"])
    assert subscribers["meal_kit_since_date"].is_between(FIRST_BOXES.date(), LAST_FIRST_BOXES).all()
    assert 0.015 < len(subscribers) / len(demo.truth) < 0.04
    orders = _sales(demo).filter(pl.col("at") >= dt.datetime(2025, 6, 1))
    june = orders.group_by("customer").agg(pl.col("order").n_unique())
    theirs = june.join(subscribers, left_on="customer", right_on="customer_id")["order"].mean()
    others = june.join(subscribers, left_on="customer", right_on="customer_id", how="anti")["order"].mean()
    assert isinstance(theirs, float)
    assert isinstance(others, float)
    assert theirs > 3.0 > others


def test_online_feedback_falls_and_store_feedback_does_not(demo: Demo) -> None:
    feedback = pl.read_ndjson(demo.folder / "feedback.jsonl").filter(pl.col("stars") <= 5)
    channel = _sales(demo).select(
        "channel", id=pl.format("F{}", pl.col("order").str.strip_prefix("W").str.strip_prefix("P").str.zfill(11))
    )
    # Feedback has a channel of its own: here counts that of the order.
    joined = (
        feedback.drop("channel")
        .join(channel.unique(), on="id")
        .with_columns(pl.col("given_at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ"))
    )
    # Feedback of an order comes up to three days later.
    before = joined.filter(pl.col("given_at") < PRICE_RISE)
    after = joined.filter(pl.col("given_at") >= PRICE_RISE + dt.timedelta(days=4))
    online, store = pl.col("channel") != "store", pl.col("channel") == "store"
    fall = stats.mannwhitneyu(before.filter(online)["stars"], after.filter(online)["stars"], alternative="greater")
    stay = stats.mannwhitneyu(before.filter(store)["stars"], after.filter(store)["stars"])
    assert fall.pvalue < 0.001
    assert stay.pvalue > 0.001
    assert after.filter(online)["comment"].str.contains("(?i)price|expensive|teuer|12 %").sum() > 0


@pytest.mark.parametrize(
    ("segment", "column", "low", "high"),
    [
        ("weekday_lunchers", "lunch", 0.85, 1.0),
        ("occasional_treaters", "lunch", 0.0, 0.2),
        ("family_weekenders", "friday_to_sunday", 0.65, 0.75),
        ("weekday_lunchers", "friday_to_sunday", 0.15, 0.35),
        ("pantry_stockers", "online", 0.95, 1.0),
        ("weekday_lunchers", "online", 0.0, 0.12),
        ("deal_hunters", "discounted", 0.6, 0.85),
        ("occasional_treaters", "discounted", 0.0, 0.1),
    ],
)
def test_segments_behave_as_described(demo: Demo, segment: str, column: str, low: float, high: float) -> None:
    members = demo.truth.filter(pl.col("segment_at_end") == segment)
    lines = _sales(demo).join(members, left_on="customer", right_on="customer_id", how="semi")
    goods = lines.filter(pl.col("category") != "Delivery")
    shares = goods.select(
        lunch=(pl.col("at").dt.hour() < 16).filter(pl.col("channel") == "store").mean(),
        friday_to_sunday=(pl.col("at").dt.weekday() >= 5).mean(),
        online=(pl.col("channel") != "store").mean(),
        discounted=(pl.col("discount") > 0).mean(),
    )
    assert low <= shares[column][0] <= high


def test_december_is_the_busiest_month(demo: Demo) -> None:
    orders = _sales(demo).unique("order").group_by(pl.col("at").dt.strftime("%Y-%m")).len()
    per_month = dict(orders.iter_rows())
    assert max(per_month, key=lambda month: per_month[month]) == "2024-12"


def test_reversals_follow_what_they_reverse(demo: Demo) -> None:
    text, _ = web_text(demo.folder)
    lines = web_typed(text).unique()
    reversals = lines.filter(pl.col("status") != "completed").with_columns(pl.col("order_no").str.head(12))
    both = reversals.join(lines, on=["order_no", "position"], suffix="_sold")
    assert len(both) == len(reversals) > 100
    assert (both["quantity"] == -both["quantity_sold"]).all()
    assert (both["ordered_at"] > both["ordered_at_sold"]).all()
    paid = both["quantity_sold"] * both["unit_price_sold"] - both["discount_sold"]
    assert ((both["quantity"] * both["unit_price"] + paid).abs() < 0.001).all()
    assert (reversals["status"].is_in(["cancelled", "returned"])).all()


def test_about_eight_per_cent_of_the_tills_lines_are_anonymous(demo: Demo) -> None:
    frame = pl.read_parquet(demo.folder / "pos" / "pos_*.parquet")
    receipts = frame.drop_nulls("receipt_no").group_by("receipt_no").agg(pl.col("card_no").is_null().any())
    anonymous = int(receipts["card_no"].sum())
    assert stats.binomtest(anonymous, len(receipts), 0.08).pvalue > 0.001


def test_postage_is_charged_below_the_limit(demo: Demo) -> None:
    sales = _sales(demo).filter(pl.col("channel") != "store")
    is_postage = pl.col("category") == "Delivery"
    worth = pl.col("quantity") * pl.col("price") - pl.col("discount")
    orders = sales.group_by("order").agg(
        value=worth.filter(~is_postage).sum().round(2), postage=is_postage.sum(), customer=pl.col("customer").first()
    )
    # Orders of unknown customers are planted one-line orders without postage.
    known = orders.join(demo.truth, left_on="customer", right_on="customer_id", how="semi")
    assert ((known["value"] < 45) == (known["postage"] == 1)).all()
    assert known["postage"].max() == 1
