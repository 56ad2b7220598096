"""Who came and who went: entrants and leavers described beside the customers who stayed.

Owns: `profile_turnover`. Does not own: a verdict: paired tests speak of those who stayed, and this says how far the
others differ, so that a change that came in with new customers is not overlooked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from tasks.drift import effects
from tasks.drift.columns import Snapshot
from tasks.drift.decision import check_columns
from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.records import EffectName
from tasks.drift.snapshots import SnapshotPair, level_codes, numeric_values, pair_snapshots
from tasks.drift.tables import Integers, MergeRule, ValueTable, level_table

Group = Literal["entered", "left"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnoverProfile:
    """One feature of the entrants or leavers, beside the common customers of the same snapshot.

    Attributes:
        group: `entered` (described by the current snapshot) or `left` (by the reference).
        subject_name: the feature.
        customer_count: customers in the group.
        value_count: those of them who have a value.
        group_median: numeric features only.
        common_median: the same of the common customers.
        level_name: categories only: the level whose share differs most.
        group_share: its share in the group (0-1).
        common_share: its share among the common customers (0-1).
        effect_name: `probit_d` (positive: the group lies higher) or `w`.
        effect_size: of the difference; None where one side has no values.
    """

    group: Group
    subject_name: str
    customer_count: int
    value_count: int
    group_median: float | None = None
    common_median: float | None = None
    level_name: str | None = None
    group_share: float | None = None
    common_share: float | None = None
    effect_name: EffectName
    effect_size: float | None


def profile_turnover(
    reference: Snapshot, current: Snapshot, specs: Mapping[str, FeatureSpec], policy: DriftPolicy
) -> list[TurnoverProfile]:
    """Describe entrants and leavers, feature by feature; arguments and errors as `decision.measure_drift`.

    Returns:
        Entrants first, then leavers; a group without customers has no rows.
    """
    check_columns(reference, current, specs)
    pair = pair_snapshots(reference, current, paired_common_share=policy.paired_common_share)
    groups: tuple[Group, Group] = ("entered", "left")
    return [
        _profile(pair, group, spec, policy)
        for group in groups
        if (pair.entered_count if group == "entered" else pair.left_count)
        for spec in specs.values()
    ]


def _profile(pair: SnapshotPair, group: Group, spec: FeatureSpec, policy: DriftPolicy) -> TurnoverProfile:
    if group == "entered":
        column, rows, common = pair.current[spec.name], pair.entered, pair.common_current
    else:
        column, rows, common = pair.reference[spec.name], pair.left, pair.common_reference
    if spec.kind == "numeric":
        return _numeric_profile(group, spec.name, column, rows, common)
    return _level_profile(group, spec.name, column[rows], column[common], policy)


def _numeric_profile(group: Group, name: str, column: pl.Series, rows: Integers, common: Integers) -> TurnoverProfile:
    values = numeric_values(column, where="current" if group == "entered" else "reference")
    theirs, others = values[rows], values[common]
    theirs, others = theirs[~np.isnan(theirs)], others[~np.isnan(others)]
    effect = None
    if theirs.size and others.size:
        effect = effects.probit_d(ValueTable.of(others, theirs).auc, others.size, theirs.size)
    return TurnoverProfile(
        group=group,
        subject_name=name,
        customer_count=rows.size,
        value_count=theirs.size,
        group_median=float(np.median(theirs)) if theirs.size else None,
        common_median=float(np.median(others)) if others.size else None,
        effect_name="probit_d",
        effect_size=effect,
    )


def _level_profile(
    group: Group, name: str, theirs: pl.Series, others: pl.Series, policy: DriftPolicy
) -> TurnoverProfile:
    bare = TurnoverProfile(
        group=group,
        subject_name=name,
        customer_count=theirs.len(),
        value_count=theirs.len() - theirs.null_count(),
        effect_name="w",
        effect_size=None,
    )
    if not others.len():
        return bare
    codes = level_codes(others, theirs)
    size = len(codes.names)
    table = level_table(
        np.bincount(codes.reference, minlength=size),
        np.bincount(codes.current, minlength=size),
        codes.names,
        MergeRule(policy.minimum_expected, policy.maximum_levels),
    )
    change = effects.ShareChange.of(table)
    largest = effects.largest_level_change(change, table.names)
    return dataclasses.replace(
        bare,
        level_name=largest.name,
        group_share=largest.reference_share + largest.change,
        common_share=largest.reference_share,
        effect_size=effects.corrected_w(change),
    )
