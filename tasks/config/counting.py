"""How many of what, in sentences.

Owns: the singular and the plural of it. Does not own how the report writes figures alone (`tasks/report/formats.py`).
"""

from __future__ import annotations


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 day``, ``12 days``, ``1,200 days``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
