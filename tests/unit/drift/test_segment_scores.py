"""What segments are and are worth: planted changes are named, with their direction and size, and nothing else is."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tasks.drift.families import Family, family_policies
from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.records import DriftScore, DriftVerdict
from tasks.drift.segment_means import Members
from tasks.drift.segment_scores import SegmentPair, measure_kpis, measure_profiles, normal_scores
from tasks.drift.snapshots import pair_snapshots
from tasks.drift.verdict import judge_drift

SPECS = {
    "net_30d_amount": FeatureSpec("net_30d_amount", "numeric"),
    "visits": FeatureSpec("visits", "numeric"),
    "tenure": FeatureSpec("tenure", "numeric", is_calendar_driven=True),
    "city": FeatureSpec("city", "category"),
    "mix": FeatureSpec("mix", "segment"),
}
SEGMENTS = ["s.a", "s.b"]


def frame(seed: int, count: int = 1_000) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "customer_id": [f"c{n:05d}" for n in range(count)],
            "net_30d_amount": random.lognormal(3, 1, count),
            "visits": random.poisson(1, count),
            "tenure": random.integers(1, 900, count),
            "city": random.choice(["Bonn", "Essen", "Ulm"], count, p=[0.6, 0.38, 0.02]),
            "mix": random.choice(["x", "y"], count),
        }
    )


def pair(reference: pl.DataFrame, current: pl.DataFrame) -> SegmentPair:
    """The first half is in segment a, the other in b, and nobody moves."""
    half = Members(np.arange(reference.height), (np.arange(reference.height) >= reference.height // 2).astype(np.int64))
    return SegmentPair(pair_snapshots(reference, current, paired_common_share=0.3), SEGMENTS, half, half)


def drifted(segments: SegmentPair) -> list[DriftVerdict]:
    families: dict[Family, list[DriftScore]] = {
        "profiles": measure_profiles(segments, SPECS),
        "kpis": measure_kpis(segments, ["net_30d_amount"]),
    }
    return [
        verdict
        for name, policy in family_policies(families, DriftPolicy()).items()
        for verdict in judge_drift(families[name], policy)
        if verdict.level != "none"
    ]


def test_nothing_changed_and_nothing_is_named() -> None:
    same = frame(1)
    assert drifted(pair(same, same)) == []


def test_a_segment_that_spends_more_is_named_with_its_amounts() -> None:
    before = frame(2)
    in_a = pl.int_range(pl.len()) < before.height // 2
    after = before.with_columns(net_30d_amount=pl.col("net_30d_amount") * pl.when(in_a).then(1.5).otherwise(1.0))
    found = {(one.subject_kind, one.subject_name, one.part_name): one for one in drifted(pair(before, after))}
    assert set(found) == {("profile", "s.a", "net_30d_amount"), ("kpi", "s.a", "net_30d_amount")}
    kpi = found["kpi", "s.a", "net_30d_amount"]
    mean = before.get_column("net_30d_amount").head(before.height // 2).mean()
    assert kpi.effect_size == pytest.approx(0.5)
    assert kpi.reference_mean == pytest.approx(mean)
    assert kpi.level == "alarm"
    assert kpi.sentence.startswith(f"net_30d_amount of s.a went from {mean:,.4g} to ")
    assert "a customer (+50 %)" in kpi.sentence
    assert (kpi.reference_count, kpi.current_count, kpi.common_count, kpi.entered_count) == (500, 500, 500, 0)


def test_everybody_changing_by_the_same_amount_is_the_surest_change() -> None:
    before = frame(8)
    after = before.with_columns(net_30d_amount=pl.col("net_30d_amount") + 10.0)
    scores = {score.subject_name: score for score in measure_kpis(pair(before, after), ["net_30d_amount"])}
    assert scores["s.a"].p_value == pytest.approx(0.0, abs=1e-100)
    assert scores["s.a"].statistic == pytest.approx(500)


def test_a_city_that_leaves_a_segment_is_named() -> None:
    before = frame(3)
    in_b = pl.int_range(pl.len()) >= before.height // 2
    moved = in_b & (pl.col("city") == "Essen") & (pl.int_range(pl.len()) % 2 == 0)
    after = before.with_columns(city=pl.when(moved).then(pl.lit("Bonn")).otherwise("city"))
    found = [(one.subject_name, one.part_name, (one.effect_size or 0) > 0) for one in drifted(pair(before, after))]
    # Two levels of the same category; the third is too rare to be a column of a profile.
    assert sorted(found) == [("s.b", "city = Bonn", True), ("s.b", "city = Essen", False)]


def test_what_advances_with_the_calendar_is_no_profile() -> None:
    before = frame(4)
    later = before.with_columns(tenure=pl.col("tenure") + 30)
    assert drifted(pair(before, later)) == []
    parts = {score.part_name for score in measure_profiles(pair(before, later), SPECS)}
    assert parts == {"net_30d_amount", "visits", "city = Bonn", "city = Essen"}


def test_few_members_are_not_tested_and_a_mean_of_nothing_has_no_change() -> None:
    small = frame(5, count=38)
    assert measure_profiles(pair(small, small), SPECS) == []
    nothing = frame(6).with_columns(net_30d_amount=pl.lit(0.0))
    assert measure_kpis(pair(nothing, frame(6)), ["net_30d_amount"]) == []


def test_normal_scores_are_those_of_mid_ranks() -> None:
    values = np.array([5.0, np.nan, 1.0, 5.0, 9.0])
    scores = normal_scores(values, np.ones(5, dtype=np.bool_))
    # Ranks 1, 2.5, 2.5, 4 of four values: (rank - 1/2) / 4.
    assert scores[[2, 0, 3, 4]] == pytest.approx([-1.150349, 0.0, 0.0, 1.150349], abs=1e-6)
    assert np.isnan(scores[1])


def test_families_share_one_error_rate() -> None:
    segments = pair(frame(7), frame(7))
    families: dict[Family, list[DriftScore]] = {
        "profiles": measure_profiles(segments, SPECS),
        "kpis": measure_kpis(segments, ["visits"]),
        "flows": [],
    }
    rates = [one.family_wise_error_rate for one in family_policies(families, DriftPolicy()).values()]
    assert sum(rates) == pytest.approx(0.01)
    assert rates == pytest.approx([0.01 * 2 / 3, 0.01 / 3])


def test_false_alarms_over_worlds_in_which_only_chance_moves() -> None:
    """Panels of 600 customers, a tenth of them drawn anew, in two segments: 150 worlds."""
    alarms = 0
    for seed in range(150):
        before, other = frame(1_000 + seed, 600), frame(9_000 + seed, 600)
        renewed = np.random.default_rng(seed).random(600) < 0.1
        mask = pl.Series(renewed)
        after = before.with_columns(
            *(pl.when(mask).then(other.get_column(name)).otherwise(pl.col(name)).alias(name) for name in SPECS)
        )
        alarms += bool(drifted(pair(before, after)))
    # At 1 % a run 1.5 are expected; six or more come about in 4 of 1,000 such tests.
    assert alarms <= 5


def test_normal_scores_of_others_are_those_of_their_rank_among_the_ranked() -> None:
    values = np.array([1.0, 2.0, 2.0, 3.0, 2.5, 2.0, -7.0, 99.0])
    scores = normal_scores(values, np.array([True] * 4 + [False] * 4))
    assert scores[:4] == pytest.approx(normal_scores(values[:4], np.ones(4, dtype=np.bool_)))
    # Three of four are below 2.5; -7 and 99 are as far out as the outermost of four.
    assert scores[4:] == pytest.approx([0.674490, 0.0, -1.150349, 1.150349], abs=1e-6)
    assert np.isnan(normal_scores(values, np.zeros(8, dtype=np.bool_))).all()


def test_a_sample_of_members_is_compared_like_all_and_told_with_the_counts_of_all() -> None:
    before = frame(11, count=4_000)
    in_a = pl.int_range(pl.len()) < before.height // 2
    after = before.with_columns(visits=pl.col("visits") + pl.when(in_a).then(1).otherwise(0))
    whole = pair(before, after)
    chosen = np.random.default_rng(3).random(before.height) < 0.5
    kept = np.flatnonzero(chosen)
    members = Members(whole.then.rows[kept], whole.then.segments[kept])
    sample = SegmentPair(whole.pair, SEGMENTS, members, members, (chosen, chosen), whole)
    found, expected = (
        {(score.subject_name, score.part_name): score for score in measure_profiles(segments, SPECS)}
        for segments in (sample, whole)
    )
    assert set(found) == set(expected)
    for key, score in found.items():
        assert score.effect_size == pytest.approx(expected[key].effect_size, abs=0.05)
        assert score.reference_count == expected[key].reference_count == 2_000
        assert score.reference_value_count == int(chosen[(whole.then.segments == SEGMENTS.index(key[0]))].sum())
    assert found["s.a", "visits"].effect_size == pytest.approx(0.9, abs=0.3)
