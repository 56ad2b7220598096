"""Words are found and struck out as words of their own, in text and in bytes alike."""

from __future__ import annotations

import pytest

from tasks.erasure.striking import Needles, pattern, struck
from tasks.warehouse.connection import Warehouse, literal

WORDS = ("cust-07", "+49 170 1", "a.b@x.org", "Öz Ünal", "(anna) 1")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("cust-07", "[erased]"),
        ("of CUST-07, and cust-07.", "of [erased], and [erased]."),
        ("cust-071 and xcust-07", "cust-071 and xcust-07"),
        ("call +49 170 1!", "call [erased]!"),
        ("call +49 170 12", "call +49 170 12"),
        ("a.b@x.org;aab@x.org", "[erased];aab@x.org"),
        ("von Öz Ünal.", "von [erased]."),
        ("((anna) 1)", "([erased])"),
        ("nobody", "nobody"),
    ],
)
def test_text_bytes_and_sql_agree(text: str, left: str) -> None:
    assert struck(text, WORDS) == left
    assert Needles(WORDS).are_in(text.encode()) == (left != text)
    with Warehouse.open(None) as warehouse:
        replaced = f"regexp_replace({literal(text)}, {literal(pattern(WORDS))}, '[erased]', 'g')"
        assert warehouse.value(f"SELECT {replaced}") == left


def test_nothing_to_strike_out_leaves_all() -> None:
    assert struck("cust-07", ()) == "cust-07"
    assert not Needles(()).are_in(b"cust-07")


def test_the_longest_word_goes_first() -> None:
    assert struck("Anna Berg 12", ("Anna Berg", "Anna Berg 12")) == "[erased]"
