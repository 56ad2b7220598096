"""The suites in `expectations/`: they pass what is right and find what is wrong, at every door."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.config.errors import GateFailed
from tasks.quality import gate, leaks
from tasks.quality.adapter import Inspector
from tasks.quality.findings import GateReport
from tasks.quality.gate import run_checks
from tasks.quality.queries import QueryContext
from tasks.quality.suites import DOORS, Door, Suite, load_suites
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.privacy import Privacy, privacy_of
from tasks.warehouse.run import Run
from tests.unit.quality.conftest import Spoil
from tests.unit.quality.corridor import PREVIOUS, RUN_ID

Defect = dict[str, str]
CheckSpoiled = Callable[[Defect, str], AbstractContextManager[Callable[[], GateReport]]]
Inspect = Callable[..., AbstractContextManager[Inspector]]
_DEFECTS: dict[str, list[Defect]] = yaml.safe_load(Path(__file__).with_name("planted_defects.yaml").read_text())


def _planted(severity: str) -> list[Any]:
    return [pytest.param(defect, id=f"{defect['table']}: {defect['found_by']}") for defect in _DEFECTS[severity]]


def _meant(suite: Suite, words: str, severity: str) -> Suite:
    """The suite with the check alone that must find a defect; with all of that severity where the words are a value."""
    checks = tuple(check for check in suite.checks if check.expectation.severity == severity)
    meant = tuple(check for check in checks if words in check.expectation.meaning)
    return dataclasses.replace(suite, checks=meant or checks)


@pytest.fixture(scope="module")
def inspect_as_before() -> Iterator[Inspect]:
    """In place of `Inspector`: the one that was opened for the same tables before.

    To open Great Expectations takes five times as long as to look at a defect. An inspector keeps nothing of the rows:
    it reads them anew each time, through a cursor of the run's own connection.
    """
    kept: dict[tuple[tuple[str, str], ...], Inspector] = {}
    with ExitStack() as closed_in_the_end:

        def inspect(
            warehouse: Warehouse, relations: Mapping[str, str], _documents: object
        ) -> AbstractContextManager[Inspector]:
            key = tuple(relations.items())
            if key not in kept:
                kept[key] = closed_in_the_end.enter_context(Inspector(warehouse, relations))
            return nullcontext(kept[key])

        yield inspect


@pytest.fixture(scope="module")
def found_out(whole_run: Run) -> tuple[QueryContext, Privacy]:
    """What a gate asks of the one run before it looks at a table."""
    return QueryContext.of_run(whole_run), privacy_of(whole_run)


@pytest.fixture
def quick_gate(
    found_out: tuple[QueryContext, Privacy], inspect_as_before: Inspect, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Door], None]:
    """Makes the gate of a door work with what it found out before of the one run, which no defect there changes.

    Not at the door raw: defects of the ledger of loads do change it.
    """
    context, privacy = found_out

    def prepare(door: Door) -> None:
        monkeypatch.setattr(gate, "Inspector", inspect_as_before)
        monkeypatch.setattr(gate, "privacy_of", lambda _: privacy)
        if door != "raw":
            monkeypatch.setattr(QueryContext, "of_run", lambda _: context)

    return prepare


@pytest.fixture
def check_spoiled(
    whole_run: Run,
    candidate: Path,
    tmp_path: Path,
    spoiled: Spoil,
    quick_gate: Callable[[Door], None],
    monkeypatch: pytest.MonkeyPatch,
) -> CheckSpoiled:
    """`with check_spoiled(defect, severity) as check`: `check()` looks at the table with the defect, by the check that is for it.

    That one alone: a row that is planted in one table is missing in another, which others would find as well.
    """

    @contextmanager
    def plant(defect: Defect, severity: str) -> Iterator[Callable[[], GateReport]]:
        table, words = defect["table"], defect["found_by"]
        door = next(door for door, schemas in DOORS.items() if table.split(".")[0] in schemas)
        quick_gate(door)
        if words not in leaks.MEANING:
            # It is in no suite, but looks for contact values in every table.
            monkeypatch.setattr(gate, "contact_values", nullcontext)
            monkeypatch.setattr(gate, "with_leak_checks", lambda suites, _: suites)
        monkeypatch.setattr(
            gate,
            "load_suites",
            lambda space, door: [_meant(it, words, severity) for it in load_suites(space, door) if it.table == table],
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
    with check_spoiled(defect, "critical") as check, pytest.raises(GateFailed) as raised:
        check()
    told = [line for line in raised.value.message.splitlines() if defect["found_by"] in line]
    assert len(told) == 1
    assert defect["table"] in told[0]


@pytest.mark.parametrize("defect", _planted("warning"))
def test_a_warning_goes_on(check_spoiled: CheckSpoiled, defect: Defect) -> None:
    with check_spoiled(defect, "warning") as check:
        report = check()
    (finding,) = report.failed("warning")
    assert defect["found_by"] in finding.sentence
    if finding.check.expectation.told is not None:
        # The template names columns that there are, and each of them says something.
        assert "?" not in str(finding.observed)
        assert finding.sentence.startswith(
            f"{defect['table']}: {finding.check.expectation.meaning} – found {finding.observed}"
        )


def test_customers_who_say_the_same_on_one_day_are_no_repeat(check_spoiled: CheckSpoiled) -> None:
    """Where the time of a comment is its day, many a "very good" is of one moment."""
    others = "* EXCLUDE (n) REPLACE ('f' || n AS feedback_id, 'c' || n AS customer_id, 'the bread was too hard' AS comment_text)"
    change = f"INSERT INTO {{t}} BY NAME SELECT {others} FROM {{t}}, range(2, 4) AS r (n)"
    planted = {"table": "staging.feedback", "change": change, "found_by": "nobody gave a comment twice"}
    with check_spoiled(planted, "warning") as check:
        assert check().failed("warning") == []


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
