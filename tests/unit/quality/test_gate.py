"""The verdict at a door, what is kept of it, and what is told."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tasks.config.errors import GateFailed, ResegmentError, SqlError
from tasks.quality import gate
from tasks.quality.gate import run_checks
from tasks.quality.suites import load_suites
from tasks.quality.tasks import check, check_published
from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import Run
from tests.unit.quality import corridor
from tests.unit.quality.conftest import Spoil

OwnSuite = Callable[..., Run]


@pytest.fixture
def own_suite(tmp_path: Path, whole_run: Run, monkeypatch: pytest.MonkeyPatch) -> OwnSuite:
    """The whole run in a workspace with a suite of its own, which takes the place of ours for its table.

    The suites of other tables, which find nothing, are left out: they would take most of the time.
    """
    written: set[str] = set()
    monkeypatch.setattr(
        gate, "load_suites", lambda space, door: [suite for suite in load_suites(space, door) if suite.table in written]
    )

    def write(table: str, *expectations: dict[str, object], **keys: object) -> Run:
        written.add(table)
        schema, name = table.split(".")
        space = corridor.workspace(tmp_path / "own", expectations="checks")
        file = space.directory / "checks" / schema / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            yaml.safe_dump(
                {"table": table, "description": "d", "replaces": True, "expectations": list(expectations), **keys},
                sort_keys=False,
            )
        )
        run = Run(space, whole_run.warehouse, whole_run.paths, whole_run.as_of, None)
        run.run_id, run.previous = whole_run.run_id, whole_run.previous
        return run

    return write


def _expect(name: str, severity: str = "critical", meaning: str = "it is so", **kwargs: object) -> dict[str, object]:
    return {"type": name, "kwargs": kwargs, "severity": severity, "meaning": meaning}


def test_a_failure_tells_check_table_column_figures_and_examples(own_suite: OwnSuite) -> None:
    run = own_suite(
        "staging.orders",
        _expect("expect_column_values_to_be_in_set", column="order_id", value_set=["o1-1"], meaning="one order"),
        _expect("expect_table_row_count_to_be_between", min_value=1000, meaning="many orders"),
        _expect("expect_no_rows", query="SELECT customer_id, unit_count FROM {{ batch }} WHERE order_id = 'o4-3'"),
    )
    with pytest.raises(GateFailed) as raised:
        run_checks(run, "staging")
    file = run.workspace.directory / "checks" / "staging" / "orders.yaml"
    headline, first, second, third, whose = raised.value.message.splitlines()
    assert raised.value.where == f"{file}:5"
    assert headline == "3 critical checks failed at the door staging; what was published stays"
    assert first.startswith("  staging.orders, order_id: one order – found 11 wrong for 12 rows, for example o")
    assert first.endswith('[expect_column_values_to_be_in_set value_set=["o1-1"]]')
    assert second == "  staging.orders: many orders – found 12 [expect_table_row_count_to_be_between min_value=1000]"
    assert third == (
        "  staging.orders: it is so – found 1 wrong for 12 rows, for example (customer_id c4, unit_count 1.000)"
        " [expect_no_rows]"
    )
    assert whose == "  for data team"
    assert raised.value.exit_code == 3


def test_a_failure_tells_who_works_on_it_and_by_which_page_once(own_suite: OwnSuite) -> None:
    wrong = _expect("expect_table_row_count_to_equal", value=100)
    run = own_suite(
        "staging.orders",
        *(wrong, wrong | {"runbook": "runbooks/rows-lost.md"}, wrong | {"owner": "till team"}),
        owner="shop",
        runbook="shop.md",
    )
    with pytest.raises(GateFailed) as raised:
        run_checks(run, "staging")
    whose = raised.value.message.splitlines()[-1]
    assert whose == "  for shop: shop.md, runbooks/rows-lost.md; for till team: shop.md"


def test_what_a_check_says_of_itself_is_kept_with_its_result(own_suite: OwnSuite) -> None:
    run = own_suite(
        "staging.orders",
        _expect("expect_column_values_to_be_null", "warning", column="order_id")
        | {"mostly": 0.75, "consequence": "Nobody would know.", "runbook": "shop.md"},
        _expect("expect_table_row_count_to_equal", "warning", value=12),
    )
    run_checks(run, "staging")
    kept = run.warehouse.rows(
        "SELECT door_name, mostly_share, consequence, owner_name, runbook FROM ops.check_result"
        " WHERE attempt_id = $attempt AND table_name = 'staging.orders' ORDER BY check_no",
        {"attempt": run.attempt_id},
    )
    assert kept == [
        ("staging", 0.75, "Nobody would know.", "data team", "shop.md"),
        ("staging", None, None, "data team", None),
    ]


def test_results_are_kept_though_the_run_is_stopped(own_suite: OwnSuite) -> None:
    run = own_suite(
        "staging.orders",
        _expect("expect_column_values_to_not_be_null", column="order_id"),
        _expect("expect_column_values_to_be_null", "warning", column="order_id"),
        _expect("expect_key_to_be_unique", columns=["customer_id"]),
    )
    for _ in range(2):
        # A second attempt at the same door takes the place of the first.
        with pytest.raises(GateFailed):
            run_checks(run, "staging")
    rows = run.warehouse.records(
        "SELECT * FROM ops.check_result WHERE attempt_id = $attempt AND table_name = 'staging.orders'"
        " ORDER BY check_no",
        {"attempt": run.attempt_id},
    )
    assert [(row["check_no"], row["expectation_name"], row["severity_name"], row["is_success"]) for row in rows] == [
        (1, "expect_column_values_to_not_be_null", "critical", True),
        (2, "expect_column_values_to_be_null", "warning", False),
        (3, "expect_key_to_be_unique", "critical", False),
    ]
    assert [(row["column_name"], row["element_count"], row["unexpected_count"]) for row in rows] == [
        ("order_id", 12, 0),
        ("order_id", 12, 12),
        ("customer_id", 12, 4),
    ]
    assert len(json.loads(rows[1]["example_values"])) == 5
    assert {"customer_id": "c1", "row_count": 3} in json.loads(rows[2]["example_values"])
    assert {row["run_id"] for row in rows} == {run.run_id}
    assert {row["meaning"] for row in rows} == {"it is so"}


def test_warnings_do_not_stop_and_are_told(own_suite: OwnSuite, caplog: pytest.LogCaptureFixture) -> None:
    run = own_suite("staging.orders", _expect("expect_table_row_count_to_equal", "warning", value=3))
    with caplog.at_level(logging.INFO, "resegment.quality"):
        report = check.fn(run, "staging")
    assert report.summary == f"staging: {report.checked_count} checks, 1 warning"
    ours = [record for record in caplog.records if record.name == "resegment.quality"]
    assert [(record.levelname, record.message) for record in ours] == [
        ("INFO", report.summary),
        ("WARNING", "staging.orders: it is so – found 12 [expect_table_row_count_to_equal value=3]"),
    ]


def test_entities_without_a_source_are_skipped_with_a_reason(tmp_path: Path) -> None:
    with Warehouse.open(None) as warehouse:
        run = corridor.start(corridor.workspace(tmp_path, entities=("order_lines",)), warehouse)
        corridor.stage(run)
        report = run_checks(run, "staging")
        kept = warehouse.rows(
            "SELECT DISTINCT is_success, observed_value FROM ops.check_result WHERE table_name = 'staging.feedback'"
        )
    assert report.summary == f"staging: {report.checked_count} checks, {report.skipped_count} skipped"
    assert kept == [(None, "not checked: no source maps to feedback")]
    reasons = {finding.table: finding.skipped for finding in report.findings if finding.skipped}
    # The customers are seen in their orders, though no file lists them: only one check of them has nothing to look at.
    assert reasons["staging.customers"] == "no source maps to customers"
    checked = {finding.table for finding in report.findings if finding.outcome}
    seen = ("customers", "order_days", "order_lines", "orders", "superseded_order_lines")
    assert checked == {f"staging.{name}" for name in seen}


def test_a_table_that_is_not_there_is_an_error(fresh_run: Run) -> None:
    with pytest.raises(ResegmentError, match=r"staging\.\w+ is to be checked, and is not there") as raised:
        run_checks(fresh_run, "staging")
    assert not isinstance(raised.value, GateFailed)


def test_a_table_that_may_be_missing_is_skipped_with_a_reason(own_suite: OwnSuite) -> None:
    run = own_suite(
        "staging.extra", _expect("expect_table_row_count_to_equal", value=1), may_be_missing="nobody asked for it"
    )
    skipped = [finding for finding in run_checks(run, "staging").findings if finding.table == "staging.extra"]
    assert [finding.skipped for finding in skipped] == ["nobody asked for it"]


def test_a_check_that_cannot_be_run_is_an_error_and_not_a_verdict(own_suite: OwnSuite) -> None:
    run = own_suite(
        "staging.orders",
        _expect("expect_column_values_to_not_be_null", column="no_such_column"),
        _expect("expect_table_row_count_to_equal", value=3),
    )
    with pytest.raises(SqlError, match=r"could not be run: .*no_such_column") as raised:
        run_checks(run, "staging")
    assert raised.value.where is not None
    assert raised.value.where.endswith("orders.yaml:5")
    kept = run.warehouse.rows(
        "SELECT is_success, starts_with(observed_value, 'could not be run: ') FROM ops.check_result"
        " WHERE attempt_id = $attempt AND table_name = 'staging.orders' ORDER BY check_no",
        {"attempt": run.attempt_id},
    )
    assert kept[0] == (None, True)
    assert kept[1][0] is False


def test_contact_data_are_in_no_example(whole_run: Run, own_suite: OwnSuite, spoiled: Spoil) -> None:
    run = own_suite(
        "staging.customers",
        _expect("expect_column_values_to_be_null", column="email_address"),
        _expect("expect_column_distinct_values_to_contain_set", column="full_name", value_set=["x"]),
        _expect("expect_no_rows", query="SELECT * FROM {{ batch }}"),
    )
    filled = "UPDATE staging.customers SET email_address = 'anna@example.com', full_name = 'Anna Example'"
    with spoiled("staging.customers", filled), pytest.raises(GateFailed) as raised:
        run_checks(run, "staging")
    kept = whole_run.warehouse.rows(
        "SELECT observed_value, example_values FROM ops.check_result WHERE attempt_id = $attempt",
        {"attempt": run.attempt_id},
    )
    assert kept
    assert "c1" in raised.value.message
    assert "(withheld)" in raised.value.message
    assert "nna" not in raised.value.message
    assert "nna" not in str(kept)


def test_at_most_ten_failures_are_told(own_suite: OwnSuite) -> None:
    run = own_suite(
        "staging.orders",
        *[_expect("expect_table_row_count_to_equal", value=number) for number in range(100, 113)],
    )
    with pytest.raises(GateFailed) as raised:
        run_checks(run, "staging")
    lines = raised.value.message.splitlines()
    assert lines[0].startswith("13 critical checks failed")
    assert lines[1:11] == [line for line in lines if "staging.orders" in line]
    assert lines[11:] == ["  and 3 more", "  for data team"]


def test_the_publication_is_checked_in_its_folder_and_let_go(whole_run: Run, candidate: Path) -> None:
    report = check_published.fn(whole_run, candidate.parent)
    assert report.door == "published"
    assert report.failed("critical") == []
    # Nothing holds the file: it can be opened to be written.
    with Warehouse.open(candidate) as published:
        published.execute("CREATE SCHEMA scratch")
        published.execute("DROP SCHEMA scratch")


def test_a_publication_that_is_not_there_is_an_error(whole_run: Run, tmp_path: Path) -> None:
    with pytest.raises(ResegmentError) as raised:
        check_published.fn(whole_run, tmp_path)
    assert not isinstance(raised.value, GateFailed)


def test_a_corrected_file_counts_as_it_is_now(fresh_run: Run) -> None:
    corridor.note_load(fresh_run, "my_feedback", "feedback", read=100, loaded=0, file="bad.csv")
    with pytest.raises(GateFailed, match=r"max_quarantined_share allows – found my_feedback: 100 of 101 rows"):
        run_checks(fresh_run, "raw")
    corridor.note_load(fresh_run, "my_feedback", "feedback", read=0, loaded=0, file="bad.csv")
    report = run_checks(fresh_run, "raw")
    assert [finding.check.expectation.meaning for finding in report.failed("warning")] == ["no file is empty"]


@pytest.mark.parametrize(("is_empty", "has_moved"), [(True, False), (False, True), (False, False)])
def test_content_that_comes_twice_is_told_unless_it_is_empty_or_moved(
    fresh_run: Run, is_empty: bool, has_moved: bool
) -> None:
    if is_empty:
        corridor.note_load(fresh_run, "my_feedback", "feedback", read=0, loaded=0, file="monday.csv")
    load_id = fresh_run.warehouse.value(
        "SELECT max_by(load_id, load_no) FROM ops.load WHERE source_name = 'my_feedback'"
    )
    (file,) = fresh_run.warehouse.rows("SELECT file_name FROM ops.load WHERE load_id = $load", {"load": load_id})[0]
    for name, held in (("copy.csv", load_id), *([(file, None)] if has_moved else [])):
        ledger.note_delivery(
            fresh_run.warehouse, source="my_feedback", file=name, load_id=held, attempt_id=fresh_run.attempt_id
        )
    told = {finding.check.expectation.meaning for finding in run_checks(fresh_run, "raw").failed("warning")}
    is_told = "no content was delivered under two names since the last publication" in told
    assert is_told is not (is_empty or has_moved)
