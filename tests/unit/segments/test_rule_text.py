"""What a rule may say."""

from __future__ import annotations

import pytest
from sqlglot import exp

from tasks.config.errors import WorkspaceError
from tasks.segments.check import parsed_rule


def test_features_of_a_rule_are_found() -> None:
    tree = parsed_rule("order_count > 3 AND lower(city_name) = 'ulm'", "x:1")
    assert {column.name for column in tree.find_all(exp.Column)} == {"order_count", "city_name"}


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("random() < 0.5", r"x:1: the rule 'random\(\) < 0.5' calls rand\(\), which gives another value each time"),
        ("first_order_date < current_date - 30", r"calls current_date\(\)"),
        ("sum(order_count) > 3", "more than a condition on one customer"),
        ("order_count >", "is not SQL"),
    ],
)
def test_a_rule_that_is_no_condition_of_the_day_is_refused(rule: str, problem: str) -> None:
    with pytest.raises(WorkspaceError, match=problem):
        parsed_rule(rule, "x:1")
