"""The checks of earlier runs: what is read of them, and how they are drawn."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tasks.report.data import collect
from tasks.report.read_trend import RUNS_SHOWN
from tasks.report.trend_chart import draw_trend
from tasks.report.trend_records import CheckHistory, FailingSince, TrendPoint
from tasks.warehouse.run import Run
from tests.unit.report import made_monitoring, made_run
from tests.unit.report.made_run import AS_OF, STARTED_AT

QUANTITY = ("staging.order_lines", "quantities are not larger than 10,000")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return made_run.start_run(tmp_path)


def history(run: Run) -> CheckHistory:
    return collect(run).history


def add(run: Run, number: int | None, *, days_before: int = 0, is_success: bool | None = True, **more: object) -> None:
    """A result of one check in an earlier attempt, or in this one."""
    if number is not None:
        more["attempt_id"] = made_monitoring.add_attempt(run, number, days_before=days_before)
    made_monitoring.add_check(run, "t.t", None, "m", is_success=is_success, **more)


def test_runs_stand_from_the_oldest_to_this_one(published_run: Run) -> None:
    found = history(published_run)
    assert [item.as_of for item in found.runs] == [AS_OF - dt.timedelta(days=days) for days in (120, 90, 60, 30, 0)]
    assert [item.status_name for item in found.runs][:2] == ["published", "gate_failed"]


def test_a_run_that_did_not_come_to_a_table_leaves_a_gap(published_run: Run) -> None:
    found = history(published_run)
    assert found.trends["staging.order_lines"] == (
        TrendPoint(1, 0, 0, 0, 500),
        None,
        TrendPoint(0, 1, 0, 0, 700),
        TrendPoint(0, 1, 0, 0, 800),
        TrendPoint(0, 1, 0, 0, 1_000),
    )
    assert [point.passed_count if point else None for point in found.trends["raw.order_lines"]] == [1, 0, 1, 1, 1]


def test_a_check_fails_since_the_first_of_its_failures_in_a_row(published_run: Run) -> None:
    days = dt.timedelta(days=60)
    assert history(published_run).failing[QUANTITY] == FailingSince(AS_OF - days, STARTED_AT - days, 3)


def test_a_run_in_which_a_check_was_not_run_does_not_end_its_failures(run: Run) -> None:
    add(run, 1, days_before=20, is_success=False)
    add(run, 2, days_before=10, is_success=None)
    add(run, None, is_success=False)
    ((_, since),) = history(run).failing.items()
    assert (since.as_of, since.run_count) == (AS_OF - dt.timedelta(days=20), 2)


def test_what_is_mended_fails_no_more(run: Run) -> None:
    add(run, 1, days_before=10, is_success=False)
    add(run, None)
    assert history(run).failing == {}


def test_critical_failures_and_what_was_not_run_are_counted_apart(run: Run) -> None:
    add(run, None, is_success=False, severity_name="critical", element_count=None)
    add(run, None, is_success=None, severity_name="critical", element_count=None)
    assert history(run).trends == {"t.t": (TrendPoint(0, 0, 1, 1, None),)}


def test_a_trend_goes_back_so_far_and_no_further(run: Run) -> None:
    for number in range(RUNS_SHOWN + 5):
        add(run, number, days_before=number + 1)
    add(run, None)
    found = history(run)
    assert len(found.runs) == len(found.trends["t.t"]) == RUNS_SHOWN
    assert found.runs[-1].as_of == AS_OF


def test_later_runs_are_not_seen(run: Run) -> None:
    add(run, 1, days_before=-1, is_success=False)
    add(run, None, is_success=False)
    found = history(run)
    assert [item.as_of for item in found.runs] == [AS_OF]
    assert found.failing["t.t", "m"].run_count == 1


def drawn(*points: TrendPoint | None) -> dict[str, ET.Element]:
    """What is drawn, by style; nothing is drawn twice."""
    items = list(ET.fromstring(draw_trend("key", "t.t", points)))  # noqa: S314 - made by ourselves
    found = {item.get("class", ""): item for item in items if item.tag.endswith(("path", "circle"))}
    assert len(found) == sum(item.tag.endswith(("path", "circle")) for item in items)
    return found


def boxes(path: ET.Element) -> list[tuple[float, float, float, float]]:
    """Left, right, top and ground of each box of a path such as ``M1,2V3H4V2Z``."""
    found = []
    for box in path.get("d", "").strip("Z").split("Z"):
        start, top, right, _ = box[1:].replace("H", "V").split("V")
        left, ground = start.split(",")
        found.append((float(left), float(right), float(top), float(ground)))
    return found


def test_failures_are_wide_and_stand_in_the_column_of_their_run() -> None:
    found = drawn(TrendPoint(8, 0, 0, 0, 10), None, TrendPoint(6, 1, 1, 0, 20))
    first, last = boxes(found["passed"])
    (warned,), (failed,) = boxes(found["warned"]), boxes(found["failed"])
    assert first[1] < last[0]
    for wide in (warned, failed):
        assert wide[0] < last[0] < last[1] < wide[1]
    assert first[3] == last[3] > failed[3] == pytest.approx(warned[2])
    assert "skipped" not in found


def test_one_failure_among_many_checks_is_seen() -> None:
    ((_, _, top, ground),) = boxes(drawn(TrendPoint(99, 0, 1, 0, None))["failed"])
    assert ground - top >= 6


def test_rows_are_a_line_with_gaps_and_a_dot_at_the_last() -> None:
    found = drawn(*(TrendPoint(1, 0, 0, 0, rows) for rows in (10, None, 20, 40)))
    line = found["rows-line"].get("d", "")
    assert (line.count("M"), line.count("L")) == (2, 1)
    assert line.endswith(f"L{found['dot'].get('cx')},{found['dot'].get('cy')}")
    assert "rows-line" not in drawn(TrendPoint(1, 0, 0, 0, None))


def test_the_drawing_is_told_in_words() -> None:
    drawing = draw_trend("key", "staging.orders", [TrendPoint(5, 0, 0, 0, 3), TrendPoint(3, 1, 0, 2, 12_345)])
    for said in ("Checks of staging.orders, run by run", "2 runs", "a check failed in 1.", "12,345 rows."):
        assert said in drawing
    assert draw_trend("key", "t.t", []) == draw_trend("key", "t.t", [None]) == ""
