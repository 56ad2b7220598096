"""Address data: of some customers, mostly right, said after they came, and in part taken back."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from scipy import stats

from tasks.demo import story
from tests.unit.demo import read_beside
from tests.unit.demo.conftest import Demo


@pytest.fixture(scope="module")
def said(demo: Demo) -> pl.DataFrame:
    """What is said, beside what is true."""
    profiles = read_beside.profiles(demo.folder)
    return read_beside.address_data(demo.folder).join(profiles, left_on="customer", right_on="customer_id")


def test_the_provider_knows_a_share_of_those_who_came_before_june(demo: Demo, said: pl.DataFrame) -> None:
    there = demo.truth.filter(pl.col("registered_date") < dt.date(2025, 6, 1))
    assert set(said["customer"]) <= set(there["customer_id"])
    assert stats.binomtest(said["customer"].n_unique(), len(there), story.ENRICHED_SHARE).pvalue > 0.001
    assert set(said["attribute"]) == {"home_ownership", "car", "organic_affinity"}


@pytest.mark.parametrize(
    ("attribute", "truth", "word"), [("home_ownership", "owns_home", "own"), ("car", "has_car", "yes")]
)
def test_the_provider_is_mostly_right(said: pl.DataFrame, attribute: str, truth: str, word: str) -> None:
    told = said.filter(pl.col("attribute") == attribute).drop_nulls("value")
    right = int(((told["value"] == word) == told[truth]).sum())
    assert stats.binomtest(right, len(told), story.ENRICHED_RIGHT_SHARE).pvalue > 0.001
    # Neither answer is the only one.
    assert 0.2 < (told["value"] == word).mean() < 0.8


def test_affinity_follows_the_attitude(said: pl.DataFrame) -> None:
    told = said.filter(pl.col("attribute") == "organic_affinity").drop_nulls("value")
    score = told["value"].cast(pl.Float64)
    assert score.is_between(0, 100).all()
    slope = stats.linregress(told["food_enjoyment"].to_numpy(), score.to_numpy())
    # Planted: 18 points a step; what is cut off at 0 and 100 takes a little of it.
    assert 15 < slope.slope < 18.5


def test_it_is_said_on_the_first_of_a_month_after_the_customer_came(said: pl.DataFrame) -> None:
    assert (said["said_on"].dt.day() == 1).all()
    newcomers = said.filter(pl.col("registered_date") >= dt.date(2024, 1, 1))
    waited = (
        (newcomers["said_on"] - newcomers["registered_date"]).dt.total_days().filter(newcomers["value"].is_not_null())
    )
    assert waited.is_between(1, 31).all()
    assert said.select("customer", "attribute", "said_on").is_unique().all()


def test_some_of_it_is_taken_back_in_march_2025(said: pl.DataFrame) -> None:
    gone = said.filter(pl.col("value").is_null())
    assert set(gone["said_on"]) == {dt.date(2025, 3, 1)}
    assert gone.group_by("customer").len()["len"].unique().to_list() == [3]
    before = said.filter(pl.col("said_on") < dt.date(2025, 3, 1))
    assert stats.binomtest(gone["customer"].n_unique(), before["customer"].n_unique(), 0.02).pvalue > 0.001
    # Only what was said is taken back.
    assert gone.join(before, on=["customer", "attribute"], how="anti").is_empty()
