"""What is said of clusters: with the day of its figures, of whom they are known, and nothing of too few."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tasks.segments.cluster_model import ClusterSpec, assign_members, fit_champion, refit_challenger
from tasks.segments.divide_clusters import cluster_definitions
from tasks.segments.k_policy import KPolicy

DAY = dt.date(2025, 6, 30)
EFFORT = KPolicy(sample_rows=1_000, splits=2, resamples=5, gap_references=2)
SPEC = ClusterSpec(("spend", "orders"), k_max=4, seed=3, effort=EFFORT, screen=False)
SIZES = (200, 100, 60)


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    """Three groups: many with little of both, some with much spend, few with many orders."""
    rng = np.random.default_rng(7)
    places = np.repeat([(2.0, 2.0), (6.0, 2.0), (2.0, 6.0)], SIZES, axis=0)
    x = np.exp(places + 0.3 * rng.normal(size=places.shape))
    return pl.DataFrame({"customer_id": [f"k{n:03d}" for n in range(len(x))], "spend": x[:, 0], "orders": x[:, 1]})


def test_a_cluster_of_too_few_is_not_described(frame: pl.DataFrame) -> None:
    model = fit_champion(frame, SPEC)
    by_size = sorted(model.clusters, key=lambda cluster: cluster.size)
    told = {one.key: one for one in cluster_definitions(model, "r", by_size[0].size + 1, DAY)}
    # The smallest, and the next smallest, that it would follow from.
    withheld = [told[cluster.key].description.startswith("Not described") for cluster in by_size]
    assert withheld == [True, True, False]
    assert [told[cluster.key].name for cluster in by_size] == [cluster.name for cluster in by_size]


def test_figures_are_told_with_their_day(frame: pl.DataFrame) -> None:
    model = fit_champion(frame, SPEC)
    for one, cluster in zip(cluster_definitions(model, "r", 1, DAY), model.clusters, strict=True):
        assert one.description == f"{cluster.description} Figures of 2025-06-30."
    alone = fit_champion(frame, replace(SPEC, k_max=1))
    (everybody,) = cluster_definitions(alone, "r", 1, DAY)
    assert everybody.description == alone.clusters[0].description
    assert "Figures of" not in everybody.description


def test_a_feature_that_is_known_of_too_few_is_not_spoken_of(frame: pl.DataFrame) -> None:
    known = frame.with_columns(
        more=pl.when(pl.int_range(pl.len()) % 40 == 0).then(pl.int_range(pl.len()) + 0.5).otherwise(None)
    )
    spec = replace(SPEC, features=("spend", "orders", "more"))
    few = fit_champion(known, replace(spec, min_group_size=50)).clusters
    assert {item.feature for cluster in few for item in cluster.distinctions} == {"spend", "orders"}
    told = fit_champion(known, spec).clusters
    assert "more" in {item.feature for cluster in told for item in cluster.distinctions}


def test_that_a_feature_is_not_known_of_a_cluster_is_said(frame: pl.DataFrame) -> None:
    """Who has no value stands where the median is, which can be a place of his own: 70 of the 100 of much spend."""
    known = frame.with_columns(
        orders=pl.when(pl.int_range(pl.len()).is_between(200, 269)).then(None).otherwise(pl.col("orders"))
    )
    found = {cluster.size: cluster.description for cluster in fit_champion(known, SPEC).clusters}
    much = found.pop(100)
    assert "60% of those of whom it is known below that); orders is not known of 70% of the segment" in much
    assert much.endswith("(all customers: 19%).")
    assert "not known" not in "".join(found.values())


def test_a_segment_that_has_outgrown_its_name_keeps_it_and_that_is_said(frame: pl.DataFrame) -> None:
    """Those who spent much order much by now, and spend less than anybody: the id goes on with them, and its name."""
    champion = fit_champion(frame, SPEC)
    before = assign_members(champion, frame)
    name = {cluster.size: cluster.name for cluster in champion.clusters}[100]
    assert name == "High spend, low orders"
    here = pl.int_range(pl.len()).is_between(200, 299)
    now = frame.with_columns(
        spend=pl.when(here).then(pl.col("spend") / 2_000).otherwise(pl.col("spend")),
        orders=pl.when(here).then(pl.col("orders") * 6).otherwise(pl.col("orders")),
    )
    told = refit_challenger(champion, now, SPEC, before, champion.keys).model.clusters
    found = {cluster.name: cluster.description for cluster in told}
    assert found[name].endswith(
        " It has outgrown its name: by these figures it would be called “Low spend, high orders”."
    )
    assert "outgrown" not in "".join(cluster.description for cluster in champion.clusters)
