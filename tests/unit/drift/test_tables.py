"""Counting: values, reference-quantile bins, merged levels, moves."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.drift.tables import OTHER_LEVEL, MergeRule, ValueTable, level_table, migration_table

RULE = MergeRule(minimum_expected=5.0, maximum_levels=100)
small_values = st.lists(st.integers(-3, 3), min_size=1, max_size=40)


def table_of(reference: list[float], current: list[float]) -> ValueTable:
    return ValueTable.of(np.array(reference, dtype=float), np.array(current, dtype=float))


@given(small_values, small_values)
def test_values_are_counted_as_a_counter_counts_them(reference: list[int], current: list[int]) -> None:
    table = table_of(reference, current)
    assert table.values.tolist() == sorted({*reference, *current})
    assert dict(zip(table.values, table.reference, strict=True)) == {v: Counter(reference)[v] for v in table.values}
    assert dict(zip(table.values, table.current, strict=True)) == {v: Counter(current)[v] for v in table.values}
    assert table.values[table.current_index].tolist() == current


@given(small_values, small_values)
def test_auc_counts_pairs(reference: list[int], current: list[int]) -> None:
    wins = sum((y > x) + 0.5 * (y == x) for x in reference for y in current)
    assert table_of(reference, current).u == wins
    assert table_of(reference, current).auc == wins / (len(reference) * len(current))


def test_bins_without_ties_are_the_reference_quantiles() -> None:
    table = table_of(list(range(100)), [-5.0, 250.0])
    bins = dict(zip(table.values, table.bins(10), strict=True))
    assert [bins[value] for value in (0, 9, 10, 99)] == [0, 0, 1, 9]
    assert (bins[-5.0], bins[250.0]) == (0, 9)


def test_a_value_many_rows_hold_gets_a_bin_of_its_own() -> None:
    table = table_of([0.0] * 60 + list(range(1, 41)), [0.0])
    bins = table.bins(10)
    assert bins[0] not in bins[1:]
    assert sorted(set(bins.tolist())) == [3, 6, 7, 8, 9]


def test_rare_levels_are_merged_and_counts_kept() -> None:
    table = level_table(np.array([50, 2, 1, 47]), np.array([60, 0, 3, 37]), ("a", "b", "c", "d"), RULE)
    # b and c together are expected to hold 3: too few, so the rarest of the others joins them.
    # It is nearly all of what they are together, and a mix that changed by it is not told of "other levels".
    assert table.names == ("a", "d (with rarer levels)")
    assert table.reference.tolist() == [50, 50]
    assert table.current.tolist() == [60, 40]


def test_a_single_rare_level_keeps_its_name() -> None:
    table = level_table(np.array([500, 1]), np.array([500, 0]), ("no", "yes"), RULE)
    assert table.names == ("no", "yes")
    assert table.is_binary


def test_levels_nobody_holds_drop_out() -> None:
    table = level_table(np.array([0, 30, 20]), np.array([0, 25, 25]), ("gone", "x", "y"), RULE)
    assert table.names == ("x", "y")


def test_the_expected_count_is_that_of_the_smaller_sample() -> None:
    # 40 of 4,000 rows hold "c"; of the 400 of the smaller sample 4 are expected to.
    names = ("a", "b", "c", "d")
    table = level_table(np.array([1_700, 1_500, 40, 360]), np.array([170, 180, 0, 50]), names, RULE)
    assert table.names == ("a", "b", "d (with rarer levels)")


def test_only_the_most_common_levels_stand_alone() -> None:
    counts = np.array([100, 400, 300, 200])
    table = level_table(counts, counts, ("a", "b", "c", "d"), MergeRule(5.0, 2))
    assert table.names == ("b", "c", OTHER_LEVEL)
    assert table.reference.tolist() == [400, 300, 300]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=200))
def test_migration_margins_are_the_counts(rows: list[tuple[int, int]]) -> None:
    before, now = (np.array(column) for column in zip(*rows, strict=True))
    table = migration_table(before, now, tuple("abcdef"), RULE)
    assert table.moves is not None
    assert table.moves.sum() == len(rows)
    assert table.moves.sum(axis=1).tolist() == table.reference.tolist()
    assert table.moves.sum(axis=0).tolist() == table.current.tolist()
    assert (table.reference + table.current).min() > 0


def test_moves_are_counted_from_row_to_column() -> None:
    before = np.repeat([0, 0, 1], [20, 7, 30])
    now = np.repeat([0, 1, 1], [20, 7, 30])
    table = migration_table(before, now, ("active", "lapsed"), RULE)
    assert table.moves is not None
    assert table.moves.tolist() == [[20, 7], [0, 30]]


@pytest.mark.parametrize(("value", "share"), [(0.0, 0.5), (1.0, 1 / 6), (7.0, 0.0)])
def test_pooled_share(value: float, share: float) -> None:
    assert table_of([0, 0, 1], [0, 2, 3]).pooled_share_of(value) == pytest.approx(share)
