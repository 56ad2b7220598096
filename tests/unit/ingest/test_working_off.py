"""Working off the quarantine: what passes is let in once, the rest stays, the ledger's sums are the present state."""

from __future__ import annotations

import datetime as dt
import json

import polars as pl
import pytest

from tasks.config.errors import SourceError, UsageError
from tasks.ingest import cases
from tasks.ingest.raw_views import build_raw_views
from tasks.warehouse.ledger import utc_now
from tasks.warehouse.run import open_run
from tests.unit.ingest.made_quarantine import (
    GOOD,
    HEADER,
    MENDED_UNITS,
    MISSING,
    NEGATIVE,
    ORDERS,
    SHORT,
    UNREADABLE,
    WRONG_DISCOUNT,
    counts,
    decide,
    ingest,
    open_numbers,
    rows_seen,
    seen,
)
from tests.workspaces import MakeWorkspace, OpenRun


def test_a_replay_after_a_mended_mapping_loads_what_passes(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(orders=ORDERS)
    with opened(space) as run:
        ingest(run)
        assert counts(run) == (6, 1, 5, 0)
    # The file need not be there any more.
    mended = make_workspace(MENDED_UNITS, orders=ORDERS)
    (space.directory / "orders.csv").unlink()
    with opened(mended) as run:
        done = decide(run, "replayed")
        assert (done.loaded, sorted(done.kept)) == ([1], [2, 3, 4, 5])
        assert done.loads == ["orders.csv (replay 1)"]
        assert counts(run) == (6, 2, 4, 0)
        assert seen(run) == [(1, "o1", 2.0, 1.5, None), (2, "o2", 2.0, 1.0, None)]
        assert open_numbers(run) == [2, 3, 4, 5]
        assert cases.case(run, 1).status == "replayed"
        assert [(one.name, one.by) for one in cases.case(run, 1).decisions] == [("replayed", "tester")]


def test_a_replay_that_changes_nothing_leaves_no_trace(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(orders=ORDERS)) as run:
        ingest(run)
        for _ in range(2):
            done = decide(run, "replayed")
            assert not done.has_changed
            assert sorted(done.kept) == [1, 2, 3, 4, 5]
        assert run.warehouse.value("SELECT count(*) FROM ops.load") == 1
        assert run.warehouse.value("SELECT count(*) FROM ops.quarantine_decision") == 0


def test_decisions_are_idempotent(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(MENDED_UNITS, orders=ORDERS)) as run:
        ingest(run)
    with opened(make_workspace(MENDED_UNITS, orders=ORDERS)) as run:
        decide(run, "released", 1, because="a credit note")
        before = counts(run), seen(run)
        again = decide(run, "released", 1, because="a credit note")
        assert (again.closed, again.loaded, again.loads) == ([1], [], [])
        assert decide(run, "discarded", 1, because="no").closed == [1]
        assert decide(run, "replayed", 1).closed == [1]
        assert (counts(run), seen(run)) == before


def test_a_row_that_stays_gets_its_new_reason(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(orders=HEADER + GOOD + "o2,1,ben,2025-06-02,p1,bread,2 pcs,-1\n")) as run:
        ingest(run)
        assert {one.column for one in cases.problems(run)} == {"quantity", "unit_price_amount"}
    with opened(make_workspace(MENDED_UNITS)) as run:
        done = decide(run, "replayed")
        assert list(done.kept) == [1]
        assert "unit_price_amount expected zero to ten million" in done.kept[1][0]
        assert [(one.column, one.number) for one in cases.problems(run)] == [("unit_price_amount", 1)]
        assert [one.name for one in cases.case(run, 1).decisions] == ["kept"]


def test_release_lets_in_what_breaks_a_rule(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(orders=ORDERS)) as run:
        ingest(run)
        done = decide(run, "released", 2, 3, because="credit notes")
        assert done.loaded == [2, 3]
        assert counts(run) == (6, 3, 3, 0)
        assert seen(run)[1:] == [(3, "o3", 1.0, -1.0, None), (4, "o4", 1.0, 1.0, None)]
        found = cases.case(run, 2)
        assert found.status == "released"
        assert [(one.name, one.reason) for one in found.decisions] == [("released", "credit notes")]


@pytest.mark.parametrize(
    ("number", "why"),
    [(1, "quantity cannot be read as DECIMAL"), (4, "not a row"), (5, "order_id is missing")],
)
def test_what_has_no_value_cannot_be_released(
    make_workspace: MakeWorkspace, opened: OpenRun, number: int, why: str
) -> None:
    with opened(make_workspace(orders=ORDERS)) as run:
        ingest(run)
        with pytest.raises(UsageError, match=rf"cannot be released: {number} \(orders.csv, row {number + 1}\): {why}"):
            decide(run, "released", 2, number, because="please")
        # None is let in where one cannot be.
        assert rows_seen(run) == [1]
        assert open_numbers(run) == [1, 2, 3, 4, 5]


def test_discarded_rows_count_as_not_read(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(orders=ORDERS)) as run:
        ingest(run)
        assert decide(run, "discarded", 4, 5, because="test orders").discarded == [4, 5]
        assert counts(run) == (4, 1, 3, 0)
        assert open_numbers(run) == [1, 2, 3]


def test_a_blanked_value_is_put_back_and_the_row_counts_once(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(WRONG_DISCOUNT)) as run:
        ingest(run)
        assert counts(run) == (5, 5, 0, 5)
        done = decide(run, "released", 3, because="a surcharge")
        assert (done.mended, done.loaded) == ([3], [])
        assert counts(run) == (5, 5, 0, 4)
        assert [(row, discount) for row, *_, discount in seen(run)] == [
            (1, None),
            (2, None),
            (3, -1.5),
            (4, None),
            (5, None),
        ]
        decide(run, "discarded", 1, because="nobody needs it")
        assert counts(run) == (5, 5, 0, 3)
        assert rows_seen(run) == [1, 2, 3, 4, 5]
    with opened(make_workspace("sources.orders.columns.discount_amount='0'")) as run:
        assert decide(run, "replayed").mended == [2, 4, 5]
        assert counts(run) == (5, 5, 0, 0)
        assert [discount for *_, discount in seen(run)] == [None, 0.0, -1.5, 0.0, 0.0]


def test_a_row_may_come_in_with_a_value_blanked(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(WRONG_DISCOUNT, orders=HEADER + GOOD + UNREADABLE)) as run:
        ingest(run)
        assert counts(run) == (2, 1, 1, 2)
    with opened(make_workspace(WRONG_DISCOUNT, MENDED_UNITS)) as run:
        assert decide(run, "replayed", 2).loaded == [2]
        assert counts(run) == (2, 2, 0, 2)
        assert [(one.column, one.status) for one in cases.case(run, 2).problems] == [
            ("discount_amount", "open"),
            ("quantity", "replayed"),
        ]
        assert decide(run, "released", 2, because="it is right").mended == [2]
        assert counts(run) == (2, 2, 0, 1)
        assert seen(run)[1] == (2, "o2", 2.0, 1.0, -1.0)


def test_a_row_that_was_let_in_keeps_its_place_among_the_others(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    """A row of an older file is no newer than a correction that came before somebody let it in."""
    space = make_workspace("sources.orders.path=*.csv", orders=HEADER + NEGATIVE)
    with opened(space) as run:
        ingest(run)
        (space.directory / "later.csv").write_text(HEADER + NEGATIVE.replace("-1.0", "7.0"))
        ingest(run)
        decide(run, "released", 1, because="it was so")
        build_raw_views(run)
        newest = run.warehouse.value(
            "SELECT unit_price_amount FROM raw.order_lines ORDER BY load_no DESC, row_number DESC LIMIT 1"
        )
        assert float(newest) == 7.0


def test_a_run_of_an_earlier_time_does_not_see_what_was_let_in_later(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    space = make_workspace(orders=ORDERS)
    with opened(space) as run:
        ingest(run)
    before = utc_now()
    with opened(space) as run:
        decide(run, "released", 2, because="so it is")
    with opened(space, known_as_of=before) as run:
        assert rows_seen(run) == [1]
        assert counts(run) == (6, 1, 5, 0)
    with opened(space) as run:
        assert rows_seen(run) == [1, 3]


def test_a_corrected_file_makes_the_replay_moot(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(orders=ORDERS)) as run:
        ingest(run)
        decide(run, "released", 2, because="so it is")
        make_workspace(orders=HEADER + GOOD + NEGATIVE.replace("-1.0", "1.0") + UNREADABLE)
        ingest(run)
        assert seen(run) == [(1, "o1", 2.0, 1.5, None), (2, "o3", 1.0, 1.0, None)]
        assert counts(run) == (3, 2, 1, 0)
        assert open_numbers(run) == [6]
        assert {one.number for one in cases.problems(run, status="superseded")} == {1, 3, 4, 5}
        done = decide(run, "replayed", 1, 2)
        assert (done.superseded, done.closed, done.loads) == ([1], [2], [])
        # The first version once more: what was let in of it counts again.
        make_workspace(orders=ORDERS)
        ingest(run)
        assert rows_seen(run) == [1, 3]
        assert open_numbers(run) == [1, 3, 4, 5]


@pytest.mark.parametrize("replay_first", [True, False])
def test_a_changed_mapping_that_loads_the_file_anew_doubles_nothing(
    make_workspace: MakeWorkspace, opened: OpenRun, *, replay_first: bool
) -> None:
    with opened(make_workspace(orders=ORDERS)) as run:
        ingest(run)
    with opened(make_workspace(MENDED_UNITS, orders=ORDERS)) as run:
        if replay_first:
            decide(run, "replayed")
        ingest(run)
        decide(run, "replayed")
        assert rows_seen(run) == [1, 2]
        assert counts(run) == (6, 2, 4, 0)
        assert len(open_numbers(run)) == 4


def test_decisions_outlive_a_change_of_the_mapping(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(orders=ORDERS)) as run:
        ingest(run)
        decide(run, "released", 2, because="a voucher")
        decide(run, "discarded", 4, because="cut off")
        before = counts(run)
    with opened(make_workspace(MENDED_UNITS, orders=ORDERS)) as run:
        ingest(run)
        assert rows_seen(run) == [1, 2, 3]
        assert counts(run) == (before[0], before[1] + 1, before[2] - 1, 0)
        released = next(one for one in cases.problems(run, status="released") if one.number > 5)
        assert [(one.by, one.reason) for one in cases.case(run, released.number).decisions] == [("tester", "a voucher")]
        again = counts(run), run.warehouse.value("SELECT count(*) FROM ops.load")
        ingest(run)
        assert (counts(run), run.warehouse.value("SELECT count(*) FROM ops.load")) == again


def test_a_release_does_not_cover_what_it_was_not_about(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(orders=HEADER + NEGATIVE)) as run:
        ingest(run)
        decide(run, "released", 1, because="a voucher")
    with opened(make_workspace("sources.orders.columns.quantity=units || ' million'", orders=HEADER + NEGATIVE)) as run:
        ingest(run)
        assert rows_seen(run) == []
        assert {one.column for one in cases.problems(run)} == {"quantity", "unit_price_amount"}
    # Other bytes are another row, whatever its number.
    with opened(make_workspace(orders=HEADER + NEGATIVE.replace("ben", "eve"))) as run:
        ingest(run)
        assert rows_seen(run) == []


def test_a_dry_run_says_the_same_and_changes_nothing(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(orders=ORDERS)) as run:
        ingest(run)
        tried = decide(run, "released", 2, because="to see", is_dry=True)
        assert (counts(run), rows_seen(run), open_numbers(run)) == ((6, 1, 5, 0), [1], [1, 2, 3, 4, 5])
        assert decide(run, "released", 2, because="to see") == tried


def test_the_ids_of_loads_follow_from_what_was_decided(make_workspace: MakeWorkspace) -> None:
    space = make_workspace(orders=ORDERS)
    ids = []
    for place, numbers in (("one", (2, 3)), ("two", (2, 3)), ("three", (3,))):
        with open_run(space, as_of=dt.date(2025, 6, 30), known_as_of=None, output=space.directory / place) as run:
            ingest(run)
            decide(run, "released", *numbers, because=place)
            run.identify()
            ids.append(run.run_id)
    assert ids[0] == ids[1] != ids[2]


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
