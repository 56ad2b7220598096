"""Loading files: what is read is loaded or quarantined, whatever the file is like."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from tasks.config.errors import SourceError
from tasks.ingest.discovery import find_files
from tasks.ingest.loading import LoadCounts
from tasks.ingest.mapping import parse_mapping
from tasks.ingest.raw_views import build_raw_views
from tasks.ingest.tasks import ingest_source
from tasks.warehouse.ledger import utc_now
from tasks.warehouse.run import Run
from tests.unit.ingest.made_files import load
from tests.workspaces import ORDERS, MakeWorkspace, OpenRun

HEADER = "order,line,customer,at,product,category,units,price\n"
GOOD = "o1,1,anna,2025-06-01 10:00:00,p1,bread,2,1.50\n"


def quarantine(run: Run) -> list[tuple[object, ...]]:
    return run.warehouse.rows(
        "SELECT row_number, column_name, value_text, reason, action_name FROM ops.quarantine"
        " LEFT JOIN raw.quarantined_value USING (load_id, row_number, column_name) ORDER BY ALL"
    )


def test_good_rows_are_loaded_with_their_numbers(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace()
    with opened(space) as run:
        assert load(run, space) == LoadCounts(read=5, loaded=5, quarantined=0, blanked=0)
        rows = run.warehouse.rows("SELECT row_number, order_id, quantity FROM raw.orders__order_lines ORDER BY 1")
        assert [(number, order, float(units)) for number, order, units in rows] == [
            (1, "o1", 2.0),
            (2, "o1", 1.0),
            (3, "o2", 4.0),
            (4, "o3", 1.0),
            (5, "o4", 1.0),
        ]


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        ("o2,1,ben,yesterday,p1,bread,1,1.0", "ordered_at", "yesterday", "cannot be read as TIMESTAMP"),
        ("o2,1,ben,2025-06-01,p1,bread,two,1.0", "quantity", "two", "cannot be read as DECIMAL(18,3)"),
        (",1,ben,2025-06-01,p1,bread,1,1.0", "order_id", None, "is missing"),
        ("o2,1,ben,1893-06-01,p1,bread,1,1.0", "ordered_at", "1893-06-01", "expected a time from 1970-01-02"),
        ("o2,1,ben,2099-06-01,p1,bread,1,1.0", "ordered_at", "2099-06-01", "expected a time from 1970-01-02"),
        ("o2,1,ben,2025-06-01,p1,bread,1,-1.0", "unit_price_amount", "-1.0", "expected zero to ten million"),
        ("o2," + "x" * 300 + ",ben,2025-06-01,p1,bread,1,1", "line_id", "x" * 300, "expected an id of 1 to 200"),
    ],
)
def test_a_bad_row_is_quarantined_with_its_reason(
    make_workspace: MakeWorkspace, opened: OpenRun, row: str, column: str, value: str | None, reason: str
) -> None:
    space = make_workspace(orders=HEADER + GOOD + row + "\n" + GOOD)
    with opened(space) as run:
        assert load(run, space) == LoadCounts(read=3, loaded=2, quarantined=1, blanked=0)
        ((number, named, text, why, action),) = quarantine(run)
        assert (number, named, text, action) == (2, column, value, "row")
        assert str(why).startswith(reason)


def test_lines_that_are_no_rows_are_quarantined_and_others_keep_their_numbers(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    broken = b"o9,1,eve,2025-06-01\no9,2,e\xffve,2025-06-01,p1,bread,1,1.0\no9,3,eve,2025-06-01,p1,bread,1,1.0,7,8\n"
    orders = HEADER.encode() + GOOD.encode() + broken + b"o5,1,ben,2025-06-02,p1,bread,zwei,1.0\n" + GOOD.encode()
    space = make_workspace(orders=orders)
    with opened(space) as run:
        assert load(run, space) == LoadCounts(read=6, loaded=2, quarantined=4, blanked=0)
        assert [row[0] for row in quarantine(run)] == [2, 3, 4, 5]
        assert run.warehouse.rows("SELECT row_number FROM raw.orders__order_lines ORDER BY 1") == [(1,), (6,)]


def test_the_quarantine_keeps_the_whole_row(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(orders=HEADER + "o2,1,ben,2025-06-01,p1,bread,two,1.0\n")
    with opened(space) as run:
        load(run, space)
        row = json.loads(run.warehouse.value("SELECT row_json FROM raw.quarantined_row"))
        assert row["customer"] == "ben"
        assert row["units"] == "two"


def test_a_value_rule_blanks_the_value_and_keeps_the_row(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace("sources.orders.columns.discount_amount=-1 * CAST(price AS DOUBLE)")
    with opened(space) as run:
        assert load(run, space) == LoadCounts(read=5, loaded=5, quarantined=0, blanked=5)
        assert run.warehouse.rows("SELECT DISTINCT discount_amount FROM raw.orders__order_lines") == [(None,)]


def test_the_same_file_has_the_same_load_id_under_any_name(make_workspace: MakeWorkspace, tmp_path: Path) -> None:
    space = make_workspace("sources.orders.path=*.csv")
    (tmp_path / "workspace" / "copy.csv").write_text(ORDERS)
    files = find_files(space, parse_mapping(space, "orders"))
    assert len(files) == 2
    assert len({file.load_id for file in files}) == 1


def test_a_changed_mapping_is_a_new_load(make_workspace: MakeWorkspace) -> None:
    plain, changed = make_workspace(), make_workspace("sources.orders.columns.quantity=-units")
    ids = {find_files(space, parse_mapping(space, "orders"))[0].load_id for space in (plain, changed)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"order,line,line\n1,2,3\n", "columns 2, 3 share a name"),
        (b"anna,1,anna,2,anna@example.com\n1,2,3,4,5\n", "columns 1, 3 share a name"),
        (b"order,,line\n1,2,3\n", "no name for column 2"),
        ("order,größe\n1,2\n".encode("latin-1"), "not utf-8: byte 8 is 0xf6"),
        (HEADER.encode("utf-16"), "not utf-8|NUL"),
        (b"or\0der,line\n1,2\n", "NUL bytes"),
        (HEADER.replace(",", ";").encode(), "is options.delimiter right"),
        (HEADER.replace("units", "Units sold").encode(), "no column 'units'"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_plainly(
    make_workspace: MakeWorkspace, opened: OpenRun, content: bytes, message: str
) -> None:
    space = make_workspace(orders=content)
    with opened(space) as run, pytest.raises(SourceError, match=message) as caught:
        load(run, space)
    assert "orders.csv" in str(caught.value)


@pytest.mark.parametrize(("column", "word"), [("order_id", "order"), ("ordered_at", "at")])
def test_a_column_that_is_called_like_a_word_of_sql_is_told(
    make_workspace: MakeWorkspace, opened: OpenRun, column: str, word: str
) -> None:
    space = make_workspace(f"sources.orders.columns.{column}={word}")
    with (
        opened(space) as run,
        pytest.raises(SourceError, match=f"columns.{column}: '{word}' is a word of SQL") as caught,
    ):
        load(run, space)
    assert caught.value.hint == f"write it in double quotes: '\"{word}\"'"


def test_a_header_alone_loads_nothing(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(orders=HEADER)
    with opened(space) as run:
        assert load(run, space) == LoadCounts(read=0, loaded=0, quarantined=0, blanked=0)


def test_a_megabyte_cell_is_loaded_and_a_longer_line_quarantined(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    long, longer = "x" * 1_000_000, "y" * 3_000_000
    rows = (f"o2,1,ben,2025-06-01,p1,{long},1,1.0\n", f"o2,2,ben,2025-06-01,p1,{longer},1,1.0\n")
    space = make_workspace(orders=HEADER + "".join(rows) + GOOD)
    with opened(space) as run:
        assert load(run, space) == LoadCounts(read=3, loaded=2, quarantined=1, blanked=0)
        assert run.warehouse.value("SELECT max(length(category_name)) FROM raw.orders__order_lines") == 1_000_000


@pytest.mark.parametrize("cut", [20, 60])
def test_a_gzip_file_cut_short_loads_nothing(make_workspace: MakeWorkspace, opened: OpenRun, cut: int) -> None:
    space = make_workspace("sources.orders.path=orders.csv.gz")
    many = HEADER + "".join(f"o{n},1,c{n % 97},2025-06-01 10:00:{n % 60:02d},p{n},bread,{n},1.5\n" for n in range(5000))
    packed = gzip.compress(many.encode(), mtime=0)
    (space.directory / "orders.csv.gz").write_bytes(packed[: len(packed) * cut // 100])
    with opened(space) as run:
        with pytest.raises(SourceError, match="(?i)gzip"):
            load(run, space)
        assert run.warehouse.value("SELECT count(*) FROM ops.load") == 0
        assert not run.warehouse.table_exists("raw.orders__order_lines")


def test_json_lines_and_parquet_load_like_csv(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace()
    frame = pl.read_csv(ORDERS.encode(), infer_schema=False)
    frame.write_ndjson(space.directory / "orders.jsonl")
    frame.write_parquet(space.directory / "orders.parquet")
    table = "SELECT * EXCLUDE (load_id, load_no, loaded_at) FROM raw.orders__order_lines WHERE load_no = {} ORDER BY row_number"
    with opened(space) as run:
        load(run, space)
        for number, kind in ((2, "jsonl"), (3, "parquet")):
            other = make_workspace(f"sources.orders.path=orders.{kind}", f"sources.orders.format={kind}")
            assert load(run, other).loaded == 5
            assert run.warehouse.rows(table.format(number)) == run.warehouse.rows(table.format(1))


def test_a_broken_json_line_is_quarantined(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace("sources.orders.path=orders.jsonl", "sources.orders.format=jsonl")
    good = {"order": "o1", "line": 1, "customer": "é", "at": "2025-06-01T10:00:00", "units": 2, "price": 1.5}
    good |= {"product": "p", "category": None}
    lines = [json.dumps(good), "{broken", json.dumps(good | {"line": 2})]
    (space.directory / "orders.jsonl").write_text("\n".join(lines) + "\n")
    with opened(space) as run:
        assert load(run, space) == LoadCounts(read=3, loaded=2, quarantined=1, blanked=0)
        assert [row[0] for row in quarantine(run)] == [2]


def test_a_parquet_file_that_is_none_is_told(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace("sources.orders.format=parquet")
    with opened(space) as run, pytest.raises(SourceError, match="not a Parquet file"):
        load(run, space)
    whole = space.directory / "whole.parquet"
    pl.read_csv(ORDERS.encode(), infer_schema=False).write_parquet(whole)
    content = whole.read_bytes()
    for damaged in (content[: len(content) // 2], content[:40] + b"\xa5" * 60 + content[100:]):
        (space.directory / "orders.csv").write_bytes(damaged)
        with opened(space) as run:
            with pytest.raises(SourceError, match="orders.csv"):
                load(run, space)
            assert run.warehouse.value("SELECT count(*) FROM ops.load") == 0


def test_a_missing_file_is_told_with_the_line_of_the_workspace(make_workspace: MakeWorkspace) -> None:
    space = make_workspace("sources.orders.path=nowhere_*.csv")
    with pytest.raises(SourceError, match="no file matches .*nowhere"):
        find_files(space, parse_mapping(space, "orders"))


def visible_orders(run: Run) -> list[str]:
    build_raw_views(run)
    return [order for (order,) in run.warehouse.rows("SELECT DISTINCT order_id FROM raw.order_lines ORDER BY 1")]


def test_a_file_delivered_again_replaces_its_earlier_version(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace()
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        assert visible_orders(run) == ["o1", "o2", "o3", "o4"]
        make_workspace(orders=HEADER + GOOD.replace("o1", "o9"))
        ingest_source.fn(run, "orders")
        assert visible_orders(run) == ["o9"]
        # The first content once more: nothing is loaded, and it counts again.
        make_workspace()
        assert ingest_source.fn(run, "orders") == 0
        assert visible_orders(run) == ["o1", "o2", "o3", "o4"]
        assert run.warehouse.value("SELECT count(*) FROM ops.load") == 2


def test_versions_of_a_source_may_add_up(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace("sources.orders.versions=add")) as run:
        ingest_source.fn(run, "orders")
        make_workspace(orders=HEADER + GOOD.replace("o1", "o9"))
        ingest_source.fn(run, "orders")
        assert visible_orders(run) == ["o1", "o2", "o3", "o4", "o9"]


def test_what_was_delivered_later_is_not_known_earlier(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace()
    with opened(space) as run:
        ingest_source.fn(run, "orders")
    before = utc_now()
    make_workspace(orders=HEADER + GOOD.replace("o1", "o9"))
    with opened(space, known_as_of=before) as run:
        ingest_source.fn(run, "orders")
        assert visible_orders(run) == ["o1", "o2", "o3", "o4"]


def test_a_file_that_is_gone_stays_loaded(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace("sources.orders.path=*.csv")
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        (space.directory / "orders.csv").rename(space.directory / "more.csv")
        (space.directory / "more.csv").write_text(HEADER + GOOD.replace("o1", "o9"))
        ingest_source.fn(run, "orders")
        assert visible_orders(run) == ["o1", "o2", "o3", "o4", "o9"]


def test_a_raw_table_of_an_earlier_version_gets_the_columns_that_it_lacks(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    space = make_workspace()
    with opened(space) as run:
        load(run, space)
        run.warehouse.execute("ALTER TABLE raw.orders__order_lines DROP COLUMN brand_name")
        build_raw_views(run)
        assert run.warehouse.rows("SELECT count(*), count(brand_name) FROM raw.order_lines") == [(5, 0)]
        run.warehouse.execute("DROP VIEW raw.order_lines")
        run.warehouse.execute("ALTER TABLE raw.orders__order_lines DROP COLUMN brand_name")
        branded = make_workspace("sources.orders.columns.brand_name=product")
        load(run, branded)
        assert run.warehouse.rows("SELECT count(*), count(brand_name) FROM raw.orders__order_lines") == [(10, 5)]
