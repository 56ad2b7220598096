"""Finding words in texts and bytes, and striking them out.

Owns: where a word begins and ends, in SQL, text and bytes alike, and what stands in its place. Does not own the words
(`person.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

MARK = "[erased]"
_WORD = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_WORD_BYTES = frozenset(_WORD.encode())


def pattern(words: Sequence[str]) -> str:
    """A regular expression, for RE2 and Python alike, of any of some words in whatever case, but not within others.

    >>> import re
    >>> [bool(re.search(pattern(["cust-12"]), text)) for text in ("by Cust-12.", "cust-123")]
    [True, False]
    """
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return f"(?i)(?:{'|'.join(map(_bounded, longest_first))})"


def _bounded(word: str) -> str:
    before = r"\b" if word[0] in _WORD else ""
    after = r"\b" if word[-1] in _WORD else ""
    return f"{before}{re.escape(word)}{after}"


def struck(text: str, words: Sequence[str]) -> str:
    """A text with every word replaced."""
    return re.sub(pattern(words), MARK, text, flags=re.ASCII) if words else text


class Needles:
    """Words to be found in the bytes of files; a search for many is one pass for each, at the speed of memory."""

    def __init__(self, words: Sequence[str]) -> None:
        """Prepare them."""
        self._needles = sorted({word.encode().lower() for word in words})
        #: Bytes that two neighbouring parts of a file have to share, so that no word falls between them.
        self.overlap = max(map(len, self._needles), default=0) + 1

    def are_in(self, content: bytes) -> bool:
        """Whether any of them is, as a word of its own, in whatever case of ASCII letters."""
        low = content.lower()
        return any(True for needle in self._needles for _ in _places(low, needle))


def _places(content: bytes, needle: bytes) -> Iterator[int]:
    start = content.find(needle)
    while start >= 0:
        end = start + len(needle)
        opens = start == 0 or needle[0] not in _WORD_BYTES or content[start - 1] not in _WORD_BYTES
        closes = end == len(content) or needle[-1] not in _WORD_BYTES or content[end] not in _WORD_BYTES
        if opens and closes:
            yield start
        start = content.find(needle, start + 1)
