"""Products beside themselves: a check of prices that neither what is sold nor a few raised prices sets off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pytest

from tasks.quality.queries import QueryContext
from tasks.quality.suites import load_suites
from tasks.warehouse.connection import Warehouse
from tests.workspaces import AS_OF, MakeWorkspace

_LINE = tuple[dt.datetime, str, float]
_END = dt.datetime.combine(AS_OF, dt.time(12))


def lines(prices: Iterable[float], *, days_back: int, since: int = 0) -> list[_LINE]:
    """A line of each of some products, which are numbered."""
    at = _END - dt.timedelta(days=days_back)
    return [(at, f"p{number:02}", price) for number, price in enumerate(prices, since)]


def found(make_workspace: MakeWorkspace, sold: Iterable[_LINE]) -> list[tuple[object, ...]]:
    """What the check tells of these lines."""
    space = make_workspace()
    (suite,) = (suite for suite in load_suites(space, "staging") if suite.table == "staging.order_lines")
    (check,) = (check for check in suite.checks if check.expectation.meaning.startswith("most products cost"))
    query = QueryContext(space, AS_OF, "0" * 16, ()).query(suite.table, check)
    assert query is not None
    with Warehouse.open(None) as warehouse:
        warehouse.execute("CREATE SCHEMA staging")
        warehouse.execute(
            "CREATE TABLE staging.order_lines (source_name VARCHAR, ordered_at TIMESTAMP, product_id VARCHAR,"
            " unit_price_amount DECIMAL(18, 4), is_product BOOLEAN, is_return BOOLEAN)"
        )
        for at, product, price in sold:
            warehouse.execute(
                "INSERT INTO staging.order_lines VALUES ('shop', $at, $product, $price, true, false)",
                {"at": at, "product": product, "price": price},
            )
        return list(warehouse.rows(query))


PRICES = [1.0 + number for number in range(20)]


@pytest.mark.parametrize("factor", [1.3, 0.7])
def test_prices_of_the_same_products_are_told(make_workspace: MakeWorkspace, factor: float) -> None:
    raised = [price * factor for price in PRICES]
    told = found(make_workspace, lines(PRICES, days_back=20) + lines(raised, days_back=2))
    assert told == [("shop", 20, factor)]


@pytest.mark.parametrize(
    ("why", "sold"),
    [
        ("inflation", lines(PRICES, days_back=20) + lines([price * 1.09 for price in PRICES], days_back=2)),
        # Only dearer products are sold, each at its price.
        ("another mix", lines(PRICES, days_back=20) + lines(PRICES[10:], days_back=2, since=10)),
        ("new products", lines(PRICES, days_back=20) + lines([50.0] * 20, days_back=2, since=100)),
        (
            "a promotion of a few",
            lines(PRICES, days_back=20) + lines([p / 2 if p < 9 else p for p in PRICES], days_back=2),
        ),
        ("too few to say", lines(PRICES[:9], days_back=20) + lines([9.0 * p for p in PRICES[:9]], days_back=2)),
        ("long ago", lines(PRICES, days_back=40) + lines([9.0 * p for p in PRICES], days_back=2)),
    ],
)
def test_what_is_no_change_of_prices_is_not(make_workspace: MakeWorkspace, why: str, sold: list[_LINE]) -> None:
    assert found(make_workspace, sold) == [], why
