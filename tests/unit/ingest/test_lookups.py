"""Lookups add columns and no rows; what lines of theirs that are no rows would have said is missing, and is told."""

from __future__ import annotations

import logging

import polars as pl
import pytest

from tasks.config.errors import SourceError, WorkspaceError
from tasks.ingest.tasks import ingest_source
from tests.workspaces import ORDERS, MakeWorkspace, OpenRun

LOOKUP = (
    "sources.orders.lookups.goods={path: goods.csv, format: csv, key: product}",
    "sources.orders.columns.product_name=goods.title",
    "sources.orders.columns.product_id=source.product",
)


def test_a_lookup_adds_columns_and_never_rows(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(
        "sources.orders.lookups.products={path: products.csv, format: csv, key: product}",
        "sources.orders.columns.category_name=products.kind",
        "sources.orders.columns.product_id=source.product",
    )
    (space.directory / "products.csv").write_text("product,kind\np1,Bakery\np1,Twice\np2,Dairy\n")
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        assert run.warehouse.value("SELECT rows_loaded_count FROM ops.load") == 5
        found = run.warehouse.rows("SELECT DISTINCT product_id, category_name FROM raw.orders__order_lines ORDER BY 1")
        assert found == [("p1", "Bakery"), ("p2", "Dairy"), ("p3", None)]


def test_a_part_of_a_nested_column_is_no_lookup(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(
        "sources.orders.format=parquet",
        "sources.orders.path=orders.parquet",
        "sources.orders.columns.customer_id=buyer.id",
        "sources.orders.columns.channel_name=buyer.at.channel",
        "sources.orders.lookups.goods={path: goods.csv, format: csv, key: product}",
        "sources.orders.columns.category_name=goods.kind",
        "sources.orders.columns.product_id=source.product",
    )
    orders = pl.read_csv(ORDERS.encode()).with_columns(
        buyer=pl.struct(id="customer", at=pl.struct(channel=pl.lit("web")))
    )
    orders.drop("customer").write_parquet(space.directory / "orders.parquet")
    (space.directory / "goods.csv").write_text("product,kind\np1,Bakery\n")
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        found = run.warehouse.rows(
            "SELECT DISTINCT customer_id, channel_name, category_name FROM raw.orders__order_lines WHERE order_id = 'o2'"
        )
    assert found == [("ben", "web", "Bakery")]


@pytest.mark.parametrize(
    ("goods", "told"),
    [
        ("product,title\np1,Bread\np2,Milk\n", []),
        ("product,title\np1,Bread\np2\np3,Wine,red\n", ["2 lines are no row and left out, the first is line 3"]),
        ('product,title\np1,Bread\np3,"Wine\n', ["1 line is no row and left out, the first is line 3"]),
    ],
)
def test_lines_of_a_lookup_that_are_no_rows_are_told(
    make_workspace: MakeWorkspace, opened: OpenRun, caplog: pytest.LogCaptureFixture, goods: str, told: list[str]
) -> None:
    space = make_workspace(*LOOKUP)
    (space.directory / "goods.csv").write_text(goods)
    with opened(space) as run, caplog.at_level(logging.WARNING, "resegment.ingest"):
        ingest_source.fn(run, "orders")
    assert [record.getMessage() for record in caplog.records if "lookup" in record.getMessage()] == [
        f"orders: lookup goods: {words} of goods.csv" for words in told
    ]


def test_a_line_of_a_lookup_that_is_no_text_is_told_whatever_column_it_is_in(
    make_workspace: MakeWorkspace, opened: OpenRun, caplog: pytest.LogCaptureFixture
) -> None:
    space = make_workspace(*LOOKUP)
    (space.directory / "goods.csv").write_bytes(b"product,title,maker\np1,Bread,x\np2,Milk,M\xfcller\n")
    with opened(space) as run, caplog.at_level(logging.WARNING, "resegment.ingest"):
        ingest_source.fn(run, "orders")
    assert [record.getMessage() for record in caplog.records if "lookup" in record.getMessage()] == [
        "orders: lookup goods: 1 line is no row and left out, the first is line 3 of goods.csv"
    ]


def test_a_key_that_the_source_has_not_is_told_as_that(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(*LOOKUP, "sources.orders.lookups.goods.source_key=produkt")
    (space.directory / "goods.csv").write_text("product,title\np1,Bread\n")
    told = "lookups.goods: is joined by the column 'produkt', which the file has not"
    with opened(space) as run, pytest.raises(SourceError, match=told) as caught:
        ingest_source.fn(run, "orders")
    assert str(caught.value.hint).startswith("did you mean 'product'?")


def test_a_key_that_the_lookup_has_not_is_told_as_that(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(
        *LOOKUP, "sources.orders.lookups.goods.key=prodct", "sources.orders.lookups.goods.source_key=product"
    )
    (space.directory / "goods.csv").write_text("product,title\np1,Bread\n")
    told = r"lookups\.goods: the key 'prodct' is no column of its file"
    with opened(space) as run, pytest.raises(WorkspaceError, match=told) as caught:
        ingest_source.fn(run, "orders")
    assert caught.value.hint == "did you mean 'product'?"
    assert str(caught.value.where).endswith("and goods.csv")


def test_lines_that_disappear_in_another_stop_the_load(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(*LOOKUP)
    (space.directory / "goods.csv").write_text('product,title\np1,"Bread\np2,Milk\np3,Wine\n')
    with opened(space) as run, pytest.raises(SourceError, match="2 lines after it cannot be told apart") as caught:
        ingest_source.fn(run, "orders")
    assert str(caught.value.where).endswith("goods.csv, line 2")
