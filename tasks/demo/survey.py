"""What customers think, and what they answer when the yearly survey asks them.

Owns: true attitudes and the export of each wave, a column for each item.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.demo import story
from tasks.demo.draws import Draws, Flags, Floats, Ints
from tasks.demo.population import Customers
from tasks.demo.spelling import customer_ids, moments
from tasks.demo.story import ATTITUDES, SEGMENTS, SURVEY_ITEMS, SURVEYS

LOWEST, HIGHEST = 1, 5
_STEPS = HIGHEST - LOWEST
_DAY_SECONDS = 86_400
_MEANS: Floats = np.array([segment.attitudes for segment in SEGMENTS])


def attitudes_of(draws: Draws, customers: Customers) -> Floats:
    """True attitudes, shape (customers, attitudes): even around the mean of the segment, within the scale."""
    mean = _MEANS[customers.segment]
    key = customers.number[:, None] * len(ATTITUDES) + np.arange(len(ATTITUDES))
    away = story.ATTITUDE_SIGMA * draws.normal("attitude", key.ravel()).reshape(mean.shape)
    # Cut off at the same distance on both sides, so that the mean stays what the story says.
    room = np.minimum(mean - LOWEST, HIGHEST - mean)
    return np.asarray(mean + np.clip(away, -room, room), dtype=np.float64)


def responds(draws: Draws, customers: Customers, wave: int) -> Flags:
    """Who answers a wave: a share of those who are customers on its first day."""
    day = story.day_of(SURVEYS[wave][1])
    key = customers.number * len(SURVEYS) + wave
    is_there = (customers.registered_day < day) & (customers.left_day > day + story.SURVEY_DAYS)
    return is_there & draws.chance("survey.responds", key, story.SURVEY_SHARE)


def survey_frame(draws: Draws, customers: Customers, attitudes: Floats, wave: int) -> pl.DataFrame:
    """The answers of a wave, one row per respondent, by time; an item left out is null."""
    name, first = SURVEYS[wave]
    chosen = np.flatnonzero(responds(draws, customers, wave))
    key = customers.number[chosen] * len(SURVEYS) + wave
    second = 25_200 + draws.integer("survey.second", key, 57_600)
    day = story.day_of(first) + draws.integer("survey.day", key, story.SURVEY_DAYS)
    at = day * _DAY_SECONDS + second
    order = np.lexsort((key, at))
    chosen, key, at = chosen[order], key[order], at[order]
    answers = {
        column: _answers(draws, column, key, attitudes[chosen, of], is_reversed=is_reversed)
        for column, of, is_reversed, _ in SURVEY_ITEMS
    }
    return pl.DataFrame(
        {
            "wave": pl.Series([name]).new_from_index(0, len(chosen)),
            "customer": customer_ids(customers.number[chosen]),
            "answered_at": moments(at).dt.strftime("%Y-%m-%d %H:%M:%S"),
            **answers,
        }
    )


def _answers(draws: Draws, column: str, key: Ints, attitude: Floats, *, is_reversed: bool) -> pl.Series:
    """1 + Binomial(4, p), whose mean is the attitude; of a reversed item 6 less that."""
    share = (attitude - LOWEST) / _STEPS
    steps = sum(draws.chance(f"survey.{column}.{step}", key, share).astype(np.int64) for step in range(_STEPS))
    score = np.asarray(LOWEST + steps, dtype=np.int64)
    left_out = pl.Series(draws.chance(f"survey.{column}.left_out", key, story.ITEM_LEFT_OUT_SHARE))
    return pl.Series(LOWEST + HIGHEST - score if is_reversed else score).set(left_out, None)
