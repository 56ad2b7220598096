"""What would move a customer into another segment: the nearest rule, and what of it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tasks.insight.alternatives import nearest_rule
from tasks.warehouse.connection import Warehouse

CUSTOMER: dict[str, object] = {
    "order_count": 3,
    "net_amount": Decimal("80.00"),
    "recency_days": 40,
    "age_years": None,
    "top_channel_name": "web",
}


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.open(None) as opened:
        yield opened


def nearest(warehouse: Warehouse, *rules: str) -> tuple[str | None, str | None]:
    others = [{"segment_id": f"x.r{number}", "rule_text": rule} for number, rule in enumerate(rules)]
    return nearest_rule(warehouse, others, CUSTOMER)


@pytest.mark.parametrize(
    ("rule", "missing"),
    [
        ("net_amount >= 100", "net_amount >= 100"),
        ("(order_count >= 2) AND (net_amount >= 100)", "net_amount >= 100"),
        # What an extended rule asks for is told part by part.
        (
            "((order_count >= 5) AND (recency_days <= 60)) AND (net_amount >= 100)",
            "order_count >= 5 and net_amount >= 100",
        ),
        # Of alternatives the nearer one.
        ("(net_amount >= 1000) OR (order_count >= 4)", "order_count >= 4"),
        ("(age_years < 30) OR ((order_count >= 4) AND (net_amount >= 81))", "age_years < 30"),
        # An exception, and being in a segment, are told as what they ask for.
        ("(order_count >= 2) AND ((top_channel_name = 'web') IS NOT TRUE)", "NOT (top_channel_name = 'web')"),
        ("((net_amount >= 100) AND (order_count >= 2)) IS TRUE", "net_amount >= 100"),
        ("age_years >= 30 AND age_years < 50", "age_years >= 30 and age_years < 50"),
    ],
)
def test_only_what_is_missing_is_told(warehouse: Warehouse, rule: str, missing: str) -> None:
    assert nearest(warehouse, rule) == ("x.r0", f"needs {missing}")


def test_the_rule_with_fewest_parts_missing_is_nearest_then_the_one_missed_by_least(warehouse: Warehouse) -> None:
    two, far, near = "order_count >= 4 AND net_amount >= 81", "net_amount >= 500", "net_amount >= 90"
    assert nearest(warehouse, two, far, near) == ("x.r2", "needs net_amount >= 90")
    # On either side of a cut, whatever the sign of the limit.
    assert nearest(warehouse, "net_amount < -100", "net_amount >= 81.5") == ("x.r1", "needs net_amount >= 81.5")


def test_a_rule_that_holds_is_told_as_one_that_comes_later(warehouse: Warehouse) -> None:
    assert nearest(warehouse, "order_count >= 3") == ("x.r0", "its rule holds too, an earlier rule comes first")


@pytest.mark.parametrize("text", ["otherwise", "R 4-5, F 2-3", "nearest of 4 centres, model 1 of 2025-06-30"])
def test_what_is_no_rule_is_no_alternative(warehouse: Warehouse, text: str) -> None:
    assert nearest(warehouse, text) == (None, None)


def test_a_chain_of_a_thousand_earlier_rules_is_walked(warehouse: Warehouse) -> None:
    earlier = " AND ".join(f"((order_count = {number}) IS NOT TRUE)" for number in range(4, 1004))
    assert nearest(warehouse, f"(net_amount >= 100) AND {earlier}") == ("x.r0", "needs net_amount >= 100")
