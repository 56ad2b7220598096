"""A candidate is known again by its customers, or by what it is like."""

from __future__ import annotations

from tasks.drift.emergence import Candidate, Direction
from tasks.drift.recurrence import KnownCandidate, is_told, leading_traits, match_candidates
from tasks.drift.traits import Trait


def traits(*names: str) -> tuple[Trait, ...]:
    """Effects fall in the order given; a leading minus is the sign."""
    return tuple(
        Trait(name.lstrip("-"), None, "probit_d", (-1 if name.startswith("-") else 1) * (9.0 - at))
        for at, name in enumerate(names)
    )


def candidate(ids: str, *names: str, direction: Direction = "emerging") -> Candidate:
    return Candidate(
        direction=direction,
        customer_ids=tuple(ids),
        customer_count=len(ids),
        customer_share=0.1,
        ratio=3.0,
        excess_share=0.05,
        p_adjusted=0.001,
        cell_count=1,
        traits=traits(*names),
    )


def known(name: str, ids: str, *names: str, direction: Direction = "emerging") -> KnownCandidate:
    return KnownCandidate(name, direction, frozenset(ids), leading_traits(traits(*names)))


def test_half_of_the_members_make_it_the_same() -> None:
    found = [candidate("abcxyz", "p"), candidate("efg", "p")]
    assert match_candidates([known("k", "abcd", "q")], found) == {"k": found[0]}
    assert match_candidates([known("k", "abnmo", "q")], found) == {}


def test_the_three_leading_traits_make_it_the_same_whatever_their_order() -> None:
    found = [candidate("xyz", "b", "-a", "c", "d")]
    assert match_candidates([known("k", "pqr", "-a", "c", "b")], found) == {"k": found[0]}
    assert match_candidates([known("k", "pqr", "a", "c", "b")], found) == {}
    assert match_candidates([known("k", "pqr", "b", "-a")], [candidate("xyz", "b", "-a")]) == {}


def test_a_group_answers_for_one_candidate_the_closest() -> None:
    found = [candidate("abcd", "p")]
    assert match_candidates([known("k1", "abxy", "q"), known("k2", "abcd", "q")], found) == {"k2": found[0]}


def test_vanishing_is_not_emerging() -> None:
    assert match_candidates([known("k", "ab", "p")], [candidate("ab", "p", direction="vanishing")]) == {}


def test_a_candidate_within_another_is_told_already() -> None:
    assert is_told(candidate("abx", "p"), [candidate("abcdef", "q")])
    assert not is_told(candidate("axy", "p"), [candidate("abcdef", "q")])
    # Who belongs to a group that moved on has not vanished where it was.
    assert is_told(candidate("abx", "p", direction="vanishing"), [candidate("abcdef", "q")])
