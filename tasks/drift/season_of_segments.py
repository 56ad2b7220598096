"""What the season does to segments every year is no drift: their figures beside those of the same period last year.

Owns: what is left of a change of profiles, KPIs, relations and flows, and what a verdict is worth by it. Does not own
which segments can be held against a year ago (`year_before.py`), or columns of all customers (`season.py`).

Segments are small, so that last year's change is known with noise of its own. Of what it says

- nothing is taken off where it shows no season: where it is no more than its standard error, or goes the other way;
- else it is taken off whole, and what is left is judged as any change is, by a test with the noise of both years, among
  all tests of its kind, and by the same limits.

Years are taken for independent. The same customers do alike each year, which makes the difference surer than it is
taken for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tasks.drift import effects
from tasks.drift.flow_rates import NOWHERE, Flows
from tasks.drift.policy import DriftPolicy, EffectHistory
from tasks.drift.records import DriftScore, DriftVerdict
from tasks.drift.season import LEVELS, lowered
from tasks.drift.tables import Floats
from tasks.drift.verdict import judge_drift

Subject = tuple[str, str | None]
"""Name and part of what a score is about."""
Left = Mapping[Subject, DriftScore]
"""What is left of what was held against a year ago; where nothing was taken off, the score itself."""

_SHOWS = 1.0
"""Standard errors by which last year's change must go the same way to be taken for a season.

