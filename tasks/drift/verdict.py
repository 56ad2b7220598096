"""The judgement: scores of a run in, verdicts out.

Owns: the two gates (significance over the whole run, materiality) and the three verdicts. Does not own: the figures
they judge (`decision`), the words (`sentences`).
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence

import numpy as np

from tasks.config.drift import Limits
from tasks.drift.interval import effect_interval
from tasks.drift.multiplicity import benjamini_hochberg, holm
from tasks.drift.policy import DriftPolicy, EffectHistory, EffectKey
from tasks.drift.records import DriftScore, DriftVerdict, Level, Verdict
from tasks.drift.sensitivity import Sensitivity, minimum_detectable_effect
from tasks.drift.sentences import sentence

_MAD_TO_SD = 1.4826
"""Median absolute deviation to standard deviation of a normal variable."""
_MEAN_AD_TO_SD = math.sqrt(math.pi / 2)
"""Mean absolute deviation to the same."""

_GRAVITY: dict[Level, int] = {"none": 0, "notice": 1, "alarm": 2}


def judge_drift(
    scores: Sequence[DriftScore], policy: DriftPolicy, history: EffectHistory | None = None
) -> list[DriftVerdict]:
    """Judge all scores of one run together.

    *Drift* needs both gates: Holm-adjusted significance over all tests of the run, so that a run without any drift
    has a chance of at most `family_wise_error_rate` to name one; and an effect that matters, so that a million
    customers do not make every tremor news. *No material drift* says that an alarming effect would have been found
    (or that what was found does not matter); *inconclusive* says that it would not have been.

    Args:
        scores: of `measure_drift`, of one pair of snapshots.
        policy: the limits.
        history: this workspace's past run-to-run effects; they raise the alarm threshold of features that always move.

    Returns:
        One verdict per score, in the order of the scores.
    """
    tested = [at for at, score in enumerate(scores) if score.p_value is not None]
    p_values = [_p_value(scores[at]) for at in tested]
    adjusted = dict(zip(tested, holm(p_values).tolist(), strict=True))
    q_values = dict(zip(tested, benjamini_hochberg(p_values).tolist(), strict=True))
    alpha = policy.family_wise_error_rate / max(len(tested), 1)
    return [
        _judge(score, policy, history or {}, p_adjusted=adjusted.get(at), q_value=q_values.get(at), alpha=alpha)
        for at, score in enumerate(scores)
    ]


def deciding_verdicts(verdicts: Sequence[DriftVerdict]) -> list[DriftVerdict]:
    """Pick the verdict that speaks for each subject, in the order the subjects first appear.

    The gravest level; of several, the first test measured (the value before its shape, the shape before its zeros).
    """
    by_subject: dict[tuple[str, str], DriftVerdict] = {}
    for verdict in verdicts:
        key = (verdict.subject_kind, verdict.subject_name)
        leading = by_subject.setdefault(key, verdict)
        if _GRAVITY[verdict.level] > _GRAVITY[leading.level]:
            by_subject[key] = verdict
    return list(by_subject.values())


def effect_key(score: DriftScore) -> EffectKey:
    """Name the series of past effects that a score belongs to."""
    return EffectKey(score.subject_kind, score.subject_name, score.test_name, score.part_name)


def thresholds(score: DriftScore, policy: DriftPolicy, history: EffectHistory) -> Limits:
    """Say from which effect a score is worth a notice or an alarm.

    From a history that is long enough an alarm needs a multiple of its usual movement, too.
    """
    least = _fixed_limits(score, policy)
    usual = usual_movement(score, policy, history) or 0.0
    return Limits(least.notice, max(least.alarm, policy.history_multiple * usual))


def _fixed_limits(score: DriftScore, policy: DriftPolicy) -> Limits:
    of_mixes = Limits(policy.category_notice_w, policy.category_alarm_w)
    of_numbers = Limits(policy.notice_effect, policy.alarm_effect)
    return policy.limits.get(score.subject_kind, of_mixes if _is_mix(score) else of_numbers)


def usual_movement(score: DriftScore, policy: DriftPolicy, history: EffectHistory) -> float | None:
    """Standard deviation of a score's past effects; None while they are too few, and of mixes whose limits are fixed.

    It is taken about 0 (1.4826 times the median absolute effect): a feature that moves by the same amount every week
    has not drifted this week, and the sign of past effects need not be known.

    Of what moves in lumps (answers to campaigns, in weeks that have one) the median says that it does not move at all.
    Where a multiple of it is not worth a notice, the mean absolute effect, times 1.2533, is taken if that is more: the
    fallback for a median deviation of 0 that is in use with the modified z-scores of Iglewicz & Hoaglin 1993 (How to
    Detect and Handle Outliers, p. 11); the factor is Geary's (1935, Biometrika 27:310-332). The largest stretch of
    weeks that were worth a notice is left out of it: one event, however long, is no habit, and hides no other.
    """
    past = [abs(effect) for effect in history.get(effect_key(score), ()) if math.isfinite(effect)]
    if (_is_mix(score) and not policy.mixes_by_history) or len(past) < policy.history_minimum_runs:
        return None
    by_median = _MAD_TO_SD * float(np.median(past))
    notice = _fixed_limits(score, policy).notice
    if policy.history_multiple * by_median >= notice:
        return by_median
    usual = _without_largest_stretch(past, notice)
    return max(by_median, _MEAN_AD_TO_SD * float(np.mean(usual))) if usual else by_median


def _without_largest_stretch(past: Sequence[float], notice: float) -> list[float]:
    """Past effects without the weeks in a row, all worth a notice, that come to the most."""
    stretches = [(is_large, list(effects)) for is_large, effects in itertools.groupby(past, lambda one: one >= notice)]
    largest = max((effects for is_large, effects in stretches if is_large), key=math.fsum, default=None)
    return [effect for _, effects in stretches if effects is not largest for effect in effects]


def _judge(
    score: DriftScore,
    policy: DriftPolicy,
    history: EffectHistory,
    *,
    p_adjusted: float | None,
    q_value: float | None,
    alpha: float,
) -> DriftVerdict:
    limits = thresholds(score, policy, history)
    is_significant = p_adjusted is not None and p_adjusted <= policy.family_wise_error_rate
    level: Level = materiality(score, policy, history) if is_significant else "none"
    detectable = None
    if p_adjusted is not None and score.effect_scale is not None:
        detectable = minimum_detectable_effect(
            Sensitivity(score.effect_scale, score.effect_floor),
            score.degrees_of_freedom,
            alpha=alpha,
            power=policy.power,
        )
    verdict: Verdict = "inconclusive"
    if level != "none":
        verdict = "drift"
    elif is_significant or (detectable is not None and detectable <= limits.alarm):
        verdict = "no_material_drift"
    interval = effect_interval(score)
    judged = DriftVerdict(
        **{field.name: getattr(score, field.name) for field in dataclasses.fields(DriftScore)},
        p_adjusted=p_adjusted,
        q_value=q_value,
        is_significant=is_significant,
        minimum_detectable_effect=detectable,
        notice_threshold=limits.notice,
        alarm_threshold=limits.alarm,
        verdict=verdict,
        level=level,
        sentence="",
        effect_low=interval.low,
        effect_high=interval.high,
    )
    return dataclasses.replace(judged, sentence=sentence(judged))


def _p_value(score: DriftScore) -> float:
    """Of a score that was tested: both the changes and, where asked, the margins must speak against no drift."""
    p_value = score.p_value if score.p_value is not None else 1.0
    return p_value if score.margin_p_value is None else max(p_value, score.margin_p_value)


def _is_mix(score: DriftScore) -> bool:
    return score.feature_type in ("categorical", "segment_mix")


def materiality(score: DriftScore, policy: DriftPolicy, history: EffectHistory) -> Level:
    """Say what an effect would be worth if it is no accident.

    Of a mix that is judged by its history (`DriftPolicy.mixes_by_history`) that history has to be known, and a level
    that moves is a notice.
    """
    limits = thresholds(score, policy, history)
    size = abs(score.effect_size) if score.effect_size is not None else 0.0
    by_level = _level_materiality(score, policy) if _is_mix(score) else "none"
    is_by_history = _is_mix(score) and policy.mixes_by_history
    is_known = not is_by_history or usual_movement(score, policy, history) is not None
    if (_reaches(size, limits.alarm) and is_known) or (by_level == "alarm" and not is_by_history):
        return "alarm"
    return "notice" if _reaches(size, limits.notice) or by_level != "none" else "none"


def _level_materiality(score: DriftScore, policy: DriftPolicy) -> Level:
    """Judge the one level that stands out, and the one that moved most."""
    change, share = abs(score.level_change or 0.0), score.level_reference_share or 0.0
    if _reaches(change, policy.level_change) and _reaches(change, policy.level_relative_change * share):
        return "alarm"
    return "notice" if _reaches(abs(score.largest_level_change or 0.0), policy.level_change) else "none"


def _reaches(size: float, limit: float) -> bool:
    """Compare with room for rounding: from 20 % to 22 % is a tenth, whatever 0.22 - 0.2 is in floating point."""
    return size >= limit or math.isclose(size, limit, rel_tol=1e-9)
