"""Warts of the sets about sessions, answers, comments, areas and points, met by workspaces of the tests."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from tasks.config.sources import FormatOptions
from tasks.ingest.readers import open_reader
from tests.integration.wart_looks import Look, Setting, Wart, check_says, load_says, read, silent

_FOLDER = "tests/integration/workspaces/"
SHOPPERS = Setting(_FOLDER + "shoppers", dt.date(2017, 12, 31))
SHOPPERS_MONTHS = Setting(
    _FOLDER + "shoppers",
    dt.date(2017, 12, 31),
    ("sources.sessions.columns.contacted_at=strptime('2017 ' || Month, '%Y %b')",),
)
SURVEY = Setting(_FOLDER + "survey", dt.date(2013, 12, 31))
BURGERS = Setting(_FOLDER + "burgers", dt.date(2017, 12, 31))
BURGERS_AS_THEY_ARE = Setting(_FOLDER + "burgers", dt.date(2017, 12, 31), ("sources.liking.columns.rating='\"Like\"'",))
AIRLINES = Setting(_FOLDER + "airlines", dt.date(2015, 2, 28))
AIRLINES_AS_THEY_ARE = Setting(
    _FOLDER + "airlines", dt.date(2015, 2, 28), ("sources.comments.columns.feedback_id=row_id",)
)
AREAS = Setting(_FOLDER + "areas", dt.date(2018, 3, 31), until="features")
AREAS_WITH_GROUPS = Setting(
    _FOLDER + "areas", dt.date(2018, 3, 31), ("sources.countries.where=Code IS NOT NULL",), ("borrowers", "countries")
)
NOISE = Setting(_FOLDER + "noise", dt.date(2020, 12, 31))
NOISE_AS_IT_IS = Setting(_FOLDER + "noise", dt.date(2020, 12, 31), ("sources.points.columns.region_name=column0",))
_STOPS = "no source has more unreadable rows than quality.max_quarantined_share allows"


def sessions(data: Path) -> pl.DataFrame:
    return read(data / "online_shoppers" / "online_shoppers_intention.csv", ";")


def answers(data: Path) -> pl.DataFrame:
    return read(data / "young_people_survey" / "responses.csv")


def liking(data: Path) -> pl.Series:
    return read(data / "mcdonalds" / "mcdonalds.csv")["Like"]


def comments(data: Path) -> pl.DataFrame:
    return read(data / "airline_sentiment" / "airline_sentiment_stripped.csv")


def table(data: Path, name: str, separator: str = ",") -> pl.DataFrame:
    return read(data / "rdatasets" / f"{name}.csv", separator)


def noise_points(data: Path) -> int:
    labels = pl.read_csv(data / "clustering_benchmark" / "sipu" / "flame.labels1.gz", has_header=False)
    return int((labels.to_series(0) == 0).sum())


def nulls_read(look: Look) -> int:
    """Values of the whole survey that our reader takes for missing."""
    (path,) = {path for (path,) in look.rows("SELECT DISTINCT file_name FROM ops.load")}
    reader = open_reader(look.run.warehouse, Path(path), "csv", FormatOptions(), frozenset())
    filled = ", ".join(f'count("{name}")' for name in reader.columns)
    ((rows, *counts),) = look.rows(f"SELECT count(*), {filled} FROM {reader.relation}")
    return sum(rows - count for count in counts)


def groups_of_countries(data: Path) -> int:
    groups = table(data, "stevedata_wb_groups")["wbgc"].unique().to_list()
    return table(data, "tsibbledata_global_economy").filter(pl.col("Code").is_in(groups)).height


def _repeated_comments(data: Path) -> int:
    long = comments(data).filter(pl.col("text").str.len_chars() >= 20)
    return long.group_by("airline", "tweet_created", "text").len().filter(pl.col("len") > 1).height


def _left_out(source: str) -> str:
    return f"SELECT rows_left_out_count FROM ops.load WHERE source_name = '{source}'"


_REPEATED = "nobody gave a comment twice in the same words at the same moment"
_TOTALS = "areas are areas, and no total of them stands among them"
_WORDS = "no word that stands for a missing value is taken for a value"

CASES: tuple[Wart, ...] = (
    Wart(
        "online_shoppers",
        "duplicates",
        "sessions that repeat another",
        lambda data: sessions(data).height - sessions(data).unique().height,
        "handled",
        "`shoppers`: the key is a digest of the row; `sql/staging/campaign_contacts.sql`",
        SHOPPERS,
        lambda look: (
            look.count("SELECT count(*) FROM raw.campaign_contacts")
            - look.count("SELECT count(*) FROM staging.campaign_contacts")
        ),
        silent("nothing; each is counted once"),
    ),
    Wart(
        "online_shoppers",
        "month spellings",
        "sessions of June, the one month that is not cut to three letters",
        lambda data: sessions(data).filter(pl.col("Month") == "June").height,
        "handled",
        "`shoppers`: `left(Month, 3)`",
        SHOPPERS,
        lambda look: look.count("SELECT count(*) FROM raw.campaign_contacts WHERE month(contacted_at) = 6"),
        silent("nothing"),
    ),
    Wart(
        "online_shoppers",
        "month spellings",
        "the same, where the mapping takes all months for cut ones",
        lambda data: sessions(data).filter(pl.col("Month") == "June").height,
        "caught",
        "the quarantine; `expectations/ops/load.yaml` stops the run",
        SHOPPERS_MONTHS,
        lambda look: look.quarantined("sessions", "contacted_at"),
        lambda look: f"{look.reasons('sessions', 'contacted_at')}; {look.sentence(_STOPS)}",
    ),
    Wart(
        "young_people_survey",
        "608 nulls",
        "answers that are missing, of 150 questions",
        lambda data: answers(data).null_count().sum_horizontal().item(),
        "handled",
        "`tasks/ingest/readers.py`: an empty value is null, not a text",
        SURVEY,
        nulls_read,
        silent("nothing"),
    ),
    Wart(
        "young_people_survey",
        "608 nulls",
        "of these in the mapped questions: age, gender, education, dwelling",
        lambda data: (
            answers(data).select("Age", "Gender", "Education", "Village - town").null_count().sum_horizontal().item()
        ),
        "handled",
        "stay null in `staging` and features",
        SURVEY,
        lambda look: look.count(
            "SELECT 4 * count(*) - count(birth_date) - count(gender_code) - count(education_name) - count(region_name)"
            " FROM staging.customers"
        ),
        silent("nothing; features tell the share of missing values, and drift compares it"),
    ),
    Wart(
        "young_people_survey",
        "608 nulls",
        "people who did not answer the question that is mapped to a rating",
        lambda data: answers(data)["Shopping centres"].null_count(),
        "handled",
        "`survey`: `where` of the source: no answer is no feedback",
        SURVEY,
        lambda look: look.count(_left_out("shopping_centres")),
        load_says("shopping_centres"),
    ),
    Wart(
        "mcdonalds",
        "numbers mixed with text",
        "answers such as `I hate it!-5`",
        lambda data: liking(data).str.contains("[a-z]").sum(),
        "handled",
        "`burgers`: the number at the end of the text",
        BURGERS,
        lambda look: look.count("SELECT count(*) FROM staging.feedback WHERE rating IN (1, 5)"),
        silent("nothing"),
    ),
    Wart(
        "mcdonalds",
        "numbers mixed with text",
        "the same, where the mapping takes all of them for numbers",
        lambda data: liking(data).str.contains("[a-z]").sum(),
        "caught",
        "the quarantine; `expectations/ops/load.yaml` stops the run",
        BURGERS_AS_THEY_ARE,
        lambda look: look.count("SELECT count(*) FROM ops.quarantine WHERE action_name = 'row'"),
        lambda look: f"{look.reasons('liking', 'rating')}; {look.sentence(_STOPS)}",
    ),
    Wart(
        "airline_sentiment",
        "duplicates",
        "comments that repeat another in everything but the number of the row",
        lambda data: comments(data).height - comments(data).drop("row_id").unique().height,
        "handled",
        "`airlines`: the key is a digest of the row; `sql/staging/feedback.sql`",
        AIRLINES,
        lambda look: (
            look.count("SELECT count(*) FROM raw.feedback") - look.count("SELECT count(*) FROM staging.feedback")
        ),
        silent("nothing; each is counted once"),
    ),
    Wart(
        "airline_sentiment",
        "duplicates",
        "comments of the same words and moment, where the number of the row is the key",
        _repeated_comments,
        "caught",
        "`expectations/staging/feedback.yaml`",
        AIRLINES_AS_THEY_ARE,
        lambda look: look.wrong(_REPEATED),
        check_says(_REPEATED),
    ),
    Wart(
        "rdatasets",
        "aggregates mixed with countries",
        "years of groups of countries in the world's economy",
        groups_of_countries,
        "handled",
        "`areas`: `where` of the source, with the groups as a lookup (`source_key`)",
        AREAS,
        lambda look: look.count(_left_out("countries")),
        load_says("countries"),
    ),
    Wart(
        "rdatasets",
        "aggregates mixed with countries",
        "rows of the whole country, or of children alone, in the population of states",
        lambda data: (
            table(data, "us_state_population", ";")
            .filter((pl.col("ages") != "total") | (pl.col("state/region") == "USA"))
            .height
        ),
        "handled",
        "`areas`: `where` of the source; a header that ends in `;;;` is read",
        AREAS,
        lambda look: look.count(_left_out("states")),
        load_says("states"),
    ),
    Wart(
        "rdatasets",
        "aggregates mixed with countries",
        "the world, where the source leaves nothing out",
        lambda data: table(data, "tsibbledata_global_economy").filter(pl.col("Country") == "World")["Code"].n_unique(),
        "caught",
        "`expectations/staging/area_profiles.yaml`",
        AREAS_WITH_GROUPS,
        lambda look: look.wrong(_TOTALS),
        check_says(_TOTALS),
    ),
    Wart(
        "rdatasets",
        "nulls",
        "nulls in the mapped columns of counties: population, income, poverty, unemployment, metropolitan",
        lambda data: (
            table(data, "usdatasets_county_tbl_df")
            .select("pop2017", "median_hh_income", "poverty", "unemployment_rate", "metro")
            .null_count()
            .sum_horizontal()
            .item()
        ),
        "handled",
        "stay null",
        AREAS,
        lambda look: look.count(
            "SELECT 5 * count(*) - count(population_count) - count(median_income_amount) - count(poverty_share)"
            " - count(unemployment_share) - count(is_urban) FROM raw.counties__area_profiles"
        ),
        silent("nothing"),
    ),
    Wart(
        "rdatasets",
        "nulls",
        "loans without an occupation",
        lambda data: table(data, "openintro_loans_full_schema")["emp_title"].null_count(),
        "handled",
        "stay null",
        AREAS,
        lambda look: look.count("SELECT count(*) FROM features.customer_demographics WHERE occupation_name IS NULL"),
        silent("nothing"),
    ),
    Wart(
        "clustering_benchmark",
        "0 = noise",
        "points of no group in `sipu/flame.labels1`, label 0",
        noise_points,
        "handled",
        "`noise`: `nullif`",
        NOISE,
        lambda look: look.count("SELECT count(*) FROM staging.customers WHERE region_name IS NULL"),
        silent("nothing"),
    ),
    Wart(
        "clustering_benchmark",
        "0 = noise",
        "the label 0, where the mapping takes it for a place",
        lambda data: 1 if noise_points(data) else 0,
        "caught",
        "`expectations/staging/customers.yaml`",
        NOISE_AS_IT_IS,
        lambda look: look.wrong(_WORDS),
        check_says(_WORDS),
    ),
)
