"""Markdown as GitHub reads it.

Owns: tables, code and anchors. Does not own any page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable


def grid(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table; what stands in a cell keeps to one line."""
    names = list(head)
    lines = [names, ["---"] * len(names), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    """Text as code; nothing where there is no text."""
    return f"`{text}`" if text else ""


def anchor(heading: str) -> str:
    """What GitHub makes of a heading for links."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def link(heading: str) -> str:
    """A link to a heading of the same page."""
    return f"[{heading}](#{anchor(heading)})"


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")
