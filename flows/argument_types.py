"""How values of arguments are read, by every command alike.

Owns: the readers, and what is said of a value that cannot be. Does not own the arguments (`arguments.py`).
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
from collections.abc import Callable

#: Adds a command with the arguments that all have.
AddCommand = Callable[..., argparse.ArgumentParser]
_SPAN = re.compile(r"([1-9]\d{0,3})([hd])")


def count(text: str) -> int:
    """A number of lines, 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of lines, expected 1 or more")
    return int(text)


def date(text: str) -> dt.date:
    """A day, YYYY-MM-DD."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date, expected YYYY-MM-DD such as 2025-06-30") from error


def time(text: str) -> dt.datetime:
    """A moment, UTC without a zone."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time, expected such as 2025-06-30T06:00") from error
    return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment


def span(text: str) -> dt.timedelta:
    """Hours or days, such as 8h or 2d."""
    match = _SPAN.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time span, expected hours or days such as 8h or 2d")
    number, unit = int(match[1]), match[2]
    return dt.timedelta(hours=number) if unit == "h" else dt.timedelta(days=number)
