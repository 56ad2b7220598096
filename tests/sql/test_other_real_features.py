"""Features that shops' data do not fill, on real answers, markets, areas, visits and words of others, beside Polars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from tasks.config.features import Construct, Enrichment, Features, Indicator
from tasks.warehouse.connection import Warehouse
from tests.sql.by_polars.comparison import differing, joined
from tests.sql.by_polars.orders import KEY
from tests.sql.cases import create_raw, models

pytestmark = pytest.mark.real_data


def read(test_data: Path, name: str, separator: str = ",") -> pl.DataFrame:
    file = test_data / name
    if not file.is_file():
        pytest.skip(f"no data at {file}")
    return pl.read_csv(file, separator=separator, infer_schema_length=None, null_values=["NA", ""])


def built(theme: str, as_of: dt.date, features: Features, raw: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One theme of features over raw rows."""
    with Warehouse.open(None, threads=2) as warehouse:
        create_raw(warehouse)
        for entity, frame in raw.items():
            numbered = frame.with_row_index("row_number").with_columns(source_name=pl.lit("source"), load_no=1)
            with warehouse.registered("incoming", numbered):
                warehouse.execute(f"INSERT INTO raw.{entity} BY NAME SELECT * FROM incoming")
        for name, model in models(as_of, features).items():
            if model.schema == "staging":
                warehouse.execute(f"CREATE TABLE {name} AS {model.sql}")
        (model,) = (model for name, model in models(as_of, features).items() if name == f"features.customer_{theme}")
        return warehouse.frame(f"SELECT * FROM ({model.sql}) ORDER BY {KEY}")


def test_scores_of_young_people(test_data: Path) -> None:
    constructs = {
        "classical": Construct(items=["Classical music", "Opera", "Musical"]),
        "sociable": Construct(items=["Fun with friends", "Socializing"], reversed_items=["Loneliness"]),
        "strict": Construct(items=["Horror", "Thriller", "Sci-fi"], min_answered_share=1),
    }
    items = sorted({item for one in constructs.values() for item in (*one.items, *one.reversed_items)})
    answers = read(test_data, "young_people_survey/responses.csv").select(items).with_row_index(KEY)
    answers = answers.with_columns(pl.col(KEY).cast(pl.String))
    rows = answers.select(
        KEY,
        survey_id=pl.lit("S"),
        answered_at=pl.lit(dt.datetime(2013, 5, 1)),
        answers=pl.struct(items).struct.json_encode(),
    )
    found = built(
        "psychographics",
        dt.date(2013, 6, 1),
        Features(constructs=constructs),
        {"survey_answers": rows, "customers": answers.select(KEY)},
    )

    def score(construct: Construct) -> pl.Expr:
        every = [*(pl.col(item) for item in construct.items), *(6 - pl.col(item) for item in construct.reversed_items)]
        answered = pl.sum_horizontal(one.is_not_null() for one in every)
        return pl.when(answered >= construct.min_answered_share * len(every)).then(pl.mean_horizontal(every))

    expected = answers.select(
        KEY,
        **{f"{name}_score": score(construct) for name, construct in constructs.items()},
        survey_count=pl.lit(1),
        last_survey_days=pl.lit(31),
    ).sort(KEY)
    assert differing(found, expected) == {}
    assert expected["strict_score"].null_count() > 0


