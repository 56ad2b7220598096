"""Warts of the sets with order lines: UCI Online Retail and Complete Journey."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl

from tests.integration.wart_looks import Count, Setting, Wart, check_says, read, silent

RETAIL = Setting("examples/retail", dt.date(2011, 8, 31), until="features")
RETAIL_AS_IT_IS = Setting(
    "examples/retail",
    dt.date(2011, 8, 31),
    ("sources.sales.columns.customer_id=CustomerID", "sources.sales.columns.country_name=Country"),
)
GROCERY = Setting("examples/grocery", dt.date(2017, 12, 31), sources=("transactions", "households"))
GROCERY_AS_IT_IS = Setting(
    "examples/grocery",
    dt.date(2017, 12, 31),
    (
        "sources.transactions.columns.quantity=quantity",
        "sources.redemptions.lookups.coupons={path: $DATA/completejourney/coupons.parquet, format: parquet, key: coupon_upc}",
        "sources.redemptions.columns.campaign_id=coupons.campaign_id",
    ),
    ("transactions", "redemptions"),
)
_RETAIL_FILE = "`examples/retail/resegment.yaml`: "
_GROCERY_FILE = "`examples/grocery/resegment.yaml`: "
_NO_PRODUCT = ["POST", "DOT", "M", "C2", "S", "D", "AMAZONFEE", "BANK CHARGES", "B", "CRUK"]
#: Of the lines that are loaded: two of a negative price are not.
_LOADED = ~pl.col("UnitPrice").str.starts_with("-")


def sales(data: Path) -> pl.DataFrame:
    return read(data / "online_retail" / "online_retail_dev_2010-12_2011-08.csv.gz")


def sales_with(condition: pl.Expr) -> Count:
    return lambda data: sales(data).filter(condition).height


def journey(data: Path, name: str) -> pl.DataFrame:
    return read(data / "completejourney" / f"{name}.parquet")


def _of_two_countries(data: Path) -> int:
    countries = sales(data).filter(_LOADED & ~pl.col("Country").is_in(["Unspecified", "European Community"]))
    named = countries.drop_nulls("CustomerID").group_by("CustomerID").agg(pl.col("Country").n_unique())
    return named.filter(pl.col("Country") > 1).height


def _units(data: Path) -> tuple[np.ndarray, float]:
    """Units of every line that has some, and their geometric mean."""
    units = journey(data, "transactions_sample").filter(pl.col("quantity") > 0)["quantity"].to_numpy()
    return units, float(np.exp(np.log(units).mean()))


def _units_of_another_measure(data: Path) -> int:
    units, usual = _units(data)
    return int((units > 1000 * usual).sum())


def _fuel(data: Path) -> int:
    products = journey(data, "products").select(pl.col("product_id").cast(pl.String), "product_type")
    lines = journey(data, "transactions_sample").join(products, on="product_id", how="left")
    return lines.filter(pl.col("product_type").str.starts_with("GASOLINE") & (pl.col("quantity") > 1)).height


def _known_buyers(data: Path) -> int:
    """Households of the integers that buy under the same number as text."""
    buyers = journey(data, "transactions_sample").select("household_id").unique()
    known = journey(data, "demographics").select(pl.col("household_id").cast(pl.String))
    return known.join(buyers, on="household_id", how="semi").height


_IDS = "no id of a customer is a number that was read with a decimal point"
_COUNTRIES = "no word that stands for a missing value is taken for a country or channel"
_UNITS = "nobody bought a thousand times the units of a usual line at once"

CASES: tuple[Wart, ...] = (
    Wart(
        "online_retail",
        "a quarter of lines without customer",
        "lines without a customer",
        sales_with(pl.col("CustomerID").is_null()),
        "handled",
        "`sql/staging/orders.sql`: an order is that of a known customer",
        RETAIL,
        lambda look: (
            look.count("SELECT count(*) FROM raw.order_lines WHERE customer_id IS NULL")
            + look.count("SELECT count(*) FROM staging.orders WHERE customer_id IS NULL")
        ),
        silent("nothing; were it more than half of the lines: at least half of the lines name the buyer"),
        sales_with(pl.col("CustomerID").is_null() & _LOADED),
    ),
    Wart(
        "online_retail",
        "`C` cancellations with negative quantity",
        "lines of cancellations",
        sales_with(pl.col("InvoiceNo").str.starts_with("C")),
        "handled",
        _RETAIL_FILE + "`is_cancellation`; `sql/staging/order_lines.sql`: `is_return`",
        RETAIL,
        lambda look: look.count(
            "SELECT count(*) FROM staging.order_lines WHERE is_return AND is_cancellation AND line_amount <= 0"
        ),
        silent("nothing; what comes back is in `net_amount` and in the features of returns"),
        lambda data: sales(data).filter(pl.col("InvoiceNo").str.starts_with("C")).unique().height,
    ),
    Wart(
        "online_retail",
        "negative and zero prices",
        "lines of a negative price",
        sales_with(~_LOADED),
        "caught",
        "`tasks/config/entities.py`: hard rule of `unit_price_amount`",
        RETAIL,
        lambda look: look.quarantined("sales", "unit_price_amount"),
        lambda look: look.reasons("sales", "unit_price_amount"),
    ),
    Wart(
        "online_retail",
        "negative and zero prices",
        "lines of price 0",
        sales_with(pl.col("UnitPrice").cast(pl.Float64) == 0),
        "handled",
        "`expectations/staging/order_lines.yaml`: up to 5 in 100 lines may be free",
        RETAIL,
        lambda look: look.count("SELECT count(*) FROM raw.order_lines WHERE unit_price_amount = 0"),
        silent("nothing; were it more than 5 in 100: few lines are free of charge"),
    ),
    Wart(
        "online_retail",
        "`A` bad-debt invoices",
        "lines of invoices that begin with A",
        sales_with(pl.col("InvoiceNo").str.starts_with("A")),
        "handled",
        "negative ones: quarantine; " + _RETAIL_FILE + "`is_product`",
        RETAIL,
        lambda look: (
            look.count("SELECT count(*) FROM raw.order_lines WHERE order_id LIKE 'A%' AND NOT is_product")
            + look.count('SELECT count(*) FROM raw.quarantined_row WHERE row_json LIKE \'%"InvoiceNo":"A%\'')
        ),
        lambda look: look.reasons("sales", "unit_price_amount"),
    ),
    Wart(
        "online_retail",
        "exact duplicates",
        "lines that repeat another",
        lambda data: sales(data).height - sales(data).unique().height,
        "handled",
        _RETAIL_FILE + "`line_id`; `sql/staging/superseded_order_lines.sql`",
        RETAIL,
        lambda look: look.count("SELECT count(*) FROM staging.superseded_order_lines"),
        silent("nothing; `staging.superseded_order_lines` lists them"),
    ),
    Wart(
        "online_retail",
        "ids read `17850.0`",
        "lines whose customer ends in .0",
        sales_with(pl.col("CustomerID").str.ends_with(".0")),
        "handled",
        _RETAIL_FILE + "`customer_id`",
        RETAIL,
        lambda look: look.count("SELECT count(*) FROM raw.order_lines WHERE regexp_full_match(customer_id, '[0-9]+')"),
        silent("nothing"),
    ),
    Wart(
        "online_retail",
        "ids read `17850.0`",
        "customers whose id ends in .0, where the mapping leaves it",
        lambda data: sales(data)["CustomerID"].drop_nulls().n_unique(),
        "caught",
        "`expectations/staging/customers.yaml`",
        RETAIL_AS_IT_IS,
        lambda look: look.wrong(_IDS),
        check_says(_IDS),
    ),
    Wart(
        "online_retail",
        "customers in two countries",
        "customers with orders from several countries",
        _of_two_countries,
        "handled",
        "`sql/features/customer_geography.sql`: country of most orders, and `is_multi_country`",
        RETAIL,
        lambda look: look.count("SELECT count(*) FROM features.customer_geography WHERE is_multi_country"),
        silent("nothing; were it more than 5 in 100 customers: few customers order in several countries"),
    ),
    Wart(
        "online_retail",
        "EIRE/RSA/Unspecified",
        "lines from EIRE or RSA, or from no country",
        sales_with(pl.col("Country").is_in(["EIRE", "RSA", "Unspecified", "European Community"])),
        "handled",
        _RETAIL_FILE + "`country_name`",
        RETAIL,
        lambda look: look.count(
            "SELECT count(*) FROM raw.order_lines"
            " WHERE country_name IS NULL OR country_name IN ('Ireland', 'South Africa')"
        ),
        silent("nothing"),
    ),
    Wart(
        "online_retail",
        "EIRE/RSA/Unspecified",
        "lines from Unspecified, where the mapping leaves it",
        sales_with(pl.col("Country") == "Unspecified"),
        "caught",
        "`expectations/staging/orders.yaml`",
        RETAIL_AS_IT_IS,
        lambda look: look.wrong(_COUNTRIES),
        check_says(_COUNTRIES),
        lambda _: 1,  # the check counts words
    ),
    Wart(
        "online_retail",
        "non-product codes (POST, M, BANK CHARGES)",
        "lines of postage, fees, vouchers and corrections",
        sales_with(
            pl.col("StockCode").str.to_uppercase().is_in(_NO_PRODUCT) | pl.col("StockCode").str.starts_with("gift_")
        ),
        "handled",
        _RETAIL_FILE + "`is_product`",
        RETAIL,
        lambda look: (
            look.count("SELECT count(*) FROM raw.order_lines WHERE NOT is_product")
            + look.quarantined("sales", "unit_price_amount")
        ),
        silent("nothing; no amount, count or order has them"),
    ),
    Wart(
        "completejourney",
        "household_id int in some files and string in others",
        "households with an integer as id in `demographics`",
        lambda data: journey(data, "demographics").height,
        "handled",
        "`tasks/config/entities.py`: ids are text",
        GROCERY,
        lambda look: look.count(
            "SELECT count(*) FROM staging.customers WHERE is_declared"
            " AND customer_id IN (SELECT customer_id FROM staging.orders)"
        ),
        check_says("who buys is in the customer file too"),
        _known_buyers,
    ),
    Wart(
        "completejourney",
        "nulls",
        "nulls among the marital states of `demographics`",
        lambda data: journey(data, "demographics")["marital_status"].null_count(),
        "handled",
        "stay null; " + _GROCERY_FILE + "segment `household.unknown`",
        GROCERY,
        lambda look: look.count(
            "SELECT count(*) FROM staging.customers WHERE is_declared AND marital_status_name IS NULL"
        ),
        silent("nothing; features tell the share of missing values, and drift compares it"),
    ),
    Wart(
        "completejourney",
        "duplicate coupons",
        "rows of `coupons` that repeat another",
        lambda data: journey(data, "coupons").height - journey(data, "coupons").unique().height,
        "handled",
        "`tasks/ingest/loading.py`: a lookup adds columns, and never rows",
        GROCERY_AS_IT_IS,
        lambda look: look.count("SELECT count(*) FROM raw.redemptions__campaign_contacts"),
        silent("nothing; the redemptions stay as many as they are, with `coupons` joined to them"),
        lambda data: journey(data, "coupon_redemptions").height,
    ),
    Wart(
        "completejourney",
        "quantities to 32,623",
        "lines of fuel, in thousandths of a gallon",
        _fuel,
        "handled",
        _GROCERY_FILE + "`quantity`",
        GROCERY,
        lambda look: look.count(
            "SELECT count(*) FROM raw.order_lines"
            " WHERE product_name LIKE 'GASOLINE%' AND quantity <> 1 AND quantity BETWEEN 0.001 AND 33"
        ),
        silent("nothing"),
    ),
    Wart(
        "completejourney",
        "quantities to 32,623",
        "lines of more than a thousand times the usual units, where the mapping leaves them",
        _units_of_another_measure,
        "caught",
        "`expectations/staging/order_lines.yaml`",
        GROCERY_AS_IT_IS,
        lambda look: look.wrong(_UNITS),
        check_says(_UNITS),
    ),
)
