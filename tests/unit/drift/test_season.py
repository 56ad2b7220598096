"""The season is discounted, and what goes beyond it is not; kinds of subjects have policies of their own."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from tasks.config.drift import DriftPolicy as Said
from tasks.config.drift import Limits
from tasks.drift.decision import measure_drift
from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.records import DriftVerdict
from tasks.drift.season import Season, discount_season
from tasks.drift.verdict import judge_drift

SPECS = {"amount": FeatureSpec("amount", "numeric"), "kind": FeatureSpec("kind", "category")}
POLICY = DriftPolicy()
COUNT = 3_000


def frame(seed: int, shift: float = 0.0, gift_share: float = 0.1) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            # Other customers each time: seasons are a matter of those who are there.
            "customer_id": [f"{seed}-{n}" for n in range(COUNT)],
            "amount": random.normal(shift, 1, COUNT),
            "kind": np.where(random.random(COUNT) < gift_share, "gift", "own"),
        }
    )


def judged(shift: float, gift_share: float, season: Season | None) -> dict[tuple[str, str], DriftVerdict]:
    before, after = frame(1), frame(2, shift, gift_share)
    verdicts = judge_drift(measure_drift(before, after, SPECS, 30, POLICY, 0), POLICY)
    if season is not None:
        verdicts = discount_season(verdicts, (before, after), season, SPECS, POLICY)
    return {(one.subject_name, one.aspect): one for one in verdicts}


DECEMBER = Season(frame(3, -0.5), frame(4, 0.0, 0.3), "from 2024-11-30 to 2024-12-31")


def test_what_comes_every_year_is_told_and_does_not_alarm() -> None:
    assert judged(0.5, 0.3, None)["amount", "value"].level == "alarm"
    assert judged(0.5, 0.3, None)["kind", "mix"].level == "alarm"
    for verdict in judged(0.5, 0.3, DECEMBER).values():
        assert (verdict.level, verdict.verdict, verdict.is_seasonal) == ("none", "no_material_drift", True)
        assert "from 2024-11-30 to 2024-12-31" in verdict.sentence


def test_what_goes_beyond_the_season_or_against_it_alarms() -> None:
    beyond = judged(1.0, 0.5, DECEMBER)
    assert {one.level for one in beyond.values()} == {"alarm"}
    assert not any(one.is_seasonal for one in beyond.values())
    # The same size the other way round is no season.
    assert judged(-0.5, 0.02, DECEMBER)["amount", "value"].level == "alarm"


def moving(seed: int, moved_share: float, count: int = 800) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same customers before and after: all are away, then some are back, in levels of which some are rare."""
    random = np.random.default_rng(seed)
    back = np.where(random.random(count) < 0.9, random.choice(["often", "seldom"], count), "once")
    after = np.where(random.random(count) < moved_share, back, "away")
    ids = [f"{n}" for n in range(count)]
    amount = np.zeros(count)
    return tuple(
        pl.DataFrame({"customer_id": ids, "amount": amount, "kind": kind}) for kind in (["away"] * count, after)
    )


@pytest.mark.parametrize("seed", range(20))
def test_what_chance_leaves_of_a_season_of_a_small_company_is_no_alarm(seed: int) -> None:
    before, after = moving(seed, 0.14)
    verdicts = judge_drift(measure_drift(before, after, {"kind": SPECS["kind"]}, 30, POLICY, 0), POLICY)
    assert "alarm" in {one.level for one in verdicts}
    season = Season(*moving(100 + seed, 0.14), "from 2024-11-30 to 2024-12-31")
    left = discount_season(verdicts, (before, after), season, SPECS, POLICY)
    assert {one.level for one in left} == {"none"}
    assert all(one.is_seasonal for one in left if one.effect_size)


def growing(seed: int, newcomers: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    before, after = moving(seed, 0.14)
    come = {
        "customer_id": [f"n{n}" for n in range(newcomers)],
        "amount": [0.0] * newcomers,
        "kind": ["new"] * newcomers,
    }
    return before, pl.concat([after, pl.DataFrame(come)]) if newcomers else after


def test_how_many_come_is_chance_too_as_far_as_it_goes() -> None:
    present = growing(1, 12)
    verdicts = judge_drift(measure_drift(*present, {"kind": SPECS["kind"]}, 30, POLICY, 0), POLICY)
    for count, is_alarm in ((6, False), (22, False), (80, True)):
        season = Season(*growing(2, count), "then")
        left = discount_season(verdicts, present, season, SPECS, POLICY)
        assert ("alarm" in {one.level for one in left}) is is_alarm, count


def test_a_small_change_of_customers_who_stay_goes_beyond_the_season() -> None:
    before, after = moving(1, 0.14)
    quiet = Season(*moving(2, 0.02), "from 2024-11-30 to 2024-12-31")
    verdicts = judge_drift(measure_drift(before, after, {"kind": SPECS["kind"]}, 30, POLICY, 0), POLICY)
    left = discount_season(verdicts, (before, after), quiet, SPECS, POLICY)
    assert "alarm" in {one.level for one in left}


def test_a_column_that_was_not_known_a_year_ago_is_left_as_it_is() -> None:
    unknown = Season(
        DECEMBER.earlier.with_columns(amount=pl.lit(None, dtype=pl.Float64)), DECEMBER.later.drop("kind"), "then"
    )
    assert judged(0.5, 0.3, unknown) == judged(0.5, 0.3, None)


def test_kinds_of_subjects_have_limits_of_their_own() -> None:
    loose = dataclasses.replace(POLICY, limits={"feature": Limits(2.0, 3.0)})
    scores = measure_drift(frame(1), frame(2, 0.5), {"amount": SPECS["amount"]}, 30, loose, 0)
    assert {one.level for one in judge_drift(scores, loose)} == {"none"}
    assert "alarm" in {one.level for one in judge_drift(scores, POLICY)}


def test_the_workspace_says_who_is_told() -> None:
    said = Said.model_validate({"subjects": {"kpi": {"alert": "notice"}, "flow": {"alarm_effect": 0.5}}})
    assert [said.alerts_from(kind) for kind in ("feature", "kpi", "flow", "profile")] == [
        "alarm",
        "notice",
        "alarm",
        "never",
    ]
    assert said.limits_of("flow") == Limits(0.1, 0.5)
    assert said.limits_of("feature") == Limits(0.05, 0.1)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"subjects": {"kpi": {"notice_effect": 0.5, "alarm_effect": 0.1}}}, "subjects.kpi: a notice from 0.5 on"),
        # The other limit is that of the kind.
        ({"subjects": {"segment_mix": {"notice_effect": 0.06}}}, "subjects.segment_mix: a notice from 0.06 on"),
        ({"notice_effect": 0.2}, "a notice from 0.2 on and an alarm from 0.1 on: an alarm must be the larger change"),
    ],
)
def test_a_notice_above_its_alarm_is_refused(said: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(told)):
        Said.model_validate(said)
