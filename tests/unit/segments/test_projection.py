"""Segments of respondents are given to others by what features say, and by nothing else."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tasks.config.errors import StatisticsError
from tasks.segments.projection import project


def made(seed: int, count: int, signal: float) -> tuple[pl.DataFrame, list[str]]:
    """Three segments, told apart by a number and a text where `signal` is not 0."""
    draw = np.random.default_rng(seed)
    segment = draw.choice(3, count, p=[0.5, 0.3, 0.2])
    age = draw.normal(40, 10, count) + signal * 12 * segment
    town = np.where(draw.random(count) < 0.25 + signal * 0.2 * segment, "town", "village").astype(object)
    town[draw.random(count) < 0.05] = None
    frame = pl.DataFrame(
        {"age": age, "town": pl.Series(town.tolist(), dtype=pl.String), "noise": draw.normal(size=count)}
    )
    frame = frame.with_columns(
        pl.when(pl.Series(draw.random(count) < 0.1)).then(None).otherwise(pl.col("age")).alias("age")
    )
    return frame, [f"s{number}" for number in segment]


def test_others_get_the_segment_that_is_theirs_more_often_than_by_guessing() -> None:
    frame, segments = made(1, 3000, 1.0)
    found = project(frame[:1500], segments[:1500], frame[1500:], seed=0)
    hits = np.asarray(found.segments) == np.asarray(segments[1500:], dtype=object)
    # What was promised on respondents holds on others, within three standard errors of either.
    assert hits.mean() == pytest.approx(found.worth.accuracy, abs=3 * np.sqrt(2 * 0.25 / 1500))
    assert hits.mean() > found.worth.base_rate + 0.1
    sure = found.chances >= 0.7
    (promised,) = [item for item in found.worth.coverage if item.confidence == 0.7]
    assert promised.accuracy is not None
    assert sure.mean() == pytest.approx(promised.share, abs=0.06)
    assert hits[sure].mean() == pytest.approx(promised.accuracy, abs=0.08)
    assert hits[sure].mean() > hits.mean()


def test_chances_are_those_with_which_it_is_right() -> None:
    frame, segments = made(2, 6000, 0.8)
    found = project(frame[:3000], segments[:3000], frame[3000:], seed=0)
    hits = np.asarray(found.segments) == np.asarray(segments[3000:], dtype=object)
    for low, high in ((0.4, 0.55), (0.55, 0.7), (0.7, 0.85)):
        inside = (found.chances >= low) & (found.chances < high)
        assert inside.sum() > 150
        error = 4 * np.sqrt(0.25 / inside.sum())
        assert hits[inside].mean() == pytest.approx(found.chances[inside].mean(), abs=error)


def test_features_that_say_nothing_are_refused_but_for_a_chance_of_one_in_a_hundred() -> None:
    refused = 0
    for seed in range(6):
        frame, segments = made(100 + seed, 300, 0.0)
        try:
            project(frame, segments, frame[:5], seed=seed)
        except StatisticsError as error:
            refused += "do not tell the segments apart" in error.message
    # Of 6 with a chance of 1 % each to be let through, two or more have one of 0.15 %.
    assert refused >= 5


def test_the_same_is_found_whatever_the_order_of_the_others() -> None:
    frame, segments = made(3, 800, 1.0)
    there = project(frame[:400], segments[:400], frame[400:], seed=0)
    back = project(frame[:400], segments[:400], frame[400:].reverse(), seed=0)
    assert list(there.segments) == list(back.segments[::-1])
    assert there.worth == back.worth


@pytest.mark.parametrize(
    ("counts", "told"),
    [((30, 0, 0), "s0 30"), ((30, 9, 0), "s0 30, s1 9"), ((0, 0, 0), "there are none")],
)
def test_too_few_respondents_are_refused_with_their_number(counts: tuple[int, int, int], told: str) -> None:
    segments = [f"s{number}" for number, count in enumerate(counts) for _ in range(count)]
    frame = pl.DataFrame({"age": pl.Series(range(len(segments)), dtype=pl.Int64)})
    with pytest.raises(StatisticsError, match=told):
        project(frame, segments, frame, seed=0)


def test_a_feature_without_any_value_and_a_text_never_seen_do_no_harm() -> None:
    frame, segments = made(4, 900, 1.0)
    frame = frame.with_columns(pl.lit(None).cast(pl.Float64).alias("empty"))
    others = frame[:3].with_columns(pl.lit("the moon").alias("town"), pl.lit(None).cast(pl.Float64).alias("age"))
    found = project(frame, segments, others, seed=0)
    assert set(found.segments) <= {"s0", "s1", "s2"}
    assert all(0 < chance <= 1 for chance in found.chances)


def test_a_segment_of_few_respondents_is_given_to_nobody_and_hinders_no_other() -> None:
    frame, segments = made(5, 900, 1.0)
    without = project(frame[:600], segments[:600], frame[600:], seed=0)
    few = pl.concat([frame[:600], frame[600:606]])
    found = project(few, [*segments[:600], *["rare"] * 6], frame[606:], seed=0)
    assert set(found.segments) == {"s0", "s1", "s2"}
    assert (without.worth.too_few, found.worth.too_few) == ((), ("rare",))
    # They are respondents whom the model does not find.
    assert found.worth.respondents == 606
    assert found.worth.accuracy == pytest.approx(without.worth.accuracy * 600 / 606, abs=0.02)
    assert "too few respondents: rare" in found.worth.sentence()
    assert "too few" not in without.worth.sentence()
