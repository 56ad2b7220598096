"""Features of who customers are and how they answer, recomputed in Polars and plain Python."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import polars as pl

from tests.sql.by_polars.orders import KEY

_BANDS = ((18, "under 18"), (25, "18-24"), (35, "25-34"), (45, "35-44"), (55, "45-54"), (65, "55-64"))
_INCOMES = (
    *((15_000, "under 15,000"), (25_000, "15,000-24,999"), (35_000, "25,000-34,999"), (50_000, "35,000-49,999")),
    *((75_000, "50,000-74,999"), (100_000, "75,000-99,999"), (150_000, "100,000-149,999")),
)
_GENERATIONS = (
    *((1928, "greatest"), (1946, "silent"), (1965, "boomers"), (1981, "x"), (1997, "y"), (2013, "z")),
    (10_000, "alpha"),
)
_PARTNERED = {"Married": True, "Together": True} | dict.fromkeys(
    ("Single", "Unmarried", "Divorced", "Widow", "Widowed"), False
)
#: What a row of customers may have; what a set does not know is null.
CUSTOMER: dict[str, pl.DataType | type[pl.DataType]] = {
    KEY: pl.String,
    "registered": pl.Date,
    "birth": pl.Date,
    "age_band_name": pl.String,
    "education_name": pl.String,
    "marital_status_name": pl.String,
    "income_amount": pl.Float64,
    "income_band_name": pl.String,
    "household_size_count": pl.Int64,
    "child_count": pl.Int64,
}


def customers_of(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every column of `CUSTOMER`."""
    missing = [pl.lit(None, kind).alias(name) for name, kind in CUSTOMER.items() if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in CUSTOMER.items())


def demographics(customers: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Theme `demographics`, customer by customer."""
    kinds: dict[str, pl.DataType | type[pl.DataType]] = {
        KEY: pl.String,
        "age_years": pl.Int64,
        "age_band_name": pl.String,
        "education_name": pl.String,
        "marital_status_name": pl.String,
        "income_amount": pl.Float64,
        "income_band_name": pl.String,
        "household_size_count": pl.Int64,
        "child_count": pl.Int64,
        "customer_days": pl.Int64,
        "generation_name": pl.String,
        "is_partnered": pl.Boolean,
        "household_type_name": pl.String,
        "life_stage_name": pl.String,
    }
    return pl.DataFrame([_described(row, as_of) for row in customers.to_dicts()], schema=kinds)


def _described(row: dict[str, object], as_of: dt.date) -> dict[str, object]:
    birth, band, income = row["birth"], row["age_band_name"], row["income_amount"]
    age = None
    if isinstance(birth, dt.date):
        age = as_of.year - birth.year - ((as_of.month, as_of.day) < (birth.month, birth.day))
    registered = row["registered"]
    partnered = _PARTNERED.get(str(row["marital_status_name"]))
    size, children = row["household_size_count"], row["child_count"]
    household = _household(size, children, partnered)
    return {
        **{name: row[name] for name in ("customer_id", "education_name", "marital_status_name", "income_amount")},
        "household_size_count": size,
        "child_count": children,
        "age_years": age,
        "age_band_name": band if age is None else _below(_BANDS, age, "65+"),
        "income_band_name": row["income_band_name"]
        or (_below(_INCOMES, income, "150,000+") if isinstance(income, float) else None),
        "customer_days": (as_of - registered).days if isinstance(registered, dt.date) else None,
        "generation_name": _below(_GENERATIONS, birth.year, "") if isinstance(birth, dt.date) else None,
        "is_partnered": partnered,
        "household_type_name": household,
        "life_stage_name": _stage(household, children, age if age is not None else _first_number(band)),
    }


def _below(limits: Sequence[tuple[int, str]], number: float, last: str) -> str:
    return next((name for limit, name in limits if number < limit), last)


def _first_number(band: object) -> int | None:
    found = re.match(r"\d+\b", str(band).strip()) if band else None
    return int(found.group()) if found else None


def _household(size: object, children: object, partnered: bool | None) -> str | None:
    if children is None and size == 1:
        children = 0
    if not isinstance(children, int):
        return None
    adults = size - children if isinstance(size, int) and size > children else None
    if adults is None and partnered is not None:
        adults = 2 if partnered else 1
    if children:
        return "single parent" if adults == 1 else "family"
    return None if adults is None else {1: "one person", 2: "couple"}.get(adults, "several adults")


def _stage(household: str | None, children: object, age: int | None) -> str | None:
    """No set of these tells who is retired."""
    if age is not None and age >= 65:
        return "retired"
    if children:
        return "young family" if age is not None and age < 40 else "family"
    if age is None or household is None:
        return None
    if household == "one person":
        return "young single" if age < 35 else "single"
    if age >= 50:
        return "empty nest"
    return "couple" if household == "couple" else None


def campaigns(contacts: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Campaign features of theme `engagement`, from one row per contact with `contacted` (a day) and `has_responded`."""
    return contacts.group_by(KEY).agg(
        campaign_contact_count=pl.len(),
        campaign_response_count=pl.col("has_responded").sum(),
        campaign_response_share=pl.col("has_responded").mean(),
        last_contact_days=(as_of - pl.col("contacted").max()).dt.total_days(),
    )


def country(orders: pl.DataFrame) -> pl.DataFrame:
    """Features of theme `geography` that follow from orders and returns."""
    counted = orders.filter(pl.col("country_name").is_not_null()).group_by(KEY, "country_name").len()
    ranked = counted.sort(KEY, -pl.col("len").cast(pl.Int64), "country_name")
    return ranked.group_by(KEY, maintain_order=True).agg(
        country_name=pl.col("country_name").first(), is_multi_country=pl.len() > 1
    )
