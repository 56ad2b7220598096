"""Complete Journey through the whole corridor at two dates, counted again by hand from its Parquet files.

2017-05-31 is a day with campaigns under way: of 197 households that had redeemed a coupon of a campaign by then, 28
redeemed another one of the same campaign later, which that day must not see.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.integration.case_pages import assert_page_holds
from tests.integration.corridor import EXAMPLES, ledger, partition, run_corridor, run_earlier
from tests.integration.hand_rfm import rfm

pytestmark = pytest.mark.real_data

MAY, DECEMBER = dt.date(2017, 5, 31), dt.date(2017, 12, 31)
DATES = (MAY, DECEMBER)
FILES = {
    "transactions": "transactions_sample",
    "products": "products",
    "demographics": "demographics",
    "campaigns": "campaign_descriptions",
    "mailings": "campaigns",
    "redemptions": "coupon_redemptions",
}


@dataclass(frozen=True, slots=True)
class Grocery:
    """Two published dates, and the files they were made of with every id as text."""

    output: Path
    files: dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def grocery(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Grocery:
    folder = test_data.resolve() / "completejourney"
    if not folder.is_dir():
        pytest.skip(f"no Complete Journey data at {folder}")
    output = tmp_path_factory.mktemp("grocery") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESEGMENT_TEST_DATA", str(test_data.resolve()))
        for date in DATES:
            run = run_corridor if date == DECEMBER else run_earlier
            run(EXAMPLES / "grocery", date, output)
    files = {
        name: pl.read_parquet(folder / f"{file}.parquet").with_columns(pl.col("^.*_id$").cast(pl.String))
        for name, file in FILES.items()
    }
    return Grocery(output, files)


def end_of(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date + dt.timedelta(days=1), dt.time())


def lines(grocery: Grocery) -> pl.DataFrame:
    """What households bought, money in cents."""
    return grocery.files["transactions"].select(
        "product_id",
        "quantity",
        customer_id="household_id",
        order_id="basket_id",
        at="transaction_timestamp",
        is_bought=pl.col("quantity") > 0,
        is_back=pl.lit(value=False),
        amount=(pl.col("sales_value") * 100).round().cast(pl.Int64),
    )


def customers_of(grocery: Grocery, date: dt.date) -> set[str]:
    """Every household of the demographics, and whoever had bought by then."""
    bought = lines(grocery).filter(pl.col("at") < end_of(date))
    return set(grocery.files["demographics"]["household_id"]) | set(bought["customer_id"])


def members(grocery: Grocery, date: dt.date, segment: str) -> set[str]:
    published = partition(grocery.output, "customer_segment", date)
    return set(published.filter(pl.col("segment_id") == segment)["customer_id"])


def features(grocery: Grocery, date: dt.date, theme: str, *names: str) -> dict[str, tuple[Any, ...]]:
    sql = f"SELECT customer_id, {', '.join(names)} FROM features.customer_{theme} WHERE as_of_date = DATE '{date}'"
    return {customer: tuple(values) for customer, *values in ledger(grocery.output, sql)}


def test_every_row_is_loaded(grocery: Grocery) -> None:
    found = ledger(
        grocery.output, "SELECT source_name, rows_read_count, rows_loaded_count, rows_quarantined_count FROM ops.load"
    )
    heights = {name: frame.height for name, frame in grocery.files.items()}
    expected = {
        "transactions": heights["transactions"],
        "households": heights["demographics"],
        "campaigns": heights["campaigns"],
        "campaign_mailings": heights["mailings"],
        "redemptions": heights["redemptions"],
    }
    assert sorted(found) == sorted((name, rows, rows, 0) for name, rows in expected.items())


@pytest.mark.parametrize("date", DATES, ids=str)
def test_integer_and_text_ids_name_the_same_households(grocery: Grocery, date: dt.date) -> None:
    """Household ids are text in the transactions and integers in the demographics; both meet in one customer."""
    customers = customers_of(grocery, date)
    staged = {customer for (customer,) in ledger(grocery.output, "SELECT customer_id FROM staging.customers")}
    assert staged == customers_of(grocery, DECEMBER)
    buyers = set(lines(grocery).filter(pl.col("at") < end_of(date), pl.col("is_bought"))["customer_id"])
    found = features(grocery, date, "value", "order_count")
    assert set(found) == customers
    assert {customer for customer, (orders,) in found.items() if orders} == buyers
    known = features(grocery, date, "demographics", "age_band_name")
    described = set(grocery.files["demographics"]["household_id"])
    assert {customer for customer, (age,) in known.items() if age} == described
    assert len(described & buyers) > 0.9 * len(described)


@pytest.mark.parametrize("date", DATES, ids=str)
def test_products_of_integer_ids_name_the_lines_of_text_ids(grocery: Grocery, date: dt.date) -> None:
    bought = lines(grocery).filter(pl.col("at") < end_of(date), pl.col("is_bought"))
    products = grocery.files["products"].filter(pl.col("department").is_not_null())
    expected = bought.join(products, on="product_id").group_by("customer_id").agg(pl.col("department").n_unique())
    found = features(grocery, date, "basket", "category_count")
    assert {customer: count for customer, (count,) in found.items() if count} == dict(expected.iter_rows())


@pytest.mark.parametrize("date", DATES, ids=str)
def test_fuel_is_counted_in_gallons(grocery: Grocery, date: dt.date) -> None:
    products = grocery.files["products"].select("product_id", "product_type")
    bought = lines(grocery).filter(pl.col("at") < end_of(date)).join(products, on="product_id", how="left")
    is_fuel = pl.col("product_type").fill_null("").str.starts_with("GASOLINE") & (pl.col("quantity") > 1)
    milli = pl.when(is_fuel).then(pl.col("quantity")).otherwise(pl.col("quantity") * 1000).cast(pl.Int64)
    expected = bought.group_by("customer_id").agg(milli.sum())
    found = features(grocery, date, "value", "unit_count")
    counted = {customer: int(units * 1000) for customer, (units,) in found.items()}
    assert counted == dict.fromkeys(counted, 0) | dict(expected.iter_rows())
    # No basket of thousands of units is left.
    assert all(units < 200 for units in bought.group_by("order_id").agg(milli.sum() / 1000)["quantity"])


@pytest.mark.parametrize("date", DATES, ids=str)
def test_amounts_are_what_the_retailer_was_paid_to_the_cent(grocery: Grocery, date: dt.date) -> None:
    bought = lines(grocery).filter(pl.col("at") < end_of(date), pl.col("is_bought"))
    expected = bought.group_by("customer_id").agg(pl.col("amount").sum())
    found = features(grocery, date, "value", "CAST(net_amount * 100 AS DOUBLE)")
    cents = {customer: amount for customer, (amount,) in found.items()}
    assert cents == dict.fromkeys(cents, 0) | dict(expected.iter_rows())


@pytest.mark.parametrize("date", DATES, ids=str)
def test_rfm_recomputed_by_hand_is_what_is_published(grocery: Grocery, date: dt.date) -> None:
    published = partition(grocery.output, "customer_segment", date).filter(pl.col("segmentation_id") == "rfm")
    expected = rfm(lines(grocery), date)
    assert expected.height > 2000
    assert published.select("customer_id", "segment_id", "reason").sort("customer_id").equals(expected)


@pytest.mark.parametrize("date", DATES, ids=str)
def test_households_by_demographics(grocery: Grocery, date: dt.date) -> None:
    def place(size: str, kids: str, age: str) -> str:
        if kids != "0":
            return "families"
        if age in {"55-64", "65+"}:
            return "seniors"
        return "singles" if size == "1" else "couples"

    known = grocery.files["demographics"].select("household_id", "household_size", "kids_count", "age")
    expected = {household: f"household.{place(*said)}" for household, *said in known.iter_rows()}
    expected |= dict.fromkeys(customers_of(grocery, date) - expected.keys(), "household.unknown")
    published = partition(grocery.output, "customer_segment", date).filter(pl.col("segmentation_id") == "household")
    assert dict(published.select("customer_id", "segment_id").iter_rows()) == expected


def campaigns_met(grocery: Grocery, date: dt.date) -> pl.DataFrame:
    """Campaigns that had reached each household, and those it had redeemed a coupon of, by the end of the day."""
    started = grocery.files["campaigns"].filter(pl.col("start_date") < end_of(date))
    mailed = grocery.files["mailings"].join(started, on="campaign_id").group_by("household_id").len("contacts")
    redeemed = (
        grocery.files["redemptions"]
        .filter(pl.col("redemption_date") < end_of(date))
        .group_by("household_id")
        .agg(responses=pl.col("campaign_id").n_unique())
    )
    return mailed.join(redeemed, on="household_id", how="full", coalesce=True).fill_null(0).sort("household_id")


@pytest.mark.parametrize("date", DATES, ids=str)
def test_contacts_and_redemptions_are_those_of_the_files(grocery: Grocery, date: dt.date) -> None:
    expected = campaigns_met(grocery, date)
    assert expected["responses"].sum() == {MAY: 197, DECEMBER: 792}[date]
    known = customers_of(grocery, date)
    names = ("campaign_contact_count", "campaign_response_count")
    found = {household: met for household, met in features(grocery, date, "engagement", *names).items() if any(met)}
    assert found == {household: (sent, used) for household, sent, used in expected.iter_rows() if household in known}


@pytest.mark.parametrize("date", DATES, ids=str)
def test_a_household_is_in_several_coupon_segments(grocery: Grocery, date: dt.date) -> None:
    known = pl.col("household_id").is_in(list(customers_of(grocery, date)))
    met = campaigns_met(grocery, date).filter(known)
    mailed, redeemers = members(grocery, date, "coupons.mailed"), members(grocery, date, "coupons.redeemer")
    assert mailed == set(met.filter(pl.col("contacts") > 0)["household_id"])
    assert redeemers == set(met.filter(pl.col("responses") > 0)["household_id"])
    assert len(mailed & redeemers) > 100
    kpi = partition(grocery.output, "segment_kpi", date).filter(
        pl.col("as_of_date") == date, pl.col("segmentation_id") == "coupons"
    )
    # "Share of the segmentation's customers": whoever is in two segments is one customer.
    shares = dict(kpi.select("segment_id", "customer_share").iter_rows())
    everybody = len(mailed | redeemers)
    assert shares["coupons.mailed"] == pytest.approx(len(mailed) / everybody)
    assert shares["coupons.redeemer"] == pytest.approx(len(redeemers) / everybody)


@pytest.mark.parametrize("date", DATES, ids=str)
@pytest.mark.parametrize(
    ("first", "second"),
    [("coupons.mailed", "coupons.redeemer"), ("coupons.redeemer", "rfm.champions")],
    ids=["within one segmentation", "of two segmentations"],
)
def test_overlap_recomputed_by_hand(grocery: Grocery, date: dt.date, first: str, second: str) -> None:
    one, other = members(grocery, date, first), members(grocery, date, second)
    both, everybody = len(one & other), len(customers_of(grocery, date))
    assert both > 0
    outside = everybody - len(one | other)
    spread = math.sqrt(len(one) * (everybody - len(one)) * len(other) * (everybody - len(other)))
    overlap = partition(grocery.output, "segment_overlap", date)
    (found,) = overlap.filter(
        pl.col("as_of_date") == date, pl.col("segment_id_a") == first, pl.col("segment_id_b") == second
    ).to_dicts()
    assert (found["a_count"], found["b_count"], found["intersection_count"]) == (len(one), len(other), both)
    assert found["jaccard_share"] == pytest.approx(both / len(one | other))
    assert found["containment_a_share"] == pytest.approx(both / len(one))
    assert found["containment_b_share"] == pytest.approx(both / len(other))
    assert found["lift"] == pytest.approx(both * everybody / (len(one) * len(other)))
    only_one, only_other = len(one) - both, len(other) - both
    assert found["phi"] == pytest.approx((both * outside - only_one * only_other) / spread)


def test_the_page_of_the_case_states_what_is_published(grocery: Grocery) -> None:
    assert_page_holds("category-affinity.md", grocery.output, DECEMBER)
