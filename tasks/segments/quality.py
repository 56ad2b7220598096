"""How well a partition divides the customers of one day: the scores that champion and challenger are held to.

Owns: loss and stability of a given partition, whatever model it came from. Does not own: the verdict on them
(`identity.should_adopt`), or what an algorithm loses (`algorithms.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tasks.segments.algorithms import ALGORITHMS, Method, loss, refitted
from tasks.segments.identity import FitQuality
from tasks.segments.k_criteria import bootstrap_jaccard, resampled_jaccard
from tasks.segments.matrix import distinct_rows, sample_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tasks.segments.k_policy import KPolicy

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def partition_quality(
    x: Floats,
    labels: Ints,
    k: int,
    effort: KPolicy,
    *,
    seed: int,
    method: Method | None = None,
    groups: int | None = None,
    in_groups: float = 1.0,
) -> FitQuality:
    """Score a partition, each segment around its own members of today.

    Args:
        x: standardised matrix, shape (customers, features), ordered by customer id.
        labels: shape (customers,), the segment of each.
        k: segments of the model, of which some may be empty today.
        effort: sample size, resamples and starts.
        seed: seed of sample and resamples.
        method: algorithm whose loss and refits the partition is held to; default k-means.
        groups: labels from here on are noise; default none is.
        in_groups: share of the customers within the reach of a dense group.
    """
    method = method or Method()
    lost = loss(x, labels, method, in_groups=in_groups)
    stability = _stability(x, labels, effort, seed, method, groups)
    return FitQuality(k, lost, stability, ALGORITHMS[method.name].loss_name)


def _stability(x: Floats, labels: Ints, effort: KPolicy, seed: int, method: Method, groups: int | None) -> float:
    """Mean bootstrap Jaccard over segments, on a sample; 1 for a single segment."""
    picked = sample_rows(len(labels), effort.sample_rows, seed)
    present, dense = np.unique(labels[picked], return_inverse=True)
    if len(present) == 1:
        return 1.0
    rows, dense = x[picked], dense.astype(np.int64)
    if method.name != "kmeans":
        clusters = int((present < groups).sum()) if groups is not None else len(present)
        found = resampled_jaccard(
            rows,
            dense,
            max(clusters, 1),
            seed=seed,
            resamples=effort.resamples,
            refit=lambda drawn, draw_seed: refitted(drawn, method, distinct_rows(drawn, clusters), draw_seed),
        )
        return float(found.mean())
    means = np.array([rows[dense == label].mean(axis=0) for label in range(len(present))])
    found = bootstrap_jaccard(
        rows,
        dense,
        len(present),
        seed=seed,
        resamples=effort.resamples,
        n_init=effort.n_init,
        starts=[means],
    )
    return float(found.mean())
