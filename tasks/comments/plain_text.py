"""A comment as the models read it: without what tells who wrote it or where it leads to.

Owns: spelling out, and telling which comments are the same but for their punctuation. Does not own which words count
(`text_model.py`).
"""

from __future__ import annotations

import html
import re

#: Links, addresses and handles say nothing of the mood, and would teach the models names.
_LINK = re.compile(r"https?://\S+|www\.\S+")
_ADDRESS = re.compile(r"\S+@\S+\.\w+")
_HANDLE = re.compile(r"@\w+")
_NUMBER = re.compile(r"\d+")
_NO_WORD = re.compile(r"[\W_]+")


def plain_text(text: str) -> str:
    """The comment in lower case on one line; links, addresses, handles and numbers stand as a word for each kind.

    >>> plain_text("@Shop: 12 % more &amp; no answer!  https://t.co/x")
    '_name_: 0 % more & no answer! _link_'
    """
    spelt = html.unescape(text).lower()
    for pattern, word in ((_LINK, " _link_ "), (_ADDRESS, " _address_ "), (_HANDLE, " _name_"), (_NUMBER, "0")):
        spelt = pattern.sub(word, spelt)
    return " ".join(spelt.split())


def words_of(plain: str) -> str:
    """What two comments have in common that differ in punctuation only; of one without a word, all of it."""
    return " ".join(_NO_WORD.sub(" ", plain).split()) or plain
