"""The two gates and the three verdicts."""

from __future__ import annotations

import dataclasses
import math

import pytest

from tasks.drift.policy import DriftPolicy, EffectKey
from tasks.drift.records import DriftScore
from tasks.drift.verdict import deciding_verdicts, effect_key, judge_drift, thresholds

POLICY = DriftPolicy()
VALUE = DriftScore(
    subject_kind="feature",
    subject_name="money",
    feature_type="continuous",
    snapshot_kind="two_sample",
    test_name="mann_whitney",
    aspect="value",
    statistic=1.0,
    p_value=1e-9,
    effect_name="probit_d",
    effect_size=0.2,
    effect_scale=0.01,
    reference_count=20_000,
    current_count=20_000,
    common_count=0,
    entered_count=20_000,
    left_count=20_000,
    reference_value_count=20_000,
    current_value_count=20_000,
)
MIX = dataclasses.replace(
    VALUE,
    subject_name="region",
    feature_type="categorical",
    test_name="chi_square",
    aspect="mix",
    effect_name="w",
    degrees_of_freedom=3,
    effect_size=0.03,
    level_name="north",
    level_reference_share=0.2,
    level_change=0.001,
    largest_level_name="north",
    largest_level_change=0.001,
)


SQRT_HALF_PI = math.sqrt(math.pi / 2)


def value(**fields: object) -> DriftScore:
    return dataclasses.replace(VALUE, **fields)  # type: ignore[arg-type]


def mix(**fields: object) -> DriftScore:
    return dataclasses.replace(MIX, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("p_value", "effect", "verdict", "level"),
    [
        (1e-9, 0.10, "drift", "alarm"),
        (1e-9, -0.10, "drift", "alarm"),
        (1e-9, 0.099, "drift", "notice"),
        (1e-9, -0.05, "drift", "notice"),
        (1e-9, 0.049, "no_material_drift", "none"),
        (0.2, 0.01, "no_material_drift", "none"),
        (0.011, 0.9, "no_material_drift", "none"),
    ],
)
def test_drift_needs_significance_and_size(p_value: float, effect: float, verdict: str, level: str) -> None:
    judged = judge_drift([value(p_value=p_value, effect_size=effect)], POLICY)[0]
    assert (judged.verdict, judged.level) == (verdict, level)


def test_nothing_found_is_inconclusive_where_an_alarm_would_not_have_been() -> None:
    # One test at 1 %: sqrt(noncentrality) is 2.576 + 0.842 = 3.417.
    found, missed = (judge_drift([value(p_value=0.5, effect_scale=scale)], POLICY)[0] for scale in (0.029, 0.030))
    assert found.minimum_detectable_effect == pytest.approx(0.0991, abs=1e-4)
    assert found.verdict == "no_material_drift"
    assert missed.minimum_detectable_effect == pytest.approx(0.1025, abs=1e-4)
    assert missed.verdict == "inconclusive"


def test_a_small_change_that_was_found_is_never_inconclusive() -> None:
    judged = judge_drift([value(effect_size=0.04, effect_scale=0.2)], POLICY)[0]
    assert (judged.verdict, judged.is_significant) == ("no_material_drift", True)


def test_what_could_not_be_tested_is_inconclusive_and_no_test() -> None:
    none = value(p_value=None, statistic=None, effect_size=None, effect_scale=None)
    judged = judge_drift([none, value(p_value=0.009)], POLICY)
    assert (judged[0].verdict, judged[0].p_adjusted, judged[0].minimum_detectable_effect) == (
        "inconclusive",
        None,
        None,
    )
    assert judged[1].p_adjusted == 0.009


def test_significance_is_holms_over_the_run() -> None:
    scores = [value(subject_name=f"f{at}", p_value=p) for at, p in enumerate([0.002, 0.6, 0.004, 0.9, 0.001])]
    judged = judge_drift(scores, POLICY)
    assert [one.p_adjusted for one in judged] == pytest.approx([0.008, 1.0, 0.012, 1.0, 0.005])
    assert [one.verdict for one in judged] == [
        "drift",
        "no_material_drift",
        "no_material_drift",
        "no_material_drift",
        "drift",
    ]
    assert [one.q_value for one in judged] == pytest.approx([0.005, 0.75, 0.02 / 3, 0.9, 0.005])


