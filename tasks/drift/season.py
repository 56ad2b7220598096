"""What the season does every year is no drift: the change of this period beside that of the same period last year.

Owns: the expected change of columns, and what a verdict on one is worth beyond it. Does not own which runs are a year
apart (`references.py`), or the figures of segments (`season_of_segments.py`).

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

from tasks.drift import effects
from tasks.drift.columns import CUSTOMER, Snapshot
from tasks.drift.policy import DriftPolicy, EffectHistory, FeatureSpec
from tasks.drift.population import measure_population
from tasks.drift.records import DriftScore, DriftVerdict, Level
from tasks.drift.sentences import subject_of
from tasks.drift.tables import MISSING_LEVEL, Floats
from tasks.drift.verdict import materiality

LEVELS: tuple[Level, ...] = ("none", "notice", "alarm")
"""By rank."""


@dataclass(frozen=True, slots=True)
class Season:
    """The same period a year ago.

    Attributes:
        earlier: snapshot at its start.
        later: snapshot at its end.
        label: the period in words.
    """

    earlier: Snapshot
    later: Snapshot
    label: str


def discount_season(
    verdicts: Sequence[DriftVerdict],
    present: tuple[Snapshot, Snapshot],
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
    columns = {_subject(spec): name for name, spec in specs.items()}
    worth: dict[str, int] = {}
    found = []
    for verdict in verdicts:
        name = columns.get((verdict.subject_name, verdict.part_name))
        if verdict.level == "none" or name is None or not _is_known(season, name):
            found.append(verdict)
            continue
        if name not in worth:
            worth[name] = _worth(present, season, specs[name], policy, history or {})
        found.append(lowered(verdict, worth[name], season.label))
    return found


def judged_subjects(season: Season, specs: Mapping[str, FeatureSpec]) -> set[tuple[str, str | None]]:
    """Name and part of what is judged by the season: the columns that say something of anybody at both of its ends."""
    return {_subject(spec) for name, spec in specs.items() if _is_known(season, name)}


def _subject(spec: FeatureSpec) -> tuple[str, str | None]:
    return spec.subject_name or spec.name, spec.part_name


def _is_known(season: Season, name: str) -> bool:
    return all(
        name in frame.columns and frame[name].null_count() < frame.height for frame in (season.earlier, season.later)
    )


def _worth(
    present: tuple[Snapshot, Snapshot],
    season: Season,
    spec: FeatureSpec,
    policy: DriftPolicy,
    history: EffectHistory,
) -> int:
    """The level of what is left of a column's change, the gravest of its aspects."""
    pairs = (present, (season.earlier, season.later))
    now, then = (measure_population(*pair, {spec.name: spec}, 0, policy, 0) for pair in pairs)
    if spec.kind == "numeric":
        expected = {(score.test_name, score.aspect): score.effect_size for score in then}
        left = [
            dataclasses.replace(score, effect_size=score.effect_size - before)
            for score in now
            # A shape has no direction: its change is the season's where the value and the shares are.
            if score.effect_name != "w"
            and score.effect_size is not None
            and (before := expected.get((score.test_name, score.aspect))) is not None
        ]
    else:
        left = [_mix_left(now[0], pairs, spec.name, policy)]
    levels = (materiality(score, policy, history) for score in left)
    return max((LEVELS.index(level) for level in levels), default=0)


def _mix_left(
    score: DriftScore, pairs: Sequence[tuple[Snapshot, Snapshot]], name: str, policy: DriftPolicy
) -> DriftScore:
    """The score of a mix whose shares changed by what the season leaves; `pairs`: start and end, now and then.

    No test has looked at what is left, and half a percentage point of a level is worth an alarm: of some hundred
    customers two years differ by that in one level or another by chance. So a level counts by what is more than chance
    does to the changes of both years, and where none is, nothing is left.
    """
    columns = [frame[name] for pair in pairs for frame in pair]
    shares = [_shares(column) for column in columns]
    names = tuple(sorted(set().union(*shares)))
    before, after, then, later = (np.array([one.get(name, 0.0) for name in names]) for one in shares)
    left = after - before - (later - then)
    noise = np.sqrt(sum(_change_variance(*pair, name, names) for pair in pairs))
    is_left = np.abs(left) > policy.deviations(len(names)) * noise
    pooled = np.maximum((before + after) / 2, 1 / (columns[0].len() + columns[1].len()))
    # All four are samples: what is left has the noise of each.
    covariance = (np.diag(pooled) - np.outer(pooled, pooled)) * sum(1 / column.len() for column in columns)
    change = effects.ShareChange(pooled, before, before + left * is_left.any(), covariance)
    by_level = dataclasses.replace(change, current=before + left * is_left)
    standout = effects.standout_level(
        by_level, names, absolute_limit=policy.level_change, relative_limit=policy.level_relative_change
    )
    largest = effects.largest_level_change(by_level, names)
    return dataclasses.replace(
        score,
        effect_size=effects.corrected_w(change),
        level_name=standout.name,
        level_reference_share=standout.reference_share,
        level_change=standout.change,
        largest_level_name=largest.name,
        largest_level_change=largest.change,
    )


def _change_variance(earlier: Snapshot, later: Snapshot, name: str, names: tuple[str, ...]) -> Floats:
    """Variance of the change of each level's share, as customers come, go and move, each for himself.

    Who stays in a level adds nothing to it, however many they are; who moves adds or takes his part. How many come and
    go is chance itself, also where whoever comes is in one and the same level.
    """
    old, new = (
        pl.DataFrame([frame[CUSTOMER], frame[name].cast(pl.String).fill_null(MISSING_LEVEL).alias(label)])
        for frame, label in ((earlier, "before"), (later, "after"))
    )
    counted = old.join(new, on=CUSTOMER, how="full").group_by("before", "after").len()
    variance = np.zeros(len(names))
    total = np.zeros(len(names))
    common = 0
    for before, after, count in counted.iter_rows():
        added = np.array([(after == level) / later.height - (before == level) / earlier.height for level in names])
        variance += added**2 * count
        if before is not None and after is not None:
            total += added * count
            common += count
    return np.asarray(np.maximum(variance - total**2 / max(common, 1), 0.0))


def _shares(column: pl.Series) -> dict[str, float]:
    counted = column.cast(pl.String).fill_null(MISSING_LEVEL).value_counts()
    return {level: count / column.len() for level, count in counted.iter_rows()}


def lowered(verdict: DriftVerdict, worth: int, label: str) -> DriftVerdict:
    """A verdict of which as much is left as a level of that rank is worth; `label`: the period a year ago, in words."""
    if LEVELS.index(verdict.level) <= worth:
        return verdict
    if worth == 0:
        return dataclasses.replace(
            verdict,
            verdict="no_material_drift",
            level="none",
            is_seasonal=True,
            sentence=f"{subject_of(verdict)} changed as the season has it: about as much as {label}.",
        )
    return dataclasses.replace(
        verdict,
        level=LEVELS[worth],
        is_seasonal=True,
        sentence=verdict.sentence.replace(": alarm.", f": beyond the change of {label} no more than a notice."),
    )
