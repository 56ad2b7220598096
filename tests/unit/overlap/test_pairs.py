"""Pairs of segments against sets of customers and hand-computed values."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.config.errors import StatisticsError
from tasks.config.overlap import OverlapPolicy
from tasks.overlap.association import phi
from tasks.overlap.pairs import Intersection, PairOverlap, measure_pairs, relations

POLICY = OverlapPolicy()
memberships = st.lists(st.frozensets(st.sampled_from("abcde"), max_size=5), min_size=1, max_size=60)


def counted(customers: list[frozenset[str]]) -> list[Intersection]:
    return [(tuple(segments), count) for segments, count in Counter(customers).items()]


def relation(both: int, size_a: int, size_b: int, policy: OverlapPolicy, total: int = 10_000) -> str:
    counts = [np.array([count], dtype=np.int64) for count in (both, size_a, size_b)]
    return relations(counts[0], counts[1], counts[2], phi(*counts, total), policy)[0]


def one_pair(*intersections: Intersection, customer_count: int | None = None) -> PairOverlap:
    pairs = measure_pairs(intersections, customer_count)
    assert len(pairs) == 1
    return pairs[0]


@given(memberships)
def test_counts_are_those_of_sets(customers: list[frozenset[str]]) -> None:
    inside = {segment: {at for at, mine in enumerate(customers) if segment in mine} for segment in "abcde"}
    met = sorted(segment for segment in inside if inside[segment])
    pairs = measure_pairs(counted(customers))
    assert [(pair.segment_id_a, pair.segment_id_b) for pair in pairs] == list(itertools.combinations(met, 2))
    for pair in pairs:
        a, b = inside[pair.segment_id_a], inside[pair.segment_id_b]
        assert (pair.size_a, pair.size_b, pair.intersection_count) == (len(a), len(b), len(a & b))
        assert pair.union_count == len(a | b)
        assert pair.jaccard == len(a & b) / len(a | b)
        assert pair.containment_a_in_b == len(a & b) / len(a)
        assert pair.containment_b_in_a == len(a & b) / len(b)
        assert pair.lift == pytest.approx(len(a & b) * len(customers) / (len(a) * len(b)))


@given(memberships, st.permutations("abcde"))
def test_ids_and_order_do_not_matter(customers: list[frozenset[str]], names: list[str]) -> None:
    renamed = [frozenset(names["abcde".index(segment)] for segment in mine) for mine in customers]
    one, other = measure_pairs(counted(customers)), measure_pairs(reversed(counted(renamed)))
    keys = ("intersection_count", "jaccard", "lift", "phi", "p_adjusted", "relation")
    back = dict(zip("abcde", names, strict=True))
    by_ids = {frozenset((pair.segment_id_a, pair.segment_id_b)): pair for pair in other}
    for pair in one:
        same = by_ids[frozenset((back[pair.segment_id_a], back[pair.segment_id_b]))]
        assert [getattr(pair, key) for key in keys] == [getattr(same, key) for key in keys]


def test_by_hand() -> None:
    # Of 100 customers 30 are in a, 40 in b, 20 in both: Jaccard 20/50, lift 20*100/(30*40),
    # phi (100*20 - 30*40) / sqrt(30*70*40*60).
    pair = one_pair(((), 50), (("a",), 10), (("b",), 20), (("b", "a"), 20))
    assert (pair.size_a, pair.size_b, pair.intersection_count, pair.union_count) == (30, 40, 20, 50)
    assert pair.jaccard == 0.4
    assert (pair.containment_a_in_b, pair.containment_b_in_a) == (20 / 30, 0.5)
    assert pair.lift == pytest.approx(5 / 3)
    assert pair.phi == pytest.approx(800 / (2_100 * 2_400) ** 0.5)
    assert pair.relation == "overlapping"


def test_customers_in_no_segment_may_be_counted_apart() -> None:
    inside = ((("a",), 10), (("b",), 20), (("a", "b"), 20))
    assert one_pair(*inside, customer_count=100) == one_pair(*inside, ((), 50))


def test_counts_beyond_the_floats_are_exact() -> None:
    odd = 2**53 + 1
    pair = one_pair((("a", "b"), odd), (("a",), 2), (("b",), 5))
    assert (pair.intersection_count, pair.size_a, pair.size_b) == (odd, odd + 2, odd + 5)


@pytest.mark.parametrize(
    ("both", "size_a", "size_b", "expected"),
    [
        (0, 10, 10, "disjoint"),
        (0, 0, 10, "disjoint"),
        (80, 100, 80, "redundant"),  # Jaccard 0.8
        (8, 9, 9, "redundant"),
        (79, 100, 79, "nested"),  # 79 %
        (95, 100, 1_000, "nested"),
        (95, 1_000, 100, "nested"),
        (94, 100, 1_000, "overlapping"),
        (760, 800, 1_000, "overlapping"),  # inside at 95 %, but as large as four fifths
        (50, 100, 100, "overlapping"),
        (100, 100, 100, "redundant"),
    ],
)
def test_relations_at_their_limits(both: int, size_a: int, size_b: int, expected: str) -> None:
    assert relation(both, size_a, size_b, POLICY) == expected


def test_the_policy_sets_the_limits() -> None:
    assert relation(60, 100, 60, OverlapPolicy(redundant_jaccard=0.6)) == "redundant"


@pytest.mark.parametrize(
    ("both", "size_a", "size_b", "expected"),
    [
        (900, 950, 950, "overlapping"),  # Those outside are others in each: Jaccard 0.9, phi −0.05.
        (945, 950, 950, "redundant"),  # Nine in ten of those outside one are outside the other.
        (950, 950, 1000, "overlapping"),  # All customers are in one of them: nothing is known of who stays outside.
        (1000, 1000, 1000, "redundant"),
        (792, 989, 792, "overlapping"),
    ],
)
def test_segments_of_nearly_everybody_share_many_whatever_they_are(
    both: int, size_a: int, size_b: int, expected: str
) -> None:
    assert relation(both, size_a, size_b, POLICY, total=1000) == expected


def test_empty_segments_appear_where_they_are_listed() -> None:
    pairs = measure_pairs([(("a",), 5), ((), 5)], segment_ids=["c", "a", "b"])
    assert [(pair.segment_id_a, pair.segment_id_b) for pair in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert {pair.relation for pair in pairs} == {"disjoint"}
    assert (pairs[0].containment_a_in_b, pairs[0].containment_b_in_a, pairs[0].jaccard) == (0.0, None, 0.0)
    assert (pairs[0].lift, pairs[0].phi, pairs[0].p_value, pairs[0].p_adjusted) == (None, None, None, None)


def test_a_segment_of_everyone_is_associated_with_nothing() -> None:
    pair = one_pair((("a", "all"), 30), (("all",), 70))
    assert (pair.lift, pair.phi, pair.p_value) == (1.0, None, None)
    assert pair.relation == "nested"


def test_p_values_are_adjusted_over_all_pairs() -> None:
    intersections = [((), 400), (("a",), 80), (("b",), 90), (("c",), 70), (("a", "b"), 60), (("a", "b", "c"), 20)]
    pairs = measure_pairs(intersections)
    smallest = min(pair.p_value for pair in pairs if pair.p_value is not None)
    adjusted = {pair.p_value: pair.p_adjusted for pair in pairs}
    assert adjusted[smallest] == pytest.approx(3 * smallest)


def test_independent_segments_of_a_million_are_not_significant() -> None:
    pair = one_pair(((), 720_000), (("a",), 80_000), (("b",), 180_000), (("a", "b"), 20_000))
    assert (pair.lift, pair.phi, pair.p_value) == (1.0, 0.0, 1.0)


def test_no_segments_have_no_pairs() -> None:
    assert measure_pairs([]) == []
    assert measure_pairs([((), 10)]) == []
    assert measure_pairs([(("a",), 10)]) == []


@pytest.mark.parametrize(
    ("intersections", "customer_count", "segment_ids", "expected"),
    [
        ([(("a", "b"), -1)], None, None, r"intersection a \+ b holds -1 customers"),
        ([(("a",), 1.5)], None, None, "holds 1.5 customers, expected a whole number"),
        ([(("a",), True)], None, None, "holds True customers"),
        ([(("a", "a"), 1)], None, None, r"intersection a \+ a names a segment twice"),
        ([(("a", "b"), 1), (("b", "a"), 2)], None, None, "given twice"),
        ([(("a", "x"), 1)], None, ["a", "b"], "segments that are not listed: x"),
        ([(("a",), 7)], 6, None, "customer_count is 6, but the intersections hold 7"),
    ],
)
def test_wrong_counts_are_refused(
    intersections: list[Intersection], customer_count: int | None, segment_ids: list[str] | None, expected: str
) -> None:
    with pytest.raises(StatisticsError, match=expected):
        measure_pairs(intersections, customer_count, segment_ids=segment_ids)
