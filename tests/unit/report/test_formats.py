"""Figures as a reader sees them."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import pytest

from tasks.report import formats


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (formats.count(1_234_567), "1,234,567"),
        (formats.count(Decimal(-12)), "−12"),
        (formats.signed_count(1_204), "+1,204"),
        (formats.signed_count(-3), "−3"),
        (formats.signed_count(0), "±0"),
        (formats.money(Decimal("1234.5")), "1,234.50"),
        (formats.money(-0.001), "0.00"),
        (formats.money(Decimal("-98765432109876.55")), "−98,765,432,109,876.55"),
        (formats.decimal(0.12345, 3), "0.123"),
        (formats.decimal(123_456.789), "123,457"),
        (formats.share(0.1234), "12.3%"),
        (formats.share(0.0), "0.0%"),
        (formats.share(0.0004), "<0.1%"),
        (formats.share(0.0004, 2), "0.04%"),
        (formats.signed_share(0.041), "+4.1%"),
        (formats.signed_share(-0.0871), "−8.7%"),
        (formats.signed_share(0.0001), "±0%"),
        (formats.signed(-0.04, 1), "0.0"),
        (formats.signed(-0.243, 3), "−0.243"),
        (formats.p_value(0.00003), "<0.0001"),
        (formats.p_value(0.0123), "0.0123"),
        (formats.date(dt.date(893, 1, 2)), "0893-01-02"),
        (formats.moment(dt.datetime(2025, 7, 1, 4, 30, 59)), "2025-07-01 04:30 UTC"),
    ],
)
def test_figures(shown: str, expected: str) -> None:
    assert shown == expected


@pytest.mark.parametrize("value", [None, math.nan, math.inf, Decimal("NaN")])
def test_what_is_not_known_is_a_dash(value: float | None) -> None:
    shown = {
        function(value)
        for function in (
            formats.count,
            formats.signed_count,
            formats.money,
            formats.decimal,
            formats.share,
            formats.signed_share,
            formats.signed,
        )
    }
    assert shown == {formats.DASH}


def test_a_text_is_cut_by_its_width() -> None:
    assert formats.truncated("short", 8) == "short"
    assert formats.truncated("much too long", 8) == "much to…"
    wide = formats.truncated("一二三四五六七八九十", 8)
    assert wide == "一二三…"
    assert formats.text_width(wide) <= 8


def test_hostile_characters_are_replaced() -> None:
    assert formats.clean("a\x00b\u202ec\ud800d") == "a�b�c�d"
    assert formats.clean("tab\tand\nline, Ünïcode, عربي") == "tab\tand\nline, Ünïcode, عربي"
