"""The whole way: fit, assign, refit, with ids and names that last."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.config.errors import StatisticsError
from tasks.segments.cluster_model import (
    ClusterModel,
    ClusterSpec,
    FeatureMeaning,
    assign_members,
    fit_champion,
    refit_challenger,
)
from tasks.segments.k_policy import KPolicy
from tests.benchmarks.cluster_population import Measure, centres, feature_names, table

QUICK = KPolicy(sample_rows=1_000, splits=2, resamples=5, gap_references=2)
FEATURES = tuple(f"f{j}" for j in range(5))
DAY = dt.date(2025, 6, 30)
SPEC = ClusterSpec(features=FEATURES, k_max=6, seed=3, effort=QUICK)


class Market:
    """Customers of four segments measured in money and counts; the centres stay what they are."""

    def __init__(self, rows: int = 1_500, seed: int = 21) -> None:
        self.rng = np.random.default_rng(seed)
        self.centres = centres(self.rng, 5, 5, 6.0)
        self.measure = Measure.draw(self.rng, 5)
        self.labels = self.rng.integers(0, 4, rows)
        self.latent = self.centres[self.labels] + self.rng.normal(size=(rows, 5))

    def frame(self) -> pl.DataFrame:
        return table(self.measure(self.latent))

    def redraw(self, share: float) -> np.ndarray:
        """Give a share of customers a new life; returns who was left alone."""
        changed = self.rng.random(len(self.labels)) < share
        self.labels = np.where(changed, self.rng.integers(0, 4, len(self.labels)), self.labels)
        fresh = self.centres[self.labels] + self.rng.normal(size=self.latent.shape)
        self.latent = np.where(changed[:, None], fresh, self.latent)
        return ~changed

    def move(self, members: np.ndarray, to: int) -> None:
        self.labels = np.where(members, to, self.labels)
        fresh = self.centres[self.labels] + self.rng.normal(size=self.latent.shape)
        self.latent = np.where(members[:, None], fresh, self.latent)


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return Market().frame()


@pytest.fixture(scope="module")
def model(frame: pl.DataFrame) -> ClusterModel:
    return fit_champion(frame, SPEC)


def test_champion_finds_the_four_segments(model: ClusterModel, frame: pl.DataFrame) -> None:
    assert model.keys == ("c01", "c02", "c03", "c04")
    assert model.choice.structure == "natural"
    assert [cluster.size for cluster in model.clusters] == sorted((c.size for c in model.clusters), reverse=True)
    assert len({cluster.name for cluster in model.clusters}) == 4
    assert sum(cluster.size for cluster in model.clusters) == model.training_rows == frame.height
    assert [row.k for row in model.choice.criteria] == [1, 2, 3, 4, 5, 6]


def test_members_are_the_true_segments(model: ClusterModel, frame: pl.DataFrame) -> None:
    members = assign_members(model, frame)
    assert members.columns == ["customer_id", "segment_key", "strength", "distance", "rival_key", "rival_distance"]
    truth = pl.DataFrame({"segment_key": members["segment_key"], "truth": Market().labels})
    purest = truth.group_by("segment_key").agg(pl.col("truth").mode().first().alias("of"), pl.len())
    assert purest["of"].n_unique() == 4
    agreeing = truth.join(purest, on="segment_key").filter(pl.col("truth") == pl.col("of")).height
    assert agreeing / frame.height > 0.98
    assert (members["segment_key"] != members["rival_key"]).all()
    assert (members["distance"] <= members["rival_distance"]).all()
    expected = 1 - members["distance"] / members["rival_distance"]
    assert members["strength"].to_numpy() == pytest.approx(expected.to_numpy(), abs=2e-6)


@settings(max_examples=3)
@given(st.randoms(use_true_random=False))
def test_row_order_changes_nothing(random: object) -> None:
    small = Market(rows=200).frame()
    order = list(range(small.height))
    random.shuffle(order)  # type: ignore[attr-defined]
    first, second = fit_champion(small, SPEC), fit_champion(small[order], SPEC)
    assert json.dumps(first.to_json()) == json.dumps(second.to_json())
    assert assign_members(first, small).equals(assign_members(second, small[order]))


def test_model_from_json_is_equal_and_assigns_identically(model: ClusterModel, frame: pl.DataFrame) -> None:
    text = json.dumps(model.to_json(), sort_keys=True, allow_nan=False)
    for stored in (ClusterModel.from_json(text), ClusterModel.from_json(json.loads(text))):
        assert stored == model
        assert json.dumps(stored.to_json(), sort_keys=True) == text
        assert assign_members(stored, frame).equals(assign_members(model, frame))


def test_another_format_is_refused(model: ClusterModel) -> None:
    with pytest.raises(StatisticsError, match="has format 99"):
        ClusterModel.from_json(model.to_json() | {"format": 99})


def test_refit_on_the_same_customers_changes_nothing(model: ClusterModel, frame: pl.DataFrame) -> None:
    members = assign_members(model, frame)
    outcome = refit_challenger(model, frame.reverse(), SPEC, members, model.keys)
    assert not outcome.adopted
    assert outcome.model == model
    assert outcome.mapping == {key: key for key in model.keys}
    assert assign_members(outcome.model, frame, members)["segment_key"].equals(members["segment_key"])


@pytest.mark.parametrize("seed", [1, 2])
def test_unchanged_customers_keep_their_segment_when_others_change(seed: int) -> None:
    market = Market(seed=seed)
    model = fit_champion(market.frame(), SPEC)
    before = assign_members(model, market.frame())
    unchanged = market.redraw(0.05)
    outcome = refit_challenger(model, market.frame(), replace(SPEC, seed=seed), before, model.keys)
    after = assign_members(outcome.model, market.frame(), before)
    churn = (before["segment_key"] != after["segment_key"]).to_numpy()[unchanged].mean()
    assert churn <= 0.005


def test_a_new_number_of_segments_must_win_twice_and_the_old_ids_go_on(model: ClusterModel) -> None:
    market = Market()
    before = assign_members(model, market.frame())
    market.move(market.rng.random(len(market.labels)) < 0.2, to=4)
    now = market.frame()
    first = refit_challenger(model, now, SPEC, before, model.keys)
    assert not first.adopted
    assert "won 1 of 2" in first.reason
    assert (first.model.pending_k, first.model.pending_wins) == (5, 1)
    stored = ClusterModel.from_json(json.dumps(first.model.to_json()))
    second = refit_challenger(stored, now, SPEC, before, ["c01", "c09"])
    assert second.adopted
    assert second.new_keys == ("c10",)
    assert second.model.keys == ("c01", "c02", "c03", "c04", "c10")
    assert second.mapping == {key: key for key in model.keys}
    assert {c.key: c.name for c in second.model.clusters if c.key in model.keys} == dict(model.names)
    assert second.model.pending_k is None
    # It may wait for somebody: the next refit that chooses five has won twice in a row, too.
    assert (second.champion.pending_k, second.champion.pending_wins) == (5, 1)
    after = assign_members(second.model, now, before)
    moved = market.labels == 4
    assert set(after["segment_key"].to_numpy()[moved]) == {"c10"}
    same = (after["segment_key"] == before["segment_key"]).to_numpy()
    assert same[~moved].mean() > 0.99


def test_a_number_of_segments_wins_once_a_day_however_often_somebody_asks(model: ClusterModel) -> None:
    market, monday = Market(), DAY
    market.move(market.rng.random(len(market.labels)) < 0.2, to=4)
    now, champion = market.frame(), model
    for _ in range(3):
        outcome = refit_challenger(champion, now, SPEC, None, model.keys, day=monday)
        assert "won 1 of 2" in outcome.reason
        champion = ClusterModel.from_json(json.dumps(outcome.champion.to_json()))
        assert (champion.pending_k, champion.pending_wins, champion.pending_date) == (5, 1, monday)
    assert refit_challenger(champion, now, SPEC, None, model.keys, day=monday + dt.timedelta(7)).adopted


def test_another_choice_in_between_starts_the_count_again(model: ClusterModel, frame: pl.DataFrame) -> None:
    counting = replace(model, pending_k=5, pending_wins=1)
    outcome = refit_challenger(counting, frame, SPEC, None, model.keys)
    assert (outcome.model.pending_k, outcome.model.pending_wins) == (None, 0)


def test_so_does_a_better_one_of_as_many_segments_that_waits_for_somebody(model: ClusterModel) -> None:
    market = Market()
    # A group has come so near to another one that the champion takes half of it for that.
    market.latent = market.latent + 0.5 * (market.labels == 0)[:, None] * (market.centres[1] - market.centres[0])
    counting = replace(model, pending_k=5, pending_wins=1)
    outcome = refit_challenger(counting, market.frame(), SPEC, None, model.keys)
    assert outcome.adopted
    assert len(outcome.model.clusters) == len(model.clusters)
    assert (outcome.champion.keys, outcome.champion.pending_k) == (model.keys, None)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"algorithm": "hdbscan", "noise": "nearest"}, "algorithm"),
        ({"inside": "life.active"}, "inside"),
        ({"screen": False, "winsor": 0.0}, "caps and screen"),
    ],
)
def test_what_was_changed_is_told_and_nothing_else(
    model: ClusterModel, frame: pl.DataFrame, change: dict[str, Any], told: str
) -> None:
    outcome = refit_challenger(model, frame, replace(SPEC, **change), None, model.keys)
    assert outcome.reason == f"adopted: the segmentation's {told} changed, so the champion cannot be compared"


def test_other_features_replace_the_champion(model: ClusterModel, frame: pl.DataFrame) -> None:
    spec = replace(SPEC, features=FEATURES[:4])
    outcome = refit_challenger(model, frame, spec, assign_members(model, frame), model.keys)
    assert outcome.adopted
    assert "features changed" in outcome.reason
    assert outcome.verdict is None
    assert outcome.model.transform.names == FEATURES[:4]


def test_retired_names_are_remembered(model: ClusterModel, frame: pl.DataFrame) -> None:
    strangers = table(Market(rows=1_500, seed=99).measure(Market(seed=99).latent), np.arange(5_000, 6_500))
    spec = replace(SPEC, features=FEATURES[1:])
    outcome = refit_challenger(model, strangers, spec, assign_members(model, frame), model.keys)
    assert set(outcome.mapping.values()) == {None}
    assert set(outcome.model.keys).isdisjoint(model.keys)
    assert set(model.names.items()) <= set(outcome.model.names.items())
    assert len(set(outcome.model.names.values())) == len(outcome.model.names)


def test_previous_membership_holds_customers_on_the_boundary(model: ClusterModel, frame: pl.DataFrame) -> None:
    free = assign_members(model, frame)
    weakest = free.sort("strength").head(1)
    swapped = free.with_columns(
        pl.when(pl.col("customer_id") == weakest["customer_id"][0])
        .then(pl.col("rival_key"))
        .otherwise(pl.col("segment_key"))
        .alias("segment_key")
    )
    held = assign_members(replace(model, hysteresis=1e9), frame, swapped)
    assert held["segment_key"].equals(swapped["segment_key"])
    unknown = swapped.with_columns(pl.lit("c99").alias("segment_key"))
    assert assign_members(model, frame, unknown).equals(free)
    assert assign_members(model, frame, swapped.clear()).equals(free)


def test_unstructured_customers_are_one_segment() -> None:
    noise = np.random.default_rng(4).normal(size=(600, 5))
    model = fit_champion(table(noise), SPEC)
    assert model.choice.reason.startswith("no structure found")
    assert [(c.key, c.name, c.size) for c in model.clusters] == [("c01", "All customers", 600)]
    members = assign_members(model, table(noise))
    assert members["rival_key"].null_count() == members["rival_distance"].null_count() == 600
    assert members["strength"].to_list() == [1.0] * 600


def test_nulls_and_new_customers_are_assigned(model: ClusterModel, frame: pl.DataFrame) -> None:
    blank = pl.DataFrame({"customer_id": ["x", "y"], **{name: [None, 1.0] for name in FEATURES}})
    members = assign_members(model, blank, assign_members(model, frame))
    assert members["segment_key"].null_count() == 0
    assert assign_members(model, blank.clear()).height == 0


def test_meanings_reach_names_and_descriptions(frame: pl.DataFrame) -> None:
    meanings = {name: FeatureMeaning(f"thing {name}", high=f"much {name}", low=f"little {name}") for name in FEATURES}
    clusters = fit_champion(frame, SPEC, meanings).clusters
    assert all("much f" in c.name.casefold() or "little f" in c.name.casefold() for c in clusters)
    assert all(c.description.startswith("Thing f") for c in clusters)


def test_earlier_ids_are_not_given_again(frame: pl.DataFrame) -> None:
    assert fit_champion(frame, SPEC, used_ids=["c07"]).keys == ("c08", "c09", "c10", "c11")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: f.head(49), "49 customers are too few for clusters; at least 50"),
        (lambda f: pl.concat([f, f.head(1)]), "1,501 rows for 1,500 customers"),
        (lambda f: f.with_columns(pl.lit(None, pl.String).alias("customer_id")), "1,500 of them without customer_id"),
        (lambda f: f.drop("f3"), "feature 'f3' is not in the feature table"),
        (lambda f: f.with_columns(pl.lit("a").alias("f3")), "'f3' is of type String"),
        (lambda f: f.with_columns(pl.lit(1.0).alias(n) for n in FEATURES), "no feature can tell customers apart"),
    ],
)
def test_what_cannot_be_clustered_is_refused_with_the_reason(frame: pl.DataFrame, spoil: object, said: str) -> None:
    with pytest.raises(StatisticsError, match=said) as caught:
        fit_champion(spoil(frame), SPEC)  # type: ignore[operator]
    assert caught.value.hint


def test_feature_names_helper_matches_the_spec() -> None:
    assert feature_names(np.zeros((1, 5))) == FEATURES
