"""How the audit looks into cluster models without knowing them: what it asks, answered by the room of segments.

Owns: the way from a stored model to a `ClusterSpace`. Does not own the models (`tasks/segments`), or the figures
(`tasks/audit`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tasks.audit.steadiness import ClusterSpace
from tasks.segments import kmeans
from tasks.segments.algorithms import Method, refitted
from tasks.segments.cluster import ClusterModel
from tasks.segments.matrix import distinct_rows, nearest
from tasks.segments.transform import apply

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


#: Random starts of a refit, each improved by exchanges.
_STARTS = 2


def open_space(stored: str, frame: pl.DataFrame) -> ClusterSpace:
    """Customers as a stored cluster model sees them.

    Args:
        stored: its JSON, as `segments.model` keeps it.
        frame: customer_id and its features, ordered by customer id.
    """
    model = ClusterModel.from_json(stored)
    x = apply(model.transform, frame)
    method = model.method
    if method.name not in {"kmeans", "minibatch"}:
        # Clouds have a shape and dense groups any: nearness to a centre says nothing of them.
        groups = model.partition.k - model.partition.has_noise
        return ClusterSpace(x, partial(_refit_other, method, groups), centres={}, error_at_fit=None)
    return ClusterSpace(
        x=x,
        refit=partial(_refit, len(model.clusters)),
        centres=dict(zip(model.keys, model.centroids, strict=True)),
        error_at_fit=model.inertia / model.training_rows,
    )


def _refit(k: int, rows: Floats, seed: int) -> Callable[[Floats], Ints]:
    # Not started from the model's centres: a cut that could as well lie elsewhere would be found where it is.
    fitted = kmeans.fit(rows, distinct_rows(rows, k), seed=seed, n_init=_STARTS)
    return partial(_assign, fitted.centroids)


def _refit_other(method: Method, k: int, rows: Floats, seed: int) -> Callable[[Floats], Ints]:
    partition = refitted(rows, method, distinct_rows(rows, k), seed)
    return lambda others: partition.assign(others).own


def _assign(centres: Floats, rows: Floats) -> Ints:
    return nearest(rows, centres)
