"""The list of expectations against Great Expectations itself, and each of them on DuckDB."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.quality import adapter, row_queries, vocabulary
from tasks.quality.adapter import Inspector, Outcome
from tasks.quality.queries import QueryContext
from tasks.quality.suites import Check, Expectation
from tasks.quality.table_sizes import row_count_query
from tasks.quality.vocabulary import (
    HISTORY,
    KNOWN,
    NEW_FILES,
    NO_GAP,
    NO_LOSS,
    NO_ROWS,
    PATTERN,
    RECENT,
    RECENT_DAYS,
    ROW_COUNT,
    UNIQUE_KEY,
    VOCABULARY,
)
from tasks.warehouse import migrations
from tasks.warehouse.connection import Warehouse
from tests.unit.quality import corridor

HOW_TO = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "write-a-check.md"
#: For each expectation, what holds of the table below and what does not.
_USES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    NO_ROWS: ({"query": "SELECT * FROM made WHERE n > 4"}, {"query": "SELECT * FROM made WHERE n > 3"}),
    UNIQUE_KEY: ({"columns": ["n"]}, {"columns": ["color"]}),
    KNOWN: ({"column": "n", "among": "main.known"}, {"column": "less", "among": "main.known", "key": "n"}),
    PATTERN: ({"column": "color", "pattern": "red|blue"}, {"column": "color", "pattern": "r[a-z]{2}"}),
    ROW_COUNT: ({"limit": 4}, {"limit": 2}),
    # The queries of these are tried by themselves (test_row_queries.py, test_series.py); here, what is made of them.
    RECENT: ({}, {}),
    NO_GAP: ({}, {}),
    NO_LOSS: ({"columns": ["n"]}, {"columns": ["n"]}),
    RECENT_DAYS: ({"aspect": "rows", "days": 7, "limit": 30}, {"aspect": "rows", "days": 7, "limit": 3}),
    NEW_FILES: ({"aspect": "rows", "limit": 30}, {"aspect": "rows", "limit": 3}),
    "expect_column_values_to_not_be_null": ({"column": "n"}, {"column": "gap"}),
    "expect_column_values_to_be_null": ({"column": "nothing"}, {"column": "gap"}),
    "expect_column_values_to_be_between": (
        {"column": "n", "min_value": 1, "max_value": 4},
        {"column": "n", "min_value": 1, "max_value": 4, "strict_min": True},
    ),
    "expect_column_values_to_be_in_set": (
        {"column": "color", "value_set": ["red", "blue"]},
        {"column": "color", "value_set": ["red"]},
    ),
    "expect_column_values_to_not_be_in_set": (
        {"column": "color", "value_set": ["green"]},
        {"column": "color", "value_set": ["red"]},
    ),
    "expect_column_value_lengths_to_be_between": (
        {"column": "color", "min_value": 3, "max_value": 4},
        {"column": "color", "max_value": 3},
    ),
    "expect_column_value_lengths_to_equal": ({"column": "word", "value": 1}, {"column": "color", "value": 3}),
    "expect_column_pair_values_a_to_be_greater_than_b": (
        {"column_A": "n", "column_B": "less"},
        {"column_A": "less", "column_B": "n", "or_equal": True},
    ),
    "expect_column_pair_values_to_be_equal": (
        {"column_A": "n", "column_B": "n"},
        {"column_A": "n", "column_B": "less"},
    ),
    "expect_select_column_values_to_be_unique_within_record": (
        {"column_list": ["n", "less"]},
        {"column_list": ["n", "same"]},
    ),
    "expect_column_max_to_be_between": ({"column": "n", "max_value": 4}, {"column": "n", "max_value": 3}),
    "expect_column_min_to_be_between": ({"column": "n", "min_value": 1}, {"column": "n", "min_value": 2}),
    "expect_column_mean_to_be_between": ({"column": "n", "max_value": 2.5}, {"column": "n", "max_value": 2.4}),
    "expect_column_median_to_be_between": ({"column": "n", "min_value": 2.5}, {"column": "n", "min_value": 2.6}),
    "expect_column_stdev_to_be_between": ({"column": "n", "max_value": 1.3}, {"column": "n", "max_value": 1.2}),
    "expect_column_sum_to_be_between": (
        {"column": "n", "min_value": 10, "max_value": 10},
        {"column": "n", "min_value": 11},
    ),
    "expect_column_unique_value_count_to_be_between": (
        {"column": "color", "max_value": 2},
        {"column": "color", "max_value": 1},
    ),
    "expect_column_proportion_of_non_null_values_to_be_between": (
        {"column": "gap", "min_value": 0.75},
        {"column": "gap", "min_value": 0.8},
    ),
    "expect_column_proportion_of_unique_values_to_be_between": (
        {"column": "color", "max_value": 0.5},
        {"column": "color", "min_value": 0.6},
    ),
    "expect_column_distinct_values_to_be_in_set": (
        {"column": "color", "value_set": ["red", "blue", "green"]},
        {"column": "color", "value_set": ["red"]},
    ),
    "expect_column_distinct_values_to_contain_set": (
        {"column": "color", "value_set": ["red"]},
        {"column": "color", "value_set": ["red", "green"]},
    ),
    "expect_column_distinct_values_to_equal_set": (
        {"column": "color", "value_set": ["red", "blue"]},
        {"column": "color", "value_set": ["red"]},
    ),
    "expect_column_to_exist": ({"column": "n"}, {"column": "m"}),
    "expect_table_columns_to_match_set": (
        {"column_set": ["n", "color"], "exact_match": False},
        {"column_set": ["n", "colour"], "exact_match": False},
    ),
    "expect_table_row_count_to_be_between": ({"min_value": 4}, {"min_value": 5}),
    "expect_table_row_count_to_equal": ({"value": 4}, {"value": 5}),
}


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.open(None) as opened:
        migrations.migrate(opened)
        opened.execute("INSERT INTO ops.publication VALUES ('2025-05-31', 'earlier', '2025-06-01 06:00:00')")
        opened.execute("INSERT INTO ops.table_size VALUES ('earlier', '2025-05-31', 'staging.made', 12)")
        opened.execute("CREATE TABLE known AS SELECT n FROM range(1, 5) AS r (n)")
        opened.execute(
            "CREATE TABLE made AS SELECT n, n - 1 AS less, n AS same, chr(n::INTEGER + 64) AS word,"
            " CASE WHEN n % 2 = 0 THEN 'red' ELSE 'blue' END AS color, CASE WHEN n > 1 THEN n END AS gap,"
            " NULL::INTEGER AS nothing FROM range(1, 5) AS r (n)"
        )
        yield opened


#: What the query of each of ours would be over the table above; `right` where the data are as expected.
_QUERIES: dict[str, Callable[[dict[str, Any], bool], str]] = {
    NO_ROWS: lambda given, _: str(given["query"]),
    UNIQUE_KEY: lambda given, _: row_queries.key_query("made", given["columns"]),
    KNOWN: lambda given, _: row_queries.known_query(
        "made", given["column"], given["among"], given.get("key", given["column"])
    ),
    PATTERN: lambda given, _: row_queries.pattern_query("made", given["column"], given["pattern"]),
    ROW_COUNT: lambda given, _: row_count_query("made", "staging.made", dt.date(2025, 6, 30), given["limit"]),
    RECENT: lambda _, right: f"SELECT n FROM made WHERE n > {9 if right else 1}",
    NO_GAP: lambda _, right: f"SELECT n FROM made WHERE n > {9 if right else 1}",
    NO_LOSS: lambda _, right: f"SELECT n FROM made WHERE n > {9 if right else 1}",
    RECENT_DAYS: lambda _, __: _SERIES,
    NEW_FILES: lambda _, __: _SERIES,
}
#: A hundred rows a day or load, and in the newest ten times as many.
_SERIES = (
    "SELECT 'shop' AS subject, n AS unit_no, NULL::VARCHAR AS part, CASE WHEN n < 7 THEN 1000 ELSE 100 END AS size,"
    " NULL::DOUBLE AS total FROM range(100) AS r (n)"
)
_FILES = [{"file": "a.csv", "load_no": 0, "others": list(range(20, 40)), "is_version": False, "published": None}]


def _outcome(
    warehouse: Warehouse, name: str, kwargs: dict[str, Any], mostly: float | None = None, *, is_right: bool = False
) -> Outcome:
    expectation = Expectation(type=name, kwargs=kwargs, severity="critical", meaning="m", mostly=mostly)
    queries = {1: _QUERIES[name](kwargs, is_right)} if name in _QUERIES else {}
    told = {1: {"files": _FILES}} if name == NEW_FILES else {}
    with Inspector(warehouse, {"made": "made"}) as inspector:
        return inspector.inspect("made", [Check(1, expectation, "made.yaml:1")], queries, told)[0]


def test_every_expectation_has_an_example() -> None:
    missing, gone = VOCABULARY.keys() - _USES.keys(), _USES.keys() - VOCABULARY.keys()
    assert not missing, f"add to _USES above a use that holds and one that does not: {sorted(missing)}"
    assert not gone, f"take out of _USES above what is in VOCABULARY no more: {sorted(gone)}"
    without = {name for name, kind in VOCABULARY.items() if kind.is_ours} - _QUERIES.keys()
    assert not without, f"add to _QUERIES above what the query of each would be: {sorted(without)}"


@pytest.mark.parametrize("name", [name for name, kind in VOCABULARY.items() if kind.is_ours])
def test_each_of_ours_becomes_a_query_and_has_its_row_in_the_how_to(name: str, tmp_path: Path) -> None:
    context = QueryContext(corridor.workspace(tmp_path), dt.date(2025, 6, 30), "0123abcd", ("l1",))
    expectation = Expectation(type=name, kwargs=_USES[name][0], severity="critical", meaning="m")
    assert context.query("raw.order_lines", Check(1, expectation, "made.yaml:1"))
    assert f"`{name}`" in HOW_TO.read_text(encoding="utf-8"), f"say in {HOW_TO} when {name} holds"


@pytest.mark.parametrize("name", VOCABULARY)
def test_each_passes_what_is_right_and_finds_what_is_wrong(warehouse: Warehouse, name: str) -> None:
    right, wrong = _USES[name]
    for kwargs in (right, wrong):
        assert vocabulary.problems_of_keys(name, kwargs, has_mostly=False) == []
    good = _outcome(warehouse, name, right, is_right=True)
    bad = _outcome(warehouse, name, wrong)
    assert (good.error, good.is_success) == (None, True)
    assert (bad.error, bad.is_success) == (None, False)
    if VOCABULARY[name].scope != "whole":
        assert good.unexpected_count == 0
        assert bad.unexpected_count
        assert bad.element_count == (1 if name in HISTORY else 4)


@pytest.mark.parametrize("name", [name for name, kind in VOCABULARY.items() if "rows" in kind.scope])
def test_mostly_lets_a_share_of_rows_be_wrong(warehouse: Warehouse, name: str) -> None:
    _, wrong = _USES[name]
    strict = _outcome(warehouse, name, wrong)
    assert strict.unexpected_count
    lenient = _outcome(warehouse, name, wrong, mostly=0.01)
    assert lenient.unexpected_count == strict.unexpected_count
    if strict.unexpected_count < 4:
        assert lenient.is_success


def test_the_list_has_the_keys_that_great_expectations_has() -> None:
    adapter.load()
    from great_expectations.expectations.registry import get_expectation_impl

    shared = {"id", "meta", "notes", "result_format", "description", "catch_exceptions", "rendered_content", "severity"}
    shared |= {"windows", "batch_id", "column_index", "row_condition", "condition_parser", "library_metadata", "mostly"}
    for name, kind in VOCABULARY.items():
        if name not in _QUERIES:
            fields = get_expectation_impl(name).__fields__
            assert kind.keys == fields.keys() - shared, name
            assert {key for key in kind.keys if fields[key].required} <= kind.required, name
            assert ("mostly" in fields) == (kind.scope == "rows"), name


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("expect_column_values_to_be_betwen", "did you mean 'expect_column_values_to_be_between'?"),
        ("expect_column_values_to_match_regex", "expect_column_values_to_match_pattern"),
        ("expect_column_quantile_values_to_be_between", "expect_column_median_to_be_between"),
        ("expect_compound_columns_to_be_unique", "expect_key_to_be_unique"),
        ("unexpected_rows_expectation", "expect_no_rows"),
        ("be_nice", "it is one of expect_column_"),
    ],
)
def test_a_wrong_name_is_told_with_what_to_write(name: str, problem: str) -> None:
    told = vocabulary.problem_of_type(name)
    assert told is not None
    assert problem in told


@pytest.mark.parametrize(
    ("name", "kwargs", "key", "problem"),
    [
        ("expect_column_values_to_not_be_null", {"colum": "n"}, "colum", "did you mean 'column'?"),
        ("expect_column_values_to_not_be_null", {}, None, "needs the key 'column'"),
        ("expect_column_values_to_not_be_null", {"column": 3}, "column", "a text (got 3)"),
        ("expect_column_values_to_not_be_null", {"column": "n", "mostly": 0.5}, "mostly", "beside `kwargs`"),
        ("expect_column_values_to_be_between", {"column": "n"}, None, "min_value, max_value or both"),
        (
            "expect_column_values_to_be_between",
            {"column": "n", "min_value": "2020"},
            "min_value",
            "write expect_no_rows",
        ),
        ("expect_column_values_to_be_in_set", {"column": "n", "value_set": []}, "value_set", "at least one value"),
        ("expect_key_to_be_unique", {"columns": "n"}, "columns", "a list"),
        ("expect_no_rows", {"query": " "}, "query", "a text"),
        (
            KNOWN,
            {"column": "n", "among": "customers"},
            "among",
            "its schema, such as staging.customers (got 'customers')",
        ),
        (KNOWN, {"column": "n", "among": "a.b.c"}, "among", "its schema, such as staging.customers (got 'a.b.c')"),
        (ROW_COUNT, {"limit": 2, "per": "orders"}, "per", "its schema, such as staging.customers (got 'orders')"),
        (ROW_COUNT, {"limit": 2, "of": "orders"}, "of", "such as segments.membership.segmentation_id (got 'orders')"),
        (
            RECENT_DAYS,
            {"aspect": "mode", "days": 7, "limit": 2},
            "aspect",
            "one of rows, empty, level, mix (got 'mode')",
        ),
        (RECENT_DAYS, {"aspect": "rows", "days": 30, "limit": 2}, "days", "one of 1, 7, 28 (got 30)"),
        (RECENT_DAYS, {"aspect": "mix", "days": 7, "limit": 0.1}, None, "needs the key 'columns'"),
        (RECENT_DAYS, {"aspect": "rows", "days": 7, "limit": 0}, "limit", "a number above zero (got 0)"),
        (NEW_FILES, {"aspect": "rows", "limit": 2, "against": "all"}, "against", "earlier_version, other_files"),
        (NEW_FILES, {"aspect": "rows", "limit": 2, "columns": ["n"]}, None, "but for the aspect rows"),
    ],
)
def test_a_wrong_key_is_told(name: str, kwargs: dict[str, object], key: str | None, problem: str) -> None:
    problems = vocabulary.problems_of_keys(name, kwargs, has_mostly=False)
    assert any(found == key and problem in text for found, text in problems)


def test_mostly_is_refused_where_nothing_is_counted() -> None:
    problems = vocabulary.problems_of_keys("expect_table_row_count_to_equal", {"value": 1}, has_mostly=True)
    assert [key for key, _ in problems] == [None]
    assert "mostly" in problems[0][1]
