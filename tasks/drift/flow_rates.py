"""Whether customers leave a segment for others as often as they did between the two runs before.

Owns: the comparison of two migration matrices, row by row. Does not own the flows (`monitoring.transition`).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from tasks.drift import effects, sensitivity, two_sample
from tasks.drift.policy import DriftPolicy
from tasks.drift.records import DriftScore
from tasks.drift.tables import MergeRule, level_table

Flows = Mapping[str, Mapping[str | None, int]]
"""Customers by the segment they were in and the one they went to; None: in no segment, or no customer any more."""

NOWHERE = "in no segment"


def measure_flow_rates(then: Flows, now: Flows, policy: DriftPolicy, seed: int) -> list[DriftScore]:
    """Compare, for each segment, where its customers went: in the present period and in the one before.

    Chi-square of homogeneity of the two rows of the migration matrices, which is the test of Anderson & Goodman 1957
    (Annals of Mathematical Statistics 28:89-110, section 3.2) for stationary transition probabilities: given where they
    are, customers of two periods are independent samples of where they go.

    Args:
        then: flows of the period before.
        now: flows of the present period, which is about as long.
        policy: the limits.
        seed: of Monte Carlo p-values.

    Returns:
        One score for each segment that had members at the start of both periods, in the order of their ids.
    """
    return [
        _score(segment, then[segment], now[segment], policy, seed)
        for segment in sorted(then.keys() & now.keys())
        if sum(then[segment].values()) and sum(now[segment].values())
    ]


def _score(
    segment: str, then: Mapping[str | None, int], now: Mapping[str | None, int], policy: DriftPolicy, seed: int
) -> DriftScore:
    targets = sorted(then.keys() | now.keys(), key=lambda target: (target is None, target or ""))
    table = level_table(
        np.array([then.get(target, 0) for target in targets], dtype=np.int64),
        np.array([now.get(target, 0) for target in targets], dtype=np.int64),
        tuple(target or NOWHERE for target in targets),
        MergeRule(policy.minimum_expected, policy.maximum_levels),
    )
    random = np.random.default_rng((seed, zlib.crc32(segment.encode()), zlib.crc32(b"flow_rates")))
    outcome = two_sample.chi_square_homogeneity(table, resamples=policy.resamples, random=random)
    reach = sensitivity.two_sample_w(table.reference_count, table.current_count)
    change = effects.ShareChange.of(table)
    largest = effects.largest_level_change(change, table.names)
    return DriftScore(
        subject_kind="flow",
        subject_name=segment,
        feature_type="flow_rates",
        snapshot_kind="two_sample",
        test_name="chi_square_flows",
        aspect="flow_rate",
        statistic=outcome.statistic,
        p_value=outcome.p_value,
        degrees_of_freedom=max(outcome.degrees_of_freedom, 1),
        effect_name="w",
        effect_size=effects.corrected_w(change),
        effect_scale=reach.scale,
        effect_floor=reach.floor,
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
