"""Features of which many customers share a value: no gap is seen where there is only a measure."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn.metrics import adjusted_rand_score

from tasks.segments.cluster import ClusterModel, ClusterSpec
from tasks.segments.cluster_model import assign_members, fit_champion
from tasks.segments.k_policy import KPolicy
from tasks.segments.ties import is_tied, spread_ties
from tasks.segments.transform import apply, fit_transform_model, spread
from tests.benchmarks.cluster_population import feature_names, rare_orders, table

QUICK = KPolicy(sample_rows=1_500, splits=3, resamples=5, gap_references=3)


def made(chances: np.ndarray, orders: float, seed: int) -> tuple[ClusterModel, pl.DataFrame, np.ndarray]:
    raw, truth = rare_orders(np.random.default_rng(seed), chances, 1_500, orders)
    frame = table(raw)
    return fit_champion(frame, ClusterSpec(feature_names(raw), k_max=5, effort=QUICK)), frame, truth


@pytest.mark.parametrize(
    ("values", "tied"),
    [
        (np.repeat([0.0, 1.0], [900, 100]), True),
        (np.repeat([0.0, 0.5, 1.0], 400), True),
        (np.concatenate([np.zeros(200), np.arange(1.0, 801)]), True),
        (np.arange(1_000.0), False),
        (np.random.default_rng(1).poisson(50, 2_000).astype(float), False),
        (np.repeat(np.arange(40.0), 25), False),
    ],
    ids=["flag", "halves", "a fifth is zero", "all different", "large counts", "forty values"],
)
def test_few_values_or_many_at_one_of_them_are_ties(values: np.ndarray, *, tied: bool) -> None:
    assert is_tied(values) == tied


def test_spread_ties_are_normal_keep_the_order_and_come_out_the_same_again() -> None:
    frame = pl.DataFrame({"x": np.repeat([0.0, 0.5, 1.0], [850, 50, 100]), "y": np.arange(1_000.0)})
    model = fit_transform_model(frame, ["x", "y"])
    x = apply(model, frame)
    smooth = spread(model, x, 3)
    assert stats.kstest(smooth[:, 0], "norm").pvalue > 0.01
    assert smooth[:850, 0].max() < smooth[850:900, 0].min()
    assert smooth[850:900, 0].max() < smooth[900:, 0].min()
    assert (smooth[:, 1] == x[:, 1]).all()
    assert (spread(model, x, 3) == smooth).all()
    assert np.isfinite(spread_ties(np.zeros(5), np.random.default_rng(0))).all()


@pytest.mark.parametrize("orders", [1.5, 4.0, 11.0])
def test_habits_of_few_orders_alone_are_no_segments_by_nature(orders: float) -> None:
    chances = np.array([[0.1, 0.15, 0.25, 0.5, 0.1, 0.2]])
    model, _, _ = made(chances, orders, seed=1)
    assert model.choice.structure != "natural"


def test_three_types_of_rare_customers_are_three_segments() -> None:
    chances = np.array(
        [[0.03, 0.05, 0.9, 0.1, 0.05, 0.1], [0.8, 0.05, 0.2, 0.9, 0.5, 0.1], [0.03, 0.8, 0.2, 0.1, 0.05, 0.8]]
    )
    model, frame, truth = made(chances, 3.0, seed=2)
    assert len(model.clusters) == 3
    found = assign_members(model, frame).get_column("segment_key").to_numpy()
    assert adjusted_rand_score(truth, found) > 0.7


def test_two_values_are_two_segments_at_most() -> None:
    rng = np.random.default_rng(4)
    frame = table(rng.integers(0, 2, (800, 1)).astype(float))
    model = fit_champion(frame, ClusterSpec(("f0",), effort=QUICK))
    assert len(model.clusters) <= 2
