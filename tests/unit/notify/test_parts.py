"""More that goes wrong of a table is told beside what stands: other checks, more files, many more rows."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

import pytest

from tasks.notify import book, watch
from tasks.notify.facts import complete
from tasks.notify.findings import Finding, failed_checks
from tasks.warehouse import ledger
from tasks.warehouse.run import Run
from tests.workspaces import MakeWorkspace, OpenRun

NOON = dt.datetime(2025, 7, 1, 12)
EMPTY, FEW, SHARES = "no file is empty", "few values are left out", "shares add up"


@pytest.fixture
def run(make_workspace: MakeWorkspace, opened: OpenRun) -> Iterator[Run]:
    with opened(make_workspace()) as opened_run:
        yield opened_run


def settle(run: Run, *findings: Finding, days: float = 0) -> list[str]:
    now = NOON + dt.timedelta(days=days)
    return [one.news for one in book.settle(run, complete(run, findings), ("quality",), now=now)]


def failed(table: str = "ops.load", **severities: str) -> list[Finding]:
    """Failed checks by their counts, such as `few="warning 3"`."""
    names = {"empty": EMPTY, "few": FEW, "shares": SHARES}
    found = []
    for name, said in severities.items():
        severity, count = said.split()
        found.append(
            Finding(severity, "quality", table, f"{table}: not so: {names[name]}", parts={names[name]: int(count)})
        )
    return found


def message(run: Run) -> str:
    (alert,) = book.alerts(run.warehouse)
    return str(alert["message"])


def test_another_check_of_a_table_is_told_beside_one_that_stands(run: Run) -> None:
    assert settle(run, *failed(few="warning 1"), days=0) == ["opened"]
    book.acknowledge(run.warehouse, 1, by="eva", because="the shop knows", now=NOON)
    assert settle(run, *failed(few="warning 1"), days=1) == []
    assert settle(run, *failed(few="warning 1", empty="warning 1"), days=2) == ["worse"]
    # What is new stands first: of many only some are told.
    assert message(run) == f"ops.load: not so: {EMPTY}; ops.load: not so: {FEW}"
    assert settle(run, *failed(few="warning 1", empty="warning 1"), days=3) == []
    # Mended and back again.
    assert settle(run, *failed(few="warning 1"), days=4) == []
    assert settle(run, *failed(few="warning 1", empty="warning 1"), days=5) == ["worse"]
    assert settle(run, days=6) == ["resolved"]


def test_one_more_file_is_told_and_one_more_row_is_not(run: Run) -> None:
    assert settle(run, *failed(few="warning 3")) == ["opened"]
    assert settle(run, *failed(few="warning 4"), days=1) == ["worse"]
    assert settle(run, *failed(few="warning 3"), days=2) == []
    assert settle(run, days=3) == ["resolved"]
    rows = "staging.orders"
    assert settle(run, *failed(rows, shares="warning 3"), days=4) == ["opened"]
    assert settle(run, *failed(rows, shares="warning 5"), days=5) == []
    assert settle(run, *failed(rows, shares="warning 6"), days=6) == ["worse"]
    assert settle(run, *failed(rows, shares="warning 7"), days=7) == []


def test_an_alert_of_before_parts_were_kept_is_not_told_anew(run: Run) -> None:
    settle(run, *failed(few="warning 1"))
    run.warehouse.execute("UPDATE ops.alert_state SET found_parts_json = NULL, told_parts_json = NULL")
    assert settle(run, *failed(few="warning 1"), days=1) == []
    assert settle(run, *failed(few="warning 1", shares="warning 0"), days=2) == ["worse"]


def test_what_gets_worse_in_a_silence_is_told_after_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.warehouse.ledger.utc_now", lambda: NOON)
    settle(run, *failed(few="warning 1"))
    until = NOON + dt.timedelta(days=2)
    assert book.silence(run.warehouse, "quality", None, until=until, by="eva", because="a known export") == 1
    both = failed(few="warning 1", empty="warning 1")
    assert settle(run, *both, days=1) == []
    assert settle(run, *both, days=3) == ["worse"]


def test_another_source_that_is_late_is_told(run: Run) -> None:
    """Of three late ones a fourth is not twice as many."""

    def late(*sources: str) -> list[Finding]:
        run.warehouse.execute("DELETE FROM ops.check_result")
        examples = json.dumps([{"source_name": name, "age_hours": 90.5} for name in sources])
        row = {"table_name": "raw.orders", "severity_name": "warning", "is_success": False, "meaning": "it is recent"}
        figures = {"unexpected_count": len(sources), "element_count": 9, "example_values": examples}
        ledger.insert(run.warehouse, "check_result", run.attempt | row | figures)
        return failed_checks(run)

    assert settle(run, *late("north", "south", "west")) == ["opened"]
    assert settle(run, *late("north", "south", "west"), days=1) == []
    assert settle(run, *late("east", "north", "south", "west"), days=2) == ["worse"]
    assert settle(run, *late("east", "north"), days=3) == []
    assert settle(run, *late("east", "north", "west"), days=4) == ["worse"]


def test_another_error_of_a_run_is_told(run: Run) -> None:
    def fails(day: int, error: str) -> list[str]:
        return settle(run, watch.failed(dt.date(2025, 7, day), error), days=day)

    assert fails(1, "orders.csv is not there") == ["opened"]
    book.acknowledge(run.warehouse, 1, by="eva", because="the shop knows", now=NOON)
    assert fails(2, "orders.csv is not there") == []
    assert fails(3, "the disk is full") == ["worse"]
    assert fails(4, "the disk is full") == []


def test_failed_checks_of_a_table_are_parts_of_one_alert(run: Run) -> None:
    def fails(meaning: str, count: int | None) -> None:
        row = {"table_name": "ops.load", "severity_name": "warning", "is_success": False, "meaning": meaning}
        figures = {"unexpected_count": count, "element_count": 14_810, "runbook": "runbooks/nothing-there.md"}
        ledger.insert(run.warehouse, "check_result", run.attempt | row | figures)

    fails(FEW, 2)
    assert settle(run, *failed_checks(run)) == ["opened"]
    fails(EMPTY, None)
    assert settle(run, *failed_checks(run), days=1) == ["worse"]
    assert settle(run, *failed_checks(run), days=2) == []
    (alert,) = book.alerts(run.warehouse)
    # What nothing is counted of is told, too.
    assert alert["message"] == f"ops.load: not so: {FEW} (2 of 14,810 rows); ops.load: not so: {EMPTY}"
    assert json.loads(alert["found_parts_json"]) == {EMPTY: 0, FEW: 2}
