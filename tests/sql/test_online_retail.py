"""Features of the real Online Retail lines, recomputed in Polars from the file by other means, are the same numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tasks.config.features import Features
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.connection import Warehouse, literal
from tests.sql.by_polars import habits, people
from tests.sql.by_polars.comparison import OF_OTHER_SOURCES, assert_all_are_proved, differing, filled, joined
from tests.sql.by_polars.orders import KEY, basket, cadence, lines_of, orders_of, returns, value
from tests.sql.cases import create_raw, models

pytestmark = pytest.mark.real_data

AS_OF = dt.date(2011, 5, 31)
WINDOWS = (30, 90, 365)
FEATURES = Features(windows=list(WINDOWS))
#: As examples/retail maps the export; negative prices break a hard rule and stay out.
_MAPPED = """
INSERT INTO raw.order_lines BY NAME
SELECT
    InvoiceNo AS order_id,
    concat_ws('|', StockCode, Quantity, UnitPrice, InvoiceDate, Description) AS line_id,
    regexp_replace(CustomerID, '[.]0$', '') AS customer_id,
    CAST(InvoiceDate AS TIMESTAMP) AS ordered_at,
    StockCode AS product_id,
    Description AS product_name,
    CAST(Quantity AS DECIMAL(18, 3)) AS quantity,
    CAST(UnitPrice AS DECIMAL(18, 4)) AS unit_price_amount,
    starts_with(InvoiceNo, 'C') AS is_cancellation,
    regexp_matches(StockCode, '^([0-9]{{5}}|DCGS)') AS is_product,
    'wholesale' AS channel_name,
    Country AS country_name,
    'sales' AS source_name,
    1 AS load_no,
    number AS row_number
FROM (SELECT row_number() OVER () AS number, * FROM read_csv({file}, all_varchar = true))
WHERE CAST(UnitPrice AS DECIMAL(18, 4)) >= 0
ORDER BY number {order}
"""


@pytest.fixture(scope="module")
def export(test_data: Path) -> Path:
    file = test_data / "online_retail" / "online_retail_dev_2010-12_2011-08.csv.gz"
    if not file.is_file():
        pytest.skip(f"no Online Retail data at {file}")
    return file


@pytest.fixture(scope="module")
def features(export: Path) -> Iterator[pl.DataFrame]:
    with _built(export, threads=4, order="ASC") as warehouse:
        tables = [model for model in models(AS_OF, FEATURES).values() if model.schema == "features"]
        chosen = ", ".join([KEY, *Catalogue(tables).features])
        first, *others = (model.name for model in tables)
        joins = "".join(f" JOIN {name} USING ({KEY})" for name in others)
        yield warehouse.frame(f"SELECT {chosen} FROM {first}{joins} ORDER BY {KEY}")


def _built(export: Path, *, threads: int, order: str) -> Warehouse:
    warehouse = Warehouse.open(None, threads=threads)
    create_raw(warehouse)
    warehouse.execute(_MAPPED.format(file=literal(str(export)), order=order))
    for name, model in models(AS_OF, FEATURES).items():
        warehouse.execute(f"CREATE TABLE {name} AS {model.sql}")
    return warehouse


@pytest.fixture(scope="module")
def lines(export: Path) -> pl.DataFrame:
    """Lines known at the as-of day, repeated ones once."""
    frame = (
        pl.read_csv(export, infer_schema=False)
        .with_columns(
            at=pl.col("InvoiceDate").str.to_datetime("%Y-%m-%d %H:%M:%S"),
            quantity=pl.col("Quantity").cast(pl.Int64),
            price=(pl.col("UnitPrice").cast(pl.Float64) * 10_000).round().cast(pl.Int64),
            customer_id=pl.col("CustomerID").str.strip_suffix(".0").replace("", None),
        )
        .filter(pl.col("price") >= 0, pl.col("at").dt.date() <= AS_OF)
        .unique(["InvoiceNo", "StockCode", "Quantity", "UnitPrice", "InvoiceDate", "Description"])
        .with_columns(
            order_id="InvoiceNo",
            product_id="StockCode",
            product_name=pl.col("Description").replace("", None),
            country_name="Country",
            channel_name=pl.lit("wholesale"),
            units=pl.col("quantity") * 1_000,
            is_back=(pl.col("quantity") < 0) | pl.col("InvoiceNo").str.starts_with("C"),
            is_product=pl.col("StockCode").str.contains("^([0-9]{5}|DCGS)"),
            amount=pl.col("quantity").abs() * pl.col("price"),
        )
    )
    return lines_of(frame)


def test_features_equal_those_of_polars(features: pl.DataFrame, lines: pl.DataFrame) -> None:
    orders = orders_of(lines)
    recomputed = joined(
        orders.select(KEY).unique(),
        value(lines, orders, AS_OF, WINDOWS),
        returns(orders),
        cadence(orders, AS_OF),
        basket(lines, orders),
        habits.context(orders),
        habits.loyalty(lines),
        habits.price(lines, orders),
        people.country(orders),
    )
    assert features.height > 2_500
    assert differing(features, recomputed) == {}
    # Lines know nothing of people, areas, answers, surveys, costs or markets.
    assert_all_are_proved(features, recomputed, models(AS_OF, FEATURES).values(), *OF_OTHER_SOURCES)
    assert len(filled(recomputed)) == 52


def test_neither_threads_nor_the_order_of_rows_show(export: Path) -> None:
    def tables(warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
        digest = "SELECT count(*), sum(CAST(hash(one) AS HUGEINT)) FROM {} AS one"
        return {name: warehouse.rows(digest.format(name)) for name in models(AS_OF, FEATURES)}

    with _built(export, threads=1, order="ASC") as one, _built(export, threads=4, order="DESC") as four:
        assert tables(one) == tables(four)
