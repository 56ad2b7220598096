"""The suites in `expectations/`: they pass what is right and find what is wrong, at every door."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.config.errors import GateFailed
from tasks.quality import gate
from tasks.quality.findings import GateReport
from tasks.quality.gate import run_checks
from tasks.quality.suites import DOORS, Door, Suite, load_suites
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import Run
from tests.unit.quality.conftest import Spoil
from tests.unit.quality.corridor import PREVIOUS, RUN_ID

Defect = dict[str, str]
CheckSpoiled = Callable[..., AbstractContextManager[Callable[[], GateReport]]]
_DEFECTS: dict[str, list[Defect]] = yaml.safe_load(Path(__file__).with_name("planted_defects.yaml").read_text())


def _planted(severity: str) -> list[Any]:
    return [pytest.param(defect, id=f"{defect['table']}: {defect['found_by']}") for defect in _DEFECTS[severity]]


def _of(suite: Suite, severity: str | None) -> Suite:
    checks = tuple(check for check in suite.checks if severity in {None, check.expectation.severity})
    return dataclasses.replace(suite, checks=checks)


@pytest.fixture
def check_spoiled(
    whole_run: Run, candidate: Path, tmp_path: Path, spoiled: Spoil, monkeypatch: pytest.MonkeyPatch
) -> CheckSpoiled:
    """`with check_spoiled(defect) as check`: `check()` looks at the table with the defect, and at no other.

    `severity`: only its checks are made. A row that is planted in one table is missing in another, which a critical
    check would find first.
    """

    @contextmanager
    def plant(defect: Defect, severity: str | None = None) -> Iterator[Callable[[], GateReport]]:
        table = defect["table"]
        door = next(door for door, schemas in DOORS.items() if table.split(".")[0] in schemas)
        monkeypatch.setattr(
            gate,
            "load_suites",
            lambda space, door: [_of(suite, severity) for suite in load_suites(space, door) if suite.table == table],
        )
        names = {"t": table.replace("published.", "v1."), "mine": f"run_id = '{RUN_ID}'"}
        if door != "published":
            with spoiled(table, defect["change"].format_map(names)):
                yield lambda: run_checks(whole_run, door)
            return
        copy = Path(shutil.copy(candidate, tmp_path))
        with Warehouse.open(copy) as published:
            assert published.execute(defect["change"].format_map(names)) > 0
        yield lambda: run_checks(whole_run, "published", copy)

    return plant


@pytest.mark.parametrize("door", [door for door in DOORS if door != "published"])
def test_good_data_pass(whole_run: Run, door: Door) -> None:
    report = run_checks(whole_run, door)
    assert report.checked_count > 10
    assert report.skipped_count == 0
    assert [finding.sentence for finding in report.findings if finding.has_failed] == []


def test_a_good_publication_passes(whole_run: Run, candidate: Path) -> None:
    report = run_checks(whole_run, "published", candidate)
    assert report.checked_count > 10
    assert [finding.sentence for finding in report.findings if finding.has_failed] == []


@pytest.mark.parametrize("defect", _planted("critical"))
def test_a_critical_defect_stops_the_run(check_spoiled: CheckSpoiled, defect: Defect) -> None:
    with check_spoiled(defect) as check, pytest.raises(GateFailed) as raised:
        check()
    told = [line for line in raised.value.message.splitlines() if defect["found_by"] in line]
    assert len(told) == 1
    assert defect["table"] in told[0]


@pytest.mark.parametrize("defect", _planted("warning"))
def test_a_warning_goes_on(check_spoiled: CheckSpoiled, defect: Defect) -> None:
    with check_spoiled(defect, "warning") as check:
        report = check()
    assert [defect["found_by"] in finding.sentence for finding in report.failed("warning")] == [True]


@pytest.mark.parametrize(
    ("door", "table", "change"),
    [
        ("features", "features.customer_value", "SET order_count = -5"),
        ("segments", "segments.membership", "SET strength_share = 9"),
        ("monitoring", "monitoring.drift", "SET verdict_name = 'perhaps'"),
    ],
)
def test_rows_of_other_runs_are_not_judged(whole_run: Run, spoiled: Spoil, door: Door, table: str, change: str) -> None:
    with spoiled(table, f"UPDATE {table} {change} WHERE run_id = '{PREVIOUS.run_id}'"):
        assert run_checks(whole_run, door).failed("critical") == []
