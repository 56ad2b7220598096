"""Other values that a customer's features might have: which of them are worth asking for, and how far away each is.

Owns: the candidates of one feature and the size of a change. Does not own where a changed customer would be
(`placing.py`) or which change is told (`smallest_change.py`).

Worth asking for are the numbers and words that the rules name, on either side, and values that other customers have. A
number keeps to what is sensible: whole where the feature is, not negative where nobody's is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlglot
from sqlglot import exp

from tasks.segments.reasons.standing import Standing
from tasks.warehouse.connection import identifier

#: Values of other customers that are tried of a number, evenly by rank; and of a category, the most frequent.
_QUANTILES = 40
_CATEGORIES = 25
#: Decimals of a number that is neither whole nor a decimal of the database.
_DECIMALS = 4
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "UBIGINT", "UTINYINT", "USMALLINT")


@dataclass(frozen=True, slots=True)
class Scale:
    """How one feature may change.

    Attributes:
        name: the feature.
        is_number: and not a word or a flag.
        decimals: digits after the point; 0: whole.
        spread: what counts as one unit of change: half the distance of the quantiles 16 % and 84 % of all customers
            (the standard deviation of a normal distribution), else the standard deviation.
        least: the smallest value of any customer.
        most: the largest.
        middle: the median.
    """

    name: str
    is_number: bool
    decimals: int = 0
    spread: float = 1.0
    least: float | None = None
    most: float | None = None
    middle: float = 0.0

    def rounded(self, value: float) -> Any:  # noqa: ANN401 - int or float
        """The number as the feature can have it."""
        return round(value) if self.decimals == 0 else round(value, self.decimals)

    def has(self, value: float) -> bool:
        """Whether a number lies between those that customers have: a step below the lowest answer is no answer."""
        return self.least is None or self.most is None or self.least <= value <= self.most

    def cost(self, before: Any, after: Any) -> float:  # noqa: ANN401 - whatever a feature has
        """How large a change is, in spreads; another word counts as one, and what was not known as two.

        Of a number that was not known a usual value is told, not one that hardly anybody has.
        """
        if before is None and self.is_number and after is not None:
            return 2.0 + abs(float(after) - self.middle) / self.spread / 1000
        if before is None or after is None:
            return 2.0
        if not self.is_number:
            return 1.0
        return abs(float(after) - float(before)) / self.spread


def scale_of(standing: Standing, name: str) -> Scale:
    """How a feature of the customers of a run may change."""
    kind = standing.types[name].upper()
    if standing.catalogue.features[name].kind != "number":
        return Scale(name, is_number=False)
    column = f"CAST({identifier(name)} AS DOUBLE)"
    low, high, deviation, least, most, middle = standing.warehouse.rows(
        f"SELECT quantile_cont({column}, 0.16), quantile_cont({column}, 0.84), stddev_pop({column}), min({column}),"
        f" max({column}), median({column}) FROM {standing.everybody} WHERE isfinite({column})"
    )[0]
    spread = next((size for size in ((high - low) / 2 if low is not None else 0, deviation) if size), 1.0)
    decimals = 0 if kind in _WHOLE else 2 if kind.startswith("DECIMAL") else _DECIMALS
    return Scale(name, is_number=True, decimals=decimals, spread=spread, least=least, most=most, middle=middle or 0.0)


def candidates(standing: Standing, scale: Scale) -> list[Any]:
    """Other values for a feature, nearest first."""
    own = standing.values[scale.name]
    if scale.is_number:
        found = {scale.rounded(value) for value in _numbers(standing, scale) if math.isfinite(value)}
        if scale.least is not None and scale.least >= 0:
            found = {value for value in found if value >= 0}
        own_number = None if own is None else scale.rounded(float(own))
        found.discard(own_number)
    else:
        found = set(_words(standing, scale))
        found.discard(own)
    return sorted(found, key=lambda value: (scale.cost(own, value), str(value)))


def _numbers(standing: Standing, scale: Scale) -> list[float]:
    step = 10.0**-scale.decimals
    named = [value for value in _named(standing, scale.name) if isinstance(value, float)]
    column = f"CAST({identifier(scale.name)} AS DOUBLE)"
    shares = ", ".join(str(rank / _QUANTILES) for rank in range(_QUANTILES + 1))
    others = standing.warehouse.value(
        f"SELECT quantile_disc({column}, [{shares}]) FROM {standing.divided} WHERE isfinite({column})"
    )
    # Scores of ranks change next to a customer of rank 1/5, 2/5, …; hence a step on either side.
    near = [value + side * step for value in others or [] for side in (-1, 0, 1) if scale.has(value + side * step)]
    return [*near, *(value + side for value in named for side in (-1.0, -step, 0.0, step, 1.0))]


def _words(standing: Standing, scale: Scale) -> list[Any]:
    if standing.types[scale.name].upper() == "BOOLEAN":
        return [True, False]
    column = identifier(scale.name)
    rows = standing.warehouse.rows(
        f"SELECT {column} FROM {standing.everybody} WHERE {column} IS NOT NULL GROUP BY {column}"
        f" ORDER BY count(*) DESC, {column} LIMIT {_CATEGORIES}"
    )
    return [*(value for value in _named(standing, scale.name) if isinstance(value, str)), *(value for (value,) in rows)]


def _named(standing: Standing, name: str) -> list[float | str]:
    """Literals that stand beside a feature in the rules."""
    first = standing.asked_first
    asked = [standing, first] if first else [standing]
    texts = [text for one in asked for text in (one.population, *(row["rule_text"] for row in one.rules))]
    found: dict[float | str, None] = {}
    for text in texts:
        if text is None or name not in text:
            continue
        for node in sqlglot.parse_one(text, dialect="duckdb").find_all(exp.Predicate):
            parts: Sequence[exp.Expr] = list(node.iter_expressions())
            if any(column.name == name for part in parts for column in part.find_all(exp.Column)):
                for literal in (item for part in parts for item in part.find_all(exp.Literal)):
                    found[literal.this if literal.is_string else _signed(literal)] = None
    return list(found)


def _signed(literal: exp.Literal) -> float:
    value = float(Decimal(str(literal.this)))
    return -value if isinstance(literal.parent, exp.Neg) else value
