"""What files of real systems need: rows that are meant for something else, keys of two names, times that mean no time."""

from __future__ import annotations

import gzip
import json

import pytest

from tasks.config.errors import SourceError, WorkspaceError
from tasks.config.workspace import Workspace
from tasks.ingest.discovery import find_files
from tasks.ingest.loading import LoadCounts, load_file
from tasks.ingest.mapping import parse_mapping
from tasks.warehouse.run import Run
from tests.workspaces import ORDERS, MakeWorkspace, OpenRun

HEADER = ORDERS.partition("\n")[0] + "\n"


def load(run: Run, workspace: Workspace) -> LoadCounts:
    mapping = parse_mapping(workspace, "orders")
    (file,) = find_files(workspace, mapping)
    return load_file(run.warehouse, mapping, file, run.attempt_id)


def test_rows_that_are_not_chosen_are_counted_and_left_out(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    """The line without a buyer has no answer to the question, and is left out like one with the answer no."""
    space = make_workspace("sources.orders.where=customer <> 'ben'", orders=ORDERS + "o5,1,eve,someday,p,b,1,1\n")
    with opened(space) as run:
        assert load(run, space) == LoadCounts(read=4, loaded=3, quarantined=1, blanked=0, left_out=2)
        assert run.warehouse.rows("SELECT row_number FROM raw.orders__order_lines ORDER BY 1") == [(1,), (2,), (4,)]
        assert run.warehouse.rows("SELECT row_number FROM ops.quarantine") == [(6,)]
        assert run.warehouse.rows("SELECT rows_read_count, rows_left_out_count FROM ops.load") == [(4, 2)]


def test_a_row_whose_condition_fails_is_left_out(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(
        "sources.orders.where=CAST(replace(product, 'p', '') AS INTEGER) < 9",
        orders=ORDERS + "o5,1,eve,2025-06-01,x,b,1,1\n",
    )
    with opened(space) as run:
        assert load(run, space) == LoadCounts(read=5, loaded=5, quarantined=0, blanked=0, left_out=1)


def test_a_broken_line_is_quarantined_whatever_is_chosen(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(
        "sources.orders.path=orders.jsonl", "sources.orders.format=jsonl", "sources.orders.where=units > '1'"
    )
    row = {"order": "o1", "line": 1, "customer": "a", "at": "2025-06-01", "price": 1, "product": "p", "category": None}
    lines = [json.dumps(row | {"units": 2}), "{broken", json.dumps(row | {"units": 1})]
    (space.directory / "orders.jsonl").write_text("\n".join(lines) + "\n")
    with opened(space) as run:
        assert load(run, space) == LoadCounts(read=2, loaded=1, quarantined=1, blanked=0, left_out=1)


def test_another_choice_is_another_load(make_workspace: MakeWorkspace) -> None:
    spaces = make_workspace(), make_workspace("sources.orders.where=units > '0'")
    assert len({find_files(space, parse_mapping(space, "orders"))[0].load_id for space in spaces}) == 2


def test_a_condition_that_cannot_be_is_told(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace("sources.orders.where=custmer = 'ben'")
    with opened(space) as run, pytest.raises(SourceError, match="where: .*no column 'custmer'.*\n.*'customer'"):
        load(run, space)
    with pytest.raises(WorkspaceError, match="not a SQL expression"):
        parse_mapping(make_workspace("sources.orders.where=customer ="), "orders")


def test_a_near_miss_of_a_column_is_named(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace("sources.orders.columns.quantity=unit")
    with opened(space) as run, pytest.raises(SourceError, match="no column 'unit'.*\n.*did you mean 'units'"):
        load(run, space)


def test_what_is_computed_over_many_rows_is_refused(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    """The parser knows no `histogram`, and takes it for a function of one value."""
    space = make_workspace("sources.orders.columns.quantity=cardinality(histogram(units))")
    with opened(space) as run, pytest.raises(SourceError, match="beside each other.*\n.*leave out functions over many"):
        load(run, space)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_the_keys_of_a_lookup_may_have_two_names(make_workspace: MakeWorkspace, opened: OpenRun, kind: str) -> None:
    """JSON lines have no header: the key is read though no column is made of it."""
    space = make_workspace(
        f"sources.orders.path=orders.{kind}",
        f"sources.orders.format={kind}",
        "sources.orders.lookups.products={path: products.csv, format: csv, key: sku, source_key: product}",
        "sources.orders.columns.category_name=products.kind",
        "sources.orders.columns.product_id=products.sku",
    )
    names, *lines = [line.split(",") for line in ORDERS.splitlines()]
    rows = [json.dumps({name: value or None for name, value in zip(names, line, strict=True)}) for line in lines]
    (space.directory / "orders.jsonl").write_text("\n".join(rows) + "\n")
    (space.directory / "products.csv").write_text("sku,kind\np1,Bakery\np2,Dairy\n")
    with opened(space) as run:
        assert load(run, space).loaded == 5
        found = run.warehouse.rows("SELECT DISTINCT product_id, category_name FROM raw.orders__order_lines ORDER BY 1")
        assert found == [("p1", "Bakery"), ("p2", "Dairy"), (None, None)]


@pytest.mark.parametrize("packed", [False, True])
def test_nameless_columns_at_the_end_are_no_matter(
    make_workspace: MakeWorkspace, opened: OpenRun, packed: bool
) -> None:
    """A spreadsheet leaves them behind, empty or with a remark in some row."""
    text = "".join(line + ",,\n" for line in ORDERS.splitlines()).replace("1.50,,\n", "1.50,,why?\n", 1)
    space = make_workspace(f"sources.orders.path=orders.csv{'.gz' * packed}", orders=text)
    (space.directory / "orders.csv.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    with opened(space) as run:
        assert load(run, space) == LoadCounts(read=5, loaded=5, quarantined=0, blanked=0)


def test_tabs_may_be_between_values(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace('sources.orders.options.delimiter="\\t"', orders=ORDERS.replace(",", "\t"))
    with opened(space) as run:
        assert load(run, space) == LoadCounts(read=5, loaded=5, quarantined=0, blanked=0)


@pytest.mark.parametrize(
    "text",
    # What systems write for no time: the epoch in UTC, east and west of it; the zero days of MySQL, Excel, .NET and SQL
    # Server; words that DuckDB reads as a time; the end of all time.
    [
        *("1970-01-01 00:00:00", "1970-01-01 01:00:00", "1969-12-31 19:00:00", "1970-01-01T00:00:00Z", "epoch"),
        *("0000-00-00", "0000-00-00 00:00:00", "1899-12-30", "1900-01-01", "0001-01-01 00:00:00", "1753-01-01"),
        *("infinity", "-infinity", "9999-12-31", "2999-12-31 23:59:59"),
    ],
)
def test_a_time_that_means_no_time_is_no_event(make_workspace: MakeWorkspace, opened: OpenRun, text: str) -> None:
    space = make_workspace(orders=f"{ORDERS}o5,1,eve,{text},p1,bread,1,1.0\n")
    with opened(space) as run:
        assert load(run, space) == LoadCounts(read=6, loaded=5, quarantined=1, blanked=0)
        ((value, reason),) = run.warehouse.rows(
            "SELECT value_text, reason FROM ops.quarantine LEFT JOIN raw.quarantined_value USING (load_id, row_number, column_name)"
        )
        assert value == text
        assert reason in {"expected a time from 1970-01-02 to the day of loading", "cannot be read as TIMESTAMP"}


def test_the_first_day_that_counts_is_let_in(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(orders=f"{ORDERS}o5,1,eve,1970-01-02 00:00:00,p1,bread,1,1.0\n")
    with opened(space) as run:
        assert load(run, space).quarantined == 0


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("units", "nan"),
        ("units", "infinity"),
        ("price", "nan"),
        ("price", "-0.01"),
        ("price", "n/a"),
        ("units", "1,5"),
        ("units", "2000000"),
    ],
)
def test_a_number_that_is_none_is_no_line(
    make_workspace: MakeWorkspace, opened: OpenRun, column: str, text: str
) -> None:
    values = {"units": "1", "price": "1.0", column: f'"{text}"'}
    space = make_workspace(orders=f"{ORDERS}o5,1,eve,2025-06-01,p1,bread,{values['units']},{values['price']}\n")
    with opened(space) as run:
        assert load(run, space) == LoadCounts(read=6, loaded=5, quarantined=1, blanked=0)
        assert (
            run.warehouse.value(
                "SELECT value_text FROM ops.quarantine LEFT JOIN raw.quarantined_value USING (load_id, row_number, column_name)"
            )
            == text
        )


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-06-01", "2025-06-01 00:00:00"),
        ("2025-06-01 10:00:00", "2025-06-01 10:00:00"),
        ("2025-06-01T10:00:00.5", "2025-06-01 10:00:00.5"),
        ("2025-06-01T10:00:00Z", "2025-06-01 10:00:00"),
        ("2025-06-01T10:00:00+02:00", "2025-06-01 08:00:00"),
        ("2025-06-01 10:00+02", "2025-06-01 08:00:00"),
        ("2025-06-01 23:00:00 -0800", "2025-06-02 07:00:00"),
        ("2025-06-01 10:00:00 Europe/Berlin", "2025-06-01 08:00:00"),
        ("2025-06-01 10:00:00 UTC", "2025-06-01 10:00:00"),
        ("2025-06-01 11:35 PM", None),
        ("2025-06-01 10:00:00 o'clock", None),
        ("01.06.2025", None),
        ("06/01/2025", None),
        ("20250601", None),
    ],
)
def test_times_are_utc_whatever_zone_they_name(
    make_workspace: MakeWorkspace, opened: OpenRun, text: str, utc: str | None
) -> None:
    space = make_workspace(orders=f"{HEADER}o5,1,eve,{text},p1,bread,1,1.0\n")
    with opened(space) as run:
        assert load(run, space).quarantined == (utc is None)
        found = run.warehouse.rows("SELECT CAST(ordered_at AS VARCHAR) FROM raw.orders__order_lines")
        assert found == ([(utc,)] if utc else [])


def test_a_time_of_a_type_with_a_zone_is_utc_too(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace("sources.orders.columns.ordered_at=\"CAST('2025-06-01T10:00:00+02:00' AS TIMESTAMPTZ)\"")
    with opened(space) as run:
        load(run, space)
        assert run.warehouse.rows("SELECT DISTINCT CAST(ordered_at AS VARCHAR) FROM raw.orders__order_lines") == [
            ("2025-06-01 08:00:00",)
        ]
