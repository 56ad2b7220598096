"""The classes of columns by what they tell of a person.

Owns: the classes and which is stricter. Does not own the class of any column (`entities.py`, the workspace).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

#: `contact` reaches a person (name, address, free text), `sensitive` harms him where it is known (the exact day of
#: birth, health, belief): neither leaves staging. `identifier` names him in the company. In the order of strictness.
PrivacyClass = Literal["plain", "identifier", "sensitive", "contact"]
_BY_STRICTNESS: tuple[PrivacyClass, ...] = get_args(PrivacyClass)


def strictest(classes: Iterable[PrivacyClass]) -> PrivacyClass:
    """The strictest of some classes; `plain` of none."""
    return max(classes, key=_BY_STRICTNESS.index, default="plain")


def is_stricter(one: PrivacyClass, other: PrivacyClass) -> bool:
    """Whether the first class is stricter than the second."""
    return _BY_STRICTNESS.index(one) > _BY_STRICTNESS.index(other)
