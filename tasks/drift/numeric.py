"""Scores of a numeric feature: its value, its shape, its share of zeros, its share of nulls.

Owns: which tests a numeric feature gets. Does not own: the tests, or what their result means (`verdict`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tasks.drift import effects, paired, sensitivity, two_sample
from tasks.drift.psi import population_stability
from tasks.drift.records import Aspect, DriftScore, FeatureType
from tasks.drift.subject import Subject
from tasks.drift.tables import Flags, Floats, LevelTable, MergeRule, ValueTable, level_table, migration_table


class _Values(NamedTuple):
    """The values that can be compared; paired where the subject is."""

    reference: Floats
    current: Floats
    table: ValueTable
    bins: LevelTable
    feature_type: FeatureType


def score_numeric(subject: Subject, elapsed_days: int) -> list[DriftScore]:
    """Compare a numeric feature.

    Nulls are no values: where there are any, their share is tested by itself, but for features of all history of which
    more became known, and for what only members of a segmentation have. The other tests look at the rows that hold a
    value (paired: in both snapshots).

    Args:
        subject: the feature.
        elapsed_days: between the snapshots; taken off calendar-driven features of paired snapshots.
    """
    columns = subject.pair.numeric(
        subject.spec.name,
        subtract=elapsed_days if subject.spec.is_calendar_driven else 0,
        tolerance=subject.policy.change_tolerance,
    )
    missing_before, missing_after = np.isnan(columns.reference), np.isnan(columns.current)
    if subject.is_paired:
        both = ~(missing_before | missing_after)
        reference, current = columns.reference[both], columns.current[both]
    else:
        reference, current = columns.reference[~missing_before], columns.current[~missing_after]
    scores = _value_scores(subject, reference, current)
    has_lost = missing_after.mean() > missing_before.mean()
    is_told = not subject.spec.is_of_members and (has_lost or not subject.spec.is_history)
    if is_told and (missing_before.any() or missing_after.any()):
        scores.append(_share_score(subject, missing_before, missing_after, "null_share", scores[0].feature_type))
    return scores


def _value_scores(subject: Subject, reference: Floats, current: Floats) -> list[DriftScore]:
    if not (reference.size and current.size):
        name = "wilcoxon_signed_rank" if subject.is_paired else "mann_whitney"
        return [
            subject.score(
                name,
                None,
                None,
                feature_type="continuous",
                aspect="value",
                effect_name="probit_d",
                effect_size=None,
                reference_value_count=reference.size,
                current_value_count=current.size,
            )
        ]
    values = _tabulate(subject, reference, current)
    scores = _paired_value(subject, values) if subject.is_paired else [_two_sample_value(subject, values)]
    scores.append(_shape_score(subject, values))
    if values.feature_type == "zero_inflated":
        scores.append(_share_score(subject, reference == 0, current == 0, "zero_share", "zero_inflated"))
    return scores


def _tabulate(subject: Subject, reference: Floats, current: Floats) -> _Values:
    policy = subject.policy
    table = ValueTable.of(reference, current)
    bin_of = table.bins(policy.bin_count)
    names = tuple(f"bin {number}" for number in range(1, policy.bin_count + 1))
    rule = MergeRule(policy.minimum_expected, policy.bin_count)
    if subject.is_paired:
        bins = migration_table(bin_of[table.reference_index], bin_of[table.current_index], names, rule)
    else:
        old, new = (
            np.bincount(bin_of, weights=counts, minlength=policy.bin_count).astype(np.int64)
            for counts in (table.reference, table.current)
        )
        bins = level_table(old, new, names, rule)
    # After subtracting days a zero is no longer "none".
    has_zeros = not subject.spec.is_calendar_driven and table.pooled_share_of(0.0) >= policy.zero_inflated_share
    return _Values(reference, current, table, bins, "zero_inflated" if has_zeros else "continuous")


def _value_fields(subject: Subject, values: _Values) -> dict[str, object]:
    psi = population_stability(values.bins, alarm_effect=subject.policy.alarm_effect)
    return {
        "feature_type": values.feature_type,
        "reference_value_count": values.reference.size,
        "current_value_count": values.current.size,
        "psi": psi.value,
        "psi_p_value": psi.p_value,
        "psi_alarm_p_value": psi.alarm_p_value,
        "wasserstein_iqr": effects.wasserstein_iqr(values.table),
    }


def _two_sample_value(subject: Subject, values: _Values) -> DriftScore:
    table = values.table
    return subject.score(
        "mann_whitney",
        two_sample.mann_whitney(table),
        sensitivity.two_sample_probit_d(table),
        aspect="value",
        effect_name="probit_d",
        effect_size=effects.probit_d(table.auc, table.reference_count, table.current_count),
        **_value_fields(subject, values),
    )


def _paired_value(subject: Subject, values: _Values) -> list[DriftScore]:
    table = values.table
    change = values.current - values.reference
    standard_error = effects.paired_auc_standard_error(table)
    effect = effects.probit_d(table.auc, table.reference_count, table.current_count)
    margin = paired.paired_margin_p_value(table, standard_error=standard_error)
    reach = sensitivity.paired_probit_d(standard_error, table.reference_count)
    fields = _value_fields(subject, values)
    return [
        subject.score(
            name,
            outcome,
            reach,
            margin_p_value=margin,
            aspect="value",
            effect_name="probit_d",
            effect_size=effect,
            **fields,
        )
        for name, outcome in (
            ("wilcoxon_signed_rank", paired.wilcoxon_signed_rank(change)),
            ("sign_test", paired.sign_test(change)),
        )
    ]


def _shape_score(subject: Subject, values: _Values) -> DriftScore:
    bins = values.bins
    change = effects.ShareChange.of(bins)
    resamples = subject.policy.resamples
    if bins.moves is None:
        name = "chi_square_bins"
        outcome = two_sample.chi_square_homogeneity(bins, resamples=resamples, random=subject.random(name))
        reach = sensitivity.two_sample_w(bins.reference_count, bins.current_count)
    else:
        name = "stuart_maxwell_bins"
        outcome = paired.stuart_maxwell(bins.moves, resamples=resamples, random=subject.random(name))
        reach = sensitivity.paired_w(change, outcome.degrees_of_freedom, bins.reference_count)
    return subject.score(
        name,
        outcome,
        reach,
        aspect="shape",
        effect_name="w",
        effect_size=effects.corrected_w(change),
        **_value_fields(subject, values),
    )


def _share_score(
    subject: Subject, before: Flags, after: Flags, aspect: Aspect, feature_type: FeatureType
) -> DriftScore:
    """Compare the share of rows that have a property (being zero, being null)."""
    hits_before, hits_after = int(before.sum()), int(after.sum())
    share_before, share_after = hits_before / before.size, hits_after / after.size
    if subject.is_paired:
        gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
        name = f"mcnemar_{aspect}"
        outcome = paired.mcnemar(gained, lost)
        pooled = (hits_before + hits_after) / (2 * before.size)
        reach = sensitivity.paired_cohen_h(gained + lost, pooled, before.size)
    else:
        name = f"two_proportion_{aspect}"
        outcome = two_sample.two_proportion(hits_before, before.size, hits_after, after.size)
        reach = sensitivity.two_sample_cohen_h(before.size, after.size)
    return subject.score(
        name,
        outcome,
        reach,
        feature_type=feature_type,
        aspect=aspect,
        effect_name="cohen_h",
        effect_size=effects.cohen_h(share_before, share_after),
        reference_value_count=before.size,
        current_value_count=after.size,
        level_name=aspect.removesuffix("_share"),
        level_reference_share=share_before,
        level_change=share_after - share_before,
    )
