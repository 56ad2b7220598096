"""Markets: reported after their month, once revised, every month once, and dearer food before dearer goods."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from tasks.demo import markets
from tests.unit.demo import read_beside
from tests.unit.demo.conftest import Demo

HISTORY_END = dt.datetime(2025, 7, 1)


@pytest.fixture(scope="module")
def reports(demo: Demo) -> pl.DataFrame:
    return read_beside.markets(demo.folder)


def test_nothing_is_reported_before_its_month_is_over_nor_after_the_history(reports: pl.DataFrame) -> None:
    delay = (reports["published"].dt.date() - reports["month"]).dt.total_days()
    usual = reports["indicator"].replace_strict(markets.REPORT_DAYS)
    assert (delay >= usual).all()
    # Only the revision comes with the report of the next month.
    assert (delay > usual).sum() == 1
    assert reports["published"].is_sorted()
    assert reports["published"].max() < HISTORY_END
    # The last month of the history is not known at its end.
    assert reports["month"].max() == dt.date(2025, 5, 31)


def test_one_figure_is_revised(reports: pl.DataFrame) -> None:
    keys = ["indicator", "country", "month"]
    twice = reports.filter(pl.struct(keys).is_duplicated()).sort("published")
    assert twice.select(keys).row(0) == (markets.FOOD_PRICES, "Netherlands", dt.date(2024, 10, 31))
    assert twice["value"][1] - twice["value"][0] == pytest.approx(markets.REVISED_BY)
    assert len(twice) == 2


def test_every_month_of_every_country_is_there(demo: Demo, reports: pl.DataFrame) -> None:
    newest = reports.sort("published").unique(["indicator", "country", "month"], keep="last")
    months = newest.group_by("indicator", "country").agg(pl.col("month").sort())
    assert len(months) == 6
    assert {tuple(row) for row in months["month"].to_list()} == {tuple(sorted(set(newest["month"])))}
    # A year before the first day of the history is known.
    assert newest["month"].min() == dt.date(2022, 1, 31)
    areas = pl.read_csv(demo.folder / "areas.csv")
    assert set(newest["country"]) == set(areas["country"])


def test_food_gets_dearer_and_faster_in_2025(reports: pl.DataFrame) -> None:
    prices = (
        reports.filter(pl.col("indicator") == markets.FOOD_PRICES)
        .sort("published")
        .unique(["country", "month"], keep="last")
        .sort("country", "month")
        .with_columns(rise=pl.col("value").pct_change().over("country"))
    )
    is_late = pl.col("month") >= dt.date(2025, 2, 28)
    rises = (
        prices.drop_nulls("rise")
        .group_by("country")
        .agg(before=pl.col("rise").filter(~is_late).mean(), after=pl.col("rise").filter(is_late).mean())
    )
    # Planted: 0.25 % and 0.7 % a month; the mean of four late months is off by 0.1 points at most.
    assert rises["before"].is_between(0.0015, 0.0035).all()
    assert rises["after"].is_between(0.005, 0.009).all()
