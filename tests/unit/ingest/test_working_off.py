"""Working off the quarantine: what passes is let in once, the rest stays, the ledger's sums are the present state."""

from __future__ import annotations

import datetime as dt

import pytest

from tasks.config.errors import UsageError
from tasks.ingest import cases
from tasks.ingest.raw_views import build_raw_views
from tasks.warehouse.ledger import utc_now
from tasks.warehouse.run import open_run
from tests.unit.ingest.made_quarantine import (
    GOOD,
    HEADER,
    MENDED_UNITS,
    NEGATIVE,
    ORDERS,
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
        with open_run(
            space, as_of=dt.date(2025, 6, 30), known_as_of=None, output=space.directory / place, is_scratch=True
        ) as run:
            ingest(run)
            decide(run, "released", *numbers, because=place)
            run.identify()
            ids.append(run.run_id)
    assert ids[0] == ids[1] != ids[2]
