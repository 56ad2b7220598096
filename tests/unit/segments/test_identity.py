"""Permanent ids: what continues keeps its id, nothing else does, and no id is used twice."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tasks.segments.identity import FitQuality, match_segments, match_table, next_ids, should_adopt


def memberships(text: str) -> pl.DataFrame:
    """`a:c01 b:c02` as a frame."""
    pairs = [pair.split(":") for pair in text.split()]
    return pl.DataFrame(pairs, schema={"customer_id": pl.String, "segment_key": pl.String}, orient="row")


def labelled(text: str) -> pl.DataFrame:
    return memberships(text).select("customer_id", pl.col("segment_key").cast(pl.Int64).alias("label"))


def test_next_ids_go_on_after_the_highest_ever_used() -> None:
    assert next_ids([], 3) == ("c01", "c02", "c03")
    assert next_ids(["c02", "c07", "lost", "c7x"], 2) == ("c08", "c09")
    assert next_ids(["c99"], 2) == ("c100", "c101")


def test_labels_are_matched_by_common_members_only() -> None:
    previous = memberships("a:c01 b:c01 c:c02 d:c02 gone:c01")
    current = labelled("a:1 b:1 c:0 d:0 new1:0 new2:1")
    match = match_segments(previous, current, used_ids=["c01", "c02"])
    assert match.ids == ("c02", "c01")
    assert match.kept == {"c01": 1.0, "c02": 1.0}
    assert (match.new, match.retired, match.common) == ((), (), 4)


def test_without_common_customers_every_id_is_new() -> None:
    match = match_segments(memberships("a:c01 b:c02"), labelled("x:0 y:1"), used_ids=["c01", "c02"])
    assert match.ids == ("c03", "c04")
    assert match.retired == ("c01", "c02")


def test_hungarian_takes_the_best_whole_not_the_first_largest() -> None:
    # Greedy would give label 0 to c01 (60) and leave c02 with nothing; together 55 + 50 is more.
    table = np.array([[60.0, 55.0], [50.0, 0.0]])
    assert match_table(["c01", "c02"], table, used_ids=[], min_jaccard=0.0).ids == ("c02", "c01")


def test_the_leftover_segment_does_not_lend_its_id_to_the_leftover_cluster() -> None:
    # c03 dispersed, and label 2 is a new group of all sorts.
    table = np.array([[90.0, 0.0, 10.0], [0.0, 90.0, 10.0], [48.0, 48.0, 4.0]])
    match = match_table(["c01", "c02", "c03"], table, used_ids=["c01", "c02", "c03"])
    assert match.ids == ("c01", "c02", "c04")
    assert match.retired == ("c03",)


def test_retired_ids_do_not_come_back() -> None:
    first = match_table(["c01"], np.array([[40.0, 30.0, 30.0]]), used_ids=["c01"])
    assert first.ids == ("c02", "c03", "c04")
    again = match_table(["c02", "c03", "c04"], np.array([[40.0], [30.0], [30.0]]), used_ids=["c01", *first.ids])
    assert again.ids == ("c05",)


def test_split_leaves_the_id_with_the_larger_piece_and_merge_with_the_larger_parent() -> None:
    split = match_table(["c01", "c02"], np.array([[35.0, 65.0, 0.0], [0.0, 0.0, 100.0]]), used_ids=[])
    assert split.ids == ("c03", "c01", "c02")
    merged = match_table(["c01", "c02"], np.array([[40.0], [60.0]]), used_ids=[])
    assert (merged.ids, merged.retired) == (("c02",), ("c01",))


TABLES = hnp.arrays(np.int64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.integers(0, 30))


@given(TABLES)
def test_every_pair_with_more_than_half_in_common_is_kept_and_no_other(counts: np.ndarray) -> None:
    table = counts.astype(float)
    old = [f"c{i + 1:02d}" for i in range(len(table))]
    match = match_table(old, table, used_ids=["c20"])
    union = table.sum(1, keepdims=True) + table.sum(0, keepdims=True) - table
    jaccard = table / np.maximum(union, 1)
    for i, key in enumerate(old):
        for j, given_id in enumerate(match.ids):
            if jaccard[i, j] > 0.5:
                assert given_id == key
            elif given_id == key:
                assert jaccard[i, j] == 0.5
    assert len(set(match.ids)) == len(match.ids)
    assert set(match.new).isdisjoint({*old, "c20"})
    assert {*match.kept, *match.retired} == set(old)
    assert {*match.kept, *match.new} == set(match.ids)


def quality(k: int, inertia: float, stability: float) -> FitQuality:
    return FitQuality(k, inertia, stability)


@pytest.mark.parametrize(
    ("challenger", "wins", "adopt", "said"),
    [
        (quality(4, 100.0, 0.9), 1, False, "kept: inertia improves by 0.00%"),
        (quality(4, 99.0, 0.9), 1, False, "not more than 1%"),
        (quality(4, 98.9, 0.9), 1, True, "adopted: inertia improves by 1.10%"),
        (quality(4, 98.9, 0.89), 1, True, "stability is no worse"),
        (quality(4, 50.0, 0.87), 1, False, "less stable (Jaccard 0.87 against 0.90)"),
        (quality(5, 50.0, 0.9), 1, False, "5 segments instead of 4 won 1 of 2"),
        (quality(5, 50.0, 0.9), 2, True, "adopted: 5 segments instead of 4 won 2 of 2"),
        (quality(5, 50.0, 0.8), 2, True, "won 2 of 2"),
        (quality(5, 50.0, 0.7), 2, False, "would be less stable"),
        (quality(3, 150.0, 0.95), 2, True, "3 segments instead of 4"),
    ],
)
def test_adoption(challenger: FitQuality, wins: int, adopt: bool, said: str) -> None:
    verdict = should_adopt(quality(4, 100.0, 0.9), challenger, wins=wins)
    assert verdict.adopt is adopt
    assert said in verdict.reason
    assert verdict.improvement == pytest.approx(1 - challenger.inertia / 100)


def test_leaving_a_single_segment_needs_stability_in_its_own_right_only() -> None:
    one = quality(1, 100.0, 1.0)
    assert should_adopt(one, quality(3, 40.0, 0.8), wins=2).adopt
    assert not should_adopt(one, quality(3, 40.0, 0.7), wins=2).adopt
