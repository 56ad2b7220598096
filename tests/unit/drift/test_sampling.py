"""Who is compared where customers are many: as many as asked for, the same ones at every date, of each segment enough."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tasks.drift import sampling
from tasks.warehouse.connection import Warehouse

COUNT = 40_000


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.open(None) as opened:
        opened.execute(
            "CREATE TABLE member AS SELECT 'c' || i AS customer_id, if(i % 20 = 0, 'few', 'many') AS segment_id"
            f" FROM range({COUNT}) AS r (i)"
        )
        yield opened


def chosen(warehouse: Warehouse, condition: str) -> set[tuple[str, str]]:
    return set(warehouse.rows(f"SELECT segment_id, customer_id FROM member WHERE {condition}"))


@pytest.mark.parametrize(
    ("count", "times"),
    [(0, 0), (1, 0), (99_999, 0), (199_999, 0), (200_000, 1), (399_999, 1), (400_000, 2), (10**9, 13), (10**15, 16)],
)
def test_at_least_enough_and_less_than_twice_as_many_are_left(count: int, times: int) -> None:
    assert sampling.halvings(count, 100_000) == times
    if 0 < times < 16:
        assert 100_000 <= count / 2**times < 200_000


def test_each_halving_leaves_half_and_holds_the_next_one(warehouse: Warehouse) -> None:
    before = chosen(warehouse, sampling.drawn(0))
    assert len(before) == COUNT
    for times in (1, 2, 3, 4):
        left = chosen(warehouse, sampling.drawn(times))
        # Five standard deviations of as many tosses of a coin.
        assert abs(len(left) - COUNT / 2**times) < 5 * (COUNT / 2**times) ** 0.5
        assert left < before
        before = left


def test_who_is_drawn_depends_on_the_id_alone(warehouse: Warehouse) -> None:
    condition = sampling.drawn(2)
    warehouse.execute(
        "CREATE OR REPLACE TEMP TABLE turned AS SELECT * FROM member WHERE customer_id LIKE '%7%' ORDER BY ALL"
    )
    assert set(warehouse.rows(f"SELECT segment_id, customer_id FROM turned WHERE {condition}")) == {
        row for row in chosen(warehouse, condition) if "7" in row[1]
    }


def test_of_each_segment_as_many_are_drawn_as_tell_what_it_is_like(warehouse: Warehouse) -> None:
    sizes = {"few": COUNT // 20, "many": COUNT - COUNT // 20}
    found = chosen(warehouse, sampling.drawn_members(sizes, 40_000))
    counts = {segment: sum(name == segment for name, _ in found) for segment in sizes}
    # A tenth of what is enough of all: 4,000 of each, and all of who are fewer.
    assert counts["few"] == sizes["few"]
    assert abs(counts["many"] - 4_000) < 5 * 4_000**0.5
    assert chosen(warehouse, sampling.drawn_members(sizes, COUNT * 10)) == chosen(warehouse, "true")
    assert sampling.drawn_members({}, 1_000) == "true"
