"""Visits: as many as the truth says, those with an order end in one, and segments look as often as the story says."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tasks.demo import story
from tests.unit.demo import read_beside
from tests.unit.demo.conftest import Demo

HISTORY_END = dt.date(2025, 6, 30)


@pytest.fixture(scope="module")
def visits(demo: Demo) -> pl.DataFrame:
    return read_beside.visits(demo.folder)


def test_the_truth_counts_the_visits_of_every_customer(demo: Demo, visits: pl.DataFrame) -> None:
    counted = (
        visits.drop_nulls("visitor").group_by("visitor").agg(all=pl.len(), orders=(pl.col("outcome") == "order").sum())
    )
    both = read_beside.profiles(demo.folder).join(counted, left_on="customer_id", right_on="visitor", how="left")
    both = both.with_columns(pl.col("all", "orders").fill_null(0))
    assert (both["visit_count"] == both["all"]).all()
    assert (both["order_visit_count"] == both["orders"]).all()
    assert both["orders"].sum() > 1000


def test_every_visit_with_an_order_ends_with_one_of_the_same_customer_and_channel(
    demo: Demo, visits: pl.DataFrame
) -> None:
    ends = visits.filter(pl.col("outcome") == "order").select(
        customer="visitor", channel="surface", at=pl.col("started_at") + pl.duration(seconds=pl.col("seconds"))
    )
    orders = demo.lines.filter(~pl.col("order").str.contains("-")).unique("order").select("customer", "channel", "at")
    # A visit cannot begin before the history does: such a one is cut off.
    ends = ends.filter(pl.col("at") > dt.datetime(2024, 1, 1, 6))
    assert len(ends.join(orders, on=["customer", "channel", "at"], how="semi")) == len(ends)
    online = orders.filter((pl.col("channel") != "store") & (pl.col("at") > dt.datetime(2024, 1, 1, 6)))
    assert stats.binomtest(len(ends), len(online), story.VISIT_LOGGED_SHARE).pvalue > 0.001


def test_visits_lie_in_the_life_of_a_customer_and_in_the_file_of_their_month(demo: Demo, visits: pl.DataFrame) -> None:
    both = visits.drop_nulls("visitor").join(demo.truth, left_on="visitor", right_on="customer_id")
    assert len(both) == visits["visitor"].drop_nulls().len()
    idle = both.filter(pl.col("outcome") == "none")
    day = idle["started_at"].dt.date()
    assert (day >= idle["registered_date"]).all()
    assert (idle["left_date"].is_null() | (day < idle["left_date"])).all()
    assert day.max() <= HISTORY_END
    for path in (demo.folder / "visits").iterdir():
        month = path.name.removeprefix("visits_").removesuffix(".csv.gz")
        started = pl.read_csv(path)["started_at"].str.to_datetime(read_beside.TIME, strict=False).drop_nulls()
        assert (started.dt.strftime("%Y-%m") == month).all()


def test_segments_look_as_often_as_the_story_says(demo: Demo) -> None:
    """Visits without an order under an id against what the segment's rate and rhythm let expect, by customer."""
    profiles = read_beside.profiles(demo.folder).filter(pl.col("segment") == pl.col("segment_at_end"))
    until = np.concatenate([np.zeros((len(story.SEGMENTS), 1)), np.cumsum(story.day_weights(), axis=1)], axis=1) / 365
    rates = {}
    for place, segment in enumerate(story.SEGMENTS):
        theirs = profiles.filter(pl.col("segment") == segment.id)
        first = (theirs["registered_date"] - story.HISTORY_START).dt.total_days().clip(0, story.DAYS).to_numpy()
        last = (theirs["left_date"] - story.HISTORY_START).dt.total_days().fill_null(story.DAYS).to_numpy()
        years = until[place, np.minimum(last, story.DAYS)] - until[place, first]
        looked = (theirs["visit_count"] - theirs["order_visit_count"]).to_numpy().astype(float)
        rates[segment.id] = looked.sum() / years.sum()
        _, web, app = segment.channels
        known = 1 - story.VISIT_UNKNOWN_SHARE * web / (web + app)
        away = looked - segment.visits_per_year * known * years
        if segment.id == "lapsing":
            # Their visits fade over the history.
            assert away.sum() < 0
        else:
            assert abs(away.sum()) < 4 * np.sqrt((away**2).sum()), segment.id
    steady = sorted((one for one in story.SEGMENTS if one.id != "lapsing"), key=lambda one: one.visits_per_year)
    assert [one.id for one in steady] == sorted((one.id for one in steady), key=lambda name: rates[name])


def test_who_lapses_looks_less_and_less(demo: Demo, visits: pl.DataFrame) -> None:
    fading = demo.truth.filter(pl.col("fading_since_date").is_between(dt.date(2024, 7, 1), dt.date(2024, 12, 31)))
    theirs = visits.join(fading, left_on="visitor", right_on="customer_id").with_columns(
        days=(pl.col("started_at").dt.date() - pl.col("fading_since_date")).dt.total_days()
    )
    before = theirs.filter(pl.col("days").is_between(-180, -1))
    after = theirs.filter(pl.col("days").is_between(1, 180))
    # Of half a year, fading with a mean of 75 days leaves 75 · (1 − e^(−180/75)) / 180 = 38 %.
    assert stats.binomtest(len(after), len(before) + len(after), 0.38 / 1.38).pvalue > 0.001


def test_only_some_of_the_web_is_nobody_who_is_known(visits: pl.DataFrame) -> None:
    web = visits.filter((pl.col("surface") == "web") & (pl.col("outcome") == "none"))
    assert stats.binomtest(web["visitor"].null_count(), len(web), story.VISIT_UNKNOWN_SHARE).pvalue > 0.001
    rest = visits.filter((pl.col("surface") == "app") | (pl.col("outcome") == "order"))
    assert rest["visitor"].null_count() == 0
    assert visits.filter(pl.col("surface") == "app")["device"].unique().sort().to_list() == ["phone", "tablet"]
    assert visits["visit"].is_unique().all()


def test_there_are_no_more_than_some_rows_a_customer(demo: Demo) -> None:
    interactions = demo.manifest.rows_of("visits") + demo.manifest.rows_of("service")
    assert 5 < interactions / demo.manifest.customers < 15
