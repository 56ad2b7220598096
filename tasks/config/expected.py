"""What pydantic expected in place of what it found, in the words of whoever writes YAML.

Owns: the words. Does not own where a value stands (`readable.py`) or what a value may be (the models).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tasks.config.counting import counted

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_DAY = "a date such as 2025-06-30"
_TIME = "a time of day such as 06:00"
_NAME = "lower-case letters, digits and _ that begin with a letter, 63 at most"
#: By what pydantic calls the error.
_KINDS = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "date_from_datetime_inexact": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_parsing": _DAY,
    "date_type": _DAY,
    "dict_type": "a mapping of keys to values",
    "finite_number": "a number",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of fewer digits",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_attributes_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "string_type": "a text",
    "time_parsing": _TIME,
    "time_type": _TIME,
    "union_tag_not_found": "a key `kind` or `template`",
}
#: By the name of the bound that pydantic says was missed.
_BOUNDS = {"ge": "{} or more", "gt": "more than {}", "le": "at most {}", "lt": "less than {}"}
#: By the pattern of a text; a test knows each pattern of a workspace.
_PATTERNS = {
    r"^[a-z][a-z0-9_]{0,62}$": f"a name: {_NAME}",
    r"^[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}$": f"segmentation.segment, each of {_NAME}",
    r"^[a-z][a-z0-9_]*\.[a-z0-9_]+$": f"segmentation.segment, each of {_NAME}",
    r"^[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62})?$": f"a segment or segmentation.segment, each of {_NAME}",
    r"^[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62}){0,2}$": (
        "segmentation, segmentation.segment, published.table or published.table.column"
    ),
    r"^\S+( \S+){4}$": "five fields of cron with one space between, such as '0 5 * * *'",
    r"^\d{1,6} (second|minute|hour|day)s?$": "a number of seconds, minutes, hours or days, such as '1 day'",
    r"^\d+(\.\d+)?\s*(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$": "a size such as 4GB or 512MiB",
}
_QUOTED = re.compile(r"'([^']*)'")


def expected(detail: ErrorDetails) -> str | None:
    """What should stand there, such as ``a whole number``; None where the message has its own words."""
    kind, context = detail["type"], detail.get("ctx", {})
    for bound, words in _BOUNDS.items():
        if bound in context:
            return words.format(_number(context[bound]))
    if kind in {"string_too_short", "string_too_long"}:
        return "a text of " + _of_length(context, "character", "characters")
    if kind in {"too_short", "too_long"}:
        return _of_length(context, "entry", "entries")
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], f"a text like {context['pattern']}")
    return one_of(choices(detail)) if choices(detail) else _KINDS.get(kind)


def choices(detail: ErrorDetails) -> list[str]:
    """The values that would have done, where there is a list of them."""
    context = detail.get("ctx", {})
    said = {"literal_error": "expected", "union_tag_invalid": "expected_tags"}.get(detail["type"])
    return _QUOTED.findall(str(context[said])) if said else []


def one_of(values: list[str]) -> str:
    """A choice as people write it.

    >>> one_of(["csv", "jsonl"]), one_of(["csv"])
    ('csv or jsonl', 'csv')
    """
    *others, last = values
    return f"{', '.join(others)} or {last}" if others else last


def _of_length(context: Mapping[str, Any], one: str, many: str) -> str:
    at_least = "min_length" in context
    count = context["min_length" if at_least else "max_length"]
    return f"{'at least' if at_least else 'at most'} {counted(count, one, many)}"


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
