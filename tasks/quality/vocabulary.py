"""The expectations that a suite may use: their names, their keys, and what they count.

Owns: the list, and telling what is wrong with a use of it without importing Great Expectations, which takes seconds.
Does not own what an expectation means: that is Great Expectations' documentation, but for our own below.
A test holds the list against Great Expectations' own classes, and runs every entry on DuckDB.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tasks.config.drift import NEW_FILES, RECENT_DAYS, ROW_COUNT

#: Our own: the rows that a query returns are wrong.
NO_ROWS = "expect_no_rows"
#: Our own: no row has a key that is null or that another row has.
UNIQUE_KEY = "expect_key_to_be_unique"
#: Our own: every value of a column is in a column of another table.
KNOWN = "expect_column_values_to_be_known"
#: Our own: every value of a column matches a regular expression as a whole.
PATTERN = "expect_column_values_to_match_pattern"
#: Our own: the newest row of each source is no older than it has been at the ends of earlier days.
RECENT = "expect_newest_rows_to_be_recent"
#: Our own: no day is without rows on which, by its weekday, there always were some.
NO_GAP = "expect_no_day_to_be_missing"
#: Our own: no value of a column is gone in the last week, or four, that all of them had before.
NO_LOSS = "expect_no_value_to_be_missing"
#: Those whose query makes a series that is judged by its history; of the others a query gives the wrong rows.
HISTORY = frozenset({RECENT_DAYS, NEW_FILES})
#: What the keys of those are where a suite does not say: robust deviations, units of history, rows of a unit.
HISTORY_RULE = {"deviations": 6.0, "min_units": 8, "min_rows": 30.0}

#: What an expectation looks at: each row (it counts wrong ones, and takes `mostly`), a column or table as a whole, what
#: a query of ours returns, or the same where a share of rows may be wrong.
Scope = Literal["rows", "whole", "query", "query of rows"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of expectation."""

    scope: Scope
    required: frozenset[str]
    optional: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        """All that `kwargs` may hold."""
        return self.required | self.optional

    @property
    def is_ours(self) -> bool:
        """Whether a query of ours answers it (`queries.py`), and not Great Expectations."""
        return self.scope in {"query", "query of rows"}


_RANGE = frozenset({"min_value", "max_value"})
_STRICT_RANGE = _RANGE | {"strict_min", "strict_max"}
_RULE = frozenset({"columns", "by", "deviations", "min_units", "min_rows", "only"})
#: What a key of ours may be.
_CHOICES: dict[str, tuple[object, ...]] = {
    "aspect": ("rows", "empty", "level", "mix"),
    "days": (1, 7, 28),
    "against": ("earlier_version", "other_files"),
    "by": ("hour", "month", "shape", "sign"),
    "only": ("fewer", "more"),
}
_TEXTS = frozenset(["column", "column_A", "column_B", "query", "pattern", "among", "key", "since", "per", "of"])
_TABLE = re.compile(r"\w+\.\w+")
_NAMED = "schema, such as staging.customers"
#: How keys that name a table, or a column of one, are written.
_PLACES = {"among": _TABLE, "per": _TABLE, "of": re.compile(r"\w+\.\w+\.\w+")}


def _kind(scope: Scope, required: str = "", optional: frozenset[str] = frozenset()) -> Kind:
    return Kind(scope, frozenset(required.split()), optional)


VOCABULARY: dict[str, Kind] = {
    NO_ROWS: _kind("query", "query"),
    UNIQUE_KEY: _kind("query", "columns"),
    KNOWN: _kind("query of rows", "column among", frozenset({"key"})),
    PATTERN: _kind("query of rows", "column pattern"),
    RECENT: _kind("query"),
    NO_GAP: _kind("query"),
    NO_LOSS: _kind("query", "columns", frozenset({"by"})),
    RECENT_DAYS: _kind("query", "aspect days limit", _RULE),
    NEW_FILES: _kind("query", "aspect limit", _RULE | {"against"}),
    ROW_COUNT: _kind("query", "limit", frozenset({"since", "per", "of"})),
    "expect_column_values_to_not_be_null": _kind("rows", "column"),
    "expect_column_values_to_be_null": _kind("rows", "column"),
    "expect_column_values_to_be_between": _kind("rows", "column", _STRICT_RANGE),
    "expect_column_values_to_be_in_set": _kind("rows", "column value_set"),
    "expect_column_values_to_not_be_in_set": _kind("rows", "column value_set"),
    "expect_column_value_lengths_to_be_between": _kind("rows", "column", _STRICT_RANGE),
    "expect_column_value_lengths_to_equal": _kind("rows", "column value"),
    "expect_column_pair_values_a_to_be_greater_than_b": _kind(
        "rows", "column_A column_B", frozenset({"or_equal", "ignore_row_if"})
    ),
    "expect_column_pair_values_to_be_equal": _kind("rows", "column_A column_B", frozenset({"ignore_row_if"})),
    "expect_select_column_values_to_be_unique_within_record": _kind(
        "rows", "column_list", frozenset({"ignore_row_if"})
    ),
    "expect_column_max_to_be_between": _kind("whole", "column", _STRICT_RANGE),
    "expect_column_min_to_be_between": _kind("whole", "column", _STRICT_RANGE),
    "expect_column_mean_to_be_between": _kind("whole", "column", _STRICT_RANGE),
    "expect_column_median_to_be_between": _kind("whole", "column", _STRICT_RANGE),
    "expect_column_stdev_to_be_between": _kind("whole", "column", _STRICT_RANGE),
    "expect_column_sum_to_be_between": _kind("whole", "column", _STRICT_RANGE),
    "expect_column_unique_value_count_to_be_between": _kind("whole", "column", _STRICT_RANGE),
    "expect_column_proportion_of_non_null_values_to_be_between": _kind("whole", "column", _STRICT_RANGE),
    "expect_column_proportion_of_unique_values_to_be_between": _kind("whole", "column", _STRICT_RANGE),
    "expect_column_distinct_values_to_be_in_set": _kind("whole", "column value_set"),
    "expect_column_distinct_values_to_contain_set": _kind("whole", "column value_set"),
    "expect_column_distinct_values_to_equal_set": _kind("whole", "column value_set"),
    "expect_column_to_exist": _kind("whole", "column"),
    "expect_table_columns_to_match_set": _kind("whole", "column_set", frozenset({"exact_match"})),
    "expect_table_row_count_to_be_between": _kind("whole", "", _STRICT_RANGE),
    "expect_table_row_count_to_equal": _kind("whole", "value"),
}

