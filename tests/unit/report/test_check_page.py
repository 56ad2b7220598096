"""The check page: every check in words, with its result, its trend and what to do about a failure."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.report.check_page import render_checks
from tasks.report.data import ReportData, collect
from tasks.report.run_records import CheckRow
from tests.unit.report import made_run
from tests.unit.report.made_story import SECRETS, stopped_run
from tests.unit.report.parsed_page import ParsedPage


@pytest.fixture(scope="module")
def page(published_data: ReportData) -> ParsedPage:
    return ParsedPage(render_checks(published_data))


@pytest.fixture(scope="module")
def stopped_page(tmp_path_factory: pytest.TempPathFactory) -> ParsedPage:
    return ParsedPage(render_checks(collect(stopped_run(tmp_path_factory.mktemp("stopped")))))


def changed(data: ReportData, **changes: object) -> ParsedPage:
    """The page where every check is the last one, changed."""
    check: CheckRow = replace(data.failed_checks[-1], **changes)  # type: ignore[arg-type] # columns of a row
    return ParsedPage(render_checks(replace(data, checks=(check,))))


def test_checks_stand_by_door_and_table(page: ParsedPage) -> None:
    assert "order_id" in page.text("door-raw")
    staging = page.text("door-staging")
    for table in ("staging.customers", "staging.orders", "staging.order_lines"):
        assert table in staging
        assert table not in page.text("door-raw")
    assert "2 warnings, 2 passed." in staging


def test_a_failure_says_what_it_means_whose_it_is_and_what_to_do(page: ParsedPage) -> None:
    failed = page.text("failed")
    for said in (
        "▲ failed: warning quantities are not larger than 10,000 (enough: 99.95% of the rows)",
        "What this means: A few orders would make up most of the revenue.",
        "Found 3 wrong in 1,000 rows",
        "Failing since 2025-05-01, 3 runs in a row",
        "Works on it shop team",
        "What to do Values out of range",
        "Examples 80995; 74215",
    ):
        assert said in failed
    assert "(withheld)" in failed
    assert ("a", "href", "#runbook-values-out-of-range") in page.attributes
    assert "## " not in page.text("runbooks")
    assert "nullif(price, -1)" in page.text("runbooks")


def test_critical_failures_come_first(stopped_page: ParsedPage) -> None:
    failed = stopped_page.text("failed")
    assert failed.find("✕ failed: critical the newest order is no older than 3 days") < failed.find("▲ failed: warning")
    assert "Failing since this run" in failed
    assert "No: 1 critical check failed, and the run was stopped" in stopped_page.text("summary")


def test_every_result_can_be_shown_alone_without_scripts(page: ParsedPage) -> None:
    assert "script" not in page.tags
    choices = {value for tag, name, value in page.attributes if tag == "input" and name == "id"}
    assert choices == {"show-all", "show-failed", "show-passed", "show-skipped"}
    for choice in choices - {"show-all"}:
        assert f":has(#{choice}:checked)" in page.html
    kinds = [value for tag, name, value in page.attributes if tag == "li" and name == "class" and "check" in value]
    assert sorted(kinds) == ["check is-failed"] * 2 + ["check is-passed"] * 3


def test_links_labels_and_ids_lead_somewhere(page: ParsedPage) -> None:
    assert len(page.ids) == len(set(page.ids))
    links = {value for tag, name, value in page.attributes if tag == "a" and name == "href"}
    assert {link[1:] for link in links if link.startswith("#")} <= set(page.ids)
    assert {link for link in links if not link.startswith("#")} == {"index.html"}
    for _, name, value in page.attributes:
        if name == "aria-labelledby":
            assert set(value.split()) <= set(page.ids)


def test_nothing_is_loaded_from_elsewhere(page: ParsedPage) -> None:
    assert "default-src 'none'" in page.html
    assert not {"script", "iframe", "img", "object", "form"} & set(page.tags)
    assert not re.search(r"url\(|@import", page.html)


def test_each_table_has_its_trend_as_a_drawing_and_in_figures(page: ParsedPage) -> None:
    titles = [str(drawing[0].text) for drawing in page.drawings]
    assert "Checks of staging.order_lines, run by run" in titles
    assert len(titles) == 4
    text = page.text("door-staging")
    assert "The last 4 runs in figures" in text
    assert "2025-05-01 2025-05-02 04:30 UTC published 0 1 0 0 700" in text


def test_contact_data_are_nowhere(page: ParsedPage, stopped_page: ParsedPage) -> None:
    for html in (page.html, stopped_page.html):
        assert [secret for secret in SECRETS if secret in html] == []


def test_a_check_that_was_not_run_says_why(published_data: ReportData) -> None:
    page = changed(published_data, is_success=None, observed="not checked: no source maps to feedback")
    assert "not checked: no source maps to feedback" in page.text("door-staging")
    assert "failed" not in page.sections


def test_a_runbook_in_the_web_is_linked_and_a_script_is_not(published_data: ReportData) -> None:
    linked = changed(published_data, runbook="https://wiki.example/quantities")
    assert ("a", "href", "https://wiki.example/quantities") in linked.attributes
    for runbook in ("javascript:alert(1)", "../../etc/passwd", "runbooks/no-such-page.md"):
        page = changed(published_data, runbook=runbook)
        assert runbook not in {value for _, name, value in page.attributes if name == "href"}
        assert runbook in page.text("failed")
        assert "runbooks" not in page.sections


def test_texts_are_escaped(published_data: ReportData) -> None:
    evil = "<script>alert(1)</script>\u202e"
    page = changed(published_data, meaning=evil, consequence=evil, owner=evil, runbook=evil, examples=(evil,))
    assert "script" not in page.tags
    assert "\u202e" not in page.html


def test_a_run_without_checks_still_gives_a_page(tmp_path: Path) -> None:
    page = ParsedPage(render_checks(collect(made_run.start_run(tmp_path, previous=None))))
    assert "No check was run." in page.text("summary")


def test_styles_of_drawings_are_defined(page: ParsedPage) -> None:
    style = page.html.partition("<style>")[2].partition("</style>")[0]
    used = {name for item in page.drawings for part in item.iter() for name in part.get("class", "").split()}
    assert {name for name in used if not re.search(rf"\.{name}\b", style)} == set()
