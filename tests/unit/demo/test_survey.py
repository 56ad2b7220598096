"""The survey: answers agree with the attitudes that are true, and items of one attitude with each other."""

from __future__ import annotations

import datetime as dt
import json
import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tasks.demo import story
from tests.unit.demo import read_beside
from tests.unit.demo.conftest import Demo


@pytest.fixture(scope="module")
def answers(demo: Demo) -> pl.DataFrame:
    return read_beside.answers(demo.folder)


def _scores(answers: pl.DataFrame, attitude: str) -> pl.DataFrame:
    """The answers to the items of an attitude, reversed ones turned round."""
    index = story.ATTITUDES.index(attitude)
    items = [(column, turned) for column, of, turned, _ in story.SURVEY_ITEMS if of == index]
    assert sum(turned for _, turned in items) == 1
    return answers.select(
        "customer", *((6 - pl.col(column) if turned else pl.col(column)).alias(column) for column, turned in items)
    )


def _alpha(scores: np.ndarray) -> float:
    """Cronbach, Coefficient alpha and the internal structure of tests, Psychometrika 16 (1951), p. 299, formula 2."""
    items = scores.shape[1]
    return items / (items - 1) * (1 - scores.var(axis=0, ddof=1).sum() / scores.sum(axis=1).var(ddof=1))


@pytest.mark.parametrize("attitude", story.ATTITUDES)
def test_items_of_an_attitude_hold_together(answers: pl.DataFrame, attitude: str) -> None:
    scores = _scores(answers, attitude).drop("customer").drop_nulls().to_numpy().astype(float)
    assert 0.7 < _alpha(scores) < 0.85
    # An item that is not turned round runs against the others.
    raw = scores.copy()
    turned = next(place for place, item in enumerate(_items(attitude)) if item)
    raw[:, turned] = 6 - raw[:, turned]
    assert _alpha(raw) < 0.3


def _items(attitude: str) -> list[bool]:
    return [turned for _, of, turned, _ in story.SURVEY_ITEMS if story.ATTITUDES[of] == attitude]


@pytest.mark.parametrize("attitude", story.ATTITUDES)
def test_answers_have_the_means_of_the_true_segments(demo: Demo, answers: pl.DataFrame, attitude: str) -> None:
    """Within four standard errors of the customers that answered; two waves of one customer count as one."""
    scores = _scores(answers, attitude)
    mean = scores.select("customer", score=pl.mean_horizontal(pl.exclude("customer"))).group_by("customer").mean()
    both = mean.join(demo.truth, left_on="customer", right_on="customer_id").drop_nulls("score")
    told = json.loads((demo.folder / "truth" / "figures.json").read_text(encoding="utf-8"))["attitudes"]
    # Who subscribed to meal kits at once came after the last wave.
    assert both.filter(pl.col("segment") == "meal_kit_subscribers").is_empty()
    for segment in (one for one in story.SEGMENTS if one.id != "meal_kit_subscribers"):
        found = both.filter(pl.col("segment") == segment.id)["score"]
        expected = told["mean_by_segment"][segment.id][attitude]
        assert len(found) > 100
        error = float(found.std() or 0) / math.sqrt(len(found))
        assert abs(float(found.mean() or 0) - expected) < 4 * error, segment.id


@pytest.mark.parametrize("attitude", story.ATTITUDES)
def test_answers_go_round_the_attitude_of_each_customer(demo: Demo, answers: pl.DataFrame, attitude: str) -> None:
    scores = _scores(answers, attitude).unpivot(index="customer", value_name="score").drop_nulls()
    both = scores.join(read_beside.profiles(demo.folder), left_on="customer", right_on="customer_id")
    away = both["score"] - both[attitude]
    # 1 + Binomial(4, p) has the variance 4 p (1 − p), p = (attitude − 1) / 4.
    share = (both[attitude] - 1) / 4
    error = math.sqrt(float((4 * share * (1 - share)).sum())) / len(both)
    assert abs(float(away.mean() or 0)) < 4 * error
    assert both[attitude].is_between(1, 5).all()
    assert both["score"].is_between(1, 5).all()
    slope = stats.linregress(both[attitude].to_numpy(), both["score"].to_numpy())
    assert abs(slope.slope - 1) < 4 * slope.stderr


def test_a_share_of_the_customers_answers_each_wave_in_its_weeks(demo: Demo, answers: pl.DataFrame) -> None:
    assert answers.select("wave", "customer").is_unique().all()
    for wave, first in story.SURVEYS:
        told = answers.filter(pl.col("wave") == wave)
        last = first + dt.timedelta(days=story.SURVEY_DAYS)
        assert told["answered_at"].dt.date().is_between(first, last, closed="left").all()
        there = demo.truth.filter(
            (pl.col("registered_date") < first) & (pl.col("left_date").is_null() | (pl.col("left_date") > last))
        )
        assert told.join(there, left_on="customer", right_on="customer_id", how="anti").is_empty()
        assert stats.binomtest(len(told), len(there), story.SURVEY_SHARE).pvalue > 0.001
    left_out = sum(answers[column].null_count() for column, *_ in story.SURVEY_ITEMS)
    asked = len(answers) * len(story.SURVEY_ITEMS)
    assert stats.binomtest(left_out, asked, story.ITEM_LEFT_OUT_SHARE).pvalue > 0.001


def test_attitudes_are_even_around_the_mean_of_the_segment(demo: Demo) -> None:
    profiles = read_beside.profiles(demo.folder)
    for segment in story.SEGMENTS:
        theirs = profiles.filter(pl.col("segment") == segment.id)
        for attitude, mean in zip(story.ATTITUDES, segment.attitudes, strict=True):
            found = theirs[attitude]
            error = float(found.std() or 0) / math.sqrt(len(found))
            assert abs(float(found.mean() or 0) - mean) < 4 * error, (segment.id, attitude)
