"""What would move a customer: the nearest other segment, and what of its rule he misses.

Owns: nearness to rules and to ranges of scores. Does not own the rules, or the distance to clusters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlglot
from sqlglot import exp

from tasks.warehouse.connection import Warehouse

_RANGE = re.compile(r"([RFM]) (\d)(?:-(\d))?")
_COMPARISONS = exp.LT | exp.LTE | exp.GT | exp.GTE | exp.EQ
Definitions = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Missing:
    """What of a rule a customer misses, and by how much, relative to the numbers in it."""

    parts: tuple[str, ...] = ()
    distance: float = 0.0

    def __add__(self, other: _Missing) -> _Missing:
        return _Missing(self.parts + other.parts, self.distance + other.distance)

    @property
    def order(self) -> tuple[int, float]:
        """Fewer parts come first, and of as many those that are missed by less."""
        return len(self.parts), self.distance


def nearest_scores(scores: tuple[int, ...], others: Definitions) -> tuple[str | None, str | None]:
    """The segment whose ranges take the fewest steps of score to reach, and the steps."""
    best: tuple[int, str, str] | None = None
    for other in others:
        ranges = {letter: (int(low), int(high or low)) for letter, low, high in _RANGE.findall(other["rule_text"])}
        steps = {}
        for letter, score in zip("RFM", scores, strict=True):
            low, high = ranges.get(letter, (1, 5))
            if not low <= score <= high:
                steps[letter] = (low if score < low else high) - score
        candidate = (sum(map(abs, steps.values())), other["segment_id"], _steps(steps))
        if best is None or candidate < best:
            best = candidate
    return (best[1], best[2]) if best else (None, None)


def nearest_rule(
    warehouse: Warehouse, others: Definitions, features: Mapping[str, object]
) -> tuple[str | None, str | None]:
    """The rule with the fewest parts that do not hold, of those the one missed by least; and what is missing."""
    best: tuple[tuple[int, float], str, str] | None = None
    for other in others:
        rule = _rule(other["rule_text"])
        if rule is None:
            continue
        missing = _missing(rule, _held(warehouse, rule, features), features)
        needs = "needs " + " and ".join(missing.parts)
        text = needs if missing.parts else "its rule holds too, an earlier rule comes first"
        candidate = (missing.order, other["segment_id"], text)
        if best is None or candidate < best:
            best = candidate
    return (best[1], best[2]) if best else (None, None)


def _steps(steps: Mapping[str, int]) -> str:
    return ", ".join(f"{letter} score {change:+d}" for letter, change in steps.items())


def _rule(text: str) -> exp.Expr | None:
    """The condition that a text is; None where it is none, as that of all others."""
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except sqlglot.ParseError:
        return None
    is_word = isinstance(tree, exp.Column) and text == "otherwise"
    return tree if isinstance(tree, exp.Condition) and not is_word else None


def _inside(node: exp.Expr) -> exp.Expr:
    """A condition without brackets and without `IS TRUE`: only whether it holds is asked."""
    while True:
        node = node.unnest()
        is_true = isinstance(node, exp.Is) and isinstance(node.expression, exp.Boolean) and node.expression.this
        if not is_true:
            return node
        node = node.this


def _leaves(node: exp.Expr) -> Iterator[exp.Expr]:
    node = _inside(node)
    if isinstance(node, exp.And | exp.Or):
        for part in node.flatten():
            yield from _leaves(part)
    else:
        yield node


def _held(warehouse: Warehouse, rule: exp.Expr, features: Mapping[str, object]) -> dict[str, bool]:
    """Which parts of a rule hold for the customer, by their SQL."""
    parts = list(dict.fromkeys(leaf.sql(dialect="duckdb") for leaf in _leaves(rule)))
    chosen = ", ".join(f"({part}) IS TRUE" for part in parts)
    values = ", ".join(f"${name} AS {name}" for name in features)
    held = warehouse.rows(f"SELECT {chosen} FROM (SELECT {values})", dict(features))[0]
    return dict(zip(parts, held, strict=True))


def _missing(node: exp.Expr, held: Mapping[str, bool], features: Mapping[str, object]) -> _Missing:
    node = _inside(node)
    if isinstance(node, exp.And | exp.Or):
        # A chain is walked, not descended: that of a thousand earlier rules would be too deep.
        found = [_missing(part, held, features) for part in node.flatten()]
        return sum(found, _Missing()) if isinstance(node, exp.And) else min(found, key=lambda missing: missing.order)
    text = node.sql(dialect="duckdb")
    return _Missing() if held[text] else _Missing((_told(node),), _missed_by(node, features))


def _told(node: exp.Expr) -> str:
    """A part of a rule in words: `(x) IS NOT TRUE` is how an exception is written."""
    if isinstance(node, exp.Not) and isinstance(node.this, exp.Is) and isinstance(node.this.expression, exp.Boolean):
        return f"NOT ({_inside(node.this.this).sql(dialect='duckdb')})"
    return node.sql(dialect="duckdb")


def _missed_by(node: exp.Expr, features: Mapping[str, object]) -> float:
    """How far a comparison with a number is missed, relative to that number; 1 where that cannot be said."""
    node = _inside(node.this) if isinstance(node, exp.Not) else node
    if not isinstance(node, _COMPARISONS) or not isinstance(node.this, exp.Column):
        return 1.0
    value = features.get(node.this.name)
    try:
        limit = float(node.expression.sql(dialect="duckdb"))
    except ValueError:
        return 1.0
    if not isinstance(value, int | float | Decimal):
        return 1.0
    return abs(float(value) - limit) / max(abs(limit), 1.0)
