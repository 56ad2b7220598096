"""How the audit looks into cluster models without knowing them: what it asks, answered by the room of segments.

Owns: the way from a stored model to a `ClusterSpace`. Does not own the models (`tasks/segments`), or the figures
(`tasks/audit`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tasks.audit.steadiness import ClusterSpace
from tasks.config.clusters import AlgorithmName
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
_OF_CENTRES = ("kmeans", "minibatch")


def open_space(stored: str, frame: pl.DataFrame) -> ClusterSpace:
    """Customers as a stored cluster model sees them.

    Args:
        stored: its JSON, as `segments.model` keeps it.
        frame: customer_id and its features, ordered by customer id.
    """
    model = ClusterModel.from_json(stored)
    algorithm = model.partition.to_dict()["algorithm"]
    has_centres = algorithm in _OF_CENTRES
    return ClusterSpace(
        x=apply(model.transform, frame),
        refit=partial(_refit, len(model.clusters))
        if has_centres
        else partial(_refit_as, algorithm, len(model.clusters)),
        centres=dict(zip(model.keys, model.centroids, strict=True)),
        # Other algorithms lower something else than distances.
        error_at_fit=model.inertia / model.training_rows if has_centres else None,
    )


def _refit(k: int, rows: Floats, seed: int) -> Callable[[Floats], Ints]:
    # Not started from the model's centres: a cut that could as well lie elsewhere would be found where it is.
    fitted = kmeans.fit(rows, distinct_rows(rows, k), seed=seed, n_init=_STARTS)
    return partial(_assign, fitted.centroids)


def _refit_as(algorithm: AlgorithmName, k: int, rows: Floats, seed: int) -> Callable[[Floats], Ints]:
    partition = refitted(rows, Method(algorithm), k, seed)
    return lambda asked: partition.assign(asked).own


def _assign(centres: Floats, rows: Floats) -> Ints:
    return nearest(rows, centres)
