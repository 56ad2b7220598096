"""K-means that repeats: exact distances, canonical labels, a good optimum, reluctant reassignment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from tasks.config.errors import StatisticsError
from tasks.segments import kmeans, partition
from tasks.segments.exchange import exchanged
from tasks.segments.matrix import distinct_rows, nearest, sample_rows, squared_distances

SQUARE = np.array([[0.0, 0.0], [0.0, 10.0], [10.0, 0.0], [10.0, 10.0]])


def clouds(rows: int = 600, k: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, k, rows)
    return SQUARE[labels] + rng.normal(size=(rows, 2)), labels


def test_distances_equal_scipy() -> None:
    rng = np.random.default_rng(1)
    x, centroids = rng.normal(size=(300, 7)), rng.normal(size=(5, 7))
    assert squared_distances(x, centroids) == pytest.approx(cdist(x, centroids, "sqeuclidean"), rel=1e-12)


def test_sample_is_seeded_sorted_and_without_repeats() -> None:
    picked = sample_rows(1_000, 100, 7)
    assert picked.tolist() == sample_rows(1_000, 100, 7).tolist()
    assert picked.tolist() == sorted(set(picked.tolist()))
    assert len(picked) == 100
    assert picked.tolist() != sample_rows(1_000, 100, 8).tolist()
    assert sample_rows(5, 100, 7).tolist() == [0, 1, 2, 3, 4]


def test_distinct_rows_counts_no_further_than_asked() -> None:
    x = np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 3.0], [2.0, 2.0]])
    assert distinct_rows(x, 10) == 3
    assert distinct_rows(x, 2) == 2


def test_finds_the_four_clouds_and_orders_them_by_size() -> None:
    x, labels = clouds()
    found = kmeans.fit(x, 4, seed=3)
    assert adjusted_rand_score(labels, found.labels) == 1.0
    assert found.sizes.tolist() == sorted(found.sizes.tolist(), reverse=True)
    assert found.sizes.sum() == len(x)
    assert found.inertia == pytest.approx(((x - found.centroids[found.labels]) ** 2).sum())


def test_equal_sizes_are_ordered_by_coordinates() -> None:
    x = np.repeat(SQUARE[[3, 1, 0, 2]], 5, axis=0)
    assert kmeans.fit(x, 4, seed=0).centroids.tolist() == SQUARE.tolist()


@settings(max_examples=25)
@given(st.integers(0, 2**16), st.integers(2, 6))
def test_inertia_is_no_worse_than_scikit_learns(seed: int, k: int) -> None:
    x = np.random.default_rng(seed).normal(size=(200, 3))
    with kmeans.single_thread():
        reference = KMeans(k, n_init=10, random_state=seed).fit(x).inertia_
    assert kmeans.fit(x, k, seed=seed).inertia <= reference * 1.01


def test_exchange_leaves_a_local_optimum() -> None:
    x, _ = clouds(2_000)
    # Two centroids share one cloud, one sits between two clouds: Lloyd alone stays there.
    stuck = np.array([[0.0, -1.0], [0.0, 1.0], [0.0, 10.0], [10.0, 5.0]])
    alone = KMeans(4, init=stuck, n_init=1).fit(x).inertia_
    freed = kmeans.fit(x, 4, seed=0, n_init=0, starts=[stuck])
    assert alone > 5 * freed.inertia
    assert np.allclose(np.sort(freed.centroids, axis=0), np.sort(SQUARE, axis=0), atol=0.2)


def test_exchange_proposes_nothing_where_nothing_can_be_gained() -> None:
    x, _ = clouds(2_000)
    assert exchanged(x, SQUARE) is None
    assert exchanged(x, SQUARE[:2]) is None


def test_sampled_fit_labels_all_rows_and_comes_close_to_the_full_fit() -> None:
    x = np.random.default_rng(2).normal(size=(30_000, 4)) * [3, 2, 1.5, 1]
    sampled = kmeans.fit_sampled(x, 4, seed=1, sample=20_000, start_rows=5_000)
    full = kmeans.fit(x, 4, seed=1)
    assert len(sampled.labels) == len(x)
    assert sampled.inertia <= full.inertia * 1.002
    assert (sampled.labels == nearest(x, sampled.centroids)).all()


def test_more_clusters_than_different_rows_is_refused() -> None:
    with pytest.raises(StatisticsError, match="3 clusters were asked for, but only 2 different customers"):
        kmeans.fit(np.repeat([[0.0], [1.0]], 10, axis=0), 3, seed=0)


def test_assignment_on_a_line_by_hand() -> None:
    centroids = np.array([[0.0], [4.0]])
    found = kmeans.assign(np.array([[0.0], [1.0], [2.0], [3.5], [8.0]]), centroids)
    assert found.own.tolist() == [0, 0, 0, 1, 1]
    assert found.rival.tolist() == [1, 1, 1, 0, 0]
    assert found.distance.tolist() == [0, 1, 2, 0.5, 4]
    assert found.rival_distance.tolist() == [4, 3, 2, 3.5, 8]
    assert found.strength == pytest.approx([1, 2 / 3, 0, 1 - 0.5 / 3.5, 0.5])


def test_one_segment_has_no_rival() -> None:
    found = kmeans.assign(np.array([[1.0], [3.0]]), np.array([[2.0]]))
    assert found.own.tolist() == [0, 0]
    assert found.rival.tolist() == [-1, -1]
    assert np.isnan(found.rival_distance).all()
    assert found.strength.tolist() == [1, 1]


def test_customer_moves_only_when_another_segment_is_a_tenth_nearer() -> None:
    centroids = np.array([[0.0], [21.0]])
    # At 11 the distances are 11 and 10: exactly 1.1 times as far, which is not yet too far.
    x = np.array([[11.0], [11.01], [11.0], [11.0]])
    found = kmeans.assign(x, centroids, previous=np.array([0, 0, 1, -1]))
    assert found.own.tolist() == [0, 1, 1, 1]
    assert found.strength.tolist()[0] == 0.0
    assert found.rival.tolist() == [1, 0, 0, 0]


@settings(max_examples=50)
@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 2**16))
def test_assignment_does_not_depend_on_chunks_or_neighbours(rows: int, chunk: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, centroids = rng.normal(size=(rows, 3)), rng.normal(size=(3, 3))
    previous = rng.integers(-1, 3, rows)
    whole = kmeans.assign(x, centroids, previous=previous)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partition, "CHUNK_ROWS", chunk)
        pieces = kmeans.assign(x, centroids, previous=previous)
    order = rng.permutation(rows)
    shuffled = kmeans.assign(x[order], centroids, previous=previous[order])
    for name in ("own", "rival", "distance", "rival_distance", "strength"):
        expected = getattr(whole, name)
        assert getattr(pieces, name).tolist() == expected.tolist()
        assert getattr(shuffled, name).tolist() == expected[order].tolist()
    assert ((whole.strength >= 0) & (whole.strength <= 1)).all()


def test_assigning_nobody_gives_nobody() -> None:
    assert len(kmeans.assign(np.empty((0, 2)), SQUARE).own) == 0
