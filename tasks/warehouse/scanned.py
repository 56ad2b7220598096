"""Naming one file to DuckDB's readers.

Owns: what in a path they would take for a pattern, or for data. Does not own which files there are.
"""

from __future__ import annotations

import re
from pathlib import Path

from tasks.warehouse.connection import literal

_PATTERN = re.compile(r"[*?\[]")


def one_file(path: Path) -> str:
    """The first arguments of `read_csv` and `read_parquet`: a file by its very name, and nothing but what is in it.

    They take a name for a pattern, whether there is such a file or not: for `orders[1].csv` they would read
    `orders1.csv`. Below a folder `store=9` they would give every row a column `store`, in place of the file's own if it
    has one; but a file is known by its bytes, wherever it lies. `COPY … TO` and `ATTACH` take names as they are.
    """
    name = literal(_PATTERN.sub(r"[\g<0>]", str(path)))
    return f"{name}, hive_partitioning = false"
