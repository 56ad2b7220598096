"""How well a partition divides the customers of one day: the scores that champion and challenger are held to.

Owns: inertia and stability of a given partition, whatever model it came from. Does not own: the verdict on them
(`identity.should_adopt`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tasks.segments.identity import FitQuality
from tasks.segments.k_criteria import bootstrap_jaccard
from tasks.segments.matrix import sample_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tasks.segments.choose_k import KPolicy

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def partition_quality(x: Floats, labels: Ints, k: int, effort: KPolicy, *, seed: int) -> FitQuality:
    """Score a partition, each segment around its own mean of today.

    Args:
        x: standardised matrix, shape (customers, features), ordered by customer id.
        labels: shape (customers,), the segment of each.
        k: segments of the model, of which some may be empty today.
        effort: sample size, resamples and starts.
        seed: seed of sample and resamples.
    """
    members = (x[labels == label] for label in np.unique(labels))
    inertia = float(sum(((rows - rows.mean(axis=0)) ** 2).sum() for rows in members))
    return FitQuality(k, inertia, _stability(x, labels, effort, seed))


def _stability(x: Floats, labels: Ints, effort: KPolicy, seed: int) -> float:
    """Mean bootstrap Jaccard over segments, on a sample; 1 for a single segment."""
    picked = sample_rows(len(labels), effort.sample_rows, seed)
    present, dense = np.unique(labels[picked], return_inverse=True)
    if len(present) == 1:
        return 1.0
    rows = x[picked]
    means = np.array([rows[dense == label].mean(axis=0) for label in range(len(present))])
    found = bootstrap_jaccard(
        rows,
        dense.astype(np.int64),
        len(present),
        seed=seed,
        resamples=effort.resamples,
        n_init=effort.n_init,
        starts=[means],
    )
    return float(found.mean())
