"""Quintile scores where many customers are equal: of a company that bills monthly most share the day of their order."""

from __future__ import annotations

import pytest

from tasks.segments.rfm import fixed_score, score
from tasks.warehouse.connection import Warehouse

CASES = [
    # Days since the last order of twenty customers of whom fourteen paid on the first of the month.
    ([29] * 14 + [60, 90, 120, 150, 180, 210], [5] * 14 + [2, 2, 1, 1, 1, 1]),
    (list(range(1, 11)), [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]),
    # The worst are many: they stay the worst.
    ([5, 400, 400, 400, 400], [5, 1, 1, 1, 1]),
    # Those in the middle share the lower of their scores.
    ([1, 7, 7, 7, 9], [5, 2, 2, 2, 1]),
    ([1, 2, 3], [5, 2, 1]),
    ([7] * 9, [3] * 9),
    ([7], [3]),
    ([7, 7, None], [5, 5, 1]),
    ([None, None], [1, 1]),
]


@pytest.mark.parametrize(("days", "scores"), CASES)
@pytest.mark.parametrize("best_is_low", [True, False])
def test_nobody_scores_below_whom_he_surpasses(days: list[int | None], scores: list[int], best_is_low: bool) -> None:
    values = [day if day is None or best_is_low else -day for day in days]
    rows = ", ".join(f"({n}, {'NULL' if value is None else value}::INTEGER)" for n, value in enumerate(values))
    with Warehouse.open(None) as warehouse:
        warehouse.execute(f"CREATE TABLE people AS SELECT * FROM (VALUES {rows}) AS people(customer_id, days)")
        found = warehouse.rows(
            f"SELECT customer_id, {score('days', best_is_low=best_is_low)} FROM people ORDER BY customer_id"
        )
        assert [number for _, number in found] == scores
        # By the cuts of the same customers the scores are the same.
        select = fixed_score("days", best_is_low=best_is_low, today="people", reference="people")
        assert sorted(warehouse.rows(select)) == found


def test_whoever_surpasses_all_of_then_scores_5_and_whoever_equals_them_as_they_did() -> None:
    with Warehouse.open(None) as warehouse:
        warehouse.execute("CREATE TABLE before AS SELECT unnest([1, 2, 3, 4]) AS customer_id, 7 AS days")
        warehouse.execute("CREATE TABLE now AS SELECT unnest([1, 2, 3]) AS customer_id, unnest([6, 7, 8]) AS days")
        select = fixed_score("days", best_is_low=True, today="now", reference="before")
        assert sorted(warehouse.rows(select)) == [(1, 5), (2, 3), (3, 1)]
