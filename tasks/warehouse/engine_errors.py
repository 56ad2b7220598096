"""Errors of DuckDB in our words: what the reader can do about them, and nothing of what is in the data.

Owns: that translation. Does not own what is damaged (`damage.py`) or running a statement (`connection.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from tasks.config.errors import OutputError, ResegmentError, SqlError
from tasks.warehouse.damage import damage_told
from tasks.warehouse.interruption import interruption_behind

#: Errors that depend on what is in the data, and quote it; and how their messages begin.
_ABOUT_VALUES = (
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
    duckdb.ConstraintException,
)
_KINDS_ABOUT_VALUES = {"Conversion Error", "Invalid Input Error", "Out of Range Error", "Constraint Error"}
_KNOWN_INPUT_ERRORS = ("Could not", "Malformed", "Invalid", "Failed", "Cannot", "Error in file", "No magic bytes")
_QUOTED = re.compile(r"""["'].*["']""", re.DOTALL)
_NUMBER = re.compile(r"(?<![A-Za-z_\d.])[-+]?\d[\d.,]*(?:[eE][-+]?\d+)?")


@contextmanager
def translated(sql: str, path: Path | None) -> Iterator[None]:
    """Raise what DuckDB says of a statement, run in this block on a file, as our errors."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise OutputError(
            f"DuckDB ran out of memory or disk: {first_line(error)}",
            hint="raise engine.memory_limit in the workspace, or free disk space in the output folder",
        ) from error
    except duckdb.IOException as error:
        raise damage_told(first_line(error), path) or _io_error(error) from error
    except _ABOUT_VALUES as error:
        # Not chained: a traceback or a log would show the value after all.
        raise SqlError(without_values(str(error), sql), hint=f"in the statement: {_shortened(sql)}") from None
    except duckdb.Error as error:
        if damage := damage_told(first_line(error), path):
            raise damage from error
        # A commit that finds no room is told as an error of the transaction.
        if _is_disk_full(first_line(error)):
            raise _io_error(error) from error
        raise SqlError(first_line(error), hint=f"in the statement: {_shortened(sql)}") from error
    except RuntimeError as error:
        if interruption := interruption_behind(error):
            raise interruption from error
        raise


def without_values(message: str, sql: str = "") -> str:
    """The first line of an error message of DuckDB, without the value of the data that it may be about.

    What stands between the first and the last quotation mark is left out, so are numbers, and all lines but the first:
    what is left says what kind of value was expected.

    >>> without_values("Conversion Error: Could not convert string 'anna@example.com' to INT32")
    'Conversion Error: Could not convert string … to INT32'
    """
    kind, separator, said = message.split("\n\nLINE ", maxsplit=1)[0].partition(": ")
    if kind not in _KINDS_ABOUT_VALUES:
        return message.split("\n", maxsplit=1)[0].strip()
    if kind == "Invalid Input Error" and not said.startswith(_KNOWN_INPUT_ERRORS):
        # The text of `error('…')`: of its author if the statement has it so, else made of anything.
        return f"{kind}{separator}{said if said in sql else '…'}"
    # Quoted values first: one may hold the end of a line.
    said = _QUOTED.sub("…", said).split("\n", maxsplit=1)[0]
    return f"{kind}{separator}{_NUMBER.sub('…', said)}".strip()


def _is_disk_full(text: str) -> bool:
    return "No space left" in text or "Disk quota exceeded" in text


def _io_error(error: duckdb.Error) -> ResegmentError:
    text = first_line(error)
    if _is_disk_full(text) or "not enough" in text.lower():
        return OutputError(f"the disk is full: {text}", hint="free space; what was published stays as it was")
    return OutputError(text, hint="check that the file exists and may be read and written")


def first_line(error: BaseException) -> str:
    """DuckDB's message without its drawing of the statement."""
    return str(error).split("\n\nLINE ", maxsplit=1)[0].strip().replace("\n", " ")


def _shortened(sql: str, length: int = 300) -> str:
    flat = " ".join(re.sub(r"(?m)^\s*--.*$", "", sql).split())  # A model's header is longer than what is shown.
    return flat if len(flat) <= length else flat[:length] + " …"
