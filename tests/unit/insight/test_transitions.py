"""MONIC transitions: a worked example of each kind, and what must hold of any table."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.insight.transitions import Transition, TransitionPolicy, find_transitions

Table = dict[tuple[str | None, str | None], int]


def events(table: Table) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(t.kind, t.parents, t.children) for t in find_transitions(table)]


def only(table: Table, kind: str) -> Transition:
    (found,) = [t for t in find_transitions(table) if t.kind == kind]
    return found


def test_survive() -> None:
    table: Table = {("a", "a"): 900, ("a", "b"): 100, ("b", "b"): 500, ("b", "a"): 20}
    assert events(table) == [("survive", ("a",), ("a",)), ("survive", ("b",), ("b",))]
    found = find_transitions(table)[0]
    assert found.overlaps == (0.9,)
    assert found.sentence == "a goes on, with 90% of its customers"
    assert (found.support, found.confirmed) == (1.0, True)


def test_survive_under_another_id() -> None:
    found = only({("a", "x"): 90, ("a", "y"): 10}, "survive")
    assert (found.parents, found.children) == (("a",), ("x",))
    assert found.sentence == "a goes on as x, with 90% of its customers"


def test_split() -> None:
    table: Table = {("a", "a"): 600, ("a", "c"): 380, ("a", "b"): 20, ("b", "b"): 1_000}
    assert events(table) == [("split", ("a",), ("a", "c")), ("survive", ("b",), ("b",))]
    found = only(table, "split")
    assert found.overlaps == (0.6, 0.38)
    assert found.sentence == "a split into a (60%) and c (38%)"


def test_split_in_three_without_a_majority() -> None:
    assert events({("a", "x"): 400, ("a", "y"): 330, ("a", "z"): 270}) == [("split", ("a",), ("x", "y", "z"))]


def test_merge() -> None:
    table: Table = {("a", "m"): 950, ("a", "c"): 50, ("b", "m"): 700, ("b", "c"): 300, ("c", "c"): 1_000}
    assert events(table) == [("merge", ("a", "b"), ("m",)), ("survive", ("c",), ("c",))]
    found = only(table, "merge")
    assert found.overlaps == (0.95, 0.7)
    assert found.sentence == "a (95%) and b (70%) merged into m"


def test_vanish() -> None:
    table: Table = {
        ("a", "a"): 1_000,
        ("b", "b"): 1_000,
        ("c", "c"): 900,
        ("d", "a"): 40,
        ("d", "b"): 30,
        ("d", "c"): 30,
    }
    assert events(table)[0] == ("vanish", ("d",), ())
    assert only(table, "vanish").sentence == (
        "d vanished: its customers dispersed, at most 40% of them to one segment (a)"
    )


def test_vanish_because_all_customers_left() -> None:
    table: Table = {("a", "a"): 1_000, ("d", None): 80}
    assert only(table, "vanish").sentence == "d vanished: all of its customers left"


def test_emerge_from_everywhere() -> None:
    table: Table = {(x, x): 880 for x in "abc"} | {(x, "new"): 120 for x in "abc"} | {(None, "new"): 40}
    assert events(table)[0] == ("emerge", (), ("new",))
    assert only(table, "emerge").sentence == (
        "new emerged: no earlier segment explains it; 10% of its 400 customers are new"
    )


def test_emerge_from_new_customers_only() -> None:
    table: Table = {("a", "a"): 500, (None, "new"): 50}
    assert "100% of its 50 customers are new" in only(table, "emerge").sentence


def test_moving_to_a_living_neighbour_is_no_split() -> None:
    # A quarter of a moves over to b, which is as it was: a migration.
    table: Table = {("a", "a"): 750, ("a", "b"): 250, ("b", "b"): 1_000}
    assert [kind for kind, _, _ in events(table)] == ["survive", "survive"]


def test_a_piece_shared_with_another_parent_is_no_split() -> None:
    # new takes 30 % of a and 30 % of b: it is neither's piece.
    table: Table = {("a", "a"): 700, ("a", "new"): 300, ("b", "b"): 700, ("b", "new"): 300}
    assert [(kind, children) for kind, _, children in events(table)] == [
        ("emerge", ("new",)),
        ("survive", ("a",)),
        ("survive", ("b",)),
    ]


def test_what_a_segment_keeps_where_most_of_it_went_over_is_no_birth() -> None:
    # The threshold between b and c rose: two thirds of c are in b now, the others are where they were.
    table: Table = {("a", "a"): 900, ("b", "b"): 760, ("c", "b"): 460, ("c", "c"): 240}
    assert events(table) == [
        ("merge", ("b", "c"), ("b",)),
        ("survive", ("a",), ("a",)),
        ("survive", ("c",), ("c",)),
    ]


def test_entrants_and_leavers_do_not_enter_the_overlap() -> None:
    table: Table = {("a", "a"): 60, ("a", "b"): 40, ("a", None): 10_000, (None, "a"): 10_000, ("b", "b"): 500}
    (first, *_) = [t for t in find_transitions(table) if t.parents == ("a",)]
    assert (first.kind, first.overlaps) == ("survive", (0.6,))


def test_an_event_on_the_edge_is_reported_and_not_confirmed() -> None:
    # Half of a went to a: whether it survives is a coin's toss, and the resamples say so.
    table: Table = {("a", "a"): 500, ("a", "b"): 500, ("b", "b"): 5_000}
    found = next(t for t in find_transitions(table) if "a" in t.parents)
    assert 0.3 < found.support < 0.8
    assert not found.confirmed


def test_few_customers_confirm_nothing_that_many_would() -> None:
    few: Table = {("a", "a"): 5, ("a", "c"): 2, ("b", "b"): 20}
    many: Table = {key: 100 * count for key, count in few.items()}
    assert events(few)[0] == events(many)[0] == ("split", ("a",), ("a", "c"))
    assert not find_transitions(few)[0].confirmed
    assert find_transitions(many)[0].confirmed


def test_where_newcomers_are_counted_from_another_day_it_is_said() -> None:
    table: Table = {("a", "a"): 600, (None, "b"): 390, ("a", "b"): 10}
    told = [
        find_transitions(table, since=since)[0].sentence
        for since in ({}, {"b": dt.date(2025, 1, 31)}, {"a": dt.date.min})
    ]
    beginning = "b emerged: no earlier segment explains it; 98% of its 400 customers "
    assert told == [beginning + "are new", beginning + "came after 2025-01-31", beginning + "are new"]


def test_no_common_customer_no_story() -> None:
    assert find_transitions({("a", None): 10, (None, "b"): 10}) == ()
    assert find_transitions({}) == ()


KEYS = st.sampled_from(["a", "b", "c", "d", None])
TABLES = st.dictionaries(st.tuples(KEYS, KEYS), st.integers(0, 200), min_size=1, max_size=16)
FEW = TransitionPolicy(resamples=10)


@settings(max_examples=150)
@given(TABLES)
def test_every_segment_has_one_fate_and_one_origin(table: Table) -> None:
    found = find_transitions(table, policy=FEW)
    if not found:
        assert not any(old and new and count for (old, new), count in table.items())
        return
    parents = [p for t in found for p in t.parents]
    # A segment that holds exactly half its customers twice may be a parent of two merges; else one fate.
    assert set(parents) == {old for (old, _), count in table.items() if old and count}
    children = {c for t in found for c in t.children}
    assert children == {new for (_, new), count in table.items() if new and count}
    for t in found:
        assert 0 <= t.support <= 1
        assert t.sentence
        assert len(t.overlaps) == len(t.parents) * len(t.children)


@settings(max_examples=50)
@given(TABLES, st.randoms(use_true_random=False))
def test_order_of_the_table_does_not_matter(table: Table, random: object) -> None:
    items = list(table.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    assert find_transitions(dict(items), policy=FEW) == find_transitions(table, policy=FEW)


@pytest.mark.parametrize("factor", [2, 10])
def test_events_depend_on_shares_not_on_size(factor: int) -> None:
    table: Table = {("a", "a"): 60, ("a", "c"): 38, ("b", "m"): 90, ("d", "m"): 70, ("e", "a"): 10, ("e", "m"): 11}
    assert events({key: factor * count for key, count in table.items()}) == events(table)


def test_of_noise_nothing_is_told_and_others_are_told_with_it() -> None:
    def found(table: Table) -> list[str]:
        return [one.sentence for one in find_transitions(table, apart={"noise"}) if one.kind != "survive"]

    gathers: Table = {("a", "a"): 900, ("a", "noise"): 60, ("b", "b"): 500, ("b", "noise"): 40, (None, "noise"): 1}
    assert found(gathers) == []
    assert [one.kind for one in find_transitions(gathers)].count("emerge") == 1
    # Who is in no group now has left his: two that fell apart are no merge, and 10 of 100 are no survivor.
    fell_apart: Table = {("a", "noise"): 90, ("a", "c"): 10, ("b", "noise"): 100, ("c", "c"): 500}
    assert found(fell_apart) == [
        "a vanished: its customers dispersed, at most 90% of them to one segment (noise)",
        "b vanished: its customers dispersed, at most 100% of them to one segment (noise)",
    ]
    condensed: Table = {("noise", "x"): 300, ("noise", "y"): 300, ("noise", "noise"): 50, ("c", "c"): 500}
    assert found(condensed) == [
        "x emerged: no earlier segment explains it; 0% of its 300 customers are new",
        "y emerged: no earlier segment explains it; 0% of its 300 customers are new",
    ]
