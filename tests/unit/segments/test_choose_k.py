"""The choice of k: known numbers are found, clouds are called clouds, and every criterion is kept."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tasks.config.errors import StatisticsError
from tasks.segments.choose_k import KChoice, choose_k, decide, gate_says_one
from tasks.segments.k_policy import KCriteria, KPolicy
from tasks.segments.transform import apply, fit_transform_model
from tests.benchmarks.cluster_population import Measure, cloud, feature_names, mixture, table

QUICK = KPolicy(sample_rows=1_200, splits=3, resamples=5, gap_references=3)
#: Of clouds fewer numbers are tried, which is most of the work; `tests/benchmarks/cluster_k_figures.py` tries all.
UP_TO_SIX = replace(QUICK, k_max=6)


def standardised(raw: np.ndarray) -> np.ndarray:
    frame = table(raw)
    return apply(fit_transform_model(frame, feature_names(raw)), frame)


@pytest.mark.parametrize("k", [2, 5, 7])
def test_known_number_is_found_behind_lognormal_measures(k: int) -> None:
    rng = np.random.default_rng(100 + k)
    latent, _ = mixture(rng, k, 6, 4_000, separation=6, family="equal")
    choice = choose_k(standardised(Measure.draw(rng, 6)(latent)), QUICK, seed=1)
    assert (choice.k, choice.structure) == (k, "natural")


@pytest.mark.parametrize("kind", ["independent", "uniform"])
def test_round_clouds_are_one_segment_and_it_is_said(kind: str) -> None:
    x = standardised(cloud(np.random.default_rng(7), kind, 3_000))
    choice = choose_k(x, UP_TO_SIX, seed=1)
    assert (choice.k, choice.structure) == (1, "none")
    assert choice.reason.startswith("no structure found")


@pytest.mark.parametrize("kind", ["one factor", "strong factor", "two factors", "gamma", "zero-inflated"])
def test_long_clouds_are_never_called_natural(kind: str) -> None:
    x = standardised(cloud(np.random.default_rng(8), kind, 3_000))
    either = choose_k(x, UP_TO_SIX, seed=1)
    assert either.structure in {"reproducible", "none"}
    strict = decide(either.criteria, replace(UP_TO_SIX, accept="natural"), rows=either.rows)
    assert (strict.k, strict.structure) == (1, "none")


def test_a_long_cloud_is_cut_reproducibly_and_the_reader_is_told() -> None:
    rng = np.random.default_rng(9)
    x = rng.normal(size=(3_000, 5)) * [4, 1, 1, 1, 1]
    choice = choose_k(x, replace(QUICK, k_max=4), seed=1)
    assert choice.structure == "reproducible"
    assert choice.k >= 2
    assert "continuous cloud without gaps" in choice.reason


def test_k_min_forces_segments_and_it_is_said() -> None:
    x = np.random.default_rng(10).normal(size=(1_000, 6))
    choice = choose_k(x, replace(QUICK, k_min=3, k_max=4), seed=1)
    assert (choice.k, choice.structure) == (3, "none")
    assert choice.reason == "no structure found; 3 segments were asked for by k_min"


def criteria(k: int, **scores: float) -> KCriteria:
    usual = {
        "inertia": 1.0,
        "gap": 1.0,
        "gap_error": 0.01,
        "prediction_strength": 1.0,
        "prediction_strength_error": 0.0,
        "jaccard": 1.0,
        "separation": 0.0,
        "min_share": 1 / k,
    }
    return KCriteria(k=k, **(usual | scores))


@pytest.mark.parametrize(
    ("gap_of_two", "strong_up_to", "says_one"),
    [(0.9, 2, True), (0.9, 1, True), (0.9, 3, False), (1.005, 2, True), (1.1, 2, False)],
)
def test_gate_needs_both_the_gap_and_prediction_strength(gap_of_two: float, strong_up_to: int, says_one: bool) -> None:
    rows = tuple(
        criteria(k, gap=1.0 if k == 1 else gap_of_two, prediction_strength=1.0 if k <= strong_up_to else 0.3)
        for k in (1, 2, 3)
    )
    assert gate_says_one(rows, KPolicy()) is says_one


@pytest.mark.parametrize(
    ("scores", "missed"),
    [
        ({"prediction_strength": 0.7}, "prediction strength 0.70 < 0.8"),
        ({"jaccard": 0.6}, "Jaccard 0.60 < 0.75"),
        ({"min_share": 0.01}, "smallest share 1.0% < 2.0%"),
    ],
)
def test_each_threshold_fails_alone_and_the_next_smaller_number_is_taken(scores: dict[str, float], missed: str) -> None:
    rows = (criteria(1, gap=0.1), criteria(2), criteria(3), criteria(4, **scores))
    choice = decide(rows, KPolicy(), rows=100)
    assert (choice.k, choice.structure) == (3, "reproducible")
    assert rows[3].failures(KPolicy(), natural=False) == (missed,)


def test_the_standard_error_counts_in_favour() -> None:
    row = criteria(3, prediction_strength=0.75, prediction_strength_error=0.06)
    assert row.failures(KPolicy(), natural=False) == ()


def test_natural_segments_go_before_a_larger_number_of_cuts() -> None:
    rows = (criteria(1, gap=0.1), criteria(2, separation=0.9), criteria(3, separation=0.5), criteria(4))
    choice = decide(rows, KPolicy(), rows=100)
    assert (choice.k, choice.structure) == (3, "natural")


def test_the_present_number_of_cuts_stays_while_it_is_acceptable() -> None:
    rows = (criteria(1, gap=0.1), criteria(2), criteria(3), criteria(4), criteria(5, jaccard=0.5))
    assert [decide(rows, KPolicy(), rows=100, present_k=k).k for k in (None, 1, 2, 3, 5)] == [4, 4, 2, 3, 4]
    assert decide(rows, KPolicy(), rows=100, present_k=3).reason.endswith("and are in use")


def test_the_present_number_is_given_up_only_where_it_clearly_fails() -> None:
    for scores in ({"prediction_strength": 0.72}, {"jaccard": 0.61}, {"min_share": 0.011}):
        edge = (criteria(1, gap=0.1), criteria(2), criteria(3, **scores))
        assert [decide(edge, KPolicy(), rows=100, present_k=k).k for k in (None, 3)] == [2, 3]
    for scores in ({"prediction_strength": 0.68}, {"jaccard": 0.59}, {"min_share": 0.009}):
        beyond = (criteria(1, gap=0.1), criteria(2), criteria(3, **scores))
        assert decide(beyond, KPolicy(), rows=100, present_k=3).k == 2


def test_the_present_number_of_cuts_is_not_gated_and_gaps_overrule_it() -> None:
    flat = (criteria(1, gap=2.0), criteria(2), criteria(3, prediction_strength=0.5))
    assert [decide(flat, KPolicy(), rows=100, present_k=k).k for k in (None, 2)] == [1, 2]
    gaps = (criteria(1, gap=0.1), criteria(2), criteria(3, separation=0.9))
    assert decide(gaps, KPolicy(), rows=100, present_k=2).k == 3


def test_segments_that_were_asked_for_stay_as_many_as_they_are() -> None:
    nothing = tuple(criteria(k, jaccard=0.1) for k in (1, 2, 3, 4))
    policy = KPolicy(k_min=2, k_max=4)
    assert [decide(nothing, policy, rows=100, present_k=k).k for k in (None, 3, 9)] == [2, 3, 2]
    assert decide(nothing, policy, rows=100, present_k=3).reason == "no structure found; 3 segments are in use"


def test_choice_survives_json() -> None:
    x = np.random.default_rng(11).normal(size=(300, 2))
    choice = choose_k(x, replace(QUICK, k_max=3), seed=1)
    assert [row.k for row in choice.criteria] == [1, 2, 3]
    assert KChoice.from_dict(json.loads(json.dumps(choice.to_dict()))) == choice


def test_few_different_customers_are_not_asked_for_more_segments_than_they_are() -> None:
    x = np.repeat([[0.0], [1.0], [5.0]], 50, axis=0)
    choice = choose_k(x, QUICK, seed=0)
    assert (choice.k, len(choice.criteria)) == (3, 3)
    with pytest.raises(StatisticsError, match="k_min is 5, but the data hold only 3 different customers"):
        choose_k(x, replace(QUICK, k_min=5), seed=0)


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(StatisticsError, match="k_min 5 and k_max 3"):
        choose_k(np.zeros((10, 1)), KPolicy(k_min=5, k_max=3), seed=0)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "k"), [("fcps/hepta", 7), ("fcps/tetra", 4), ("fcps/twodiamonds", 2), ("sipu/r15", 15), ("sipu/s1", 15)]
)
def test_public_sets_with_clear_clusters(test_data: Path, name: str, k: int) -> None:
    path = test_data / "clustering_benchmark" / f"{name}.data.gz"
    if not path.is_file():
        pytest.skip(f"no {path}")
    with gzip.open(path, "rt") as lines:
        points = np.loadtxt(lines)
    x = (points - points.mean(axis=0)) / points.std(axis=0)
    policy = replace(QUICK, k_max=17, min_share=0.005, splits=2, resamples=4, gap_references=1)
    choice = choose_k(x, policy if k > 8 else replace(policy, k_max=10), seed=1)
    assert (choice.k, choice.structure) == (k, "natural")
