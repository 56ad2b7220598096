"""Naming one file to DuckDB's readers.

Owns: what in a file's name they would take for a pattern. Does not own which files there are.
"""

from __future__ import annotations

import re
from pathlib import Path

from tasks.warehouse.connection import literal

_PATTERN = re.compile(r"[*?\[]")


def one_file(path: Path) -> str:
    """A file as a literal for `read_csv` and `read_parquet`, by its very name.

    They take a name for a pattern, whether there is such a file or not: for `orders[1].csv` they would read
    `orders1.csv`. `COPY … TO` and `ATTACH` take names as they are.
    """
    return literal(_PATTERN.sub(r"[\g<0>]", str(path)))
