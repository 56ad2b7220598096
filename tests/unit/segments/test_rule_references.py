"""What rules resolve to, how they are told, and what they may not refer to."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.config.errors import WorkspaceError
from tasks.config.resolving import LONGEST_RULE, leaves
from tests.unit.segments.rule_worlds import parsed, resolved, rules


def test_a_plain_text_stays_as_it_is_written() -> None:
    (rule,) = resolved(x=rules({"id": "a", "when": "a > 1  OR b > 1"}))["x"].rules
    assert (rule.condition, rule.told) == ("a > 1  OR b > 1",) * 2


def test_a_tree_is_told_as_it_is_written() -> None:
    world = resolved(
        x=rules({"id": "a", "when": "a > 1 OR b > 1"}, {"id": "b", "when": "b > 1"}),
        y=rules({"id": "c", "extends": "x.a", "when": {"not": {"segment": "x.b"}}, "except": ["a = 2", "b = 2"]}),
    )
    (rule,) = world["y"].rules
    assert rule.told == "the rule of x.a AND NOT (in x.b), except a = 2, b = 2"
    assert rule.condition == (
        "(a > 1 OR b > 1) AND (NOT (((b > 1) AND ((a > 1 OR b > 1) IS NOT TRUE)) IS TRUE))"
        " AND ((a = 2) IS NOT TRUE) AND ((b = 2) IS NOT TRUE)"
    )


def test_a_changed_rule_changes_those_that_refer_to_it() -> None:
    def of(limit: int) -> str:
        return (
            resolved(x=rules({"id": "a", "when": f"a > {limit}"}), y=rules({"id": "b", "extends": "x.a"}))["y"]
            .rules[0]
            .condition
        )

    assert of(1) != of(2)


def test_otherwise_can_be_referred_to_and_not_extended() -> None:
    rest = {"otherwise": {"id": "rest", "name": "Rest"}}
    world = resolved(x=rules({"id": "a", "when": "a > 1"}, **rest), y=rules({"id": "b", "when": {"segment": "x.rest"}}))
    assert world["y"].rules[0].condition == "(a > 1) IS NOT TRUE"
    with pytest.raises(WorkspaceError, match="'x.rest' is the segment of all others, which has no rule to extend"):
        resolved(x=rules({"id": "a", "when": "a > 1"}, **rest), y=rules({"id": "b", "extends": "x.rest"}))


@pytest.mark.parametrize(
    ("world", "where", "message"),
    [
        (
            {"x": rules({"id": "a", "when": {"segment": "x.b"}}, {"id": "b", "when": {"segment": "x.a"}}, match="any")},
            "segmentations.x.segments.1.when.segment",
            "the rule of x.a → being in x.b → the rule of x.b → being in x.a → the rule of x.a",
        ),
        (
            {"x": rules({"id": "a", "extends": "b"}, {"id": "b", "extends": "a"})},
            "segmentations.x.segments.1.extends",
            "the rule of x.a → the rule of x.b → the rule of x.a",
        ),
        (
            {"x": rules({"id": "a", "when": {"not": {"segment": "b"}}}, {"id": "b", "when": "a > 1"})},
            "segmentations.x.segments.0.when.not.segment",
            "in a circle",
        ),
        (
            {"x": rules({"id": "a", "when": "a > 1"}, population={"segment": "x.a"})},
            "segmentations.x.population.segment",
            "the population of x → being in x.a → the population of x",
        ),
        (
            {
                "x": rules({"id": "a", "when": "a > 1"}),
                "y": rules({"id": "b", "when": {"any": ["a = 1", {"segment": "x.b"}]}}),
            },
            "segmentations.y.segments.0.when.any.1.segment",
            "there is no segment x.b",
        ),
        (
            {"x": rules({"id": "a", "when": "a > 1", "except": [{"segment": "z.a"}]})},
            "segmentations.x.segments.0.except.0.segment",
            "there is no segment z.a",
        ),
        (
            {"r": {"kind": "rfm", "basis": "value"}, "x": rules({"id": "a", "extends": "r.champions"})},
            "segmentations.x.segments.0.extends",
            "'r.champions' is a segment of kind rfm, expected one of kind rules",
        ),
    ],
)
def test_references_that_lead_nowhere_are_told_with_their_place(
    world: dict[str, Any], where: str, message: str
) -> None:
    with pytest.raises(WorkspaceError) as caught:
        resolved(**world)
    assert caught.value.where == where
    assert message in caught.value.message


def test_the_nearest_segment_is_suggested() -> None:
    with pytest.raises(WorkspaceError, match="did you mean 'life.active'") as caught:
        resolved(life=rules({"id": "active", "when": "a > 1"}), x=rules({"id": "a", "extends": "life.activ"}))
    assert caught.value.message == "there is no segment life.activ"


def test_rules_that_double_at_every_step_are_refused() -> None:
    doubling = [{"id": "s0", "when": "a > 1"}]
    doubling += [
        {"id": f"s{n}", "when": {"any": [{"segment": f"s{n - 1}"}, {"not": {"segment": f"s{n - 1}"}}]}}
        for n in range(1, 30)
    ]
    with pytest.raises(WorkspaceError, match=f"{LONGEST_RULE:,} are allowed"):
        resolved(x=rules(*doubling, match="any"))


def test_a_long_chain_is_refused_and_no_recursion_error() -> None:
    chain = [{"id": "s0", "when": "a > 1"}] + [{"id": f"s{n}", "extends": f"s{n - 1}"} for n in range(1, 500)]
    with pytest.raises(WorkspaceError, match="over more than 60 steps"):
        resolved(x=rules(*reversed(chain), match="any"))


def test_every_text_of_a_tree_is_found_with_its_place() -> None:
    tree = rules(
        {"id": "a", "when": {"all": ["a > 1", {"not": "b > 1"}]}, "except": ["a = 2"]},
        population="b = 0",
        **{"except": ["b = 1"]},
    )
    assert [(text, path[2:]) for text, path in leaves(parsed({"x": tree}))] == [
        ("b = 0", ("population",)),
        ("b = 1", ("except", 0)),
        ("a > 1", ("segments", 0, "when", "all", 0)),
        ("b > 1", ("segments", 0, "when", "all", 1, "not")),
        ("a = 2", ("segments", 0, "except", 0)),
    ]
