"""Numbers in rules: as SQL that means exactly them, and as short as may be.

Owns: literals of numbers, names of columns in rules, and the shortest number between two. Does not own any threshold.
"""

from __future__ import annotations

import re
from decimal import ROUND_FLOOR, Decimal

from tasks.warehouse.connection import identifier

Value = int | float | Decimal
#: No word of SQL looks like it: features' names have an underscore.
_PLAIN = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")


def column(name: str) -> str:
    """A feature's name in a rule, quoted where it has to be."""
    return name if _PLAIN.fullmatch(name) and not name.startswith("current_") else identifier(name)


def number_literal(value: Value) -> str:
    """A number as SQL that DuckDB reads as exactly it (as tests show), and people read easily.

    >>> number_literal(30.0), number_literal(0.1), number_literal(1e-7)
    ('30', '0.1', '0.0000001')
    """
    text = f"{Decimal(str(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def between(low: Value | None, high: Value) -> str:
    """The number with the fewest digits above `low` and not above `high`, as SQL.

    >>> between(118, 143), between(0.31, 0.3199), between(None, 7)
    ('140', '0.319', '7')
    """
    if low is None:
        return number_literal(high)
    top, bottom = Decimal(str(high)), Decimal(str(low))
    for exponent in range(max(top.adjusted(), bottom.adjusted()) + 1, _last_place(top), -1):
        step = Decimal(1).scaleb(exponent)
        rounded = (top / step).to_integral_value(ROUND_FLOOR) * step
        if rounded > bottom and (not isinstance(high, float) or low < float(rounded) <= high):
            return number_literal(float(rounded) if isinstance(high, float) else rounded)
    return number_literal(high)


def _last_place(value: Decimal) -> int:
    """Exponent of the last digit that is written."""
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
