"""What a suite says of a row of its query: a template with the row's columns in braces (`told`).

Owns: reading and filling it. A message must not stop a run: what cannot be written as the template wants is written as
it is. Does not own which rows are told (`words.py`).
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tasks.config.counting import counted

_COUNT = "# "
"""Opens a format of ours: ``{order_count:# order}`` is 1 order, or 1,200 orders."""


class _Template(string.Formatter):
    """Columns of a row by their names; what cannot be written as the template wants is written as it is."""

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> object:
        return super().get_value(key, args, kwargs) if key in kwargs else "?"

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - whatever a query returns
        if value is None:
            return "nothing"
        if isinstance(value, list):
            return ", ".join(map(str, value)) or "none"
        if isinstance(value, Decimal):
            # As a number its zeros stay: 5.0 is no way to write 5.
            value = float(value)
        try:
            if format_spec.startswith(_COUNT):
                return counted(int(value), format_spec.removeprefix(_COUNT))
            return str(super().format_field(value, format_spec))
        except (ValueError, TypeError):
            return str(value)


def filled(template: str, row: Mapping[str, object]) -> str:
    """The template with the values of a row."""
    return _Template().vformat(template, (), row)


def columns_of(template: str) -> list[str]:
    """The columns that a template names, each once.

    Raises:
        ValueError: it is none, or names something else than a column; the message says what.
    """
    named = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    for name in named:
        if not name.isidentifier():
            raise ValueError(f"{{{name}}} is no name of a column")
    return list(dict.fromkeys(named))
