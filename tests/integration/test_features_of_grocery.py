"""Every feature that Complete Journey fills, recomputed in Polars from its Parquet files, is the same number."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from tests.integration.real_features import RealFeatures, features_of_example
from tests.sql.by_polars import habits, people
from tests.sql.by_polars.comparison import OF_OTHER_SOURCES, assert_all_are_proved, differing, filled, joined
from tests.sql.by_polars.orders import KEY, MONEY, UNIT, basket, cadence, lines_of, orders_of, returns, value

pytestmark = pytest.mark.real_data

#: Campaigns are under way on this day, and of the households many buy again after it.
AS_OF = dt.date(2017, 5, 31)
END = dt.datetime(2017, 6, 1)
WINDOWS = (30, 90, 180)


@pytest.fixture(scope="module")
def folder(test_data: Path) -> Path:
    folder = test_data.resolve() / "completejourney"
    if not folder.is_dir():
        pytest.skip(f"no Complete Journey data at {folder}")
    return folder


@pytest.fixture(scope="module")
def real(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> RealFeatures:
    return features_of_example("grocery", AS_OF, folder.parent, tmp_path_factory.mktemp("grocery"))


@pytest.fixture(scope="module")
def lines(folder: Path) -> pl.DataFrame:
    """Lines known at the as-of day; a line of no units is a coupon or was taken off the bill."""
    products = pl.read_parquet(folder / "products.parquet").with_columns(pl.col("product_id").cast(pl.String))
    units, is_fuel = pl.col("quantity"), pl.col("product_type").str.starts_with("GASOLINE") & (pl.col("quantity") > 1)
    frame = (
        pl.read_parquet(folder / "transactions_sample.parquet")
        .with_columns(pl.col("product_id").cast(pl.String))
        .filter(pl.col("transaction_timestamp") < END)
        .join(products, on="product_id", how="left", validate="m:1")
        .select(
            customer_id="household_id",
            order_id="basket_id",
            at="transaction_timestamp",
            product_id="product_id",
            product_name="product_type",
            category_name="department",
            brand_name="brand",
            channel_name=pl.lit("store"),
            # Fuel is counted in thousandths of a gallon.
            units=pl.when(is_fuel).then(units).otherwise(units * UNIT),
            amount=(pl.col("sales_value") * MONEY).round(),
            discount=((pl.col("retail_disc") + pl.col("coupon_match_disc")) * MONEY).round(),
            is_back=pl.lit(value=False),
            is_product=units > 0,
        )
    )
    return lines_of(frame)


@pytest.fixture(scope="module")
def customers(folder: Path, lines: pl.DataFrame) -> pl.DataFrame:
    """Households of the demographics, and whoever bought."""
    count = {"strict": True, "dtype": pl.Int64}
    told = pl.read_parquet(folder / "demographics.parquet").select(
        customer_id=pl.col("household_id").cast(pl.String),
        age_band_name=pl.col("age").cast(pl.String),
        income_band_name=pl.col("income").cast(pl.String),
        marital_status_name="marital_status",
        household_size_count=pl.col("household_size").str.strip_suffix("+").cast(**count),
        child_count=pl.col("kids_count").str.strip_suffix("+").cast(**count),
    )
    buyers = lines.select(KEY).unique()
    return people.customers_of(told.join(buyers, on=KEY, how="full", coalesce=True))


@pytest.fixture(scope="module")
def contacts(folder: Path) -> pl.DataFrame:
    """One row per household and campaign that had started, by mail or by a coupon that was handed in."""
    started = pl.read_parquet(folder / "campaign_descriptions.parquet").select("campaign_id", contacted="start_date")
    mailed = pl.read_parquet(folder / "campaigns.parquet").select("campaign_id", "household_id")
    redeemed = pl.read_parquet(folder / "coupon_redemptions.parquet")
    met = pl.concat([mailed, redeemed.select("campaign_id", "household_id")], how="vertical_relaxed").unique()
    by_then = redeemed.filter(pl.col("redemption_date") <= AS_OF).select("campaign_id", "household_id").unique()
    return (
        met.join(started, on="campaign_id", validate="m:1")
        .filter(pl.col("contacted") <= AS_OF)
        .join(by_then.with_columns(has_responded=True), on=["campaign_id", "household_id"], how="left")
        .select(
            pl.col("household_id").cast(pl.String).alias(KEY),
            "contacted",
            pl.col("has_responded").fill_null(value=False),
        )
    )


def test_features_equal_those_of_polars(
    real: RealFeatures, lines: pl.DataFrame, customers: pl.DataFrame, contacts: pl.DataFrame
) -> None:
    orders = orders_of(lines)
    recomputed = joined(
        people.demographics(customers, AS_OF),
        value(lines, orders, AS_OF, WINDOWS),
        returns(orders),
        cadence(orders, AS_OF),
        basket(lines, orders),
        habits.context(orders),
        habits.loyalty(lines),
        habits.price(lines, orders),
        people.campaigns(contacts, AS_OF),
    )
    assert real.features.height > 2_000
    assert differing(real.features, recomputed) == {}
    # Nothing is known of genders, trades and areas, of feedback, surveys, costs and markets.
    assert_all_are_proved(real.features, recomputed, real.models, *OF_OTHER_SOURCES)
    assert len(filled(recomputed)) == 76