Of no season chance does so in one of six figures, of which an event then has the noise of two years to exceed; of a
season that alarms, which is four standard errors and more, hardly one is taken for none.
"""


def subject(score: DriftScore) -> Subject:
    """Name and part of what a score is about."""
    return score.subject_name, score.part_name


def discount_left(
    judged: tuple[Sequence[DriftScore], Sequence[DriftVerdict]],
    left: Left,
    policy: DriftPolicy,
    history: EffectHistory,
    label: str,
) -> list[DriftVerdict]:
    """Lower the verdicts of a family to what is left of their changes.

    Args:
        judged: all scores of the family, and their verdicts.
        left: of those that were held against a year ago.
        policy: of the family.
        history: past effects, as for `judge_drift`.
        label: the period a year ago, in words.
    """
    scores, verdicts = judged
    remaining = [left.get(subject(score), score) for score in scores]
    by_what_is_left = judge_drift(remaining, policy, history)
    return [
        verdict if rest is score else lowered(verdict, LEVELS.index(anew.level), label)
        for score, verdict, rest, anew in zip(scores, verdicts, remaining, by_what_is_left, strict=True)
    ]


def effects_left(present: Sequence[DriftScore], year_before: Sequence[DriftScore]) -> dict[Subject, DriftScore]:
    """What is left of signed effects: profiles, KPIs and relations.

    Args:
        present: scores of the present period.
        year_before: of the same period a year ago; those of other subjects do not count.
    """
    then = {subject(score): score for score in year_before}
    return {
        subject(score): _effect_left(score, then[subject(score)])
        for score in present
        if subject(score) in then and score.effect_size is not None
    }


def _effect_left(now: DriftScore, then: DriftScore) -> DriftScore:
    from scipy.special import stdtr

    size, expected = now.effect_size or 0.0, then.effect_size or 0.0
    errors = _errors(now, then)
    if errors is None or expected * np.sign(size) <= _SHOWS * (then.effect_scale or 0.0):
        return now
    left = size - expected
    least = min(count for one in (now, then) for count in (one.reference_value_count, one.current_value_count))
    # As of the changes themselves: no statistic is larger than the members are many.
    error = max(float(np.hypot(*errors)), abs(left) / least)
    statistic = left / error if error else 0.0
    p_value = float(2 * stdtr(max(least - 1, 1), -abs(statistic)))
    return dataclasses.replace(now, effect_size=left, effect_scale=error, statistic=statistic, p_value=p_value)


def _errors(now: DriftScore, then: DriftScore) -> tuple[float, float] | None:
    """Standard errors of both changes, where both are the same; None where they cannot be."""
    if now.effect_name != "relative_change":
        return now.effect_scale or 0.0, then.effect_scale or 0.0
    sides = [_Ratio.of(score) for score in (now, then)]
    if any(side is None for side in sides):
        return None
    one, other = (side for side in sides if side is not None)
    return (one.error(other.ratio), other.error(one.ratio)) if one.reference * other.reference > 0 else None


class _Ratio(NamedTuple):
    """The present mean over the former one.

    A season multiplies a mean, by a hundred where hardly anybody buys before it, and then the noise of the former mean
    counts as many times: that both ratios are the same is tested by their cross product, whose variance has the ratio
    of the other year in place of the own one (Fieller 1954, JRSS B 16:175-185).
    """

    reference: float
    ratio: float
    reference_variance: float
    current_variance: float
    covariance: float

    @classmethod
    def of(cls, score: DriftScore) -> _Ratio | None:
        before, after, errors = score.reference_mean, score.current_mean, score.mean_errors
        if not before or after is None or errors is None:
            return None
        return cls(before, after / before, *errors)

    def error(self, ratio: float) -> float:
        """Standard error of the ratio, where it is truly this one."""
        variance = self.current_variance + ratio**2 * self.reference_variance - 2 * ratio * self.covariance
        return float(np.sqrt(max(variance, 0.0)) / abs(self.reference))


def flows_left(
    present: Sequence[DriftScore], periods: tuple[Flows, Flows], year_before: tuple[Flows, Flows]
) -> dict[Subject, DriftScore]:
    """What is left of changes of where customers go, target by target.

    Args:
        present: scores of `periods`.
        periods: flows of the period before and of the present one.
        year_before: those a year ago.
    """
    found = {}
    for score in present:
        rows = [flows.get(score.subject_name, {}) for flows in (*periods, *year_before)]
        if all(sum(row.values()) for row in rows):
            found[subject(score)] = _flow_left(score, rows)
    return found


def _flow_left(score: DriftScore, rows: Sequence[Mapping[str | None, int]]) -> DriftScore:
    from scipy.special import ndtr

    targets = sorted(set().union(*rows), key=lambda target: (target is None, target or ""))
    counts = np.array([[row.get(target, 0) for target in targets] for row in rows], dtype=np.float64)
    totals = counts.sum(axis=1, keepdims=True)
    shares, over = counts / totals, 1 / totals[:, 0]
    # Where customers go together, what the test of the change takes for its noise counts here, too.
    dispersion = (score.effect_scale or 0.0) ** 2 / (over[0] + over[1])
    noises = [dispersion * over[at : at + 2].sum() for at in (0, 2)]
    now, then = shares[1] - shares[0], shares[3] - shares[2]
    mixes = [_mix(counts[at : at + 2]) for at in (0, 2)]
    if not _goes_the_same_way(now, then, mixes[1], noises[1]):
        return score
    left = now - then
    error = np.sqrt(sum(noise * mix * (1 - mix) for noise, mix in zip(noises, mixes, strict=True)))
    statistic = float(np.max(np.abs(left) / error))
    pooled = mixes[0]
    covariance = (np.diag(pooled) - np.outer(pooled, pooled)) * sum(noises)
    change = effects.ShareChange(pooled, shares[0], shares[0] + left, covariance)
    largest = effects.largest_level_change(change, tuple(target or NOWHERE for target in targets))
    return dataclasses.replace(
        score,
        statistic=statistic,
        # Of several targets the surest: Bonferroni.
        p_value=min(len(targets) * float(2 * ndtr(-statistic)), 1.0),
        effect_size=effects.corrected_w(change),
        effect_scale=float(np.sqrt(sum(noises))),
        level_name=largest.name,
        level_reference_share=largest.reference_share,
        level_change=largest.change,
        largest_level_name=largest.name,
        largest_level_change=largest.change,
    )


def _mix(counts: Floats) -> Floats:
    """Shares of two periods together; a target that nobody took is not known to be impossible."""
    mix: Floats = (counts.sum(axis=0) + 1) / (counts.sum() + counts.shape[1])
    return mix


def _goes_the_same_way(now: Floats, then: Floats, mix: Floats, noise: float) -> bool:
    """Whether last year's change has more in common with the present one than chance would give it."""
    weights = now / mix
    variance = noise * (np.sum(weights**2 * mix) - np.sum(weights * mix) ** 2)
    return bool(weights @ then > _SHOWS * np.sqrt(max(variance, 0.0)))
