"""Two snapshots side by side: who is in both, and their columns as arrays.

Owns: the one join, missing values, types. Does not own: any statistic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl

from tasks.config.errors import StatisticsError
from tasks.drift.columns import CUSTOMER, Snapshot
from tasks.drift.records import SnapshotKind
from tasks.drift.tables import MISSING_LEVEL, Floats, Integers

_ROW = "row_number"


class NumericColumns(NamedTuple):
    """A numeric feature in both snapshots; missing is NaN. Paired: row i is the same customer in both."""

    reference: Floats
    current: Floats


class LevelColumns(NamedTuple):
    """A categorical feature as codes into `names`; missing values are a level. Paired as `NumericColumns`."""

    reference: Integers
    current: Integers
    names: tuple[str, ...]

    def known(self, *, is_paired: bool) -> LevelColumns:
        """The rows with a value (paired: in both); all rows where one of the columns would be left without any."""
        if not self.names or self.names[-1] != MISSING_LEVEL:
            return self
        last = len(self.names) - 1
        then, now = self.reference != last, self.current != last
        if is_paired:
            then = now = then & now
        if not (then.any() and now.any()):
            return self
        return LevelColumns(self.reference[then], self.current[now], self.names[:-1])


@dataclass(frozen=True)
class SnapshotPair:
    """Two snapshots with one row a customer, aligned.

    Attributes:
        reference: the earlier one.
        current: the later one.
        common_reference: row numbers in `reference` of the common customers, ascending by customer id.
        common_current: row numbers in `current` of the same customers in the same order.
        kind: `paired` where enough customers are common.
    """

    reference: Snapshot
    current: Snapshot
    common_reference: Integers
    common_current: Integers
    kind: SnapshotKind

    @property
    def common_count(self) -> int:
        """Customers in both."""
        return self.common_reference.size

    @property
    def entered_count(self) -> int:
        """Customers only in the current frame."""
        return self.current.height - self.common_count

    @property
    def left_count(self) -> int:
        """Customers only in the reference frame."""
        return self.reference.height - self.common_count

    @cached_property
    def entered(self) -> Integers:
        """Row numbers in `current` of the customers who were not there before."""
        return np.setdiff1d(np.arange(self.current.height), self.common_current)

    @cached_property
    def left(self) -> Integers:
        """Row numbers in `reference` of the customers who are no longer there."""
        return np.setdiff1d(np.arange(self.reference.height), self.common_reference)

    def numeric(self, name: str, *, subtract: float, tolerance: float) -> NumericColumns:
        """Give a numeric column of both snapshots: of the common customers where paired, else whole.

        Args:
            name: the column.
            subtract: days to take off the current values (paired snapshots only: customers who are not the same have
                not grown older together).
            tolerance: relative difference up to which a customer's value counts as unchanged.

        Raises:
            StatisticsError: the column is not numeric.
        """
        reference = numeric_values(self.reference[name], where="reference")
        current = numeric_values(self.current[name], where="current")
        if self.kind == "two_sample":
            return NumericColumns(reference, current)
        reference = reference[self.common_reference]
        current = current[self.common_current] - subtract
        # NaN compares false, so a missing value is never taken for an unchanged one.
        unchanged = np.abs(current - reference) <= tolerance * np.maximum(np.abs(current), np.abs(reference))
        return NumericColumns(reference, np.where(unchanged, reference, current))

    def levels(self, name: str) -> LevelColumns:
        """Give a categorical column of both snapshots as codes: of the common customers where paired, else whole."""
        columns = level_codes(self.reference[name], self.current[name])
        if self.kind == "two_sample":
            return columns
        return LevelColumns(
            columns.reference[self.common_reference], columns.current[self.common_current], columns.names
        )


def pair_snapshots(reference: Snapshot, current: Snapshot, *, paired_common_share: float) -> SnapshotPair:
    """Join two snapshots on `customer_id` and say whether they are to be compared as paired.

    They are where the common customers are at least that share of the *larger* snapshot: common rows that are a small
    part of either would not speak for it.

    Args:
        reference: one row a customer, with `customer_id`.
        current: the same, later.
        paired_common_share: 0-1.

    Raises:
        StatisticsError: a frame is empty, has no usable `customer_id`, or the two have ids of different types.
    """
    for frame, label in ((reference, "reference"), (current, "current")):
        _check_customers(frame, label)
    old, new = reference[CUSTOMER], current[CUSTOMER]
    if old.dtype != new.dtype:
        message = (
            f"customer_id is {old.dtype} in the reference snapshot and {new.dtype} in the current one: they cannot be"
            " joined"
        )
        raise StatisticsError(message, where="drift", hint="cast both to one type in staging")
    common = (
        reference[CUSTOMER]
        .to_frame()
        .with_row_index(_ROW)
        .join(new.to_frame().with_row_index(f"{_ROW}_current"), on=CUSTOMER, how="inner")
        .sort(CUSTOMER)
    )
    share = common.height / max(reference.height, current.height)
    return SnapshotPair(
        reference=reference,
        current=current,
        common_reference=common[_ROW].to_numpy().astype(np.int64),
        common_current=common[f"{_ROW}_current"].to_numpy().astype(np.int64),
        kind="paired" if common.height and share >= paired_common_share else "two_sample",
    )


def _check_customers(frame: Snapshot, label: str) -> None:
    where = f"drift, {label} snapshot"
    if CUSTOMER not in frame.columns:
        message = f"there is no column customer_id among {', '.join(frame.columns) or 'no columns'}"
        raise StatisticsError(message, where=where, hint="hand over one row a customer, with customer_id")
    if frame.height == 0:
        raise StatisticsError("there are no customers", where=where, hint="compare snapshots that hold customers")
    ids = frame[CUSTOMER]
    if ids.null_count():
        message = f"customer_id is null in {ids.null_count()} of {frame.height} rows"
        raise StatisticsError(message, where=where, hint="drop or repair these rows in staging")
    # Of ids in their order equal ones are neighbours, which takes a tenth of the time of counting distinct ones.
    has_repeated = bool((ids == ids.shift()).any()) if ids.is_sorted() else ids.n_unique() < frame.height
    if has_repeated:
        repeated = frame.height - ids.n_unique()
        example = ids.filter(ids.is_duplicated()).sort()[0]
        message = f"{repeated} of {frame.height} rows repeat a customer_id, such as {example!r}"
        raise StatisticsError(message, where=where, hint="hand over one row a customer")


def numeric_values(column: pl.Series, *, where: str) -> Floats:
    """Give a numeric or boolean column as floats, NaN for null and for values that are not finite.

    Raises:
        StatisticsError: the column has another type.
    """
    if not (column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)):
        message = f"feature {column.name} is {column.dtype}, expected a number"
        raise StatisticsError(
            message, where=f"drift, {where} snapshot", hint="declare it as a category, or cast it in the features' SQL"
        )
    values = column.cast(pl.Float64).to_numpy().astype(np.float64, copy=True)  # null becomes NaN
    values[~np.isfinite(values)] = np.nan
    return values


def level_codes(reference: pl.Series, current: pl.Series) -> LevelColumns:
    """Number the levels of two columns alike, ascending by name; null is the last level, `(missing)`.

    Only the levels that occur are named. A text level that is itself called `(missing)` stays apart.
    """
    texts = [column.cast(pl.String) for column in (reference, current)]
    distinct = sorted({*texts[0].unique().to_list(), *texts[1].unique().to_list()} - {None})
    domain = pl.Enum(distinct)
    codes = [
        text.cast(domain).to_physical().cast(pl.Int64).fill_null(len(distinct)).to_numpy().astype(np.int64)
        for text in texts
    ]
    names = (*distinct, MISSING_LEVEL) if any(text.null_count() for text in texts) else tuple(distinct)
    return LevelColumns(codes[0], codes[1], names)