def test_lopsided_changes_do_not_count_while_the_margin_stands() -> None:
    judged = judge_drift([value(margin_p_value=0.3, effect_size=0.15, effect_scale=0.02)], POLICY)[0]
    assert (judged.p_value, judged.p_adjusted, judged.verdict) == (1e-9, 0.3, "no_material_drift")


@pytest.mark.parametrize(
    ("past", "alarm"),
    [
        ([0.05] * 7, 0.1),  # too short
        ([0.05] * 8, 4 * 1.4826 * 0.05),
        ([-0.05, 0.05] * 4, 4 * 1.4826 * 0.05),
        ([0.01] * 20, 0.1),  # calmer than the floor
        ([0.05] * 8 + [9.0], 4 * 1.4826 * 0.05),  # one outlier
        ([0.05] * 8 + [float("nan")], 4 * 1.4826 * 0.05),
        # Lumps, of which the median sees nothing: the mean, without the largest stretch of weeks worth a notice.
        ([0.0, 0.0, 0.4] * 8, 4 * SQRT_HALF_PI * 0.4 * 7 / 23),
        ([0.001, -0.3, 0.002, 0.001, 0.3, 0.3, 0.001, 0.001, 0.001, 0.001], 4 * SQRT_HALF_PI * 0.308 / 8),
        # One event is no habit, however long it was.
        ([0.0] * 10 + [0.3] * 8, 0.1),
        ([0.001] * 10 + [0.9], 0.1),
        # The mean of what never was worth a notice does not matter.
        ([0.0] * 6 + [0.049] * 4, 0.1),
    ],
)
def test_a_restless_history_raises_the_alarm_threshold(past: list[float], alarm: float) -> None:
    history = {
        EffectKey("feature", "money", "mann_whitney"): past,
        EffectKey("feature", "money", "chi_square_bins"): [9.0] * 20,
        EffectKey("kpi", "money", "mann_whitney"): [9.0] * 20,
    }
    assert thresholds(VALUE, POLICY, history) == (0.05, pytest.approx(alarm))


def test_history_turns_an_alarm_into_a_notice() -> None:
    history = {effect_key(VALUE): [0.06, -0.05, 0.07, -0.06, 0.05, 0.04, -0.08, 0.06]}
    assert judge_drift([VALUE], POLICY)[0].level == "alarm"
    assert judge_drift([VALUE], POLICY, history)[0].level == "notice"


def test_history_does_not_concern_mixes() -> None:
    history = {effect_key(MIX): [0.5] * 20}
    assert thresholds(MIX, POLICY, history) == (0.025, 0.05)


@pytest.mark.parametrize(
    ("past", "effect", "level_change", "level"),
    [
        ([0.01] * 8, 0.2, 0.0, "alarm"),
        # A mix that moves by 0.08 in every window.
        ([0.08] * 8, 0.2, 0.0, "notice"),
        ([0.08] * 8, 0.6, 0.0, "alarm"),
        # Too few windows to know what is usual.
        ([0.01] * 7, 0.9, 0.0, "notice"),
        # A level that moves from a tenth to a fifth, in a mix that hardly does.
        ([0.01] * 8, 0.01, 0.1, "notice"),
    ],
)
def test_a_mix_of_a_window_ago_is_judged_by_its_history(
    past: list[float], effect: float, level_change: float, level: str
) -> None:
    policy = dataclasses.replace(POLICY, mixes_by_history=True)
    mix = dataclasses.replace(
        MIX,
        effect_size=effect,
        level_change=level_change,
        level_reference_share=0.1,
        largest_level_change=level_change,
        p_value=1e-12,
    )
    assert judge_drift([mix], policy, {effect_key(mix): past})[0].level == level


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({"effect_size": 0.05}, "alarm"),
        ({"effect_size": 0.049}, "notice"),
        ({"effect_size": 0.02}, "none"),
        ({"effect_size": 0.0, "level_change": -0.02, "largest_level_change": -0.02}, "alarm"),
        ({"effect_size": 0.0, "level_change": 0.019, "largest_level_change": 0.019}, "notice"),
        ({"effect_size": 0.0, "level_reference_share": 0.02, "level_change": 0.004}, "none"),
        ({"effect_size": 0.0, "level_reference_share": 0.0, "level_change": 0.006}, "alarm"),
    ],
)
def test_a_mix_is_judged_by_w_and_by_its_levels(fields: dict[str, object], level: str) -> None:
    assert judge_drift([mix(**fields)], POLICY)[0].level == level


