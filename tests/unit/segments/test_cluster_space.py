"""What the audit is told of models of every algorithm."""

from __future__ import annotations

import json
from typing import get_args

import numpy as np
import pytest

from flows.cluster_space import open_space
from tasks.config.clusters import AlgorithmName
from tasks.segments.cluster import ClusterSpec
from tasks.segments.cluster_model import fit_champion
from tasks.segments.k_policy import KPolicy
from tests.benchmarks.cluster_population import table

QUICK = KPolicy(sample_rows=300, splits=2, resamples=2, gap_references=1, n_init=1)


@pytest.mark.parametrize("algorithm", get_args(AlgorithmName))
def test_centres_are_told_where_nearness_to_them_is_what_counts_and_refits_are_of_the_algorithm(algorithm: str) -> None:
    rng = np.random.default_rng(6)
    group = np.repeat([0, 1], 150)
    frame = table(np.column_stack([50 + 10 * group + rng.normal(size=300), 80 - 9 * group + rng.normal(size=300)]))
    spec = ClusterSpec(("f0", "f1"), k_max=3, effort=QUICK, algorithm=algorithm)  # type: ignore[arg-type]
    model = fit_champion(frame, spec)
    space = open_space(json.dumps(model.to_json()), frame)
    has_centres = algorithm in {"kmeans", "minibatch"}
    assert set(space.centres) == ({"c01", "c02"} if has_centres else set())
    assert (space.error_at_fit is not None) == has_centres
    labels = space.refit(space.x, 0)(space.x)
    assert len(set(labels[:150].tolist()) & set(labels[150:].tolist()) - {2}) == 0
