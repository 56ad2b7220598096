"""Figures of a cluster model: stable clouds hold, a cut through one does not; silhouettes are scikit-learn's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from flows.cluster_space import _refit
from tasks.audit.steadiness import Stability, mean_error, separations, stability
from tasks.segments import kmeans

CENTRES = np.array([[0.0, 0.0, 0.0], [7.0, 0.0, 0.0], [0.0, 7.0, 0.0]])


@pytest.fixture(scope="module")
def clouds() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1, 2], [200, 150, 100])
    return CENTRES[labels] + rng.normal(size=(450, 3)), labels


def test_clouds_are_found_again_and_a_cut_through_one_is_not(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    x, labels = clouds
    whole = stability(x, labels, 3, partial(_refit, 3), resamples=15)
    assert min(one.mean for one in whole.values()) > 0.95
    assert all(one.low <= one.mean <= one.high for one in whole.values())
    cut = kmeans.fit(x, 4, seed=1).labels
    halves = stability(x, cut, 4, partial(_refit, 4), resamples=15)
    # Where a round cloud is cut is chance.
    assert min(one.mean for one in halves.values()) < 0.75


def test_jaccard_is_counted_on_the_rows_that_were_drawn() -> None:
    x = np.arange(40.0).reshape(-1, 1)
    labels = (x[:, 0] >= 20).astype(np.int64)

    def refit(rows: np.ndarray, seed: int) -> Callable[[np.ndarray], np.ndarray]:
        del rows, seed
        return lambda asked: (asked[:, 0] >= 30).astype(np.int64)

    # Half of segment 1 is called 0: its Jaccard is about a half, that of segment 0 about two thirds.
    found = stability(x, labels, 2, refit, resamples=60)
    assert found[0].mean == pytest.approx(20 / 30, abs=0.05)
    assert found[1].mean == pytest.approx(10 / 20, abs=0.05)
    assert found == stability(x, labels, 2, refit, resamples=60)
    assert stability(x[:25], labels[:25], 2, refit, resamples=5).keys() == {0}
    assert isinstance(found[0], Stability)


def test_silhouettes_are_rousseeuws(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    x, labels = clouds
    order = np.random.default_rng(1).permutation(len(x))
    found = separations(x[order], labels[order])
    expected = silhouette_samples(x, labels)
    for segment in range(3):
        assert found[segment].silhouette == pytest.approx(expected[labels == segment].mean(), abs=1e-6)
    means = np.array([x[labels == segment].mean(axis=0) for segment in range(3)])
    assert found[1].rival == 0
    assert found[1].distance == pytest.approx(np.linalg.norm(means[1] - means[0]), abs=1e-6)


def test_one_segment_has_no_rival() -> None:
    x = np.random.default_rng(0).normal(size=(60, 2))
    assert separations(x, np.zeros(60, dtype=np.int64)) == {}


def test_the_error_is_the_mean_squared_distance_to_the_own_centre(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    x, labels = clouds
    keys = [f"c{label}" for label in labels]
    centres = {f"c{place}": centre for place, centre in enumerate(CENTRES)}
    assert mean_error(x, keys, centres) == pytest.approx(((x - CENTRES[labels]) ** 2).sum(axis=1).mean(), abs=1e-6)
    assert mean_error(x, keys, {"c0": CENTRES[0]}) is None
