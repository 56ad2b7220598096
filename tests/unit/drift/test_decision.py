"""Which tests a feature gets, and that scores depend on nothing but the data."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tasks.config.errors import StatisticsError
from tasks.drift.decision import measure_drift
from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.records import DriftScore
from tasks.drift.verdict import judge_drift
from tests.unit.drift.made_frames import SPECS, customers, week_later

POLICY = DriftPolicy(resamples=9_999)


def measured(
    reference: pl.DataFrame, current: pl.DataFrame, *names: str, elapsed_days: int = 7, seed: int = 0
) -> dict[tuple[str, str], DriftScore]:
    specs = {name: SPECS[name] for name in names or SPECS}
    scores = measure_drift(reference, current, specs, elapsed_days, POLICY, seed)
    return {(score.subject_name, score.test_name): score for score in scores}


def test_two_samples_get_two_sample_tests() -> None:
    scores = measured(customers(400, 0), customers(300, 1, first_id=400))
    assert list(scores) == [
        ("money", "mann_whitney"),
        ("money", "chi_square_bins"),
        ("orders", "mann_whitney"),
        ("orders", "chi_square_bins"),
        ("orders", "two_proportion_zero_share"),
        ("age", "mann_whitney"),
        ("age", "chi_square_bins"),
        ("region", "chi_square"),
        ("is_member", "two_proportion"),
        ("lifecycle", "chi_square"),
    ]
    assert {score.snapshot_kind for score in scores.values()} == {"two_sample"}


def _half_known(known: int, seed: int) -> pl.DataFrame:
    """Customers of whom the first are known, by a number, a flag and a category."""
    random = np.random.default_rng(seed)
    rows = np.arange(600)
    frame = pl.DataFrame(
        {
            "customer_id": rows,
            "rating": random.normal(3, 1, 600),
            "is_regular": random.random(600) < 0.4,
            "region": random.choice(["north", "south", "west"], 600),
        }
    )
    is_known = pl.Series(rows < known)
    return frame.with_columns(pl.when(is_known).then(pl.col(name)) for name in ("rating", "is_regular", "region"))


@pytest.mark.parametrize("is_paired", [True, False])
def test_that_more_is_known_of_history_is_no_drift(*, is_paired: bool) -> None:
    kinds = {"rating": "numeric", "is_regular": "flag", "region": "category"}
    before, after = _half_known(300, 1), _half_known(400, 1)
    if not is_paired:
        after = _half_known(400, 2).with_columns(pl.col("customer_id") + 1000)
    for is_history in (True, False):
        specs = {name: FeatureSpec(name, kind, is_history=is_history) for name, kind in kinds.items()}  # type: ignore[arg-type]
        verdicts = judge_drift(measure_drift(before, after, specs, 7, POLICY, 0), POLICY)
        alarming = {verdict.subject_name for verdict in verdicts if verdict.level == "alarm"}
        assert alarming == (set() if is_history else set(kinds))
    # That something is not known any more is.
    specs = {"rating": FeatureSpec("rating", "numeric", is_history=True)}
    verdicts = judge_drift(measure_drift(after, before, specs, 7, POLICY, 0), POLICY)
    assert {verdict.aspect for verdict in verdicts if verdict.level == "alarm"} == {"null_share"}


@pytest.mark.parametrize("is_paired", [True, False])
def test_that_fewer_are_in_a_segmentation_is_not_told_of_its_fit(*, is_paired: bool) -> None:
    kinds = {"rating": "numeric", "is_regular": "flag"}
    before, after = _half_known(400, 1), _half_known(300, 1)
    if not is_paired:
        after = _half_known(300, 2).with_columns(pl.col("customer_id") + 1000)
    for kind, told in (("fit", set()), ("feature", set(kinds))):
        specs = {name: FeatureSpec(name, one, subject_kind=kind) for name, one in kinds.items()}  # type: ignore[arg-type]
        verdicts = judge_drift(measure_drift(before, after, specs, 7, POLICY, 0), POLICY)
        assert {verdict.subject_name for verdict in verdicts if verdict.level == "alarm"} == told


def test_flows_without_a_change_of_the_mix_are_no_drift() -> None:
    """From a to b to c to a: nobody goes back the way he came, and the mix stands still."""
    names = np.repeat(["a", "b", "c"], 200)
    moved = names.copy()
    for target, start in (("b", 0), ("c", 200), ("a", 400)):
        moved[start : start + 60] = target
    frames = [pl.DataFrame({"customer_id": np.arange(600), "lifecycle": column}) for column in (names, moved)]
    specs = {"lifecycle": FeatureSpec("lifecycle", "segment")}
    verdicts = judge_drift(measure_drift(*frames, specs, 7, POLICY, 0), POLICY)
    flow = next(verdict for verdict in verdicts if verdict.test_name == "bowker")
    assert (flow.p_value or 0) < 1e-6
    assert flow.margin_p_value == 1.0
    assert {verdict.level for verdict in verdicts} == {"none"}


def test_a_panel_gets_paired_tests() -> None:
    before = customers(400, 0)
    scores = measured(before, week_later(before, 0))
    assert list(scores) == [
        ("money", "wilcoxon_signed_rank"),
        ("money", "sign_test"),
        ("money", "stuart_maxwell_bins"),
        ("orders", "wilcoxon_signed_rank"),
        ("orders", "sign_test"),
        ("orders", "stuart_maxwell_bins"),
        ("orders", "mcnemar_zero_share"),
        ("age", "wilcoxon_signed_rank"),
        ("age", "sign_test"),
        ("age", "stuart_maxwell_bins"),
        ("region", "stuart_maxwell"),
        ("region", "bowker"),
        ("is_member", "mcnemar"),
        ("lifecycle", "stuart_maxwell"),
        ("lifecycle", "bowker"),
    ]
    assert {score.snapshot_kind for score in scores.values()} == {"paired"}


def test_subjects_are_features_or_segment_mixes() -> None:
    scores = measured(customers(300, 0), customers(300, 1))
    kinds = {name: (score.subject_kind, score.feature_type) for (name, _), score in scores.items()}
    assert kinds == {
        "money": ("feature", "continuous"),
        "orders": ("feature", "zero_inflated"),
        "age": ("feature", "continuous"),
        "region": ("feature", "categorical"),
        "is_member": ("feature", "categorical"),
        "lifecycle": ("segment_mix", "segment_mix"),
    }


def test_entrants_and_leavers_are_counted_and_not_compared() -> None:
    before = customers(500, 0)
    now = pl.concat([week_later(before, 0)[100:], customers(250, 9, first_id=10_000)])
    score = measured(before, now, "money")["money", "sign_test"]
    assert (score.reference_count, score.current_count) == (500, 650)
    assert (score.common_count, score.entered_count, score.left_count) == (400, 250, 100)
    assert (score.reference_value_count, score.current_value_count) == (400, 400)


def test_figures_are_those_of_the_data() -> None:
    reference, current = customers(500, 0), customers(400, 1, first_id=500)
    score = measured(reference, current, "money")["money", "mann_whitney"]
    expected = stats.mannwhitneyu(current["money"], reference["money"])
    assert score.p_value == pytest.approx(expected.pvalue)
    assert score.effect_size == pytest.approx(np.sqrt(2) * stats.norm.ppf(expected.statistic / 200_000))


def test_a_calendar_driven_feature_that_only_aged_has_not_changed() -> None:
    before = customers(300, 0)
    now = before.with_columns(age=pl.col("age") + 7)
    aged = measured(before, now, "age", elapsed_days=7)["age", "wilcoxon_signed_rank"]
    assert (aged.p_value, aged.effect_size) == (1.0, 0.0)
    stood_still = measured(before, before, "age", elapsed_days=7)["age", "wilcoxon_signed_rank"]
    assert stood_still.p_value is not None
    assert stood_still.p_value < 1e-12


def test_zeros_of_a_calendar_driven_feature_mean_nothing() -> None:
    before = customers(300, 0).with_columns(age=pl.lit(0))
    scores = measured(before, before.with_columns(age=pl.lit(7)), "age")
    assert ("age", "mcnemar_zero_share") not in scores


@pytest.mark.parametrize(("zeros", "feature_type"), [(9, "continuous"), (10, "zero_inflated")])
def test_a_tenth_of_zeros_makes_a_feature_zero_inflated(zeros: int, feature_type: str) -> None:
    money = [0.0] * zeros + [float(value) for value in range(1, 101 - zeros)]
    reference = customers(100, 0).with_columns(money=pl.Series(money))
    score = measured(reference, reference.with_columns(customer_id=pl.col("customer_id") + 100), "money")
    assert score["money", "mann_whitney"].feature_type == feature_type


def test_missing_numbers_are_left_out_and_their_share_is_tested() -> None:
    reference, current = customers(500, 0), customers(500, 1, first_id=500)
    current = current.with_columns(money=pl.when(pl.col("customer_id") % 5 == 0).then(None).otherwise(pl.col("money")))
    scores = measured(reference, current, "money")
    assert scores["money", "mann_whitney"].current_value_count == 400
    nulls = scores["money", "two_proportion_null_share"]
    assert (nulls.level_name, nulls.level_reference_share, nulls.level_change) == ("null", 0.0, 0.2)
    assert nulls.p_value is not None
    assert nulls.p_value < 1e-12


def test_missing_numbers_of_a_panel_drop_the_customer_from_the_value_tests() -> None:
    before = customers(500, 0)
    now = before.with_columns(money=pl.when(pl.col("customer_id") < 60).then(None).otherwise(pl.col("money")))
    scores = measured(before, now, "money")
    assert scores["money", "wilcoxon_signed_rank"].reference_value_count == 440
    assert scores["money", "mcnemar_null_share"].p_value == pytest.approx(2 * 0.5**60)


def test_missing_categories_are_a_level() -> None:
    before = customers(500, 0)
    now = before.with_columns(region=pl.when(pl.col("customer_id") < 60).then(None).otherwise(pl.col("region")))
    score = measured(before, now, "region")["region", "stuart_maxwell"]
    assert (score.level_name, score.level_change) == ("(missing)", pytest.approx(0.12))


def test_a_feature_without_values_is_not_tested() -> None:
    reference, current = customers(50, 0), customers(50, 1, first_id=50)
    current = current.with_columns(money=pl.lit(None, dtype=pl.Float64))
    scores = measured(reference, current, "money")
    value = scores["money", "mann_whitney"]
    assert (value.statistic, value.p_value, value.effect_size) == (None, None, None)
    assert ("money", "two_proportion_null_share") in scores


def test_a_constant_feature_has_not_changed() -> None:
    reference = customers(200, 0).with_columns(money=pl.lit(5.0), region=pl.lit("x"), is_member=pl.lit(value=True))
    for current in (reference, reference.with_columns(customer_id=pl.col("customer_id") + 200)):
        for score in measured(reference, current, "money", "region", "is_member").values():
            assert score.p_value == 1.0
            assert score.effect_size == 0.0


@given(random=st.randoms(use_true_random=False), is_panel=st.booleans())
@settings(max_examples=8)
def test_the_order_of_rows_does_not_matter(random: object, *, is_panel: bool) -> None:
    reference = customers(300, 0)
    current = week_later(reference, 0) if is_panel else customers(300, 1, first_id=300)
    order = list(range(300))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert measured(reference[order], current) == measured(reference, current[order])


def test_scores_do_not_depend_on_what_else_is_compared() -> None:
    before = customers(300, 3)
    now = week_later(before, 3, changed=0.02)
    alone = measured(before, now, "region")
    assert alone == {key: score for key, score in measured(before, now).items() if key[0] == "region"}


def test_equal_seeds_give_equal_scores_and_others_need_not() -> None:
    names = ["a", "b", "c", "d"]
    before = pl.DataFrame({"customer_id": range(200), "region": np.repeat(names, 50)})
    now = before.with_columns(region=pl.Series(["b"] * 9 + ["c"] * 3 + before["region"][12:].to_list()))
    p_values = [measured(before, now, "region", seed=seed)["region", "stuart_maxwell"].p_value for seed in (1, 1, 2)]
    assert p_values[0] == p_values[1] != p_values[2]


def test_string_ids_serve_as_well() -> None:
    before = customers(300, 0)
    now = week_later(before, 0)
    as_text = [frame.with_columns(pl.col("customer_id").cast(pl.String)) for frame in (before, now)]
    assert measured(*as_text) == measured(before, now)


@pytest.mark.parametrize(
    ("specs", "elapsed_days", "expected"),
    [
        ({"nowhere": FeatureSpec("nowhere", "numeric")}, 7, "reference snapshot: there is no column nowhere"),
        ({"money": FeatureSpec("orders", "numeric")}, 7, "listed as money calls itself orders"),
        ({"region": FeatureSpec("region", "numeric")}, 7, "region is String, expected a number"),
        ({"money": SPECS["money"]}, -1, "elapsed_days is -1"),
    ],
)
def test_what_cannot_be_compared_is_refused(specs: dict[str, FeatureSpec], elapsed_days: int, expected: str) -> None:
    with pytest.raises(StatisticsError, match=expected):
        measure_drift(customers(20, 0), customers(20, 1), specs, elapsed_days, POLICY, 0)


def test_the_frames_are_left_alone() -> None:
    before = customers(100, 0)
    now, copies = week_later(before, 0), (before.clone(), week_later(before, 0))
    measured(before, now)
    assert before.equals(copies[0])
    assert now.equals(copies[1])


def test_scores_are_frozen() -> None:
    score = measured(customers(50, 0), customers(50, 1), "money")["money", "sign_test"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        score.p_value = 0.0  # type: ignore[misc]
