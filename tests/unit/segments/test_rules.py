"""Rules against a second evaluation of them, in Python's own three-valued logic; and what rules may not be."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.config.resolving import Resolved
from tasks.config.segmentations import RulesSegmentation
from tasks.segments.rules import members_by_rules
from tasks.warehouse.connection import Warehouse
from tests.unit.segments.rule_worlds import parsed, resolved, rules

VALUES = (None, 0, 1, 2)
CUSTOMERS = {f"c{n}": dict(zip("ab", pair, strict=True)) for n, pair in enumerate(product(VALUES, VALUES))}
LEAVES = [f"{name} {sign} {limit}" for name in "ab" for sign in (">=", "<", "=") for limit in (0, 1, 2)] + [
    "a < b",
    "a = 1 OR b < 1",
    "NOT a = 1",
]
Truth = bool | None
Tree = Any


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.open(None) as opened:
        listed = ", ".join(
            f"('{key}', {row['a'] if row['a'] is not None else 'NULL'}, {row['b'] if row['b'] is not None else 'NULL'})"
            for key, row in CUSTOMERS.items()
        )
        opened.execute(
            "CREATE TABLE customers AS SELECT customer_id, a::INTEGER AS a, b::INTEGER AS b"
            f" FROM (VALUES {listed}) AS v (customer_id, a, b)"
        )
        yield opened


def conditions(references: list[str]) -> st.SearchStrategy[Tree]:
    """Trees over texts, and over segments where there are some to refer to."""
    leaf: st.SearchStrategy[Tree] = st.sampled_from(LEAVES)
    if references:
        leaf |= st.sampled_from(references).map(lambda name: {"segment": name})
    return st.recursive(
        leaf,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3).flatmap(
                lambda parts: st.sampled_from(["all", "any"]).map(lambda word: {word: parts})
            )
            | inner.map(lambda part: {"not": part})
        ),
        max_leaves=6,
    )


@st.composite
def segmentation(draw: st.DrawFn, name: str, references: list[str]) -> dict[str, Any]:
    """A rules segmentation that refers to segments of others, and extends earlier ones of its own."""
    some = conditions(references)
    segments: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 4))):
        segment: dict[str, Any] = {"id": f"s{number}", "name": f"S{number}", "when": draw(some)}
        if number and draw(st.booleans()):
            segment["extends"] = draw(st.sampled_from([f"{name}.s{number - 1}", f"s{number - 1}", *references[:1]]))
            if draw(st.booleans()):
                del segment["when"]
        segment["except"] = draw(st.lists(some, max_size=2))
        segments.append(segment)
    tree: dict[str, Any] = {"kind": "rules", "basis": "value", "segments": segments}
    tree["match"] = draw(st.sampled_from(["first", "any"]))
    if draw(st.booleans()):
        tree["population"] = draw(some)
    tree["except"] = draw(st.lists(some, max_size=1))
    if draw(st.booleans()):
        tree["otherwise"] = {"id": "rest", "name": "Rest"}
    return tree


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Two segmentations, the second of which may refer to the first."""
    first = draw(segmentation("x", []).filter(lambda tree: all(s.get("extends") != "rest" for s in tree["segments"])))
    known = [f"x.{segment['id']}" for segment in first["segments"]]
    return {"x": first, "y": draw(segmentation("y", known))}


