"""Reaching a DuckDB file: the names that cannot be used, and the processes that have it open.

Owns: that. Does not own what is done with the open file (`connection.py`).
"""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path
from typing import Any

import duckdb

from tasks.config.errors import OutputError

log = logging.getLogger("resegment.warehouse")

_POLL_SECONDS = 0.2
#: How DuckDB says that another process has the file open.
_HELD = re.compile(r"onflicting lock is held .*\(PID (?P<pid>\d+)\)")
#: A question mark begins options, a backslash is a slash.
_MISREAD = ("?", "\\")


def held_by(text: str) -> str | None:
    """What is told of DuckDB's message that another process holds a file; None where it says something else."""
    holder = _HELD.search(text)
    return f"is held by process {holder['pid']}, which writes or reads it" if holder else None


def connected(path: Path | None, wait_seconds: float, **said: Any) -> duckdb.DuckDBPyConnection:  # noqa: ANN401 - DuckDB's own
    """Connect; processes that have the file open are waited for so long, and that is told."""
    end, is_told = time.monotonic() + wait_seconds, False
    while True:
        try:
            return duckdb.connect(str(path) if path else ":memory:", **said)
        except duckdb.Error as error:
            holder = held_by(str(error))
            if holder is None or time.monotonic() >= end:
                raise
            if not is_told:
                log.warning("%s %s; waiting up to %.0f seconds", path, holder, wait_seconds)
                is_told = True
            time.sleep(_POLL_SECONDS)


def refuse_misread(path: Path | None) -> None:
    """Refuse a name that DuckDB reads as another one: its log would lie elsewhere, or the file in another folder."""
    if path is None:
        return
    said = next((sign for sign in _MISREAD if sign in str(path)), None)
    if said is not None:
        raise OutputError(
            f"the path has a {said} in it, which the engine reads as something else",
            where=str(path),
            hint="call the folder otherwise, or give --output a folder without it",
        )
