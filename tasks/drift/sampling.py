"""Which customers are compared where there are more than enough of them.

Owns: the share that is drawn, and the condition that draws it. Does not own: what is measured on them.

Of 100,000 customers at each date a shift of 0.03 standard deviations is found, where 0.05 is worth a notice: more of
them cost time, and change the verdict on what lies at a limit alone (docs/benchmarks-drift-sample.md). A customer is
drawn by a digest of his id, so that he is drawn at every date or at none (permanent random numbers: Ohlsson 1995, in
Business Survey Methods, Wiley, chapter 9): what is paired stays paired, and equal data give equal verdicts. Shares are
powers of a half, so that a company that grows keeps its sample for long, and of two samples one holds the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import literal

_DIGITS = 4
"""Hexadecimal digits of the digest that are looked at."""
_LOTS = 16**_DIGITS
_MOST_HALVINGS = _DIGITS * 4
_SHARE_OF_MEMBERS = 0.1
"""Of what is enough of all customers. Of 10,000 members, even if all were others then, a shift of 0.09 standard
deviations is found among 3,000 tests, where 0.1 is worth a notice."""


def halvings(count: int, enough: int) -> int:
    """How often a number of customers can be halved so that `enough` or more are expected to remain."""
    return min(max((count // enough).bit_length() - 1, 0), _MOST_HALVINGS)


def drawn(times: int) -> str:
    """SQL condition on `customer_id`: true of the customers that remain after so many halvings."""
    return "true" if times == 0 else f"{_lot()} < {_digits(_LOTS >> times)}"


def drawn_members(sizes: Mapping[str, int], enough: int) -> str:
    """SQL condition on `segment_id` and `customer_id`: true of as many members of each segment as tell what it is like.

    Args:
        sizes: members of each segment, the same for both dates.
        enough: customers that are enough of all.
    """
    limits = {segment: math.ceil(_LOTS * _SHARE_OF_MEMBERS * enough / max(size, 1)) for segment, size in sizes.items()}
    if not any(limit < _LOTS for limit in limits.values()):
        return "true"
    listed = " ".join(f"WHEN {literal(segment)} THEN {_digits(limit)}" for segment, limit in limits.items())
    return f"{_lot()} < CASE segment_id {listed} END"


def _lot() -> str:
    return f"left(md5(CAST({KEY} AS VARCHAR)), {_DIGITS})"


def _digits(limit: int) -> str:
    # No digit is as large as g: that is everybody.
    return literal("g" if limit >= _LOTS else f"{limit:0{_DIGITS}x}")
