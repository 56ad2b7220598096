"""Arrays of the story as columns of an export: ids, labels, days and moments.

Owns: how numbers become Polars series. Does not own which columns an export has.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from tasks.demo import story
from tasks.demo.draws import Ints

_EPOCH_DAYS = (story.HISTORY_START - dt.date(1970, 1, 1)).days
_DAY_SECONDS = 86_400


def pick(labels: pl.Series, index: Ints) -> pl.Series:
    """The label at every index."""
    return labels.gather(pl.Series(index))


def customer_ids(number: Ints) -> pl.Series:
    """`C0000123` for customer 123 (from 10 million on, eight digits)."""
    return _numbered("C", number, 7)


def order_numbers(number: Ints) -> pl.Series:
    """`W` and eleven digits."""
    return _numbered("W", number, 11)


def feedback_ids(number: Ints) -> pl.Series:
    """`F` and eleven digits."""
    return _numbered("F", number, 11)


def _numbered(prefix: str, number: Ints, digits: int) -> pl.Series:
    return prefix + pl.Series(number).cast(pl.String).str.zfill(digits)


def dates(day: Ints) -> pl.Series:
    """Dates of days since the start of the history; `story.NEVER` is null."""
    series = pl.Series(day).set(pl.Series(day >= story.NEVER), None)
    return (series + _EPOCH_DAYS).cast(pl.Int32).cast(pl.Date)


def moments(at: Ints) -> pl.Series:
    """Timestamps of seconds since the start of the history."""
    return pl.Series((at + _EPOCH_DAYS * _DAY_SECONDS) * 1_000_000).cast(pl.Datetime("us"))
