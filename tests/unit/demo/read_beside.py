"""Reads what a generated demo knows of customers beside orders, the way a stranger would: with Polars alone."""

from __future__ import annotations

from pathlib import Path

import polars as pl

TIME = "%Y-%m-%d %H:%M:%S"


def visits(folder: Path) -> pl.DataFrame:
    """Visits of all months, each once, without those that no reader can take in."""
    looked = pl.concat([pl.read_csv(path) for path in sorted((folder / "visits").glob("visits_*.csv.gz"))]).unique()
    typed = looked.with_columns(pl.col("started_at").str.to_datetime(TIME, strict=False))
    return typed.drop_nulls("started_at").filter(pl.col("seconds") >= 0)


def service(folder: Path) -> pl.DataFrame:
    """Contacts with the service desk."""
    asked = pl.read_csv(folder / "service.csv")
    return asked.with_columns(pl.col("opened_at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ"))


def service_costs(folder: Path) -> pl.DataFrame:
    """What was charged for them, without what is below zero."""
    return pl.read_csv(folder / "service_costs.csv", try_parse_dates=True).filter(pl.col("amount") >= 0)


def answers(folder: Path) -> pl.DataFrame:
    """Answers to both waves of those who said who they are, without the rows with a 99."""
    asked = pl.concat([pl.read_csv(path) for path in sorted((folder / "survey").glob("survey_*.csv"))])
    coded = pl.any_horizontal(pl.col("^Q.*$") > 5).fill_null(value=False)
    typed = asked.with_columns(pl.col("answered_at").str.to_datetime(TIME))
    return typed.filter(pl.col("customer").is_not_null() & ~coded)


def cost_list(folder: Path) -> pl.DataFrame:
    """Costs of products and orders."""
    return pl.read_csv(folder / "costs.csv", try_parse_dates=True)


def markets(folder: Path) -> pl.DataFrame:
    """Reports of markets, with the last day of their month."""
    told = pl.read_csv(folder / "markets.csv")
    return told.with_columns(
        pl.col("month").str.to_date("%Y-%m").dt.month_end(), pl.col("published").str.to_datetime("%Y-%m-%d %H:%M")
    )


def address_data(folder: Path) -> pl.DataFrame:
    """What the provider says of customers, or takes back."""
    return pl.read_csv(folder / "address_data.csv", try_parse_dates=True).drop_nulls("customer")


def profiles(folder: Path) -> pl.DataFrame:
    """What is true of customers beside their orders, with what `truth/customers.parquet` says."""
    return pl.read_parquet(folder / "truth" / "customers.parquet").join(
        pl.read_parquet(folder / "truth" / "profiles.parquet"), on="customer_id"
    )
