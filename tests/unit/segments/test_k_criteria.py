"""The scores for a number of clusters, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.segments import k_criteria as score
from tasks.segments import kmeans


def two_clouds(distance: float, rows: int = 20_000, share: float = 0.5, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    x[: int(share * rows), 0] += distance
    return x


def test_cross_table_counts_pairs() -> None:
    table = score.cross_table(np.array([0, 0, 1, 1, 1]), np.array([1, 1, 0, 2, 2]), 2, 3)
    assert table.tolist() == [[0, 2, 0], [1, 0, 2]]


def test_pairs_kept_by_hand() -> None:
    # Of 4 members, 3 stay together: 3 of 6 pairs. Of 2 members both stay: 1 of 1. A single member has no pair.
    table = np.array([[3.0, 1.0], [0.0, 2.0], [1.0, 0.0]])
    assert score._pairs_kept(table).tolist() == [0.5, 1.0, 0.0]


def test_prediction_strength_of_two_far_clouds_is_one_at_two_and_low_at_three() -> None:
    strength, error = score.prediction_strength(two_clouds(10, 1_000), 3, seed=1, splits=3, n_init=3)
    assert strength[:2].tolist() == [1.0, 1.0]
    assert strength[2] < 0.8
    assert error[1] == 0


def test_gap_says_two_for_two_far_clouds_and_one_for_one() -> None:
    for distance, best in ((10.0, 2), (0.0, 1)):
        x = two_clouds(distance, 800)
        path = score.fit_path(x, 3, seed=1, n_init=3)
        gap, error = score.gap_statistic(x, path, seed=1, references=10)
        says = next(k for k in (1, 2) if gap[k - 1] >= gap[k] - error[k])
        assert says == best


def test_jaccard_is_one_for_far_clouds_and_halves_where_one_cluster_is_cut_at_random() -> None:
    x = two_clouds(12, 1_000)
    labels = kmeans.fit(x, 2, seed=0).labels
    stable = score.bootstrap_jaccard(x, labels, 2, seed=1, resamples=5, n_init=2)
    assert stable.tolist() == [1.0, 1.0]
    # A coin cuts label 0 in two: each half is at best half of the cluster that refits find.
    cut = np.where(labels == 0, 0, 1 + np.arange(len(x)) % 2)
    halved = score.bootstrap_jaccard(x, cut, 2, seed=1, resamples=5, n_init=2)
    assert halved[0] == 1.0
    assert halved[1:] == pytest.approx(0.5, abs=0.05)


def test_jaccard_survives_resamples_with_fewer_different_rows_than_clusters() -> None:
    x = np.concatenate([np.zeros((50, 1)), [[1.0]], [[2.0]]])
    found = score.bootstrap_jaccard(x, np.array([0] * 50 + [1, 2]), 3, seed=0, resamples=20, n_init=1)
    assert np.isfinite(found).all()
    assert found[0] > 0.9


@pytest.mark.parametrize("distance", [3.0, 4.0, 6.0])
def test_separation_of_two_equal_clouds_is_the_depth_of_their_density(distance: float) -> None:
    x = two_clouds(distance, 200_000)
    centroids = np.array([[0.0, 0.0, 0.0], [distance, 0.0, 0.0]])
    grid = np.linspace(-2, distance + 2, 2_001)
    density = np.exp(-(grid**2) / 2) + np.exp(-((grid - distance) ** 2) / 2)
    depth = 1 - density[1_000] / density.max()
    # Windows an eighth of the distance either way blunt the valley and the peaks a little.
    assert score.separation(x, centroids) == pytest.approx(depth, abs=0.08)
    assert score.separation(x, centroids) < depth


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("shape", ["round", "long", "uniform"])
def test_no_valley_in_a_single_cloud(shape: str, k: int) -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(size=(20_000, 4)) if shape == "uniform" else rng.normal(size=(20_000, 4))
    if shape == "long":
        x[:, 0] *= 5
    assert score.separation(x, kmeans.fit(x[:3_000], k, seed=1).centroids) < 0.35


def test_separation_is_the_shallowest_of_all_pairs() -> None:
    x = np.vstack([two_clouds(6), two_clouds(0) + np.array([3, 40, 0])])
    near, far = [[0.0, 0, 0], [6.0, 0, 0]], [[3.0, 40, 0]]
    of_two = score.separation(two_clouds(6), np.array(near))
    assert score.separation(x, np.array(near + far)) == pytest.approx(of_two, abs=0.01)
    assert score.separation(x, np.array([[3.0, 0, 0], [3.0, 40, 0]])) > 0.95


def test_path_ends_where_rows_are_all_alike() -> None:
    x = np.repeat([[0.0], [1.0], [5.0]], 30, axis=0)
    assert [found.k for found in score.fit_path(x, 8, seed=0, n_init=2)] == [1, 2, 3]
    strength, _ = score.prediction_strength(x, 5, seed=0, splits=2, n_init=2)
    assert strength.tolist() == [1, 1, 1, 0, 0]
