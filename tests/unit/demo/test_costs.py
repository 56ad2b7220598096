"""Costs: below prices, changed when the story says, and those of a customer as anybody would add them up."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from scipy import stats

from tasks.demo import costs, story
from tests.unit.demo import read_beside
from tests.unit.demo.conftest import Demo
from tests.unit.demo.read_exports import web_text


@pytest.fixture(scope="module")
def unit_costs(demo: Demo) -> pl.DataFrame:
    return read_beside.cost_list(demo.folder).filter(pl.col("what") == "unit").select("sku", "valid_from", "amount")


def _products(demo: Demo) -> pl.DataFrame:
    """Numbers of the products by their names, which lines have."""
    text, _ = web_text(demo.folder)
    tills = pl.read_parquet(demo.folder / "pos" / "pos_*.parquet").select(sku="article_no", product="article")
    return pl.concat([text.select("sku", "product"), tills]).unique()


def _costed(demo: Demo, unit_costs: pl.DataFrame) -> pl.DataFrame:
    """Every line of goods beside the cost of a unit on its day."""
    goods = demo.lines.filter(pl.col("category") != "Delivery").join(_products(demo), on="product")
    return (
        goods.with_columns(day=pl.col("at").dt.date())
        .sort("day")
        .join_asof(
            unit_costs.sort("valid_from"), left_on="day", right_on="valid_from", by="sku", check_sortedness=False
        )
    )


def test_a_unit_costs_less_than_its_price_before_discount(demo: Demo, unit_costs: pl.DataFrame) -> None:
    lines = _costed(demo, unit_costs)
    assert lines["amount"].null_count() == 0
    sales = lines.filter(~pl.col("order").str.contains("-"))
    assert (sales["amount"] < sales["price"]).all()
    # With a large discount some groceries are sold at a loss.
    paid = sales["price"] - sales["discount"] / sales["quantity"]
    assert 0 < (sales["amount"] > paid).mean() < 0.2


def test_costs_rise_on_the_days_of_the_story(unit_costs: pl.DataFrame) -> None:
    dates = [date for date, _, _ in costs.COST_CHANGES]
    assert sorted(set(unit_costs["valid_from"])) == dates
    first = unit_costs.filter(pl.col("valid_from") == dates[0])
    last = unit_costs.filter(pl.col("valid_from") == dates[-1])
    assert dates[-1] == story.PRICE_RISE_DATE
    # The meal kits have no earlier costs.
    assert len(last) - len(first) == 3
    ratio = first.join(last, on="sku").select(pl.col("amount_right") / pl.col("amount")).to_series()
    assert 1.04 < float(ratio.min() or 0) < 1.08
    assert 1.12 < float(ratio.max() or 0) < 1.16
    assert unit_costs.select("sku", "valid_from").is_unique().all()


def test_the_truth_adds_up_the_goods_of_every_customer(demo: Demo, unit_costs: pl.DataFrame) -> None:
    lines = _costed(demo, unit_costs).with_columns(cost=pl.col("quantity") * pl.col("amount"))
    is_sale = ~pl.col("order").str.contains("-")
    added = lines.group_by("customer").agg(
        sold=pl.col("cost").filter(is_sale).sum(), returned=-pl.col("cost").filter(~is_sale).sum()
    )
    both = read_beside.profiles(demo.folder).join(added, left_on="customer_id", right_on="customer", how="left")
    both = both.with_columns(pl.col("sold", "returned").fill_null(0))
    assert ((both["sold_goods_cost_amount"] - both["sold"]).abs() < 0.001).all()
    assert ((both["returned_goods_cost_amount"] - both["returned"]).abs() < 0.001).all()
    assert both["returned"].sum() > 0


def test_the_truth_adds_up_the_orders_of_every_customer(demo: Demo) -> None:
    per_order = read_beside.cost_list(demo.folder).filter(pl.col("what") == "order")
    assert per_order.select("channel", "valid_from").is_unique().all()
    orders = (
        demo.lines.filter(~pl.col("order").str.contains("-")).unique("order").with_columns(day=pl.col("at").dt.date())
    )
    charged = orders.sort("day").join_asof(
        per_order.select("channel", "valid_from", "amount").sort("valid_from"),
        left_on="day",
        right_on="valid_from",
        by="channel",
        check_sortedness=False,
    )
    added = charged.group_by("customer").agg(pl.col("amount").sum())
    both = read_beside.profiles(demo.folder).join(added, left_on="customer_id", right_on="customer", how="left")
    assert ((both["order_cost_amount"] - both["amount"].fill_null(0)).abs() < 0.001).all()


def test_service_costs_are_those_of_the_contacts(demo: Demo) -> None:
    asked, spent = read_beside.service(demo.folder), read_beside.service_costs(demo.folder)
    both = asked.with_columns(entry=pl.col("ticket").str.replace("T", "S")).join(spent, on=["entry", "customer"])
    assert len(both) == len(asked) == len(spent)
    assert (both["opened_at"].dt.date() == both["booked_on"]).all()
    minute, contact = {"telephone": 0.95, "chat": 0.55}, {"telephone": 1.90, "chat": 0.60}
    expected = both["via"].replace_strict(contact) + both["via"].replace_strict(minute) * both["minutes"]
    # Rounded down to whole cents.
    assert ((expected - both["amount"]).is_between(-0.001, 0.0101)).all()
    counted = both.group_by("customer").agg(pl.len(), pl.col("amount").sum())
    truth = read_beside.profiles(demo.folder).join(counted, left_on="customer_id", right_on="customer", how="left")
    assert (truth["service_contact_count"] == truth["len"].fill_null(0)).all()
    assert ((truth["service_cost_amount"] - truth["amount"].fill_null(0)).abs() < 0.001).all()


def test_service_is_asked_after_orders_and_settles_less_for_the_lapsing(demo: Demo) -> None:
    asked = read_beside.service(demo.folder).join(demo.truth, left_on="customer", right_on="customer_id")
    lapsing = pl.col("segment") == "lapsing"
    for chosen, share in ((lapsing, story.SERVICE_SOLVED_LAPSING_SHARE), (~lapsing, story.SERVICE_SOLVED_SHARE)):
        theirs = asked.filter(chosen)
        assert stats.binomtest((theirs["solved"] == "yes").sum(), len(theirs), share).pvalue > 0.001
    assert asked["opened_at"].max() < dt.datetime(2025, 7, 1)
    online = demo.lines.filter((pl.col("channel") != "store") & ~pl.col("order").str.contains("-")).unique("order")
    late = asked.filter(pl.col("subject").is_in(["delivery", "missing item"])).sort("opened_at")
    with_order = late.join_asof(
        online.select("customer", "at").sort("at"),
        left_on="opened_at",
        right_on="at",
        by="customer",
        check_sortedness=False,
    )
    waited = with_order["opened_at"] - with_order["at"]
    assert waited.null_count() == 0
    assert (waited <= dt.timedelta(days=4, hours=1)).all()
