"""Every algorithm behind one interface: finds made segments, is plain data, keeps ids, and knows noise and boundaries."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import adjusted_rand_score

from tasks.config.clusters import NOISE_KEY, AlgorithmName
from tasks.segments.algorithms import ALGORITHMS, Method, find, partition_from, refitted
from tasks.segments.candidate import NO_STRUCTURE, NOISE_NAME
from tasks.segments.cluster import ClusterModel, ClusterSpec
from tasks.segments.cluster_model import assign_members, fit_champion, refit_challenger
from tasks.segments.density import DensityPartition
from tasks.segments.gaussian import surprise
from tasks.segments.k_policy import KPolicy
from tasks.segments.transform import apply
from tests.benchmarks.cluster_population import Measure, mixture, table

QUICK = KPolicy(sample_rows=600, splits=2, resamples=3, gap_references=2, n_init=2)
NAMES = get_args(AlgorithmName)
FEATURES = tuple(f"f{j}" for j in range(4))


@pytest.fixture(scope="module")
def market() -> tuple[pl.DataFrame, np.ndarray]:
    rng = np.random.default_rng(4)
    latent, truth = mixture(rng, 3, 4, 900, 7.0, "equal")
    return table(Measure.draw(rng, 4)(latent)), truth


def spec(algorithm: str, **more: object) -> ClusterSpec:
    return ClusterSpec(FEATURES, k_max=4, effort=QUICK, algorithm=algorithm, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=NAMES)
def fitted(request: pytest.FixtureRequest, market: tuple[pl.DataFrame, np.ndarray]) -> ClusterModel:
    return fit_champion(market[0], spec(request.param))


def test_each_name_that_a_workspace_may_say_has_its_entry() -> None:
    assert tuple(ALGORITHMS) == NAMES, (
        "ALGORITHMS of tasks/segments/algorithms.py and AlgorithmName of tasks/config/clusters.py name the same, in order"
    )


def test_it_finds_the_true_segments(fitted: ClusterModel, market: tuple[pl.DataFrame, np.ndarray]) -> None:
    members = assign_members(fitted, market[0])
    assert adjusted_rand_score(market[1], members["segment_key"].to_list()) > 0.9
    assert [key for key in fitted.keys if key != NOISE_KEY] == ["c01", "c02", "c03"]
    assert fitted.choice.k == 3
    assert members["strength"].is_between(0, 1).all()
    assert members["rival_key"].null_count() == 0
    assert (members["rival_key"] != members["segment_key"]).all()
    assert sum(cluster.size for cluster in fitted.clusters) == 900


def test_it_is_plain_data_and_assigns_identically(
    fitted: ClusterModel, market: tuple[pl.DataFrame, np.ndarray]
) -> None:
    text = json.dumps(fitted.to_json(), sort_keys=True, allow_nan=False)
    stored = ClusterModel.from_json(text)
    assert stored == fitted
    assert assign_members(stored, market[0]).equals(assign_members(fitted, market[0]))
    again = fit_champion(market[0].reverse(), spec(str(fitted.asked.get("algorithm", "kmeans"))))
    assert json.dumps(again.to_json(), sort_keys=True) == text


def test_a_customers_result_depends_on_nobody_else(
    fitted: ClusterModel, market: tuple[pl.DataFrame, np.ndarray]
) -> None:
    whole = assign_members(fitted, market[0])
    assert assign_members(fitted, market[0][100:110]).equals(whole[100:110])


def test_a_refit_on_the_same_customers_keeps_the_champion(
    fitted: ClusterModel, market: tuple[pl.DataFrame, np.ndarray]
) -> None:
    asked = spec(str(fitted.asked.get("algorithm", "kmeans")))
    members = assign_members(fitted, market[0])
    outcome = refit_challenger(fitted, market[0], asked, members, fitted.keys)
    assert not outcome.adopted
    assert outcome.model == fitted
    assert "not more than 1%" in outcome.reason
    told = {"gaussian": "inverse density", "hdbscan": "inverse share in dense groups"}.get(asked.algorithm, "inertia")
    assert f"kept: {told} improves by" in outcome.reason


def test_hysteresis_holds_who_was_somewhere_else(fitted: ClusterModel, market: tuple[pl.DataFrame, np.ndarray]) -> None:
    members = assign_members(fitted, market[0])
    # Core customers themselves are at no distance from their group, and stay there.
    groups = members.filter((pl.col("segment_key") != NOISE_KEY) & ~_is_core(fitted, market[0]))
    before = groups.with_columns(pl.col("rival_key").alias("segment_key"))
    held = assign_members(replace(fitted, hysteresis=1e9), market[0], before).join(before, on="customer_id")
    assert (held["segment_key"] == held["segment_key_right"]).all()
    free = assign_members(replace(fitted, hysteresis=0.0), market[0], before)
    assert free["segment_key"].equals(members["segment_key"])


def _is_core(model: ClusterModel, frame: pl.DataFrame) -> pl.Series:
    cores = {place for places in getattr(model.partition, "exemplars", ()) for place in places}
    return pl.Series([tuple(row) in cores for row in apply(model.transform, frame.sort("customer_id")).tolist()])


@pytest.mark.parametrize("algorithm", NAMES)
def test_another_algorithm_takes_over_the_ids(algorithm: str, market: tuple[pl.DataFrame, np.ndarray]) -> None:
    first = fit_champion(market[0], spec("kmeans"))
    members = assign_members(first, market[0])
    outcome = refit_challenger(first, market[0], spec(algorithm), members, first.keys)
    assert outcome.adopted == (algorithm != "kmeans")
    assert outcome.mapping == {key: key for key in first.keys}
    if outcome.adopted:
        assert "the segmentation's algorithm" in outcome.reason
        after = assign_members(outcome.model, market[0])
        agreeing = (after["segment_key"] == members["segment_key"]).mean()
        assert isinstance(agreeing, float)
        assert agreeing > 0.9


def test_strength_of_a_gaussian_is_the_chance_of_the_segment() -> None:
    x = np.concatenate([np.random.default_rng(1).normal(-2, 1, 4_000), np.random.default_rng(2).normal(2, 1, 4_000)])
    partition = refitted(x[:, None], Method("gaussian"), 2, 0)
    found = partition.assign(np.array([[0.5], [2.0]]))
    shape = partition.to_dict()
    densities = [
        weight * np.exp(-((0.5 - mean[0]) ** 2) / (2 * variance[0][0])) / np.sqrt(variance[0][0])
        for weight, mean, variance in zip(shape["weights"], shape["means"], shape["covariances"], strict=True)
    ]
    assert found.strength[0] == pytest.approx(max(densities) / sum(densities), abs=1e-6)
    assert found.distance[1] == pytest.approx(abs(2 - max(shape["means"])[0]) / np.sqrt(1), abs=0.1)
    truth = np.repeat([0, 1], 4_000)
    assert surprise(x[:, None], truth) < surprise(x[:, None], np.arange(8_000) % 2)


@pytest.fixture(scope="module")
def rings() -> np.ndarray:
    """Two dense groups, one inside a ring of the other, and a few customers far from both."""
    rng = np.random.default_rng(3)
    angle = rng.uniform(0, 2 * np.pi, 600)
    ring = np.column_stack([4 * np.cos(angle), 4 * np.sin(angle)]) + rng.normal(0, 0.15, (600, 2))
    return np.vstack([ring, rng.normal(0, 0.3, (300, 2)), np.array([[9.0, 9.0], [-9.0, 9.0], [9.0, -9.0]])])


def test_density_measures_a_core_customer_to_another_and_not_to_himself() -> None:
    rng = np.random.default_rng(5)
    centres = np.array([[-3.0, 0.0], [3.0, 0.0]])

    def drawn() -> np.ndarray:
        return np.round(np.repeat(centres, 150, axis=0) + rng.normal(0, 0.4, (300, 2)), 9)

    on_the_day, later = drawn(), drawn()
    found = find(on_the_day, Method("hdbscan", "nearest"), QUICK, seed=0)
    then, now = (found.partition.assign(x) for x in (on_the_day, later))
    # All are core customers, who would be at 0 on the day of the fit: as if everybody had left his place a day later.
    assert (then.distance > 0).mean() > 0.99
    assert np.median(then.distance) == pytest.approx(np.median(now.distance), rel=0.25)
    assert then.strength.mean() == pytest.approx(now.strength.mean(), abs=0.02)
    # Whom others share a place with is at no distance from them.
    crowd = DensityPartition((((0.0,), (0.0,), (1.0,)), ((5.0,),)), (1.0, 1.0), "segment").assign(
        np.array([[0.0], [5.0]])
    )
    assert crowd.distance.tolist() == [0.0, 0.0]


def test_density_finds_groups_of_any_shape_and_leaves_the_far_in_none(rings: np.ndarray) -> None:
    found = find(rings, Method("hdbscan"), QUICK, seed=0)
    assert found.partition.has_noise
    assert found.sizes.tolist()[:2] == pytest.approx([600, 300], abs=15)
    assert set(found.labels[-3:].tolist()) == {2}
    assert "2 dense groups" in found.choice.reason
    (row,) = found.choice.criteria
    assert (row.k, row.gap, row.prediction_strength) == (2, None, None)
    nearest = find(rings, Method("hdbscan", "nearest"), QUICK, seed=0)
    assert nearest.partition.k == 2
    assert not nearest.partition.has_noise
    assert set(nearest.labels.tolist()) == {0, 1}
    assert partition_from(json.loads(json.dumps(nearest.partition.to_dict()))) == nearest.partition


def test_more_dense_groups_than_asked_for_are_joined_into_larger_ones() -> None:
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal(at, 0.1, 200) for at in range(0, 24, 4)])[:, None]
    assert refitted(x, Method("hdbscan", k_max=8), 0, 0).k == 7
    assert refitted(x, Method("hdbscan", k_max=3), 0, 0).k <= 4


def test_noise_has_a_name_and_a_permanent_id(market: tuple[pl.DataFrame, np.ndarray]) -> None:
    model = fit_champion(market[0], spec("hdbscan"))
    assert model.keys == ("c01", "c02", "c03", NOISE_KEY)
    assert model.clusters[-1].name == NOISE_NAME
    assert model.clusters[-1].description.startswith("Customers who resemble no group closely.")
    outcome = refit_challenger(model, market[0], spec("hdbscan", winsor=0.01), None, model.keys)
    assert outcome.adopted
    assert "the segmentation's caps" in outcome.reason
    assert outcome.mapping[NOISE_KEY] == NOISE_KEY
    assert outcome.model.keys == model.keys


@pytest.mark.parametrize("algorithm", NAMES)
def test_no_structure_is_one_segment_and_said_plainly(algorithm: str) -> None:
    frame = table(np.random.default_rng(8).normal(size=(600, 4)))
    model = fit_champion(frame, spec(algorithm))
    assert model.keys == ("c01",)
    assert model.choice.reason.startswith("no structure found")
    assert model.clusters[0].description == NO_STRUCTURE
    assert assign_members(model, frame)["rival_key"].null_count() == 600


def test_a_model_of_format_1_is_read_as_k_means(market: tuple[pl.DataFrame, np.ndarray]) -> None:
    asked = spec("kmeans", screen=True)
    model = fit_champion(market[0], asked)
    stored = model.to_json() | {"format": 1}
    del stored["partition"], stored["asked"]
    for feature in stored["transform"]["features"]:
        for key in ("curve", "knots", "weight"):
            del feature[key]
    for row in stored["choice"]["criteria"]:
        del row["verdict"]
    old = ClusterModel.from_json(json.dumps(stored))
    assert old == model
    assert old.answers(asked)
    assert not old.answers(replace(asked, weights={"f0": 2.0}))
