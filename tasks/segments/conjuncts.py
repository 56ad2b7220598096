"""What can be told of two conditions without data: that one is part of the other, or that no customer meets both.

Owns: taking conditions apart at AND, and ranges of single features. Does not own the conditions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

_MIRRORED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.EQ: exp.EQ,
}


@dataclass(frozen=True, slots=True)
class _Limits:
    """The values a feature may have: between two numbers, or one of some texts (None: any)."""

    low: float = -math.inf
    low_is_open: bool = False
    high: float = math.inf
    high_is_open: bool = False
    texts: frozenset[str] | None = None

    def meets(self, other: _Limits) -> bool:
        """Whether there is a value within both."""
        if self.texts is not None and other.texts is not None and not self.texts & other.texts:
            return False
        low, low_is_open = max((self.low, self.low_is_open), (other.low, other.low_is_open))
        high, high_closed = min((self.high, not self.high_is_open), (other.high, not other.high_is_open))
        return low < high or (low == high and not low_is_open and high_closed)


def conjuncts(condition: str) -> frozenset[str]:
    """The conditions that a condition asks for together, each written in one way."""
    tree = sqlglot.parse_one(condition, dialect="duckdb")
    return frozenset(part.sql(dialect="duckdb") for part in _flat(tree))


def _flat(tree: exp.Expr) -> Iterable[exp.Expr]:
    tree = tree.unnest()
    if isinstance(tree, exp.And):
        yield from _flat(tree.left)
        yield from _flat(tree.right)
    else:
        yield tree


def exclude_each_other(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether no customer can meet all conditions of both; False where it cannot be told."""
    mine, theirs = set(one), set(other)
    if any(_negated(part) in theirs for part in mine) or any(_negated(part) in mine for part in theirs):
        return True
    limits = [(name, limit) for part in theirs for name, limit in _limits(part)]
    return any(
        name == theirs_name and not limit.meets(their)
        for part in mine
        for name, limit in _limits(part)
        for theirs_name, their in limits
    )


def _negated(part: str) -> str:
    tree = sqlglot.parse_one(part, dialect="duckdb") if not part.startswith("not before") else None
    return "" if tree is None else exp.Not(this=exp.paren(tree)).sql(dialect="duckdb")


def _limits(part: str) -> Iterable[tuple[str, _Limits]]:
    """The range that a comparison of a feature with a value leaves; none of anything else."""
    if part.startswith("not before"):
        return
    tree = sqlglot.parse_one(part, dialect="duckdb").unnest()
    if isinstance(tree, exp.Between) and isinstance(tree.this, exp.Column):
        low, high = (_number(tree.args[side]) for side in ("low", "high"))
        if low is not None and high is not None:
            yield tree.this.name, _Limits(low=low, high=high)
    elif isinstance(tree, exp.In) and isinstance(tree.this, exp.Column):
        values = [item.this for item in tree.expressions if isinstance(item, exp.Literal) and item.is_string]
        if values and len(values) == len(tree.expressions):
            yield tree.this.name, _Limits(texts=frozenset(values))
    elif type(tree) in _MIRRORED:
        yield from _comparison(tree)


def _comparison(tree: exp.Expr) -> Iterable[tuple[str, _Limits]]:
    kind = type(tree)
    column, value = tree.this, tree.expression
    if isinstance(value, exp.Column):
        column, value, kind = value, column, _MIRRORED[kind]
    if not isinstance(column, exp.Column):
        return
    number = _number(value)
    if number is None:
        if kind is exp.EQ and isinstance(value, exp.Literal) and value.is_string:
            yield column.name, _Limits(texts=frozenset({value.this}))
    elif kind is exp.EQ:
        yield column.name, _Limits(low=number, high=number)
    elif kind in {exp.GT, exp.GTE}:
        yield column.name, _Limits(low=number, low_is_open=kind is exp.GT)
    else:
        yield column.name, _Limits(high=number, high_is_open=kind is exp.LT)


def _number(value: exp.Expr | None) -> float | None:
    if isinstance(value, exp.Neg):
        inner = _number(value.this)
        return None if inner is None else -inner
    return float(value.this) if isinstance(value, exp.Literal) and not value.is_string else None
