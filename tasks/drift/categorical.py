"""Scores of a category, a flag or the mix of a segmentation.

Owns: which tests they get. Does not own: the tests, or what their result means (`verdict`).
"""

from __future__ import annotations

import numpy as np

from tasks.drift import effects, paired, sensitivity, two_sample
from tasks.drift.psi import population_stability
from tasks.drift.records import DriftScore
from tasks.drift.sensitivity import Sensitivity
from tasks.drift.subject import Subject
from tasks.drift.tables import LevelTable, MergeRule, level_table, migration_table
from tasks.drift.two_sample import Outcome


def score_categorical(subject: Subject) -> list[DriftScore]:
    """Compare the mix of levels. Paired snapshots also get the symmetry of the flows.

    Null is a level, but where it says that nothing has happened yet, or that he is in no segment: there, whoever
    is known of is compared.
    """
    policy = subject.policy
    columns = subject.pair.levels(subject.spec.name)
    if subject.spec.is_history or subject.spec.is_of_members:
        columns = columns.known(is_paired=subject.is_paired)
    rule = MergeRule(policy.minimum_expected, policy.maximum_levels)
    if subject.is_paired:
        table = migration_table(columns.reference, columns.current, columns.names, rule)
    else:
        old, new = (np.bincount(codes, minlength=len(columns.names)) for codes in (columns.reference, columns.current))
        table = level_table(old, new, columns.names, rule)
    change = effects.ShareChange.of(table)
    tests = _paired_tests(subject, table, change) if subject.is_paired else _two_sample_test(subject, table)
    fields = _mix_fields(subject, table, change)
    p_values = {name: outcome.p_value for name, outcome, _ in tests}
    return [
        subject.score(
            name,
            outcome,
            reach,
            # Lopsided flows are no drift where the mix stands still.
            margin_p_value=p_values["stuart_maxwell"] if name == "bowker" else None,
            aspect="flow" if name == "bowker" else "mix",
            effect_name="w",
            effect_size=effects.corrected_w(change),
            **fields,
        )
        for name, outcome, reach in tests
    ]


def _two_sample_test(subject: Subject, table: LevelTable) -> list[tuple[str, Outcome, Sensitivity]]:
    name = "two_proportion" if table.is_binary else "chi_square"
    outcome = two_sample.chi_square_homogeneity(table, resamples=subject.policy.resamples, random=subject.random(name))
    return [(name, outcome, sensitivity.two_sample_w(table.reference_count, table.current_count))]


def _paired_tests(
    subject: Subject, table: LevelTable, change: effects.ShareChange
) -> list[tuple[str, Outcome, Sensitivity]]:
    moves = table.moves
    assert moves is not None  # noqa: S101 - for the type checker: `migration_table` always fills it
    count = table.reference_count
    if table.is_binary:
        outcome = paired.mcnemar(int(moves[0, 1]), int(moves[1, 0]))
        return [("mcnemar", outcome, sensitivity.paired_w(change, outcome.degrees_of_freedom, count))]
    resamples = subject.policy.resamples
    mix = paired.stuart_maxwell(moves, resamples=resamples, random=subject.random("stuart_maxwell"))
    flow = paired.bowker(moves, resamples=resamples, random=subject.random("bowker"))
    reach = sensitivity.paired_w(change, mix.degrees_of_freedom, count)
    return [("stuart_maxwell", mix, reach), ("bowker", flow, reach)]


def _mix_fields(subject: Subject, table: LevelTable, change: effects.ShareChange) -> dict[str, object]:
    policy = subject.policy
    psi = population_stability(table, alarm_effect=policy.alarm_effect)
    standout = effects.standout_level(
        change,
        table.names,
        absolute_limit=policy.level_change,
        relative_limit=policy.level_relative_change,
    )
    largest = effects.largest_level_change(change, table.names)
    return {
        "feature_type": "segment_mix" if subject.spec.kind == "segment" else "categorical",
        "reference_value_count": table.reference_count,
        "current_value_count": table.current_count,
        "psi": psi.value,
        "psi_p_value": psi.p_value,
        "psi_alarm_p_value": psi.alarm_p_value,
        "total_variation": effects.total_variation(change),
        "level_name": standout.name,
        "level_reference_share": standout.reference_share,
        "level_change": standout.change,
        "largest_level_name": largest.name,
        "largest_level_change": largest.change,
    }
