"""Which of two rules stands first is part of what is asked for: whoever changes by that moved by the edit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.insight.test_size_change import JULY, JUNE, SPENT, orders, sums_and_changes
from tests.unit.segments.made_runs import compute, shop
from tests.workspaces import MakeWorkspace, OpenRun

pytestmark = pytest.mark.usefixtures("few_features")

RULES = [
    {"id": "high", "name": "High", "when": "net_amount >= 65"},
    {"id": "any", "name": "Any", "when": "net_amount >= 10"},
]


def reasons(make: MakeWorkspace, opened: OpenRun, match: str) -> list[tuple[Any, ...]]:
    """Who moved in July, when the rules stand the other way round."""
    worth = {"kind": "rules", "basis": "value", "match": match}
    delivered = orders(SPENT, without_july=True)
    with opened(make(tree=shop(worth={**worth, "segments": RULES}), orders=delivered), JUNE) as run:
        compute(run)
    with opened(make(tree=shop(worth={**worth, "segments": RULES[::-1]}), orders=delivered), JULY) as run:
        compute(run)
        assert all(net == change for _, net, change in sums_and_changes(run))
        return run.warehouse.rows(
            "SELECT customer_id, from_segment_id, to_segment_id, why_name FROM monitoring.change"
            " WHERE run_id = $run ORDER BY customer_id",
            {"run": run.run_id},
        )


def test_of_rules_of_which_the_first_counts_the_order_is_part_of_the_definition(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    assert reasons(make_workspace, opened, "first") == [
        ("redrawn", "worth.high", "worth.any", "definition"),
        ("stays_high", "worth.high", "worth.any", "definition"),
    ]


def test_of_rules_that_each_count_it_is_not(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    assert reasons(make_workspace, opened, "any") == []
