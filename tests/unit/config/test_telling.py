"""Which texts may be searched for everywhere, and how they may be spelt."""

from __future__ import annotations

import pytest

from tasks.config.telling import is_telling, spellings


@pytest.mark.parametrize("text", ["C0000007", "anna@x.de", "Anna Berg", "+49 170 1", "491701234567", " C0000007 "])
def test_a_text_that_is_long_and_mixed_tells_somebody(text: str) -> None:
    assert is_telling(text)


@pytest.mark.parametrize("text", ["", "17850", "12345678", "unknown", "Lapsed", "c-7", "a b", "     7     "])
def test_a_short_text_a_figure_or_a_single_word_tells_nobody(text: str) -> None:
    assert not is_telling(text)


def test_spellings_are_those_of_files() -> None:
    assert spellings(' Jörg "Jo" & Co ') == (
        'Jörg "Jo" & Co',
        r"Jörg \"Jo\" & Co",
        r"J\u00f6rg \"Jo\" & Co",
        "Jörg &quot;Jo&quot; &amp; Co",
        'Jörg "Jo" &amp; Co',
        "Jörg &#34;Jo&#34; &amp; Co",
    )
    assert spellings("plain") == ("plain",)
