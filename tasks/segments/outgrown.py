"""Names that segments have outgrown: kept, so that readers can follow the id, while the figures say the opposite.

Owns: when a name says the opposite of its segment's figures, and the sentence about it. Does not own how names are
given and kept (`naming.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.segments.naming import NOTABLE, Distinction, FeatureMeaning, meaning_of, name_segments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def outgrown(
    names: Mapping[str, str], ranked: Mapping[str, Sequence[Distinction]], meanings: Mapping[str, FeatureMeaning]
) -> dict[str, str]:
    """What to add of the segments whose name has a word for much of what they have little of, or the other way round.

    Args:
        names: segment id to the name that it bears.
        ranked: segment id to its distinctions, strongest first.
        meanings: feature name to how to speak of it.
    """
    fresh = name_segments(ranked, meanings)
    return {
        key: f" It has outgrown its name: by these figures it would be called “{fresh[key]}”."
        for key, found in ranked.items()
        if _contradicts(names[key], found, meanings)
    }


def _contradicts(name: str, ranked: Sequence[Distinction], meanings: Mapping[str, FeatureMeaning]) -> bool:
    words = {word.strip().casefold() for word in name.split(",")}
    told = [(meaning_of(one.feature, meanings), one.effect) for one in ranked if abs(one.effect) >= NOTABLE]
    # Two features may share words, and differ: what one of them bears out stands.
    true = {(meaning.high if effect > 0 else meaning.low).casefold() for meaning, effect in told}
    false = {(meaning.low if effect > 0 else meaning.high).casefold() for meaning, effect in told}
    return not words.isdisjoint(false - true)
