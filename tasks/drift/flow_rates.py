"""Whether customers leave a segment for others as often as they did between the two runs before.

Owns: the comparison of two migration matrices, row by row. Does not own the flows (`monitoring.transition`), or how
much they differ by themselves (`dispersion.py`).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tasks.drift import effects, sensitivity, two_sample
from tasks.drift.dispersion import dispersed_p_value, dispersion_of
from tasks.drift.policy import DriftPolicy
from tasks.drift.records import DriftScore
from tasks.drift.tables import Integers, LevelTable, MergeRule, level_table

Flows = Mapping[str, Mapping[str | None, int]]
"""Customers by the segment they were in and the one they went to; None: in no segment, or no customer any more."""

NOWHERE = "in no segment"


def measure_flow_rates(
    then: Flows, now: Flows, policy: DriftPolicy, seed: int, earlier: Sequence[Flows] = ()
) -> list[DriftScore]:
    """Compare, for each segment, where its customers went: in the present period and in the one before.

    Chi-square of homogeneity of the two rows of the migration matrices, which is the test of Anderson & Goodman 1957
    (Annals of Mathematical Statistics 28:89-110, section 3.2) for stationary transition probabilities: given where they
    are, customers of two periods are independent samples of where they go. Where enough past periods show that they
    are not, the statistic is taken over their dispersion.

    Args:
        then: flows of the period before.
        now: flows of the present period, which is about as long.
        policy: the limits.
        seed: of Monte Carlo p-values.
        earlier: flows of the periods before these two, as far as they are about as long.

    Returns:
        One score for each segment that had members at the start of both periods, in the order of their ids.
    """
    return [
        _score(segment, [one.get(segment, {}) for one in (*earlier, then, now)], policy, seed)
        for segment in sorted(then.keys() & now.keys())
        if sum(then[segment].values()) and sum(now[segment].values())
    ]


class _Tested(NamedTuple):
    statistic: float
    p_value: float
    degrees_of_freedom: int
    scale: float
    floor: float


def _tested(table: LevelTable, past: Integers, policy: DriftPolicy, random: np.random.Generator) -> _Tested:
    """The two samples of a table; `past`: counts by earlier period and level, as far as there were customers."""
    outcome = two_sample.chi_square_homogeneity(table, resamples=policy.resamples, random=random)
    reach = sensitivity.two_sample_w(table.reference_count, table.current_count)
    degrees = max(outcome.degrees_of_freedom, 1)
    is_known = len(past) >= policy.history_minimum_runs
    dispersion = dispersion_of(past, policy.minimum_expected) if is_known else None
    if dispersion is None:
        return _Tested(outcome.statistic, outcome.p_value, degrees, reach.scale, reach.floor)
    return _Tested(
        outcome.statistic / dispersion.factor,
        # What chance alone explains is not made news by the estimate.
        max(outcome.p_value, dispersed_p_value(outcome.statistic, degrees, dispersion)),
        degrees,
        reach.scale * math.sqrt(dispersion.factor),
        reach.floor,
    )


def _score(segment: str, periods: Sequence[Mapping[str | None, int]], policy: DriftPolicy, seed: int) -> DriftScore:
    targets = sorted(set().union(*periods), key=lambda target: (target is None, target or ""))
    counts = np.array([[period.get(target, 0) for target in targets] for period in periods], dtype=np.int64)
    table = level_table(
        counts[-2],
        counts[-1],
        tuple(target or NOWHERE for target in targets),
        MergeRule(policy.minimum_expected, policy.maximum_levels),
    )
    random = np.random.default_rng((seed, zlib.crc32(segment.encode()), zlib.crc32(b"flow_rates")))
    past = counts[:-1]
    tested = _tested(table, past[past.sum(axis=1) > 0], policy, random)
    change = effects.ShareChange.of(table)
    largest = effects.largest_level_change(change, table.names)
    return DriftScore(
        subject_kind="flow",
        subject_name=segment,
        feature_type="flow_rates",
        snapshot_kind="two_sample",
        test_name="chi_square_flows",
        aspect="flow_rate",
        statistic=tested.statistic,
        p_value=tested.p_value,
        degrees_of_freedom=tested.degrees_of_freedom,
        effect_name="w",
        effect_size=effects.corrected_w(change),
        effect_scale=tested.scale,
        effect_floor=tested.floor,
        reference_count=table.reference_count,
        current_count=table.current_count,
        common_count=None,
        entered_count=None,
        left_count=None,
        reference_value_count=table.reference_count,
        current_value_count=table.current_count,
        total_variation=effects.total_variation(change),
        level_name=largest.name,
        level_reference_share=largest.reference_share,
        level_change=largest.change,
        largest_level_name=largest.name,
        largest_level_change=largest.change,
    )
