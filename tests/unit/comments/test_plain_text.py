"""What a model reads of a comment."""

from __future__ import annotations

import pytest

from tasks.comments.plain_text import plain_text, words_of


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("@Shop: 12 % more &amp; no answer!  https://t.co/x", "_name_: 0 % more & no answer! _link_"),
        ("Ask anna.example@shop.example\nor www.shop.example/a?b", "ask _address_ or _link_"),
        ("  Viel zu TEUER\tgeworden 😡 ", "viel zu teuer geworden 😡"),
        ("waited 1,250 minutes", "waited 0,0 minutes"),
        ("!", "!"),
    ],
)
def test_links_addresses_handles_and_numbers_become_words_for_their_kind(text: str, plain: str) -> None:
    assert plain_text(text) == plain


def test_comments_that_differ_in_punctuation_have_the_same_words() -> None:
    assert words_of(plain_text("Late, again!!")) == words_of(plain_text("late again")) == "late again"
    assert words_of(plain_text("late once")) != "late again"


def test_a_comment_without_a_word_is_told_apart_by_its_signs() -> None:
    assert words_of("😡😡") != words_of("😋")
