"""What the season does every year is no drift: the change of this period beside that of the same period last year.

Owns: the expected change, and what a verdict is worth beyond it. Does not own which runs are a year apart
(`reading.py`).

A naive seasonal forecast: the change expected between two dates is the one that was measured between the same two dates
a year before (Hyndman & Athanasopoulos 2021, Forecasting: Principles and Practice, section 5.2). What remains is judged
by the same limits. Whether customers look as they did last year is another question: a base that crashes back to
where it was a year ago does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.drift.policy import DriftPolicy, EffectHistory, FeatureSpec
from tasks.drift.population import measure_population
from tasks.drift.records import DriftVerdict, Level
from tasks.drift.sentences import named
from tasks.drift.verdict import thresholds

_LEVELS: tuple[Level, ...] = ("none", "notice", "alarm")


@dataclass(frozen=True, slots=True)
class Season:
    """The same period a year ago.

    Attributes:
        earlier: snapshot at its start.
        later: snapshot at its end.
        label: the period in words.
    """

    earlier: pl.DataFrame
    later: pl.DataFrame
    label: str


def discount_season(
    verdicts: Sequence[DriftVerdict],
    present: tuple[pl.DataFrame, pl.DataFrame],
    season: Season,
    specs: Mapping[str, FeatureSpec],
    policy: DriftPolicy,
    history: EffectHistory | None = None,
) -> list[DriftVerdict]:
    """Lower each verdict on a column of the snapshots to what its change is worth beyond that of the season.

    Args:
        verdicts: of the present period.
        present: the snapshots at its start and end.
        season: the same period a year ago.
        specs: the columns compared.
        policy: the limits.
        history: past effects, as for `judge_drift`.

    Returns:
        The verdicts in their order; of those that the season explains, in whole or in part, `is_seasonal` is true.
    """
    columns = {(spec.subject_name or name, spec.part_name): name for name, spec in specs.items()}
    worth: dict[str, int] = {}
    lowered = []
    for verdict in verdicts:
        name = columns.get((verdict.subject_name, verdict.part_name))
        known = name is not None and all(_is_known(frame, name) for frame in (season.earlier, season.later))
        if verdict.level == "none" or name is None or not known:
            lowered.append(verdict)
            continue
        if name not in worth:
            worth[name] = _worth(present, season, specs[name], policy, history or {})
        lowered.append(_lowered(verdict, worth[name], season.label))
    return lowered


def _is_known(frame: pl.DataFrame, name: str) -> bool:
    return name in frame.columns and frame.get_column(name).null_count() < frame.height


def _worth(
    present: tuple[pl.DataFrame, pl.DataFrame],
    season: Season,
    spec: FeatureSpec,
    policy: DriftPolicy,
    history: EffectHistory,
) -> int:
    """The level of what is left of a column's change, the gravest of its aspects."""
    if spec.kind != "numeric":
        return _mix_worth(present, season, spec.name, policy)
    now, then = (
        measure_population(*pair, {spec.name: spec}, 0, policy, 0) for pair in (present, (season.earlier, season.later))
    )
    expected = {(score.test_name, score.aspect): score for score in then}
    worth = 0
    for score in now:
        before = expected.get((score.test_name, score.aspect))
        if score.effect_name == "w" or score.effect_size is None or before is None or before.effect_size is None:
            # A shape has no direction: its change is the season's where the value and the shares are.
            continue
        limits = thresholds(score, policy, history)
        left = abs(score.effect_size - before.effect_size)
        worth = max(worth, 2 if left >= limits.alarm else 1 if left >= limits.notice else 0)
    return worth


def _mix_worth(present: tuple[pl.DataFrame, pl.DataFrame], season: Season, name: str, policy: DriftPolicy) -> int:
    shares = [_shares(frame.get_column(name)) for frame in (*present, season.earlier, season.later)]
    levels = sorted(set().union(*shares))
    before, after, then, later = (np.array([one.get(level, 0.0) for level in levels]) for one in shares)
    left = (after - before) - (later - then)
    sizes = [frame.height for frame in (*present, season.earlier, season.later)]
    pooled = np.maximum((before + after) / 2, 1 / (sizes[0] + sizes[1]))
    noise = (len(levels) - 1) * sum(1 / size for size in sizes)
    w = float(np.sqrt(max(float(np.sum(left**2 / pooled)) - noise, 0.0)))
    moved = np.abs(left) >= policy.level_change
    if w >= policy.category_alarm_w or bool(np.any(moved & (np.abs(left) >= policy.level_relative_change * before))):
        return 2
    return 1 if w >= policy.category_notice_w or bool(moved.any()) else 0


def _shares(column: pl.Series) -> dict[str, float]:
    counted = column.cast(pl.String).fill_null("(missing)").value_counts()
    return {level: count / column.len() for level, count in counted.iter_rows()}


def _lowered(verdict: DriftVerdict, worth: int, label: str) -> DriftVerdict:
    if _LEVELS.index(verdict.level) <= worth:
        return verdict
    if worth == 0:
        return dataclasses.replace(
            verdict,
            verdict="no_material_drift",
            level="none",
            is_seasonal=True,
            sentence=f"{named(verdict)} changed as the season has it: about as much as {label}.",
        )
    return dataclasses.replace(
        verdict,
        level=_LEVELS[worth],
        is_seasonal=True,
        sentence=verdict.sentence.replace(": alarm.", f": beyond the change of {label} no more than a notice."),
    )
