"""Thresholds against numpy and plain Python, on values with many ties; numbers in rules that mean what they say."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.config.by_one_feature import CutsSegmentation
from tasks.config.errors import StatisticsError
from tasks.segments.cuts import cut_rules, learnt_thresholds
from tasks.segments.literals import between, number_literal
from tasks.warehouse.connection import Warehouse

Numbers = list[Any]
TYPES = ("BIGINT", "DECIMAL(18, 4)", "DOUBLE")


def cuts(**keys: object) -> CutsSegmentation:
    count = (
        len(next(cast("list[float]", keys[way]) for way in ("at", "quantiles", "cumulative_shares") if way in keys)) + 1
    )
    listed = [{"id": f"s{n}", "name": f"S{n}"} for n in range(count)]
    tree = {"kind": "cuts", "basis": "value", "feature": "net_amount", "segments": listed} | keys
    return CutsSegmentation.model_validate(tree)


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.open(None) as opened:
        yield opened


def store(warehouse: Warehouse, values: Numbers, kind: str) -> None:
    texts = pl.DataFrame(
        {"text": [None if value is None else str(value) for value in values]}, schema={"text": pl.String}
    )
    with warehouse.registered("given", texts.with_row_index("n")):
        warehouse.execute(
            "CREATE OR REPLACE TABLE customers AS SELECT 'c' || n AS customer_id, n,"
            f" CAST(text AS {kind}) AS net_amount FROM given"
        )


def places(warehouse: Warehouse, limits: list[str]) -> list[int | None]:
    """The segment of each customer, counted from the lowest, by the rules that the thresholds make."""
    keys = [str(place) for place in range(len(limits) + 1)]
    cases = " ".join(f"WHEN {rule.condition} THEN {rule.key}" for rule in cut_rules("net_amount", limits, keys))
    return [place for (place,) in warehouse.rows(f"SELECT CASE {cases} END FROM customers ORDER BY n")]


def amounts(kind: str) -> st.SearchStrategy[Numbers]:
    """Few different values, so that many are equal; some missing."""
    if kind == "BIGINT":
        one: st.SearchStrategy[Any] = st.integers(-3, 12)
    elif kind == "DOUBLE":
        one = st.sampled_from([0.1 + 0.2, 0.3, 1 / 3, 1e-7, -2.5, 0.0, 1e9 + 0.5, 2.0, 17.25]) | st.floats(
            -1e6, 1e6, allow_nan=False, width=64
        )
    else:
        one = st.integers(-30_000, 120_000).map(lambda n: Decimal(n - n % 2500) / 10_000) | st.decimals(
            -100, 1000, places=4
        )
    return st.lists(one | st.none(), min_size=2, max_size=60)


def by_quantile(values: list[Any], share: float) -> list[bool]:
    """Whether each value is above the threshold, with numpy: the boundary between equals that is nearest to the share."""
    array = np.array(values, dtype=object)
    distinct = sorted(set(values))
    below = {value: int((array < value).sum()) for value in distinct[1:]}
    target = Fraction(str(share)) * len(values)
    limit = min(below, key=lambda value: (abs(below[value] - target), -value))
    return [bool(value >= limit) for value in values]


@pytest.mark.parametrize("kind", TYPES)
@settings(max_examples=60)
@given(data=st.data())
def test_quantiles_part_customers_where_numpy_does(warehouse: Warehouse, kind: str, data: st.DataObject) -> None:
    values = data.draw(amounts(kind))
    shares = sorted(
        data.draw(st.sets(st.sampled_from([0.1, 0.25, 0.3333, 0.5, 0.8, 0.9, 0.99]), min_size=1, max_size=3))
    )
    store(warehouse, values, kind)
    known = [value for value in values if value is not None]
    if len(set(known)) < 2:
        with pytest.raises(StatisticsError, match="no two different values"):
            learnt_thresholds(warehouse, "customers", cuts(quantiles=shares))
        return
    limits = learnt_thresholds(warehouse, "customers", cuts(quantiles=shares))
    found = places(warehouse, limits)
    assert [place is None for place in found] == [value is None for value in values]
    above = [by_quantile(known, share) for share in shares]
    assert [place for place in found if place is not None] == [sum(parts) for parts in zip(*above, strict=True)]


@pytest.mark.parametrize("kind", ["BIGINT", "DECIMAL(18, 4)"])
@settings(max_examples=60)
@given(data=st.data())
def test_shares_of_the_total_part_customers_where_adding_up_does(
    warehouse: Warehouse, kind: str, data: st.DataObject
) -> None:
    values = data.draw(amounts(kind))
    shares = sorted(data.draw(st.sets(st.sampled_from([0.2, 0.5, 0.7, 0.8, 0.95]), min_size=1, max_size=3)))
    store(warehouse, values, kind)
    positive = [Fraction(value) for value in values if value is not None and value > 0]
    if not positive:
        with pytest.raises(StatisticsError, match="nobody has a positive net_amount"):
            learnt_thresholds(warehouse, "customers", cuts(cumulative_shares=shares))
        return
    limits = learnt_thresholds(warehouse, "customers", cuts(cumulative_shares=shares))

    def tier(value: float | Decimal) -> int:
        """In how many of the parts he is not: those who have more bring that part together without him."""
        more = sum(other for other in positive if other > value)
        return sum(1 for share in shares if value <= 0 or more >= Fraction(str(share)) * sum(positive))

    expected = [None if value is None else len(shares) - tier(value) for value in values]
    assert places(warehouse, limits) == expected


def test_abc_of_a_textbook(warehouse: Warehouse) -> None:
    store(warehouse, [500, 300, 100, 50, 30, 10, 10, 0, -20, None], "BIGINT")
    limits = learnt_thresholds(warehouse, "customers", cuts(cumulative_shares=[0.8, 0.95]))
    # 500 + 300 are just 80 % of 1,000, 100 and 50 bring it to 95 %.
    assert places(warehouse, limits) == [2, 2, 1, 1, 0, 0, 0, 0, 0, None]
    assert limits == ["50", "300"]


def test_a_threshold_is_round_and_nobodys_own_figure(warehouse: Warehouse) -> None:
    store(warehouse, ["117.31", "118.02", "143.77", "161.40"], "DECIMAL(18, 4)")
    assert learnt_thresholds(warehouse, "customers", cuts(quantiles=[0.5])) == ["140"]


def test_where_most_are_equal_those_stay_together_and_somebody_is_on_either_side(warehouse: Warehouse) -> None:
    store(warehouse, [0] * 90 + [5] * 10, "BIGINT")
    assert learnt_thresholds(warehouse, "customers", cuts(quantiles=[0.25, 0.5])) == ["5", "5"]
    store(warehouse, [0] * 10 + [5] * 90, "BIGINT")
    assert learnt_thresholds(warehouse, "customers", cuts(quantiles=[0.5])) == ["5"]


@given(low=st.floats(-1e12, 1e12), high=st.floats(-1e12, 1e12))
@settings(max_examples=200)
def test_what_lies_between_two_doubles_parts_them(warehouse: Warehouse, low: float, high: float) -> None:
    low, high = sorted((low, high))
    if low == high:
        return
    limit = between(low, high)
    row = warehouse.rows(f"SELECT $low >= {limit}, $high >= {limit}", {"low": low, "high": high})
    assert row == [(False, True)]


@given(value=st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
@settings(max_examples=200)
def test_a_double_is_read_back_as_itself(warehouse: Warehouse, value: float) -> None:
    assert warehouse.value(f"SELECT CAST({number_literal(value)} AS DOUBLE)") == value


def test_a_value_at_a_threshold_is_above_it_and_segments_may_be_listed_from_the_top(warehouse: Warehouse) -> None:
    store(warehouse, [29, 30, 49, 50, None], "BIGINT")
    segmentation = cuts(at=[30, 50], order="highest_first")
    limits = [number_literal(limit) for limit in segmentation.at or []]
    assert places(warehouse, limits) == [0, 1, 1, 2, None]
    assert [segment.id for segment in segmentation.lowest_first] == ["s2", "s1", "s0"]
    assert [rule.condition for rule in cut_rules("net_amount", limits, ["low", "middle", "high"])] == [
        "net_amount < 30",
        "net_amount >= 30 AND net_amount < 50",
        "net_amount >= 50",
    ]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"at": [1], "quantiles": [0.5]}, "give one of at, quantiles, cumulative_shares; given: at, quantiles"),
        ({"at": [2, 1]}, r"at \[2.0, 1.0\] must ascend without repeats"),
        (
            {"at": [1], "segments": [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}, {"id": "c", "name": "C"}]},
            "1 thresholds make 2 segments; 3 are named",
        ),
        ({"quantiles": [1.0]}, "less than 1"),
        ({"at": [1], "refit": {"every_days": 30}}, "never computed anew"),
        ({"at": [float("nan")]}, "finite number"),
        ({"at": [1], "otherwise": {"id": "s0", "name": "Z"}}, "two segments have the id 's0'"),
    ],
)
def test_cuts_that_are_none_are_refused(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        cuts(**keys)
