"""The examples personality, bank and orders-with-names, published at two dates each and counted again by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tests.integration.conftest import EXAMPLE_DATES, Published
from tests.integration.corridor import ledger, partition, published_id
from tests.integration.hand_rfm import rfm
from tests.integration.wart_cases_people import clients, members, published_text
from tests.integration.wart_looks import read

pytestmark = pytest.mark.real_data


@pytest.mark.parametrize("example", EXAMPLE_DATES)
def test_no_class_of_a_column_is_guessed(published: Published, example: str) -> None:
    told = ledger(published(example), "SELECT message FROM ops.alert WHERE kind_name = 'privacy'")
    # What goes without a column that is declared to be protected is told, too.
    assert [message for (message,) in told if not message.endswith("does not leave staging")] == []


def sizes(output: Path, date: dt.date) -> dict[str, int]:
    """Members of every segment."""
    return dict(partition(output, "customer_segment", date)["segment_id"].value_counts().iter_rows())


@pytest.mark.parametrize("date", EXAMPLE_DATES["personality"], ids=str)
def test_personality(published: Published, test_data: Path, date: dt.date) -> None:
    """The file is of one day: a week later everybody is where he was."""
    people = members(test_data)
    spent = pl.sum_horizontal(pl.col("^Mnt.*$").cast(pl.Int64))
    taken = pl.sum_horizontal(pl.col("^AcceptedCmp.$").cast(pl.Int64), pl.col("Response").cast(pl.Int64))
    children = pl.col("Kidhome").cast(pl.Int64) + pl.col("Teenhome").cast(pl.Int64)
    couple = pl.col("Marital_Status").is_in(["Married", "Together"])
    nobody = pl.col("Marital_Status").is_in(["YOLO", "Absurd"])
    rules = {
        "worth.top": spent >= 1000,
        "worth.middle": spent.is_between(200, 999),
        "worth.small": spent < 200,
        "campaigns.open": taken >= 1,
        "campaigns.keen": taken >= 3,
        "campaigns.upset": pl.col("Complain") == "1",
        "life.families": children > 0,
        "life.couples": (children == 0) & couple,
        "life.singles": (children == 0) & ~couple & ~nobody,
        "life.unknown": (children == 0) & nobody,
    }
    found = sizes(published("personality"), date)
    assert {name: found[name] for name in rules} == {name: people.filter(rule).height for name, rule in rules.items()}
    assert sum(size for name, size in found.items() if name.startswith("taste.")) == people.height
    dates = partition(published("personality"), "run", date)
    assert dates.filter(pl.col("as_of_date") == date)["rows_quarantined_count"].to_list() == [0]


def calls(data: Path) -> pl.DataFrame:
    """Calls with their day; the year goes up where the months start anew."""
    months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    month = pl.col("month").replace_strict(
        {name: number for number, name in enumerate(months, 1)}, return_dtype=pl.Int8
    )
    return (
        clients(data)
        .with_row_index("client", 1)
        .with_columns(number=month)
        .with_columns(year=2008 + (pl.col("number") < pl.col("number").shift(1)).fill_null(value=False).cum_sum())
        .with_columns(day=pl.date("year", "number", pl.col("day").cast(pl.Int8)), gap=pl.col("pdays").cast(pl.Int32))
        .with_columns(earlier=pl.when(pl.col("gap") >= 0).then(pl.col("day") - pl.duration(days="gap")))
    )


@pytest.mark.parametrize("date", EXAMPLE_DATES["bank"], ids=str)
def test_bank(published: Published, test_data: Path, date: dt.date) -> None:
    said_yes = (pl.col("y") == "1") & (pl.col("day") <= date)
    said_yes_before = (pl.col("poutcome") == "success") & (pl.col("earlier") <= date)
    known = calls(test_data).filter(pl.min_horizontal("day", "earlier") <= date)
    taker = said_yes | said_yes_before.fill_null(value=False)
    last = pl.when(pl.col("day") <= date).then("day").otherwise("earlier")
    fresh = ~taker & ((pl.lit(date) - last).dt.total_days() <= 90)
    schooling = known["education"].value_counts()
    expected = {
        "campaigns.takers": known.filter(taker).height,
        "campaigns.fresh": known.filter(fresh).height,
        "campaigns.cold": known.filter(~taker & ~fresh).height,
        **{f"schooling.{name}": count for name, count in schooling.iter_rows()},
        "life.students": known.filter(pl.col("job") == "student").height,
    }
    found = sizes(published("bank"), date)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("date", EXAMPLE_DATES["orders-with-names"], ids=str)
def test_orders_with_names(published: Published, test_data: Path, date: dt.date) -> None:
    """The file's id of a customer is his name; what is published is its pseudonym."""
    orders = read(test_data / "rfm_pkg" / "rfm_data_orders.csv")
    ids = {name: published_id(name) for name in orders["customer_id"].unique()}
    assert len(ids) == 995
    lines = orders.select(
        customer_id=pl.col("customer_id").replace_strict(ids),
        order_id=pl.col("customer_id") + pl.col("order_date"),
        at=pl.col("order_date").str.to_datetime("%Y-%m-%d"),
        is_bought=pl.lit(value=True),
        is_back=pl.lit(value=False),
        amount=pl.col("revenue").cast(pl.Int64),
    )
    found = partition(published("orders-with-names"), "customer_segment", date)
    found = found.filter(pl.col("segmentation_id") == "rfm").select("customer_id", "segment_id").sort("customer_id")
    assert found.equals(rfm(lines, date).select("customer_id", "segment_id"))


def test_no_name_and_no_address_gets_any_further_than_staging(published: Published, test_data: Path) -> None:
    """Neither published files nor the report nor any table of the warehouse but those of `raw` and `staging` has one."""
    output = published("orders-with-names")
    text = published_text(output)
    orders = read(test_data / "rfm_pkg" / "rfm_data_orders.csv")
    needles = {value.lower() for name in ("customer_id", "email") for value in orders[name].unique()}
    assert len(needles) == 1990
    assert not {needle for needle in needles if needle in text}
    held, tables = [], set()
    with duckdb.connect(str(output / "warehouse.duckdb"), read_only=True) as connection:
        for table, column in connection.execute(
            "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns"
            " WHERE table_schema IN ('features', 'segments', 'monitoring', 'ops')"
        ).fetchall():
            tables.add(table)
            # Each value once: most repeat.
            held += connection.execute(f'SELECT DISTINCT lower(CAST("{column}" AS VARCHAR)) FROM {table}').fetchall()
    assert len(tables) > 15
    text = "\n".join(str(value) for (value,) in held)
    assert published_id(orders["customer_id"][0]) in text
    assert not {needle for needle in needles if needle in text}
