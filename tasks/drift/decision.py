"""The drift decision: which tests each feature of two snapshots gets, and their scores.

Owns: the public entry `measure_drift`. Does not own: the verdict (`verdict.judge_drift`): a score is a figure only.
"""

from __future__ import annotations

from collections.abc import Mapping

from tasks.config.errors import StatisticsError
from tasks.drift.categorical import score_categorical
from tasks.drift.columns import Snapshot
from tasks.drift.numeric import score_numeric
from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.records import DriftScore
from tasks.drift.snapshots import SnapshotPair, pair_snapshots
from tasks.drift.subject import Subject


def measure_drift(
    reference: Snapshot,
    current: Snapshot,
    specs: Mapping[str, FeatureSpec],
    elapsed_days: int,
    policy: DriftPolicy,
    seed: int,
) -> list[DriftScore]:
    """Compare two snapshots of the customers, feature by feature.

    Args:
        reference: one row a customer: `customer_id` and the columns of `specs`.
        current: the same at the later date.
        specs: what to compare, by column; scores come in this order.
        elapsed_days: from the reference's as-of date to the current one's.
        policy: the limits.
        seed: of the Monte Carlo p-values; equal inputs give equal scores, whatever the order of rows.

    Returns:
        One score per feature and test, none of them adjusted for the others.

    Raises:
        StatisticsError: a frame is empty, customers are missing or repeated, a column is absent or of a wrong type,
            or `elapsed_days` is negative.
    """
    if elapsed_days < 0:
        message = f"elapsed_days is {elapsed_days}, expected 0 or more"
        raise StatisticsError(message, where="drift", hint="the reference must be the earlier snapshot")
    check_columns(reference, current, specs)
    pair = pair_snapshots(reference, current, paired_common_share=policy.paired_common_share)
    scores: list[DriftScore] = []
    for spec in specs.values():
        scores.extend(compare_feature(pair, spec, elapsed_days, policy, seed))
    return scores


def compare_feature(
    pair: SnapshotPair, spec: FeatureSpec, elapsed_days: int, policy: DriftPolicy, seed: int
) -> list[DriftScore]:
    """Compare one feature of two aligned snapshots (arguments as in `measure_drift`)."""
    subject = Subject(pair, spec, policy, seed)
    return score_numeric(subject, elapsed_days) if spec.kind == "numeric" else score_categorical(subject)


def check_columns(reference: Snapshot, current: Snapshot, specs: Mapping[str, FeatureSpec]) -> None:
    """Make sure that both frames hold what is to be compared.

    Raises:
        StatisticsError: a column is absent, or listed under another name than its own.
    """
    for name, spec in specs.items():
        if name != spec.name:
            message = f"the feature listed as {name} calls itself {spec.name}"
            raise StatisticsError(message, where="drift", hint="list each feature under its own name")
        for frame, label in ((reference, "reference"), (current, "current")):
            if name not in frame.columns:
                message = f"there is no column {name}"
                hint = "compare only features that both snapshots have"
                raise StatisticsError(message, where=f"drift, {label} snapshot", hint=hint)