def test_markets_of_countries(test_data: Path) -> None:
    """Each country stands for a customer there; the year that has not ended yet is not seen."""
    economy = read(test_data, "rdatasets/tsibbledata_global_economy.csv").filter(pl.col("Year") <= 2012)
    values = economy.unpivot(["CPI", "Growth"], index=["Country", "Year"]).drop_nulls("value")
    rows = values.select(
        indicator_name="variable",
        country_name=pl.when(pl.col("Country") != "World").then("Country"),
        period_date=pl.date("Year", 12, 31),
        indicator_value="value",
    )
    indicators = {
        "prices": Indicator(name="CPI"),
        "growth": Indicator(name="Growth"),
        "world": Indicator(name="Growth", of="everywhere"),
    }
    places = economy.select(customer_id="Country", country_name="Country").unique()
    found = built(
        "market",
        dt.date(2011, 5, 31),
        Features(indicators=indicators),
        {"market_indicators": rows, "customers": places},
    )
    known = values.filter(pl.col("Year") <= 2010).rename({"Country": KEY})
    newest = known.sort("Year").group_by(KEY, "variable", maintain_order=True).last()
    before = known.with_columns(pl.col("Year") + 1).rename({"value": "before"})
    compared = newest.join(before, on=[KEY, "variable", "Year"], how="left").with_columns(
        change=pl.col("value") - pl.col("before")
    )

    def of(name: str, key: str) -> pl.DataFrame:
        return compared.filter(pl.col("variable") == name).select(
            KEY, pl.col("value").alias(f"market_{key}"), pl.col("change").alias(f"market_{key}_change")
        )

    own = pl.col(KEY) != "World"
    world = of("Growth", "world").filter(~own).drop(KEY)
    expected = joined(places.select(KEY), of("CPI", "prices").filter(own), of("Growth", "growth").filter(own))
    assert differing(found, expected.join(world, how="cross")) == {}
    assert found["market_prices_change"].count() > 150


def test_areas_of_counties(test_data: Path) -> None:
    """Each county stands for a customer there, who earns what one of its inhabitants does."""
    counties = read(test_data, "rdatasets/usdatasets_county_tbl_df.csv").select(
        area_code=pl.concat_str("name", "state", separator=", "),
        area_name="name",
        region_name="state",
        country_name=pl.lit("United States"),
        population_count="pop2017",
        median_income_amount="median_hh_income",
        poverty_share=pl.col("poverty") / 100,
        unemployment_share=pl.col("unemployment_rate") / 100,
        is_urban=pl.col("metro") == "yes",
        income_amount=pl.col("per_capita_income").round(4),
    )
    people = counties.select("area_code", "income_amount", customer_id="area_code")
    found = built(
        "geography",
        dt.date(2018, 1, 1),
        Features(),
        {"area_profiles": counties.drop("income_amount"), "customers": people},
    )
    size, median = pl.col("population_count"), pl.col("median_income_amount")
    both = size.is_not_null() & median.is_not_null()
    mean = (median * size).filter(both).sum() / size.filter(both).sum()
    limits = ((5_000, "rural"), (20_000, "small town"), (100_000, "medium town"), (1_000_000, "city"))
    kind = pl.when(size.is_not_null()).then(pl.lit("metropolis"))
    for limit, name in reversed(limits):
        kind = pl.when(size < limit).then(pl.lit(name)).otherwise(kind)
    expected = counties.select(
        "area_name",
        "region_name",
        "country_name",
        "is_urban",
        customer_id="area_code",
        area_population_count=size,
        area_median_income_amount=median,
        area_poverty_share="poverty_share",
        area_unemployment_share="unemployment_share",
        area_population_class_name=kind,
        area_income_ratio=median / mean,
        income_to_area_ratio=pl.col("income_amount") / median,
        is_multi_country=pl.lit(value=False),
    ).sort(KEY)
    assert differing(found, expected) == {}
    assert found.columns == ["customer_id", "country_name", "region_name", "city_name", *found.columns[4:]]
    assert set(found.columns) - set(expected.columns) == {"city_name"}


