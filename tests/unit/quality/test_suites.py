"""Reading suites: what is wrong is told with file, line and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.config.errors import WorkspaceError
from tasks.quality.suites import Expectation, load_suites, read_suite
from tests.unit.quality import corridor

#: Who owns a suite that does not say; without it, a suite is taken for one of ours.
OWNER = "data team"
GOOD = """table: staging.orders
description: One row per order.
requires: [order_lines]
expectations:
  - type: expect_column_values_to_be_between
    kwargs: {column: net_amount, min_value: 0}
    mostly: 0.9
    severity: warning
    meaning: few orders are negative
  - type: expect_no_rows
    kwargs: {query: "SELECT * FROM {{ batch }} WHERE line_count = 0"}
    severity: critical
    meaning: every order has a line
"""


def _write(folder: Path, text: str, name: str = "staging/orders.yaml") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_a_suite_is_read_with_the_line_of_each_check(tmp_path: Path) -> None:
    file = _write(tmp_path, GOOD)
    suite, replaces = read_suite(file, OWNER)
    assert (suite.table, suite.requires, suite.may_be_missing, replaces) == (
        "staging.orders",
        ("order_lines",),
        None,
        False,
    )
    assert [(check.number, check.where) for check in suite.checks] == [(1, f"{file}:5"), (2, f"{file}:10")]
    first = suite.checks[0].expectation
    assert (first.severity, first.mostly, first.column_name) == ("warning", 0.9, "net_amount")


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("severity: warning", "severty: warning", 8, "unknown key 'severty'; did you mean 'severity'?"),
        ("requires:", "require:", 3, "unknown key 'require'; did you mean 'requires'?"),
        ("_to_be_between", "_to_be_betwen", 5, "did you mean 'expect_column_values_to_be_between'?"),
        ("min_value", "min_vale", 6, "did you mean 'min_value'?"),
        ("column: net_amount, ", "", 6, "needs the key 'column'"),
        ("severity: warning", "severity: fatal", 8, "expected critical or warning (got 'fatal')"),
        ("mostly: 0.9", "mostly: 90", 7, "expected at most 1 (got 90)"),
        ("meaning: few orders are negative", "meaning: ''", 9, "at least 1 character"),
        ("    meaning: few orders are negative\n", "", 5, "the key 'meaning' is missing"),
        ("[order_lines]", "[orders]", 3, "order_lines"),
        ("table: staging.orders", "table: staging.order", 1, "the file's place says 'staging.orders'"),
        ("{column: net_amount", "{column: [net_amount", 6, "not YAML"),
        ("meaning: few", "told: '{net_amount}'\n    meaning: few", 9, "between has no `query`"),
        ("meaning: every", "told: '{line_count.x}'\n    meaning: every", 13, "{line_count.x} is no name of a column"),
        ("meaning: every", "told: '{} of it'\n    meaning: every", 13, "{} is no name of a column"),
        ("meaning: every", "told: '{line_count'\n    meaning: every", 13, "write a column in braces"),
        ('{query: "SELECT', '{query: 3, sql: "SELECT', 11, "a text (got 3)"),
    ],
)
def test_what_is_wrong_is_told_by_line(tmp_path: Path, old: str, new: str, line: int, told: str) -> None:
    assert old in GOOD
    file = _write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(WorkspaceError) as raised:
        read_suite(file, OWNER)
    assert f"{file}:{line}" in str(raised.value)
    assert told in str(raised.value)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    file = _write(tmp_path, GOOD.replace("_to_be_between", "_betwen").replace("{query:", "{qery:"))
    with pytest.raises(WorkspaceError) as raised:
        read_suite(file, OWNER)
    message = str(raised.value)
    assert message.index(f"{file}:5") < message.index(f"{file}:11")
    assert "3 problems in the suite" in message


@pytest.mark.parametrize("text", ["", "- a\n", "expectations: []\n"])
def test_a_file_that_is_no_suite_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(WorkspaceError):
        read_suite(_write(tmp_path, text), OWNER)


def test_a_file_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    file = tmp_path / "staging.yaml"
    file.write_bytes(b"table: \xff")
    with pytest.raises(WorkspaceError, match="not UTF-8 at byte 7"):
        read_suite(file, OWNER)


def test_own_suites_are_added_to_ours_or_replace_them(tmp_path: Path) -> None:
    space = corridor.workspace(tmp_path, expectations="checks")
    (tmp_path / "checks").mkdir()
    ours = {suite.table: suite for suite in load_suites(space, "staging")}
    _write(tmp_path / "checks", GOOD)
    _write(
        tmp_path / "checks",
        GOOD.replace("staging.orders", "staging.returns").replace("order.", "return."),
        "staging/returns.yaml",
    )
    joined = {suite.table: suite for suite in load_suites(space, "staging")}
    count = len(ours["staging.orders"].checks)
    assert joined.keys() == ours.keys() | {"staging.returns"}
    assert joined["staging.orders"].checks[:count] == ours["staging.orders"].checks
    assert [check.number for check in joined["staging.orders"].checks] == list(range(1, count + 3))
    assert joined["staging.customers"] == ours["staging.customers"]
    _write(tmp_path / "checks", "replaces: true\n" + GOOD)
    replaced = {suite.table: suite for suite in load_suites(space, "staging")}
    assert len(replaced["staging.orders"].checks) == 2


def test_owner_and_runbook_are_the_checks_own_or_the_suites_or_the_workspaces(tmp_path: Path) -> None:
    own = "    owner: till team\n    runbook: https://wiki.example/tills\n    consequence: Revenue would be too low.\n"
    suite, _ = read_suite(_write(tmp_path, GOOD + own), OWNER)
    first, second = (check.expectation for check in suite.checks)
    assert (first.owner, first.runbook, first.consequence) == (OWNER, None, None)
    assert (second.owner, second.runbook) == ("till team", "https://wiki.example/tills")
    assert second.consequence == "Revenue would be too low."
    named = GOOD.replace("requires:", "owner: shop\nrunbook: shop.md\nrequires:")
    suite, _ = read_suite(_write(tmp_path, named + own), OWNER)
    assert [check.expectation.owner for check in suite.checks] == ["shop", "till team"]
    assert [check.expectation.runbook for check in suite.checks] == ["shop.md", "https://wiki.example/tills"]


def test_a_suite_of_ours_says_owner_runbook_and_consequences(tmp_path: Path) -> None:
    file = _write(tmp_path, GOOD)
    with pytest.raises(WorkspaceError) as raised:
        read_suite(file)
    told = [line.strip() for line in raised.value.message.splitlines()[1:]]
    missing = {1: ["owner", "runbook"], 5: ["consequence"], 10: ["consequence"]}
    assert told == [f"{file}:{line}: the key {key!r} is missing" for line, keys in missing.items() for key in keys]


def test_the_owner_of_own_suites_is_the_workspaces(tmp_path: Path) -> None:
    space = corridor.workspace(tmp_path, expectations="checks", owner="insight team")
    _write(tmp_path / "checks", GOOD)
    (orders,) = [suite for suite in load_suites(space, "staging") if suite.table == "staging.orders"]
    assert {check.expectation.owner for check in orders.checks} == {"data engineering", "source owner", "insight team"}
    assert orders.checks[-1].expectation.owner == "insight team"


def test_a_folder_that_is_not_there_is_told_with_its_line(tmp_path: Path) -> None:
    space = corridor.workspace(tmp_path, expectations="checks")
    with pytest.raises(WorkspaceError, match=r"resegment.yaml:\d+: quality.expectations: there is no folder"):
        load_suites(space, "staging")


def test_a_folder_that_no_door_looks_into_is_told(tmp_path: Path) -> None:
    space = corridor.workspace(tmp_path, expectations="checks")
    _write(tmp_path / "checks", GOOD, "stagin/orders.yaml")
    with pytest.raises(WorkspaceError, match=r"did you mean 'staging'\?"):
        load_suites(space, "raw")


@pytest.mark.parametrize(
    ("kwargs", "column"),
    [
        ({"column": "a"}, "a"),
        ({"columns": ["a", "b"]}, "a, b"),
        ({"column_list": ["a", "b"]}, "a, b"),
        ({"column_A": "a", "column_B": "b"}, "a, b"),
        ({"query": "SELECT 1"}, None),
        ({}, None),
    ],
)
def test_the_columns_that_a_check_looks_at(kwargs: dict[str, object], column: str | None) -> None:
    assert Expectation(type="t", kwargs=kwargs, severity="warning", meaning="m").column_name == column
