"""Times come out as the company's clock showed them, however a source writes them; what is ambiguous is told."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from typing import Any, Literal
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tasks.ingest.discovery import find_files
from tasks.ingest.loading import load_file
from tasks.ingest.mapping import parse_mapping
from tasks.ingest.tasks import ingest_source
from tests.workspaces import MakeWorkspace, OpenRun, small_workspace

#: Around midnight, and before and after the clocks change in some of the zones.
MOMENTS = [
    dt.datetime(2025, month, day, tzinfo=dt.UTC) + dt.timedelta(minutes=minutes)
    for month, day in [(1, 1), (2, 28), (3, 9), (3, 30), (4, 5), (6, 30), (10, 4), (10, 26), (11, 2)]
    for minutes in (0, 30, 135, 345, 390, 720, 905, 990, 1110, 1425)
] + [dt.datetime(2024, 2, 29, 18, 30, tzinfo=dt.UTC)]
ZONES = ("Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York", "Pacific/Apia", "Africa/Casablanca", "UTC")
LONDON = ZoneInfo("Europe/London")
Form = Callable[[dt.datetime, ZoneInfo], object]
Unit = Literal["ms", "us", "ns"]


def written(texts: Iterable[object]) -> str:
    return "order,at\n" + "".join(f"o{number},{text}\n" for number, text in enumerate(texts))


def tree(zone: str, **source: object) -> dict[str, object]:
    """The small workspace of a company in some zone, with orders that have a time alone."""
    columns = {
        "order_id": '"order"',
        "line_id": "1",
        "customer_id": "'anna'",
        "ordered_at": '"at"',
        "quantity": "1",
        "unit_price_amount": "1",
    }
    columns.update({"ordered_at": str(source.pop("at"))} if "at" in source else {})
    orders = {"entity": "order_lines", "format": "csv", "path": "orders.csv", "columns": columns} | source
    return small_workspace() | {"calendar": {"timezone": zone}, "sources": {"orders": orders}}


def loaded(opened: OpenRun, space: Any, column: str = "ordered_at") -> list[Any]:  # noqa: ANN401 - of any type
    """A column in the order of the file, with the reasons of what is quarantined in its place."""
    with opened(space) as run:
        (name,) = space.sources
        mapping = parse_mapping(space, name)
        (file,) = find_files(space, mapping)
        load_file(run.warehouse, mapping, file, run.attempt_id)
        rows = run.warehouse.rows(f"SELECT row_number, {column} FROM {mapping.table}")
        out = run.warehouse.rows("SELECT row_number, reason FROM ops.quarantine")
    return [value for _, value in sorted([*rows, *out], key=lambda row: row[0])]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("form", "source"),
    [
        pytest.param(lambda at, _: at.astimezone(LONDON).isoformat(), {}, id="an offset"),
        pytest.param(lambda at, _: f"{at:%Y-%m-%d %H:%M:%S} UTC", {}, id="in UTC"),
        pytest.param(lambda at, _: f"{at:%Y-%m-%dT%H:%M:%SZ}", {}, id="Z"),
        pytest.param(lambda at, _: f"{at:%Y-%m-%d %H:%M:%S}", {"timezone": "UTC"}, id="a source that is in UTC"),
        pytest.param(lambda at, zone: f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}", {}, id="the company's own"),
        pytest.param(
            lambda at, _: int(at.timestamp()), {"at": 'to_timestamp("at"::BIGINT)'}, id="seconds of the epoch"
        ),
        pytest.param(
            lambda at, zone: f"{at.astimezone(zone):%d.%m.%Y %I:%M %p}",
            {"at": "strptime(\"at\", '%d.%m.%Y %I:%M %p')"},
            id="strptime",
        ),
    ],
)
def test_a_time_is_kept_as_the_companys_clock_showed_it(
    make_workspace: MakeWorkspace, opened: OpenRun, zone: str, form: Form, source: dict[str, object]
) -> None:
    clock = ZoneInfo(zone)
    space = make_workspace(orders=written(form(at, clock) for at in MOMENTS), tree=tree(zone, **source))
    assert loaded(opened, space) == [at.astimezone(clock).replace(tzinfo=None) for at in MOMENTS]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("of_source", ["Asia/Kolkata", None])
def test_times_of_parquet_are_of_any_unit_and_zone(
    make_workspace: MakeWorkspace, opened: OpenRun, unit: Unit, of_source: str | None
) -> None:
    """A frame of pandas has nanoseconds, and a zone or none."""
    space = make_workspace(
        tree=tree("America/New_York", format="parquet", path="orders.parquet", timezone=None if of_source else "UTC")
    )
    times = pl.Series("at", [at.replace(tzinfo=None) for at in MOMENTS]).cast(pl.Datetime(unit))
    times = times.dt.replace_time_zone("UTC").dt.convert_time_zone(of_source) if of_source else times
    frame = pl.DataFrame({"order": [f"o{number}" for number in range(len(MOMENTS))], "at": times})
    frame.write_parquet(space.directory / "orders.parquet")
    clock = ZoneInfo("America/New_York")
    assert loaded(opened, space) == [at.astimezone(clock).replace(tzinfo=None) for at in MOMENTS]


def test_a_day_without_a_time_is_that_day_wherever_the_source_is(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    space = make_workspace(orders=written(["2025-06-30", "2025/6/3"]), tree=tree("America/New_York", timezone="UTC"))
    assert loaded(opened, space) == [dt.datetime(2025, 6, 30), dt.datetime(2025, 6, 3)]


@pytest.mark.parametrize("zone", ["BST", "IST", "CST", "EST", "CET", "AST", "PM", "(BC)"])
def test_an_abbreviation_of_several_zones_is_told_and_not_guessed(
    make_workspace: MakeWorkspace, opened: OpenRun, zone: str
) -> None:
    """DuckDB takes BST for the time of Dhaka, AST for that of Anchorage, CET for the summer time of Paris."""
    space = make_workspace(orders=written([f"2025-06-30 10:15:30 {zone}"]), tree=tree("UTC"))
    assert loaded(opened, space) == ["cannot be read as TIMESTAMP"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("text", ["1990-05-01T00:00:00Z", "1990-05-01 00:00:00 +00:00", "1990-05-01"])
def test_a_day_at_midnight_in_utc_is_that_day(
    make_workspace: MakeWorkspace, opened: OpenRun, zone: str, text: str
) -> None:
    customers = {"customer_id": '"order"', "birth_date": '"at"'}
    space = make_workspace(orders=written([text]), tree=tree(zone, entity="customers", columns=customers))
    assert loaded(opened, space, "birth_date") == [dt.date(1990, 5, 1)]


@pytest.mark.parametrize(
    ("texts", "is_told"),
    [
        (["2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z", "2025-06-03T00:00:00Z"], True),
        (["2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z", "2025-06-03T00:00:01Z"], False),
        (["2025-06-01", "2025-06-02", "2025-06-03"], False),
        (["2025-06-01T00:00:00Z"], False),
    ],
)
def test_days_of_orders_that_are_written_as_moments_are_told(
    make_workspace: MakeWorkspace, opened: OpenRun, caplog: pytest.LogCaptureFixture, texts: list[str], is_told: bool
) -> None:
    """In New York each would be the evening before."""
    space = make_workspace(orders=written(texts), tree=tree("America/New_York"))
    with opened(space) as run, caplog.at_level(logging.WARNING, "resegment.ingest"):
        ingest_source.fn(run, "orders")
    told = "columns.ordered_at: every time is midnight in UTC, which is no midnight in America/New_York"
    assert any(told in record.getMessage() for record in caplog.records) == is_told


@pytest.mark.parametrize(
    ("text", "day"),
    [
        # The midnight of Berlin, as JavaScript writes it.
        ("1990-05-01T22:00:00.000Z", dt.date(1990, 5, 2)),
        ("1990-01-01 23:00:00+00:00", dt.date(1990, 1, 2)),
        # A day, as .NET writes it.
        ("1990-05-01T00:00:00Z", dt.date(1990, 5, 1)),
        ("1990-05-01T00:00:00+05:30", dt.date(1990, 5, 1)),
        ("1990-05-01 00:00:00", dt.date(1990, 5, 1)),
        ("2000-02-29", dt.date(2000, 2, 29)),
    ],
)
def test_a_day_that_is_written_as_a_moment_is_the_companys(
    make_workspace: MakeWorkspace, opened: OpenRun, text: str, day: dt.date
) -> None:
    customers = {"customer_id": '"order"', "birth_date": '"at"'}
    space = make_workspace(orders=written([text]), tree=tree("Europe/Berlin", entity="customers", columns=customers))
    assert loaded(opened, space, "birth_date") == [day]


def test_the_day_of_loading_is_the_companys(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    """In Auckland tomorrow begins half a day early: an order of it is none of the future."""
    now = dt.datetime.now(dt.UTC)
    texts = [(now + dt.timedelta(hours=hours)).isoformat() for hours in (23, 25)]
    space = make_workspace(orders=written(texts), tree=tree("Pacific/Auckland"))
    first, second = loaded(opened, space)
    assert isinstance(first, dt.datetime)
    assert second == "expected a time from 1970-01-02 to the day of loading"


def test_files_are_loaded_anew_where_the_zone_is_another(make_workspace: MakeWorkspace) -> None:
    def digest(zone: str, **source: object) -> str:
        return parse_mapping(make_workspace(tree=tree(zone, **source)), "orders").digest([])

    assert len({digest("UTC"), digest("Asia/Kolkata"), digest("Asia/Kolkata", timezone="UTC")}) == 3