def visits_of_shoppers(test_data: Path) -> pl.DataFrame:
    """Visitors of one region and kind of traffic stand for a customer, in the middle of the month of their visit."""
    months = {
        name: number
        for number, name in enumerate(["Feb", "Mar", "Apr", "May", "June", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 2)
    }
    return (
        read(test_data, "online_shoppers/online_shoppers_intention.csv", ";")
        .with_row_index("number")
        .select(
            customer_id=pl.format("region {} traffic {}", "Region", "TrafficType"),
            interaction_id=pl.col("number").cast(pl.String),
            happened_at=pl.datetime(2018, pl.col("Month").replace_strict(months), 15),
            channel_name=pl.lit("web"),
            kind_name=pl.lit("visit"),
            device_name=pl.format("system {}", "OperatingSystems"),
            topic_name="VisitorType",
            duration_seconds=pl.sum_horizontal("^.*_Duration$"),
            page_count=pl.sum_horizontal("Administrative", "Informational", "ProductRelated"),
            has_purchase="Revenue",
        )
    )


def test_visits_of_shoppers(test_data: Path) -> None:
    visits = visits_of_shoppers(test_data)
    as_of, windows = dt.date(2018, 9, 13), (30, 90, 365)
    found = built(
        "interactions",
        as_of,
        Features(windows=list(windows)),
        {"interactions": visits, "customers": visits.select(KEY).unique()},
    )
    seen = visits.filter(pl.col("happened_at").dt.date() <= as_of).with_columns(day=pl.col("happened_at").dt.date())
    counts = seen.group_by(KEY).agg(
        interaction_count=pl.len(),
        last_interaction_days=(as_of - pl.col("day").max()).dt.total_days(),
        **{f"interaction_{days}d_count": (pl.col("day") > as_of - dt.timedelta(days=days)).sum() for days in windows},
        top_interaction_channel_name=pl.col("channel_name").first(),
        digital_interaction_share=pl.lit(1.0),
        mobile_interaction_share=pl.lit(0.0),
        seconds_per_interaction=pl.col("duration_seconds").round(4).mean(),
        pages_per_interaction=pl.col("page_count").mean(),
        conversion_share=pl.col("has_purchase").mean(),
    )

    def most(name: str) -> pl.DataFrame:
        counted = seen.group_by(KEY, f"{name}_name").len().sort(KEY, -pl.col("len").cast(pl.Int64), f"{name}_name")
        return counted.group_by(KEY, maintain_order=True).agg(pl.col(f"{name}_name").first().alias(f"top_{name}_name"))

    expected = joined(visits.select(KEY).unique(), counts, most("device"), most("topic"))
    assert differing(found, expected) == {}
    rest = set(found.columns) - set(expected.columns)
    assert rest == {f"{kind}_{days}d_count" for kind in ("service", "abandoned_basket") for days in windows}
    assert 0 < expected["conversion_share"].drop_nulls().mean() < 1


def test_what_a_lender_says_of_borrowers(test_data: Path) -> None:
    loans = read(test_data, "rdatasets/openintro_loans_full_schema.csv").select(
        pl.concat_str(pl.lit("loan-"), "rownames").alias(KEY),
        enriched_at=pl.concat_str(pl.lit("01-"), "issue_month").str.to_datetime("%d-%b-%Y"),
        home="homeownership",
        income=pl.col("annual_income").cast(pl.String),
        verified=pl.col("verified_income").replace({"Verified": "yes", "Not Verified": "no"}),
    )
    said = loans.unpivot(
        ["home", "income", "verified"],
        index=[KEY, "enriched_at"],
        variable_name="attribute_name",
        value_name="attribute_value",
    ).with_columns(provider_name=pl.lit("LendingClub"))
    enrichments = {
        "home": Enrichment(attribute="home", max_age_days=59),
        "income": Enrichment(attribute="income", type="number"),
        "verified": Enrichment(attribute="verified", type="flag", providers=["Other", "LendingClub"]),
    }
    found = built(
        "enrichment",
        dt.date(2018, 3, 31),
        Features(enrichments=enrichments),
        {"enrichments": said, "customers": loans.select(KEY)},
    )
    expected = loans.select(
        KEY,
        enriched_home=pl.when(pl.col("enriched_at") >= dt.datetime(2018, 1, 31)).then("home"),
        enriched_income=pl.col("income").cast(pl.Float64),
        enriched_verified=pl.col("verified").replace_strict({"yes": True, "no": False}, default=None),
    ).sort(KEY)
    assert differing(found, expected) == {}
    assert 0 < expected["enriched_verified"].null_count() < expected.height
    assert 0 < expected["enriched_home"].null_count() < expected.height
