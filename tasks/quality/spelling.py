"""How ids are spelt: counters that gained a digit are the ids that they were.

Owns: which shapes of ids count as one where the newest are held against earlier ones. Does not own the shapes
(`load_counts.py`) or the rule by which their mix is judged (`history.py`).

A shape says `9` for a digit, and `0` for the first one of a number that begins with zeros: `12` is `99`, `C0012` is
`A0999`. A counter goes from 999 to 1000, and from then on its ids are longer, for good. That is not how ids come to be
spelt otherwise: those gain zeros in front (`00999`), a point behind, blanks, letters, or they lose digits.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.quality.history import Unit, pool

_ZERO, _DIGIT = "0", "9"


def like_counters(newest: Unit, history: Sequence[Unit]) -> tuple[Unit, list[Unit]]:
    """The same units, where shapes that only a counter's next digit tells apart are one, and zeros are digits.

    Args:
        newest: the unit in question, by shape.
        history: earlier units.
    """
    known = pool(history)
    shares, before = newest.shares, known.shares
    same = {_plain(shape): _plain(shape) for shape in {*newest.counts, *known.counts}}
    # The longest first, so that one that gained twice since is led to the first of all.
    for longer in sorted(same, key=lambda shape: (-len(shape), shape)):
        if longer in newest.counts and _share(shares, longer) > _share(before, longer) and not _padded(newest, longer):
            same[longer] = next((one for one in _a_digit_less(longer) if one in same), longer)
    return _renamed(newest, same), [_renamed(unit, same) for unit in history]


def _plain(shape: str) -> str:
    return shape.replace(_ZERO, _DIGIT)


def _share(shares: dict[str, float], plain: str) -> float:
    return sum(share for shape, share in shares.items() if _plain(shape) == plain)


def _padded(unit: Unit, plain: str) -> bool:
    """Whether ids of a shape begin with zeros: a counter never gains one of those."""
    return any(_ZERO in shape and _plain(shape) == plain for shape in unit.counts)


def _a_digit_less(shape: str) -> list[str]:
    """The shapes with one digit less in one of its numbers, none of which is gone."""
    return sorted(
        {
            shape[:at] + shape[at + 1 :]
            for at, letter in enumerate(shape)
            if letter == _DIGIT and at and shape[at - 1] == _DIGIT
        }
    )


def _renamed(unit: Unit, same: dict[str, str]) -> Unit:
    counts: dict[str, float] = {}
    for shape, count in unit.counts.items():
        name = _plain(shape)
        while same.get(name, name) != name:
            name = same[name]
        counts[name] = counts.get(name, 0.0) + count
    return Unit(unit.size, unit.total, counts)
