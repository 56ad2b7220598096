"""What accounting books is what the exports come to when every good line counts once."""

from __future__ import annotations

import polars as pl
from polars.testing import assert_frame_equal

from tests.unit.demo.conftest import Demo


def _booked(demo: Demo) -> pl.DataFrame:
    return pl.read_csv(demo.folder / "daily_takings.csv", try_parse_dates=True)


def test_every_day_agrees_with_the_good_lines(demo: Demo) -> None:
    amount = pl.col("quantity") * pl.col("price") - pl.col("discount")
    exported = (
        demo.lines.group_by(
            day=pl.col("at").dt.date(),
            system=pl.when(pl.col("channel") == "store").then(pl.lit("tills")).otherwise(pl.lit("webshop")),
        )
        .agg(documents=pl.col("order").n_unique().cast(pl.Int64), positions=pl.len().cast(pl.Int64), net=amount.sum())
        .sort("day", "system")
    )
    booked = _booked(demo).drop("closed_at").filter(pl.col("positions") > 0)
    assert_frame_equal(booked, exported, abs_tol=0.001)


def test_every_day_of_both_systems_is_booked_on_its_evening(demo: Demo) -> None:
    booked = _booked(demo)
    assert booked.select("day", "system").n_unique() == len(booked) == 2 * booked["day"].n_unique()
    assert (booked["closed_at"].dt.date() == booked["day"]).all()
