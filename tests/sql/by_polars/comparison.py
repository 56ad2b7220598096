"""The comparison of features with what was recomputed, so that none is forgotten.

Owns: when two values are equal, and that every feature of the catalogue is either recomputed or told to be empty.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from tasks.warehouse.models import SqlModel
from tests.sql.by_polars.orders import KEY

#: Most that two numbers may be apart, and be equal.
TOLERANCE = 1e-9
#: Themes that may be empty where only orders and people are mapped.
OF_OTHER_SOURCES = (
    "demographics",
    "geography",
    "engagement",
    "interactions",
    "satisfaction",
    "comments",
    "psychographics",
    "margin",
)


def joined(customers: pl.DataFrame, *themes: pl.DataFrame) -> pl.DataFrame:
    """One row per customer with the features of all themes, counts and amounts of those who are in none 0."""
    for theme in themes:
        customers = customers.join(theme, on=KEY, how="left", validate="1:1")
    counted = [name for name in customers.columns if _is_zero_without(name)]
    flagged = [name for name in customers.columns if name == "is_multi_country"]
    return customers.with_columns(pl.col(counted).fill_null(0), pl.col(flagged).fill_null(value=False)).sort(KEY)


def _is_zero_without(name: str) -> bool:
    """Whether a feature is 0, and not unknown, of whoever did nothing."""
    unknown = ("average_order_amount", "income_amount", "household_size_count", "child_count")
    return name.endswith(("_count", "_amount")) and name not in unknown


def differing(features: pl.DataFrame, recomputed: pl.DataFrame) -> dict[str, list[tuple[object, ...]]]:
    """By feature, the first customers of whom the two differ, with both values."""
    assert features[KEY].to_list() == recomputed[KEY].to_list()
    found: dict[str, list[tuple[object, ...]]] = {}
    for name in recomputed.columns:
        wrong = _differs(features[name], recomputed[name])
        if wrong.any():
            both = zip(features[KEY], features[name], recomputed[name], strict=True)
            found[name] = [triple for triple, is_wrong in zip(both, wrong, strict=True) if is_wrong][:3]
    return found


def _differs(found: pl.Series, expected: pl.Series) -> pl.Series:
    if expected.dtype in {pl.Date, pl.String, pl.Boolean}:
        assert found.dtype == expected.dtype
        return found.ne_missing(expected)
    found, expected = found.cast(pl.Float64), expected.cast(pl.Float64)
    apart = (found - expected).abs() > TOLERANCE * expected.abs().clip(lower_bound=1)
    return apart.fill_null(value=False) | (found.is_null() != expected.is_null())


def assert_all_are_proved(
    features: pl.DataFrame, recomputed: pl.DataFrame, models: Iterable[SqlModel], *empty: str
) -> None:
    """Every feature is recomputed, or empty, as those of the themes named in `empty` may be."""
    may_be_empty = {
        column.name for model in models if model.table.removeprefix("customer_") in empty for column in model.columns
    }
    rest = set(features.columns) - set(recomputed.columns)
    unproved = sorted(name for name in rest if name not in may_be_empty or not _is_empty(features[name]))
    assert not unproved, (
        f"recompute {', '.join(unproved)} by other means in tests/sql/by_polars/ and join it in the test; where no file"
        " of orders and people can tell it, name its theme in OF_OTHER_SOURCES"
    )


def filled(recomputed: pl.DataFrame) -> set[str]:
    """Recomputed features that tell something of somebody."""
    return {name for name in recomputed.columns if name != KEY and not _is_empty(recomputed[name])}


def _is_empty(values: pl.Series) -> bool:
    """NULL, 0 or false of everybody."""
    return all(value in {None, 0} for value in values.unique().to_list())
