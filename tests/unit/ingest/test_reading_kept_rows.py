"""What was kept of a row is read again: by format, lookups and options as they are now, or it is told why not."""

from __future__ import annotations

import datetime as dt
import json

import polars as pl
import pytest

from tasks.config.errors import SourceError, UsageError
from tasks.ingest import cases
from tests.unit.ingest.made_quarantine import (
    GOOD,
    HEADER,
    MENDED_UNITS,
    MISSING,
    NEGATIVE,
    ORDERS,
    SHORT,
    UNREADABLE,
    counts,
    decide,
    ingest,
    rows_seen,
    seen,
)
from tests.workspaces import MakeWorkspace, OpenRun


def test_json_lines_are_read_again_from_the_line(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    changes = ("sources.orders.path=orders.jsonl", "sources.orders.format=jsonl")
    space = make_workspace(*changes)
    good = {"order": "o1", "line": 1, "customer": "é", "at": "2025-06-01T10:00:00", "units": "2 pcs", "price": 1.5}
    good |= {"product": "p", "category": None, "number": 3}
    (space.directory / "orders.jsonl").write_text(json.dumps(good) + "\n{broken\n")
    with opened(space) as run:
        ingest(run)
        assert counts(run) == (2, 0, 2, 0)
        assert decide(run, "replayed").kept[2] == ["the line not a line of JSON"]
    # A key that the mapping did not name when the line came.
    with opened(make_workspace(*changes, "sources.orders.columns.quantity=number")) as run:
        assert decide(run, "replayed").loaded == [1]
        assert seen(run) == [(1, "o1", 3.0, 1.5, None)]
        with pytest.raises(UsageError, match="not a line of JSON"):
            decide(run, "released", 2, because="no")


def test_parquet_rows_keep_their_types(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    changes = ("sources.orders.path=orders.parquet", "sources.orders.format=parquet")
    space = make_workspace(*changes)
    frame = pl.DataFrame(
        {
            "order": ["o1"],
            "line": [1],
            "customer": ["anna"],
            "at": [dt.datetime(2025, 6, 1, 10, 0, 0, 123456)],
            "product": ["p"],
            "category": pl.Series([None], dtype=pl.String),
            "units": [[1, 2]],
            "price": [-0.1],
        }
    )
    frame.write_parquet(space.directory / "orders.parquet")
    with opened(space) as run:
        ingest(run)
        assert counts(run) == (1, 0, 1, 0)
    # Types of the file: a list has a length, a time a minute, a number can be negated.
    mended = ("sources.orders.columns.quantity=len(units)", "sources.orders.columns.unit_price_amount=-price")
    with opened(make_workspace(*changes, *mended)) as run:
        assert decide(run, "replayed").loaded == [1]
        assert seen(run) == [(1, "o1", 2.0, 0.1, None)]
        assert run.warehouse.value("SELECT ordered_at FROM raw.order_lines") == frame["at"][0]


def test_lookups_are_joined_again(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    changes = (
        "sources.orders.lookups.products={path: products.csv, format: csv, key: product}",
        "sources.orders.columns.quantity=products.units",
        "sources.orders.columns.product_id=source.product",
    )
    space = make_workspace(*changes, orders=HEADER + GOOD)
    (space.directory / "products.csv").write_text("product,units\np1,x\n")
    with opened(space) as run:
        ingest(run)
        (space.directory / "products.csv").write_text("product,units\np1,12\n")
        assert decide(run, "replayed").loaded == [1]
        assert seen(run) == [(1, "o1", 12.0, 1.5, None)]


def test_a_broken_line_is_let_in_when_the_options_fit_it(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    inch = 'o7,1,anna,2025-06-07 10:00:00,"5" pipe,bread,2,1.50\n'
    with opened(make_workspace(orders=HEADER + GOOD + inch + SHORT)) as run:
        ingest(run)
        assert [one.reason for one in cases.problems(run)] == [
            "not a row: quotation marks that do not match",
            "not a row: 4 columns, expected 8",
        ]
        assert decide(run, "replayed").loads == []
    with opened(make_workspace("sources.orders.options.quote=''")) as run:
        assert decide(run, "replayed").loaded == [1]
        assert rows_seen(run) == [1, 2]
        assert run.warehouse.value("SELECT product_id FROM raw.order_lines WHERE row_number = 2") == '"5" pipe'


def test_a_line_whose_bytes_were_lost_is_not_read_again(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    line = b"o9,2,e\xffve,2025-06-01,p1,bread,1,1.0\n"
    with opened(make_workspace(orders=(HEADER + GOOD).encode() + line)) as run:
        ingest(run)
        assert decide(run, "replayed").kept == {1: ["not a row"]}
        assert cases.case(run, 1).problems[0].reason == "not a row: bytes that are not of options.encoding"


def test_texts_that_mean_no_value_are_todays(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    row = "o2,1,n/a,2025-06-02,p1,bread,2 pcs,1.0\n"
    with opened(make_workspace(orders=HEADER + row)) as run:
        ingest(run)
    with opened(make_workspace(MENDED_UNITS, "sources.orders.options.null_values=['', n/a]")) as run:
        decide(run, "replayed")
        assert rows_seen(run) == [1]
        assert run.warehouse.value("SELECT customer_id FROM raw.order_lines") is None


def test_time_alone_makes_no_row_possible(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    """What lay in the future when the file was loaded is no better for the days that passed since."""
    tomorrow = f"{dt.datetime.now(dt.UTC) + dt.timedelta(days=3):%Y-%m-%d}"
    with opened(make_workspace(orders=HEADER + GOOD.replace("2025-06-01", tomorrow))) as run:
        ingest(run)
        run.warehouse.execute("UPDATE ops.load SET loaded_at = loaded_at + INTERVAL 9 DAY")
        assert decide(run, "replayed", is_dry=True).loaded == [1]
        run.warehouse.execute("UPDATE ops.load SET loaded_at = loaded_at - INTERVAL 9 DAY")
        assert list(decide(run, "replayed").kept) == [1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("sources.orders.columns.quantity=unit", "no column 'unit'"),
        ("sources.orders.format=jsonl", "is jsonl now"),
        ("sources.orders.lookups.p={path: none.csv, format: csv, key: product}", "there is no file"),
    ],
)
def test_a_mapping_that_does_not_fit_the_rows_is_told(
    make_workspace: MakeWorkspace, opened: OpenRun, change: str, message: str
) -> None:
    with opened(make_workspace(orders=ORDERS)) as run:
        ingest(run)
    with opened(make_workspace(change, orders=ORDERS)) as run, pytest.raises(SourceError, match=message):
        decide(run, "replayed")


def test_rows_that_an_older_version_kept_without_types_are_told(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(orders=ORDERS)) as run:
        ingest(run)
        run.warehouse.execute("UPDATE raw.quarantined_row SET column_types = NULL")
        with pytest.raises(SourceError, match="deliver the file again"):
            decide(run, "replayed")
        assert decide(run, "discarded", 1, because="old").discarded == [1]


def test_unknown_numbers_and_sources_are_told(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(orders=ORDERS)) as run:
        ingest(run)
        with pytest.raises(UsageError, match="nothing in quarantine has the number 98, 99"):
            decide(run, "replayed", 99, 1, 98)
        with pytest.raises(UsageError, match="no source 'order'\n.*did you mean 'orders'"):
            decide(run, "replayed", source="order")
        with pytest.raises(UsageError, match="nothing in quarantine has the number 7"):
            cases.case(run, 7)


def test_a_source_alone_is_worked_off(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(orders=ORDERS)) as run:
        ingest(run)
        run.warehouse.execute("UPDATE ops.quarantine SET source_name = 'other' WHERE quarantine_no > 1")
        assert sorted(decide(run, "replayed", source="orders").kept) == [1]


def test_the_ledger_holds_no_value(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    private = "PRIVATE42"
    rows = UNREADABLE.replace("2 pcs", private) + NEGATIVE.replace("ben", private) + SHORT.replace("eve", private)
    quoted = f'o8,1,"{private}"x,2025-06-01,p1,bread,1,1.0\n'
    with opened(make_workspace(orders=HEADER + GOOD + MISSING.replace("ben", private) + rows + quoted)) as run:
        ingest(run)
        decide(run, "released", 3, because="fine")
        decide(run, "discarded", 1, because="fine")
        decide(run, "replayed")
        tables = [
            name
            for (name,) in run.warehouse.rows(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'ops'"
            )
        ]
        for table in tables:
            assert private not in str(run.warehouse.rows(f"SELECT * FROM ops.{table}")), table
        assert private in str(run.warehouse.rows("SELECT * FROM raw.quarantined_row"))
        assert private in str(run.warehouse.rows("SELECT * FROM raw.quarantined_value"))
