"""The third gate of a paired comparison: did the population change, or only those who stayed?

Owns: what a verdict on the customers of both snapshots is worth for the customers as a whole. Does not own the tests.

Customers who stay grow older with the house: the new ones of last month are new no more, and the busy ones calm down.
A paired test finds that every time, and it is true, and nobody need be called: other new customers came. So a paired
verdict counts for no more than the effect over *all* customers of either snapshot is worth. Where nobody enters or
leaves, the two are the same customers and the gate changes nothing.
"""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from tasks.drift.columns import Snapshot
from tasks.drift.decision import measure_drift
from tasks.drift.policy import DriftPolicy, EffectHistory, FeatureSpec
from tasks.drift.reconstruction import measure_reconstruction
from tasks.drift.records import DriftScore, DriftVerdict, Level
from tasks.drift.sentences import named
from tasks.drift.verdict import materiality

_LEVELS: tuple[Level, ...] = ("none", "notice", "alarm")


def measure_population(
    reference: Snapshot,
    current: Snapshot,
    specs: Mapping[str, FeatureSpec],
    elapsed_days: int,
    policy: DriftPolicy,
    seed: int,
) -> list[DriftScore]:
    """Measure effects over all customers of each snapshot, as if they were strangers; arguments as `measure_drift`.

    Only the effect sizes are of use: the p-values ignore that most customers are the same.
    """
    # No share of common customers reaches infinity, so that the comparison is never paired; p-values are not read.
    unpaired = dataclasses.replace(policy, paired_common_share=math.inf, resamples=99)
    return [
        *measure_drift(reference, current, specs, elapsed_days, unpaired, seed),
        *measure_reconstruction(reference, current, specs, unpaired, seed),
    ]


def confirm_on_population(
    verdicts: Sequence[DriftVerdict],
    population: Sequence[DriftScore],
    policy: DriftPolicy,
    history: EffectHistory | None = None,
) -> list[DriftVerdict]:
    """Lower each paired verdict to what the effect over all customers is worth.

    Args:
        verdicts: of `judge_drift`.
        population: of `measure_population`, on the same snapshots.
        policy: the limits.
        history: past effects, as for `judge_drift`.

    Returns:
        The verdicts in their order; one that does not hold for the population is `no_material_drift`, and says so.
    """
    worth: dict[tuple[str, str | None], int] = defaultdict(int)
    for score in population:
        level = materiality(score, policy, history or {})
        subject = (score.subject_name, score.part_name)
        worth[subject] = max(worth[subject], _LEVELS.index(level))
    return [_lowered(verdict, worth[verdict.subject_name, verdict.part_name]) for verdict in verdicts]


def _lowered(verdict: DriftVerdict, worth: int) -> DriftVerdict:
    if verdict.snapshot_kind != "paired" or _LEVELS.index(verdict.level) <= worth:
        return verdict
    if worth == 0:
        sentence = (
            f"{named(verdict)} changed for customers who stayed, but not materially for all customers:"
            " those who came and went make up for it."
        )
        return dataclasses.replace(verdict, verdict="no_material_drift", level="none", sentence=sentence)
    sentence = verdict.sentence.replace(": alarm.", ": for all customers no more than a notice.")
    return dataclasses.replace(verdict, level=_LEVELS[worth], sentence=sentence)
