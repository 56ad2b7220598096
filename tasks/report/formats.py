"""Figures and texts as a reader sees them.

Owns: thousands separators, percent, money, dates, dashes for what is not known, cleaning of hostile characters. The
same everywhere: no locale, no clock.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from decimal import Decimal

DASH = "–"
MINUS = "\N{MINUS SIGN}"
#: Characters that XML forbids, or that turn the text around them: C0, C1, surrogates, bidirectional controls.
_HOSTILE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_SMALLEST_P = 0.0001
_LARGE = 10_000

Number = int | float | Decimal


def clean(text: str) -> str:
    """The text without characters that would break a page or hide what it says."""
    return _HOSTILE.sub("\N{REPLACEMENT CHARACTER}", text)


def count(value: Number | None) -> str:
    """A whole number: ``12,345``."""
    number = _finite(value)
    return DASH if number is None else _minus(f"{number:,.0f}")


def signed_count(value: Number | None) -> str:
    """A change of a whole number: ``+1,204``, ``±0``."""
    number = _finite(value)
    if number is None:
        return DASH
    return "±0" if round(number) == 0 else _minus(f"{number:+,.0f}")


def money(value: Number | None) -> str:
    """An amount with two decimals and no currency, which is not known: ``1,234.50``."""
    return DASH if value is None or _finite(value) is None else _minus(f"{value:,.2f}")


def decimal(value: Number | None, places: int = 2) -> str:
    """A number with that many decimals; from 10,000 on with none, for nobody reads them."""
    number = _finite(value)
    if number is None:
        return DASH
    return _minus(f"{number:,.{0 if abs(number) >= _LARGE else places}f}")


def share(value: Number | None, places: int = 1) -> str:
    """A share as percent: ``12.3%``; what would round to nothing says so: ``<0.1%``."""
    number = _finite(value)
    if number is None:
        return DASH
    smallest = 10**-places
    return f"<{smallest:.{places}f}%" if 0 < 100 * number < smallest / 2 else _minus(f"{100 * number:,.{places}f}%")


def signed_share(value: Number | None, places: int = 1) -> str:
    """A relative change as percent: ``+4.1%``, ``±0%``."""
    number = _finite(value)
    if number is None:
        return DASH
    return "±0%" if round(100 * number, places) == 0 else _minus(f"{100 * number:+,.{places}f}%")


def signed(value: Number | None, places: int = 2) -> str:
    """A number with its sign; without where it rounds to zero."""
    number = _finite(value)
    return DASH if number is None else _minus(f"{number:+,.{places}f}")


def p_value(value: float | None) -> str:
    """A p-value: ``0.012``, ``<0.0001``."""
    number = _finite(value)
    if number is None:
        return DASH
    return f"<{_SMALLEST_P}" if number < _SMALLEST_P else f"{number:.4f}"


def date(value: dt.date | None) -> str:
    """A day, as ISO 8601 writes it."""
    return DASH if value is None else value.isoformat()[:10]


def moment(value: dt.datetime | None) -> str:
    """A time to the minute; the ledger keeps UTC."""
    return DASH if value is None else f"{value.isoformat(sep=' ')[:16]} UTC"


def feature_title(name: str) -> str:
    """A feature's name as words: ``net_90d_amount`` → ``net 90d amount``."""
    return name.replace("_", " ")


def text_width(text: str) -> int:
    """Width in narrow characters; East Asian wide ones count two, combining ones none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def truncated(text: str, width: int) -> str:
    """The text cut to that many narrow characters, with an ellipsis where something was cut."""
    text = clean(" ".join(text.split()))
    if text_width(text) <= width:
        return text
    while text and text_width(text) > width - 1:
        text = text[:-1]
    return text.rstrip() + "…"


def _finite(value: Number | None) -> float | None:
    """The figure, if there is one to print."""
    return float(value) if value is not None and math.isfinite(value) else None


def _minus(text: str) -> str:
    """A figure with a typographic minus; nothing is no negative, nor positive."""
    if text[0] in "+-" and not any(digit in text for digit in "123456789"):
        return text[1:]
    return text.replace("-", MINUS, 1) if text.startswith("-") else text
