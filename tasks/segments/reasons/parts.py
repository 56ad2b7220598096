"""A rule taken apart: which of its conditions hold for a customer, with his values, and by how much the others fail.

Owns: the parts of a condition in SQL. Does not own what the rule is (`standing.py`), or what would make it hold
(`smallest_change.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlglot
from sqlglot import exp

from tasks.warehouse.connection import Warehouse, identifier

_COMPARISONS = exp.LT | exp.LTE | exp.GT | exp.GTE | exp.EQ


@dataclass(frozen=True, slots=True)
class Part:
    """One condition of a rule.

    Attributes:
        text: the condition.
        holds: whether it is TRUE for the customer.
        values: his value of each feature in it.
        missed_by: by how much a comparison with a number fails, in the feature's unit; None: it holds, or that cannot
            be said.
    """

    text: str
    holds: bool
    values: dict[str, Any]
    missed_by: float | None = None

    @property
    def told(self) -> str:
        """The condition with the customer's values."""
        values = ", ".join(f"{name} is {tell(value)}" for name, value in self.values.items())
        missed = f", {tell(self.missed_by)} off" if self.missed_by is not None else ""
        return f"{self.text} ({values}{missed})" if values else self.text


def tell(value: object) -> str:
    """A value in as few signs as may be."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        text = f"{round(float(value), 4):.4f}".rstrip("0").rstrip(".")
        return text if text not in {"-0", ""} else "0"
    return str(value)


def parts_of(warehouse: Warehouse, condition: str, typed_customer: str, values: Mapping[str, Any]) -> list[Part]:
    """The parts of a condition, in its order, each once.

    Args:
        warehouse: open.
        condition: in SQL over features.
        typed_customer: SQL for a FROM: the one row of the customer's features, with their types.
        values: the same.
    """
    leaves: dict[str, exp.Expr] = {}
    for leaf in _leaves(sqlglot.parse_one(condition, dialect="duckdb")):
        leaves.setdefault(leaf.sql(dialect="duckdb"), leaf)
    chosen = ", ".join(f"({text}) IS TRUE" for text in leaves)
    rows = warehouse.rows(f"SELECT {chosen} FROM {typed_customer}")
    held = rows[0] if rows else (False,) * len(leaves)
    return [
        Part(
            _told(leaf),
            bool(holds),
            {name: values.get(name) for name in _names(leaf)},
            None if holds else _missed_by(leaf, values),
        )
        for leaf, holds in zip(leaves.values(), held, strict=True)
    ]


def customer_relation(everybody: str, key: str) -> str:
    """SQL for a FROM: one customer of a relation; `key` is a literal."""
    return f"(SELECT * FROM {everybody} WHERE {identifier('customer_id')} = {key})"


def _inside(node: exp.Expr) -> exp.Expr:
    """A condition without brackets and without `IS TRUE`: only whether it holds is asked."""
    while True:
        node = node.unnest()
        is_true = isinstance(node, exp.Is) and isinstance(node.expression, exp.Boolean) and node.expression.this
        if not is_true:
            return node
        node = node.this


def _leaves(node: exp.Expr) -> Iterator[exp.Expr]:
    # A chain is walked, not descended: that of a thousand earlier rules would be too deep.
    node = _inside(node)
    if isinstance(node, exp.And | exp.Or):
        for part in node.flatten():
            yield from _leaves(part)
    else:
        yield node


def _names(node: exp.Expr) -> list[str]:
    return list(dict.fromkeys(column.name for column in node.find_all(exp.Column)))


def _told(node: exp.Expr) -> str:
    """A part of a rule in words: `(x) IS NOT TRUE` is how an exception is written."""
    if isinstance(node, exp.Not) and isinstance(node.this, exp.Is) and isinstance(node.this.expression, exp.Boolean):
        return f"NOT ({_inside(node.this.this).sql(dialect='duckdb')})"
    return node.sql(dialect="duckdb")


def _missed_by(node: exp.Expr, values: Mapping[str, Any]) -> float | None:
    """How far a comparison of a feature with a number fails; None where it is none."""
    if not isinstance(node, _COMPARISONS) or not isinstance(node.this, exp.Column):
        return None
    value = values.get(node.this.name)
    try:
        limit = float(node.expression.sql(dialect="duckdb"))
    except ValueError:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return round(abs(float(value) - limit), 6)