def test_the_bins_of_a_number_are_judged_as_a_number() -> None:
    bins = value(test_name="chi_square_bins", aspect="shape", effect_name="w", effect_size=0.06)
    assert judge_drift([bins], POLICY)[0].level == "notice"


def test_one_verdict_speaks_for_each_subject() -> None:
    quiet = value(p_value=0.5, effect_size=0.0)
    shape = value(test_name="chi_square_bins", aspect="shape", effect_name="w", effect_size=0.3)
    judged = judge_drift([quiet, value(effect_size=0.07), shape, mix(p_value=0.5)], POLICY)
    deciding = deciding_verdicts(judged)
    assert [(one.subject_name, one.test_name) for one in deciding] == [
        ("money", "chi_square_bins"),
        ("region", "chi_square"),
    ]


def test_a_verdict_keeps_its_score() -> None:
    judged = judge_drift([MIX], POLICY)[0]
    assert {field.name: getattr(judged, field.name) for field in dataclasses.fields(DriftScore)} == dataclasses.asdict(
        MIX
    )


def test_no_scores_no_verdicts() -> None:
    assert judge_drift([], POLICY) == []


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (
            VALUE,
            "money shifted up by 0.2 standard deviations (95 % interval 0.18 to 0.22; mann whitney, adjusted p < 0.0001): alarm.",
        ),
        (
            value(effect_size=-0.06, p_value=0.0012),
            "money shifted down by 0.06 standard deviations (95 % interval -0.08 to -0.04; mann whitney, adjusted p = 0.0012): notice.",
        ),
        (
            value(effect_size=0.02),
            "money shifted up by 0.02 standard deviations (95 % interval 0.0004 to 0.04; mann whitney, adjusted p < 0.0001), too little to matter.",
        ),
        (
            value(p_value=0.4),
            "money shows no material drift: a change of 0.034 standard deviations or more would have been found.",
        ),
        (
            value(p_value=0.4, effect_scale=0.05),
            (
                "money shows no drift, but that is inconclusive: with 20,000 former and 20,000 present values only a "
                "change of 0.17 standard deviations or more would have been found, and 0.1 already matters."
            ),
        ),
        (
            value(p_value=None, effect_scale=None, current_value_count=0),
            "money cannot be compared: there were 20,000 former and 0 present values.",
        ),
        (
            mix(effect_size=0.06, level_change=0.03),
            (
                "The mix of region changed by 0.06 on Cohen's w, above all north: from 20.00 % to 23.00 % "
                "(chi square, adjusted p < 0.0001): alarm."
            ),
        ),
        (
            # Whoever was there both times is not new: shares of a panel are told as theirs.
            mix(effect_size=0.06, level_change=0.03, snapshot_kind="paired"),
            (
                "The mix of region changed by 0.06 on Cohen's w, above all north: from 20.00 % to 23.00 % of the customers "
                "of both runs (chi square, adjusted p < 0.0001): alarm."
            ),
        ),
        (
            value(
                aspect="zero_share",
                effect_name="cohen_h",
                level_name="zero",
                level_reference_share=0.5,
                level_change=0.1,
            ),
            (
                "The share of zeros of money went from 50.00 % to 60.00 %, 0.2 on Cohen's h "
                "(mann whitney, adjusted p < 0.0001): alarm."
            ),
        ),
    ],
)
def test_sentences(score: DriftScore, expected: str) -> None:
    assert judge_drift([score], POLICY)[0].sentence == expected
