"""Customers who order rarely: are types of customers found, and none where there are none.

Used by `cluster_figures.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
from sklearn.metrics import adjusted_rand_score

from tasks.segments import transform
from tasks.segments.cluster_model import ClusterSpec, assign_members, fit_champion
from tests.benchmarks.cluster_page import EFFORT, Row, share
from tests.benchmarks.cluster_population import feature_names, rare_orders, table

_USUAL = np.array([-1.4, -1.6, -0.9, 0.0, -1.4, -2.6])
"""Log odds of an order to show each habit."""
_APART = 2.0
_CUSTOMERS = 1_500
_ORDERS = (0.5, 1.0, 3.0, 10.0, 40.0)
_TYPES = (1, 3)


def rare(repetitions: int) -> list[Row]:
    """The right number, natural where there are no types, and agreement; with ties treated as ties, and without."""
    ways = (transform.is_tied, lambda _: False)
    lines = []
    for types in _TYPES:
        for orders in _ORDERS:
            tallies = [_tally(way, types, orders, repetitions) for way in ways]
            cells = [
                f"{share(t['right'], repetitions)} ; {share(t['natural'], repetitions)} ; {t['ari'] / repetitions:.2f}"
                for t in tallies
            ]
            lines.append(("none" if types == 1 else f"{types}", f"{1 + orders:g}", *cells))
    return lines


def _tally(is_tied: Callable[[np.ndarray], bool], types: int, orders: float, repetitions: int) -> Counter[str]:
    tally: Counter[str] = Counter()
    for repetition in range(repetitions):
        raw, truth = rare_orders(*_company(types, repetition), _CUSTOMERS, orders)
        frame = table(raw)
        with patch.object(transform, "is_tied", is_tied):
            model = fit_champion(frame, ClusterSpec(feature_names(raw), effort=EFFORT))
            found = assign_members(model, frame).get_column("segment_key").to_numpy()
        tally["right"] += len(model.clusters) == types
        tally["natural"] += model.choice.structure == "natural"
        tally["ari"] += adjusted_rand_score(truth, found)
    return tally


def _company(types: int, repetition: int) -> tuple[np.random.Generator, np.ndarray]:
    """The chances of each type: habits are usual, rarer or more frequent; any two types differ in three steps or more."""
    rng = np.random.default_rng([5, types, repetition])
    while True:
        steps = rng.integers(-1, 2, (types, len(_USUAL))) if types > 1 else np.zeros((1, len(_USUAL)))
        apart = np.abs(steps[:, None] - steps[None]).sum(axis=2)[np.triu_indices(types, 1)]
        if (apart >= 3).all():
            return rng, 1 / (1 + np.exp(-(_USUAL + _APART * steps)))