#: Great Expectations has these, but they fail on DuckDB, or read a table's every row several times over.
_LEFT_OUT = {
    "regex": f"write {PATTERN} with the keys `column` and `pattern`",
    "like_pattern": "write expect_no_rows with `WHERE column NOT LIKE 'pattern'`",
    "quantile": "use expect_column_median_to_be_between, or expect_no_rows with quantile_cont(column, 0.9)",
    "unexpected_rows": f"write {NO_ROWS} with the key `query`",
    "values_to_be_unique": f"write {UNIQUE_KEY} with the key `columns`",
    "columns_to_be_unique": f"write {UNIQUE_KEY} with the key `columns`",
}


def problem_of_type(name: str) -> str | None:
    """What is wrong with the name of an expectation, or None."""
    if name in VOCABULARY:
        return None
    for part, instead in _LEFT_OUT.items():
        if part in name:
            return f"{name!r} is not offered here: {instead}"
    near = difflib.get_close_matches(name, VOCABULARY, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"it is one of {', '.join(sorted(VOCABULARY))}"
    return f"unknown expectation {name!r}; {hint}"


def problems_of_keys(name: str, kwargs: Mapping[str, object], *, has_mostly: bool) -> list[tuple[str | None, str]]:
    """What is wrong with an expectation's `kwargs`, as (key, problem); the key is None where one is missing."""
    kind = VOCABULARY[name]
    problems: list[tuple[str | None, str]] = []
    for key in kwargs:
        if key == "mostly":
            problems.append((key, "write `mostly` beside `kwargs`, not in it"))
        elif key not in kind.keys:
            near = difflib.get_close_matches(key, kind.keys, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(sorted(kind.keys)) or 'none'}"
            problems.append((key, f"{name} has no key {key!r}; {hint}"))
        else:
            problems.extend((key, problem) for problem in _problems_of_value(key, kwargs[key]))
    problems.extend((None, f"{name} needs the key {key!r}") for key in sorted(kind.required - kwargs.keys()))
    if kind.optional >= _RANGE and not _RANGE & kwargs.keys():
        problems.append((None, f"{name} needs min_value, max_value or both"))
    if name in HISTORY and (kwargs.get("aspect") == "rows") == ("columns" in kwargs):
        problems.append((None, f"{name} needs the key 'columns', but for the aspect rows"))
    if has_mostly and kind.scope not in {"rows", "query of rows"}:
        problems.append((None, f"{name} does not count rows, so `mostly` means nothing to it"))
    return problems


def schema_and_name(table: str) -> tuple[str, str]:
    """The parts of a table as suites name it.

    Raises:
        ValueError: it is not named so.
    """
    if not _TABLE.fullmatch(table):
        message = _misnamed("a table", table)
        raise ValueError(message)
    schema, _, name = table.partition(".")
    return schema, name


def _misnamed(key: str, value: object) -> str:
    example = "schema and table, such as segments.membership.segmentation_id" if key == "of" else _NAMED
    return f"{key} is named with its {example} (got {value!r})"


def _problems_of_value(key: str, value: object) -> Iterator[str]:
    if key in _CHOICES and value not in _CHOICES[key]:
        yield f"{key} is one of {', '.join(map(str, _CHOICES[key]))} (got {value!r})"
    elif key in _TEXTS and not (isinstance(value, str) and value.strip()):
        yield f"{key} is a text (got {value!r})"
    elif key in _PLACES and not _PLACES[key].fullmatch(str(value)):
        yield _misnamed(key, value)
    elif key in {"columns", "column_list", "column_set", "value_set"} and not (isinstance(value, list) and value):
        yield f"{key} is a list of at least one value (got {value!r})"
    elif key in _RANGE and (isinstance(value, bool) or not isinstance(value, int | float)):
        yield f"{key} is a number (got {value!r}); for dates write {NO_ROWS} with a query"
    elif key in {"limit", "deviations", "min_units", "min_rows"} and (
        isinstance(value, bool) or not isinstance(value, int | float) or value <= 0
    ):
        yield f"{key} is a number above zero (got {value!r})"
