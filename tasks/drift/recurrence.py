"""Whether a candidate segment is still there one run later.

Owns: matching candidates of two runs. Does not own: finding them (`emergence`).

A group that arose and stays does not arise a second time: compared with the run before, it is as large as it was. So a
candidate is looked for again against the snapshot that it was first seen to be missing from, and is the same where half
of its customers are in the group that is found there, or where the two have the same three leading traits: a kind of
customer may stay while the customers of it change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.drift.emergence import Candidate, Direction
from tasks.drift.traits import Trait

SAME_SHARE = 0.5
"""Share of the earlier members from which two groups are the same: that of a segment that survives (MONIC)."""

_LEADING = 3

TraitKey = tuple[str, str | None, bool]


@dataclass(frozen=True, slots=True)
class KnownCandidate:
    """A candidate of the previous run.

    Attributes:
        candidate_id: it keeps it.
        direction: emerging or vanishing.
        customer_ids: its members then.
        leading: its leading traits, see `leading_traits`.
    """

    candidate_id: str
    direction: Direction
    customer_ids: frozenset[str | int]
    leading: frozenset[TraitKey]


def leading_traits(traits: Sequence[Trait]) -> frozenset[TraitKey]:
    """Feature, level and sign of the three traits of largest effect."""
    return frozenset((trait.feature_name, trait.level_name, trait.effect_size > 0) for trait in traits[:_LEADING])


def match_candidates(known: Sequence[KnownCandidate], found: Sequence[Candidate]) -> dict[str, Candidate]:
    """Say which candidates were found again, by id; each found group answers for one at most, the closest first.

    Args:
        known: candidates of the previous run that were all missing from one snapshot.
        found: by a scan against that same snapshot.
    """
    pairs = [
        (_closeness(one, other), one.candidate_id, at)
        for one in known
        for at, other in enumerate(found)
        if one.direction == other.direction
    ]
    matched: dict[str, Candidate] = {}
    taken: set[int] = set()
    for closeness, name, at in sorted(pairs, key=lambda pair: (-pair[0], *pair[1:])):
        if closeness > 0 and name not in matched and at not in taken:
            matched[name] = found[at]
            taken.add(at)
    return matched


def is_told(candidate: Candidate, others: Sequence[Candidate]) -> bool:
    """Whether half of a candidate's customers are in one of the others, which tell of them already.

    In either direction: customers of a group that was found again and has moved on since have not vanished.
    """
    members = set(candidate.customer_ids)
    return any(len(members.intersection(other.customer_ids)) >= SAME_SHARE * len(members) for other in others)


def _closeness(known: KnownCandidate, found: Candidate) -> float:
    """1 and more by common members, 0.5 by traits alone, 0 where they are not the same."""
    share = len(known.customer_ids.intersection(found.customer_ids)) / max(len(known.customer_ids), 1)
    if share >= SAME_SHARE:
        return 1.0 + share
    leading = leading_traits(found.traits)
    return 0.5 if len(leading) == _LEADING and leading == known.leading else 0.0
