"""Snapshots: equal to the features of the same day, blind to what came after it, and shielded like features."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tasks.config.predictions import Prediction
from tasks.features.build import build_all
from tasks.ingest.staging import build_staging
from tasks.predict.plan import Plan, plan
from tasks.predict.snapshots import (
    first_order_date,
    input_names,
    order_days,
    read_cohort,
    read_snapshot,
    snapshot_model,
)
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.run import Run
from tests.sql.cases import create_raw, insert
from tests.unit.conftest import OnCopy, StageOnce
from tests.unit.predict.made_orders import simulate, stage
from tests.workspaces import AS_OF, MakeWorkspace, OpenRun, small_workspace

FIRST = AS_OF - dt.timedelta(days=399)
SPEND = Prediction(kind="spend", horizon_days=60, min_customers=50, min_events=10)


TREE = small_workspace() | {"features": {"windows": [30, 90]}}


@pytest.fixture(scope="module")
def staged(staged_once: StageOnce) -> Path:
    return staged_once(lambda run: stage(run, simulate(1, 150, 400), FIRST), tree=TREE)


@pytest.fixture
def run(staged: Path, on_copy: OnCopy) -> Iterator[Run]:
    with on_copy(staged, tree=TREE) as opened_run:
        yield opened_run


def layout(run: Run) -> Plan:
    return plan(SPEND, first_order_date(run), run.as_of)


def snapshots(run: Run) -> dict[dt.date, pl.DataFrame]:
    """Every snapshot of a prediction but that of the as-of day, and the cohort of the test."""
    with order_days(run):
        days = layout(run)
        found = {
            day: read_snapshot(run, SPEND, days, day, None) for day in (*days.final_cut_offs, *days.train_cut_offs)
        }
        return found | {dt.date.max: read_cohort(run, SPEND, days.test_cut_off)}


def test_a_snapshot_of_the_as_of_day_is_the_features_of_that_day(run: Run) -> None:
    """Columns that both have are one quantity, returns of the same and of other orders included."""
    line = {"line_id": "2", "product_id": "p", "quantity": -1, "unit_price_amount": 5, "channel_name": "app"}
    for number, (order, customer) in enumerate(run.warehouse.rows("SELECT order_id, customer_id FROM staging.orders")):
        if number % 7 == 0:
            moment = AS_OF - dt.timedelta(days=number % 30)
            returned = {"order_id": order if number % 2 else f"r{number}", "customer_id": customer}
            insert(run.warehouse, "raw.order_lines", [line | returned | {"ordered_at": moment, "row_number": 9}])
    build_staging(run)
    build_all(run)
    with order_days(run):
        days = layout(run)
        found = read_snapshot(run, SPEND, days, run.as_of, None)
    shared = sorted(set(found.columns[1:]) & set(catalogue_of(run).features))
    assert len(shared) > 15
    columns = ", ".join(f"CAST({name} AS DOUBLE) AS {name}" for name in shared)
    relation = catalogue_of(run).relation(run.run_id)
    wide = run.warehouse.frame(f"SELECT customer_id, {columns} FROM {relation} WHERE order_count > 0 ORDER BY 1")
    assert found.get_column("customer_id").to_list() == wide.get_column("customer_id").to_list()
    for name in shared:
        assert found.get_column(name).to_list() == pytest.approx(wide.get_column(name).to_list(), nan_ok=True), name


def test_what_comes_after_a_cut_off_changes_no_snapshot_of_it(run: Run) -> None:
    with order_days(run):
        days = layout(run)
        cut_off = days.train_cut_offs[0]
        columns = ["customer_id", *(column.name for column in snapshot_model(run, SPEND, cut_off).columns[1:])]
        before = read_snapshot(run, SPEND, days, cut_off, None), read_cohort(run, SPEND, cut_off)
    old, customer = run.warehouse.rows("SELECT order_id, customer_id FROM staging.orders ORDER BY ordered_at LIMIT 1")[
        0
    ]
    later = {"customer_id": customer, "ordered_at": cut_off + dt.timedelta(days=1), "quantity": 5}
    priced = later | {"unit_price_amount": 99, "discount_amount": 1, "category_name": "new", "channel_name": "a"}
    insert(
        run.warehouse,
        "raw.order_lines",
        [
            # A line that comes to an order from before, a return of it, a new order, and a new customer.
            priced | {"order_id": old, "line_id": "late", "row_number": 90001},
            priced | {"order_id": old, "line_id": "back", "quantity": -5, "row_number": 90002},
            priced | {"order_id": "new", "line_id": "1", "row_number": 90003},
            priced | {"order_id": "other", "line_id": "1", "customer_id": "stranger", "row_number": 90004},
        ],
    )
    build_staging(run)
    with order_days(run):
        seen = read_snapshot(run, SPEND, days, cut_off, None), read_cohort(run, SPEND, cut_off)
        after = read_snapshot(run, SPEND, days, cut_off + dt.timedelta(days=1), None)
    assert seen[0].select(columns).equals(before[0].select(columns))
    assert seen[1].equals(before[1])
    # It is an outcome, and what is known a day later.
    assert not seen[0].equals(before[0])
    assert "stranger" in after.get_column("customer_id")


def test_a_run_of_an_earlier_day_sees_what_a_run_saw_then(run: Run) -> None:
    """Later orders in the files make no difference: staging holds none of them."""
    before = snapshots(run)
    run.warehouse.execute(
        "INSERT INTO raw.order_lines BY NAME SELECT * REPLACE (order_id || '!' AS order_id, ordered_at + INTERVAL 400"
        " DAY AS ordered_at, row_number + 100000 AS row_number) FROM raw.order_lines"
    )
    build_staging(run)
    after = snapshots(run)
    assert before.keys() == after.keys()
    assert all(after[day].equals(frame) for day, frame in before.items())


def test_outcomes_are_those_of_the_days_after(run: Run) -> None:
    with order_days(run):
        days = layout(run)
        cut_off = days.test_cut_off
        found = read_snapshot(run, SPEND, days, cut_off, None)
    by_hand = run.warehouse.frame(
        "SELECT customer_id, sum(CAST(line_amount AS DOUBLE)) AS amount FROM staging.order_lines"
        " WHERE CAST(ordered_at AS DATE) BETWEEN $first AND $last GROUP BY 1",
        {"first": cut_off + dt.timedelta(days=1), "last": run.as_of},
    )
    joined = found.join(by_hand, on="customer_id", how="left").with_columns(pl.col("amount").fill_null(0))
    assert joined.get_column("outcome_amount").to_list() == pytest.approx(joined.get_column("amount").to_list())
    assert joined.filter(pl.col("has_ordered") != (pl.col("amount") > 0)).is_empty()
    assert 0 < found.get_column("has_ordered").sum() < found.height


def test_outcomes_are_what_a_later_snapshot_says_of_as_many_days(run: Run) -> None:
    """Amounts of the day of their line, and orders of that of their first, on both sides of a cut-off."""
    with order_days(run):
        days = layout(run)
        cut_off = days.test_cut_off
    lines = run.warehouse.rows(
        "SELECT order_id, customer_id, row_number() OVER () FROM staging.orders WHERE order_date <= $day",
        {"day": cut_off},
    )
    line = {"line_id": "later", "product_id": "p", "unit_price_amount": 9}
    returned = [
        # To orders of before: every second a return, the others an exchange or a line too many.
        line | {"order_id": order, "customer_id": customer, "quantity": -1 if number % 2 else 3, "row_number": 90000}
        for order, customer, number in lines
        if number % 5 == 0
    ]
    for number, row in enumerate(returned):
        moment = cut_off + dt.timedelta(days=number % (run.as_of - cut_off).days, hours=23)
        insert(run.warehouse, "raw.order_lines", [row | {"ordered_at": moment + dt.timedelta(hours=1)}])
    build_staging(run)
    with order_days(run):
        then = read_snapshot(run, SPEND, days, cut_off, None)
        after = read_snapshot(run, SPEND, days, run.as_of, None)
    assert (run.as_of - cut_off).days == SPEND.days
    joined = then.join(after, on="customer_id", how="left", suffix="_after")
    assert joined.get_column("outcome_amount").to_list() == joined.get_column("net_60d_amount_after").to_list()
    assert joined.filter(pl.col("has_ordered") != (pl.col("order_60d_count_after") > 0)).is_empty()
    # Somebody came back with something, and ordered nothing.
    assert not joined.filter(~pl.col("has_ordered") & (pl.col("outcome_amount") > 0)).is_empty()


def test_windows_that_begin_before_the_first_order_are_scaled_up(run: Run) -> None:
    with order_days(run):
        days = layout(run)
        early = min(days.train_cut_offs)
        known = days.history_days(early)
        found = read_snapshot(run, SPEND, days, early, None)
        names = input_names(run, SPEND, days)
    assert 60 <= known < 120
    assert found.get_column("order_120d_count").to_list() == pytest.approx(
        (found.get_column("order_count") * 120 / known).to_list()
    )
    assert found.get_column("order_60d_count").le(found.get_column("order_count")).all()
    assert "order_120d_count" in names
    assert not {"order_count", "net_amount", "order_day_count", "customer_id"} & set(names)


def test_samples_are_the_same_each_time_and_other_ones_on_other_days(run: Run) -> None:
    with order_days(run):
        days = layout(run)
        whole = read_snapshot(run, SPEND, days, days.test_cut_off, None)
        first, again = (read_snapshot(run, SPEND, days, days.test_cut_off, 40) for _ in range(2))
        seeded = read_snapshot(run, SPEND.model_copy(update={"seed": 1}), days, days.test_cut_off, 40)
    assert first.height == 40
    assert first.equals(again)
    assert whole.join(first, on="customer_id", how="semi").equals(first)
    assert first.get_column("customer_id").to_list() != seeded.get_column("customer_id").to_list()


def test_the_population_is_that_of_each_day(run: Run) -> None:
    recent = SPEND.model_copy(update={"population": "recency_days <= 20 AND order_count >= 2"})
    with order_days(run):
        days = layout(run)
        found = read_snapshot(run, recent, days, days.test_cut_off, None)
    assert 0 < found.height < 150
    assert found.get_column("recency_days").max() <= 20
    assert found.get_column("order_count").min() >= 2


def test_protected_columns_are_not_seen(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    classes = {"order_lines.category_name": "sensitive", "order_lines.channel_name": "contact"}
    with opened(make_workspace(tree=small_workspace() | {"privacy": {"columns": classes}})) as run:
        stage(run, simulate(1, 120, 400), FIRST)
        with order_days(run) as unseen:
            assert run.warehouse.value("SELECT count(*) FROM category_day") == 0
            assert run.warehouse.value("SELECT count(channel_name) FROM order_day") == 0
            assert run.warehouse.value("SELECT count(*) FROM order_day") > 100
    assert [message.split(":")[0] for message in unseen] == [
        "predictions are computed without staging.order_days.channel_name",
        "predictions are computed without staging.order_lines.category_name",
    ]


def test_nothing_is_left_behind(run: Run) -> None:
    with pytest.raises(RuntimeError), order_days(run):
        raise RuntimeError
    assert run.warehouse.rows("SELECT table_name FROM duckdb_tables() WHERE temporary") == []


def test_no_order_at_all(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace()) as run:
        run.identify()
        create_raw(run.warehouse)
        build_staging(run)
        with order_days(run):
            assert first_order_date(run) is None
