"""Alignment of two snapshots: who is common, missing values, types, errors."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from tasks.config.errors import StatisticsError
from tasks.drift.snapshots import level_codes, numeric_values, pair_snapshots


def frame(ids: list[object], **columns: list[object]) -> pl.DataFrame:
    return pl.DataFrame({"customer_id": ids, **columns}, strict=False)


def test_common_rows_are_aligned_whatever_their_order() -> None:
    reference = frame(["c", "a", "b", "gone"], x=[3, 1, 2, 9])
    current = frame(["b", "new", "a", "c"], x=[20, 0, 10, 30])
    pair = pair_snapshots(reference, current, paired_common_share=0.3)
    columns = pair.numeric("x", subtract=0, tolerance=1e-9)
    assert columns.reference.tolist() == [1, 2, 3]
    assert columns.current.tolist() == [10, 20, 30]
    assert (pair.common_count, pair.entered_count, pair.left_count) == (3, 1, 1)
    assert current["customer_id"][pair.entered].to_list() == ["new"]
    assert reference["customer_id"][pair.left].to_list() == ["gone"]


@pytest.mark.parametrize(("common", "kind"), [(0, "two_sample"), (29, "two_sample"), (30, "paired"), (100, "paired")])
def test_thirty_percent_common_customers_make_a_pair(common: int, kind: str) -> None:
    reference = frame(list(range(100)))
    current = frame(list(range(100 - common, 200 - common)))
    assert pair_snapshots(reference, current, paired_common_share=0.3).kind == kind


def test_the_share_is_that_of_the_larger_snapshot() -> None:
    # All former customers are still there, but three quarters of the present ones are new.
    pair = pair_snapshots(frame(list(range(100))), frame(list(range(400))), paired_common_share=0.3)
    assert (pair.kind, pair.common_count) == ("two_sample", 100)


def test_two_samples_keep_all_rows_and_subtract_nothing() -> None:
    pair = pair_snapshots(frame([1, 2], x=[5, 6]), frame([3, 4], x=[7, 8]), paired_common_share=0.3)
    columns = pair.numeric("x", subtract=7, tolerance=1e-9)
    assert columns.current.tolist() == [7, 8]


def test_paired_snapshots_subtract_the_elapsed_days() -> None:
    pair = pair_snapshots(frame([1, 2], x=[5, 6]), frame([1, 2], x=[12, 14]), paired_common_share=0.3)
    assert pair.numeric("x", subtract=7, tolerance=1e-9).current.tolist() == [5, 7]


def test_sums_that_differ_by_rounding_are_the_same_number() -> None:
    reference, current = frame([1, 2, 3], x=[0.1 + 0.2, 1e6, 0.0]), frame([1, 2, 3], x=[0.3, 1e6 + 0.01, 1e-12])
    pair = pair_snapshots(reference, current, paired_common_share=0.3)
    columns = pair.numeric("x", subtract=0, tolerance=1e-9)
    assert (columns.current == columns.reference).tolist() == [True, False, False]


@pytest.mark.parametrize(
    "values",
    [
        pl.Series("x", [1, None, 3], dtype=pl.Int32),
        pl.Series("x", [1.0, float("nan"), 3.0]),
        pl.Series("x", [1.0, float("inf"), 3.0]),
        pl.Series("x", [Decimal("1.00"), None, Decimal("3.00")]),
        pl.Series("x", [1.0, float("-inf"), 3.0], dtype=pl.Float32),
    ],
)
def test_null_and_what_is_not_finite_is_missing(values: pl.Series) -> None:
    assert np.array_equal(numeric_values(values, where="current"), [1.0, np.nan, 3.0], equal_nan=True)


def test_reading_values_leaves_the_frame_alone() -> None:
    column = pl.Series("x", [1.0, float("inf")])
    numeric_values(column, where="current")
    assert column.to_list() == [1.0, float("inf")]


def test_levels_are_numbered_alike_and_missing_is_the_last() -> None:
    columns = level_codes(pl.Series(["x", None, "y"]), pl.Series(["z", "x", "(missing)"]))
    assert columns.names == ("(missing)", "x", "y", "z", "(missing)")
    assert columns.reference.tolist() == [1, 4, 2]
    assert columns.current.tolist() == [3, 1, 0]


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([True, None, False]),
        pl.Series(["true", None, "false"], dtype=pl.Categorical),
        pl.Series(["true", None, "false"], dtype=pl.Enum(["true", "never", "false"])),
    ],
)
def test_flags_and_categories_are_levels(column: pl.Series) -> None:
    columns = level_codes(column, column)
    assert columns.names == ("false", "true", "(missing)")
    assert columns.current.tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    ("reference", "current", "expected"),
    [
        (frame([1], x=[1]), pl.DataFrame({"x": [1]}), "current snapshot: there is no column customer_id"),
        (frame([]), frame([1]), "reference snapshot: there are no customers"),
        (frame([1, None]), frame([1]), "null in 1 of 2 rows"),
        (frame([1, 7, 7, 7]), frame([1]), "2 of 4 rows repeat a customer_id, such as 7"),
        (frame([7, 1, 7]), frame([1]), "1 of 3 rows repeat a customer_id, such as 7"),
        (frame([1]), frame(["1"]), "Int64 in the reference snapshot and String in the current"),
    ],
)
def test_frames_that_cannot_be_joined_are_refused(
    reference: pl.DataFrame, current: pl.DataFrame, expected: str
) -> None:
    with pytest.raises(StatisticsError, match=expected):
        pair_snapshots(reference, current, paired_common_share=0.3)


def test_text_is_no_number() -> None:
    with pytest.raises(StatisticsError, match="feature x is String, expected a number"):
        numeric_values(pl.Series("x", ["1"]), where="current")
