"""One of a thing, and more of them."""

from __future__ import annotations

import pytest

from tasks.config.counting import counted


@pytest.mark.parametrize(
    ("number", "nouns", "told"),
    [
        (0, ("day",), "0 days"),
        (1, ("day",), "1 day"),
        (1_200, ("check",), "1,200 checks"),
        (1, ("file is", "files are"), "1 file is"),
        (2, ("file is", "files are"), "2 files are"),
    ],
)
def test_counts_are_told_in_the_singular_and_the_plural(number: int, nouns: tuple[str, ...], told: str) -> None:
    assert counted(number, *nouns) == told