class Evaluation:
    """The meaning of rules written down a second time, for one customer, from the documentation."""

    def __init__(self, world: dict[str, dict[str, Any]], customer: dict[str, int | None]) -> None:
        self.world, self.customer = world, customer

    def truth(self, tree: Tree, inside: str) -> Truth:
        if isinstance(tree, str) and " OR " in tree:
            tree = {"any": tree.split(" OR ")}
        elif isinstance(tree, str) and tree.startswith("NOT "):
            tree = {"not": tree.removeprefix("NOT ")}
        if isinstance(tree, str):
            return self.comparison(*tree.split())
        ((word, inner),) = tree.items()
        if word == "segment":
            return self.is_in(inner, inside)
        if word == "not":
            found = self.truth(inner, inside)
            return None if found is None else not found
        parts = [self.truth(part, inside) for part in inner]
        decisive = word == "any"
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive

    def comparison(self, left: str, sign: str, right: str) -> Truth:
        low = self.customer[left]
        high = self.customer[right] if right in self.customer else int(right)
        if low is None or high is None:
            return None
        return {">=": low >= high, "<": low < high, "=": low == high}[sign]

    def rule_holds(self, name: str, number: int) -> bool:
        segment = self.world[name]["segments"][number]
        parts = [self.truth(segment["when"], name) is True] if "when" in segment else []
        if "extends" in segment:
            parts.append(self.rule_holds(*self.place(segment["extends"], name)))
        return all(parts) and not any(self.truth(tree, name) is True for tree in segment["except"])

    def place(self, reference: str, inside: str) -> tuple[str, int]:
        name, _, key = reference.rpartition(".")
        name = name or inside
        return name, next(n for n, segment in enumerate(self.world[name]["segments"]) if segment["id"] == key)

    def is_in_population(self, name: str) -> bool:
        tree = self.world[name]
        is_meant = "population" not in tree or self.truth(tree["population"], name) is True
        return is_meant and not any(self.truth(part, name) is True for part in tree["except"])

    def is_in(self, reference: str, inside: str) -> bool:
        name, number = self.place(reference, inside)
        return f"{name}.s{number}" in self.segments(name)

    def segments(self, name: str) -> list[str]:
        tree = self.world[name]
        if not self.is_in_population(name):
            return []
        held = [f"{name}.s{number}" for number in range(len(tree["segments"])) if self.rule_holds(name, number)]
        if not held and "otherwise" in tree:
            return [f"{name}.rest"]
        return held[:1] if tree["match"] == "first" else held


def members(warehouse: Warehouse, name: str, kind: RulesSegmentation, resolved: Resolved) -> set[tuple[str, str]]:
    customers = f"(SELECT * FROM customers WHERE ({resolved.population}))" if resolved.population else "customers"
    fallback = kind.otherwise.id if kind.otherwise else None
    select = members_by_rules(name, customers, resolved.rules, fallback, match=kind.match)
    rows = warehouse.rows(f"SELECT customer_id, segment_id FROM ({select})")
    assert len(set(rows)) == len(rows)
    return set(rows)


@settings(max_examples=120)
@given(world=worlds())
def test_members_are_those_whom_a_second_evaluation_finds(warehouse: Warehouse, world: dict[str, Any]) -> None:
    kinds = parsed(world)
    found = resolved(**world)
    for name, kind in kinds.items():
        expected = {
            (customer, segment)
            for customer, row in CUSTOMERS.items()
            for segment in Evaluation(world, row).segments(name)
        }
        assert members(warehouse, name, kind, found[name]) == expected


def test_what_is_unknown_neither_holds_nor_is_known_not_to() -> None:
    tree = rules(
        {"id": "young", "when": "a < 1"},
        {"id": "not_young", "when": {"not": "a < 1"}},
        {"id": "outside", "when": {"not": {"segment": "x.young"}}},
        {"id": "left_over", "when": "b >= 0", "except": ["a < 1"]},
        match="any",
    )
    kinds = parsed({"x": tree})
    with Warehouse.open(None) as warehouse:
        warehouse.execute("CREATE TABLE customers AS SELECT 'c' AS customer_id, NULL::INTEGER AS a, 1 AS b")
        found = members(warehouse, "x", kinds["x"], resolved(x=tree)["x"])
    assert found == {("c", "x.outside"), ("c", "x.left_over")}


def test_a_thousand_rules_put_everybody_where_python_does(warehouse: Warehouse) -> None:
    segments = [{"id": f"s{n}", "when": f"customer_id = 'c{n % 97}' AND a + b >= {n % 3}"} for n in range(1000)]
    world = {"x": rules(*segments, otherwise={"id": "rest", "name": "Rest"})}
    kinds = parsed(world)
    found = dict(members(warehouse, "x", kinds["x"], resolved(**world)["x"]))
    for customer, row in CUSTOMERS.items():
        numbers = [n for n in range(1000) if f"c{n % 97}" == customer and None not in row.values()]
        first = next((n for n in numbers if sum(row.values()) >= n % 3), None)  # type: ignore[arg-type]
        assert found[customer] == ("x.rest" if first is None else f"x.s{first}")


def test_the_last_of_a_thousand_rules_can_be_referred_to(warehouse: Warehouse) -> None:
    segments = [{"id": f"s{n}", "when": f"a = {n}"} for n in range(1, 1000)]
    world = {
        "x": rules(*segments, {"id": "last", "when": "b = 2"}),
        "y": rules({"id": "b", "when": {"segment": "x.last"}}),
    }
    found = members(warehouse, "y", parsed(world)["y"], resolved(**world)["y"])
    assert {customer for customer, _ in found} == {
        c for c, row in CUSTOMERS.items() if row["b"] == 2 and row["a"] in {None, 0}
    }
