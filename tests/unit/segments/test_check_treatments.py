"""Treatments name what is there, and contradictions that can be proved are told before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.config.errors import WorkspaceError
from tasks.segments.check_treatments import check_treatments
from tasks.segments.conjuncts import conjuncts, exclude_each_other
from tests.workspaces import MakeWorkspace, small_workspace

SAVE, SPEND = {"channel": "email", "message": "Save", "priority": 1}, {"channel": "Email ", "message": "Spend"}


def segments(*conditions: str) -> list[dict[str, Any]]:
    return [{"id": f"s{at}", "name": f"S{at}", "when": condition} for at, condition in enumerate(conditions)]


def tree(first: dict[str, Any], second: dict[str, Any], **contacts: Any) -> dict[str, Any]:  # noqa: ANN401 - YAML
    space: dict[str, Any] = small_workspace()
    space["segmentations"] = {"one": {"kind": "rules", "basis": "needs"} | first}
    if second:
        space["segmentations"]["two"] = {"kind": "rules", "basis": "needs"} | second
    return space | ({"contacts": contacts} if contacts else {})


def refused(make_workspace: MakeWorkspace, space: dict[str, Any]) -> str:
    workspace = make_workspace(tree=space)
    with pytest.raises(WorkspaceError) as caught:
        check_treatments(workspace)
    assert caught.value.where is not None
    assert "resegment.yaml:" in caught.value.where
    assert caught.value.hint
    return caught.value.message


def same_rule(one: dict[str, Any], other: dict[str, Any], **contacts: Any) -> dict[str, Any]:  # noqa: ANN401 - YAML
    both = {"segments": segments("order_count >= 3 AND recency_days < 60")}
    turned = {"segments": segments("(recency_days<60) AND (order_count >= 3)")}
    return tree(both | {"treatments": {"s0": one}}, turned | {"treatments": {"s0": other}}, **contacts)


def test_two_messages_for_one_rule_contradict(make_workspace: MakeWorkspace) -> None:
    told = refused(make_workspace, same_rule(SAVE, SPEND | {"priority": 1}))
    assert told == (
        "the treatments of one.s0 and two.s0 contradict each other on Email: two messages: Save and Spend;"
        " both have the same rule"
    )


def test_two_prices_without_priorities_contradict_where_everyone_gets_both(make_workspace: MakeWorkspace) -> None:
    wide = {"segments": segments("order_count >= 3"), "treatments": {"s0": {"channel": "app", "price": 5}}}
    narrow = {"segments": segments("order_count >= 3 AND recency_days < 60")}
    told = refused(make_workspace, tree(wide, narrow | {"treatments": {"s0": {"channel": "app", "price": "4.50"}}}))
    assert "two prices: 5.0 and 4.50; everyone in two.s0 is in one.s0" in told


def test_an_extended_segment_of_every_match_is_inside(make_workspace: MakeWorkspace) -> None:
    rules = {
        "match": "any",
        "segments": [
            {"id": "often", "name": "Often", "when": "order_count >= 3"},
            {"id": "now", "name": "Now", "extends": "often", "when": "recency_days < 9"},
        ],
        "treatments": {"often": {"channel": "app", "message": "A"}, "now": {"channel": "app", "message": "B"}},
    }
    assert "everyone in one.now is in one.often" in refused(make_workspace, tree(rules, {}))
    make_first = rules | {"match": "first"}
    check_treatments(make_workspace(tree=tree(make_first, {})))


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        ("order_count >= 3", "recency_days < 9", True),
        ("order_count >= 3", "order_count < 3", False),
        ("order_count BETWEEN 1 AND 2", "order_count > 2", False),
        ("order_count <= 3", "order_count >= 3", True),
        ("country_name = 'Austria'", "country_name IN ('Germany', 'France')", False),
        ("country_name = 'Austria'", "country_name = 'Austria' OR order_count > 3", True),
        ("recency_days < 9", "NOT (recency_days < 9)", False),
    ],
)
def test_equal_priorities_contradict_where_a_customer_can_be_in_both(
    make_workspace: MakeWorkspace, one: str, other: str, *, contradict: bool
) -> None:
    rules = {"match": "any", "segments": segments(one, other)}
    given = {"s0": SAVE, "s1": SPEND | {"priority": 1}}
    space = tree(rules | {"treatments": given}, {})
    if contradict:
        assert "a customer can be in both, and both have priority 1" in refused(make_workspace, space)
    else:
        check_treatments(make_workspace(tree=space))
    # Where nobody gave a priority, only the data can tell: that is measured.
    unsaid = {"s0": SAVE | {"priority": None}, "s1": SPEND}
    check_treatments(make_workspace(tree=tree(rules | {"treatments": unsaid}, {})))


@pytest.mark.parametrize(
    ("one", "other", "contacts"),
    [
        (SAVE, SPEND, {}),
        (SAVE, SPEND | {"priority": 2}, {}),
        (SAVE, SPEND | {"priority": 1, "channel": "app"}, {}),
        (SAVE, SPEND | {"priority": 1, "message": "Save"}, {}),
        (SAVE, SPEND | {"priority": 1, "exclude": ["one.s0"]}, {}),
        (SAVE, SPEND | {"priority": 1}, {"priorities": ["two.s0"]}),
        (
            SAVE | {"window": {"until": "2025-06-30"}},
            SPEND | {"priority": 1, "window": {"from": "2025-07-01"}},
            {},
        ),
    ],
)
def test_what_settles_it_is_no_contradiction(
    make_workspace: MakeWorkspace, one: dict[str, Any], other: dict[str, Any], contacts: dict[str, Any]
) -> None:
    check_treatments(make_workspace(tree=same_rule(one, other, **contacts)))


def test_what_is_not_there_is_told_with_the_nearest(make_workspace: MakeWorkspace) -> None:
    def said(one: dict[str, Any], **contacts: Any) -> str:  # noqa: ANN401 - YAML
        rules = {"segments": segments("order_count > 1"), "treatments": {"s0": SAVE | one}}
        return refused(make_workspace, tree(rules, {}, **contacts))

    assert said({"exclude": ["one.s9"]}) == "there is no segment one.s9"
    assert said({"exclude": ["s0"]}) == "the treatment of one.s0 excludes its own segment, so that nobody would get it"
    assert said({}, priorities=["tow.s0"]) == "there is no segment tow.s0"
    assert (
        said({}, caps=[{"channel": "emial", "at_most": 1, "days": 7}])
        == "no treatment uses the channel 'emial' that contacts are capped on"
    )


@pytest.mark.parametrize(
    ("treatment", "contacts", "told"),
    [
        ({"window": {"from": "2025-07-01", "until": "2025-06-30"}}, {}, "has no day"),
        ({"budget": {"total": 100}}, {}, "asks for a cost_per_contact above 0"),
        ({"budget": {"total": 100, "cost_per_contact": 0}}, {}, "asks for a cost_per_contact above 0"),
        ({"budget": {"max_customers": -1}}, {}, "expected 0 or more"),
        ({"price": -1}, {}, "expected 0 or more"),
        ({"exclude": ["One.s0"]}, {}, "expected a segment or segmentation.segment"),
        ({}, {"caps": [{"at_most": 1, "days": 7}, {"at_most": 2, "days": 7}]}, "two on all channels within 7 days"),
        ({}, {"caps": [{"at_most": 1, "days": 0}]}, "expected 1 or more"),
        ({}, {"priorities": ["one.s0", "one.s0"]}, "one.s0 is listed twice"),
        ({}, {"priorities": ["s0"]}, "expected segmentation.segment"),
    ],
)
def test_what_cannot_be_meant_is_refused_when_it_is_read(
    make_workspace: MakeWorkspace, treatment: dict[str, Any], contacts: dict[str, Any], told: str
) -> None:
    rules = {"segments": segments("order_count > 1"), "treatments": {"s0": SAVE | treatment}}
    with pytest.raises(WorkspaceError, match=told):
        make_workspace(tree=tree(rules, {}, **contacts))


def test_conditions_are_taken_apart() -> None:
    assert conjuncts("(a > 1 AND (b = 2)) AND c") == {"a > 1", "b = 2", "c"}
    assert conjuncts("a > 1 OR b = 2") == {"a > 1 OR b = 2"}
    assert exclude_each_other(conjuncts("a < -1"), conjuncts("a > -1"))
    assert exclude_each_other(conjuncts("1 > a"), conjuncts("a >= 1"))
    assert not exclude_each_other(conjuncts("a < 1"), conjuncts("b > 1"))
