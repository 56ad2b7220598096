"""Warts of the sets about customers: Customer Personality, Bank Marketing, and orders with names and addresses."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path

import duckdb
import polars as pl

from tests.integration.corridor import partition, published_id
from tests.integration.wart_looks import Count, Look, Setting, Wart, check_says, load_says, read, silent

_DAY = dt.date(2014, 10, 4)
PERSONALITY = Setting("examples/personality", _DAY, sources=("members",))
PERSONALITY_AS_IT_IS = Setting(
    "examples/personality",
    _DAY,
    ("sources.members.columns.income_amount=Income", "sources.members.columns.marital_status_name=Marital_Status"),
    ("members",),
    "features",
)
PERSONALITY_DATES = Setting(
    "examples/personality", _DAY, ("sources.members.columns.registered_at=Dt_Customer",), ("members",)
)
BANK = Setting("examples/bank", dt.date(2010, 11, 30))
BANK_AS_IT_IS = Setting(
    "examples/bank",
    dt.date(2010, 11, 30),
    ('sources.clients.options={delimiter: ";"}',),
    ("clients",),
)
NAMES = Setting("examples/orders-with-names", dt.date(2006, 12, 31), until="published")
_PERSONALITY_FILE = "`examples/personality/resegment.yaml`: "
_BANK_FILE = "`examples/bank/resegment.yaml`: "


def members(data: Path) -> pl.DataFrame:
    return read(data / "customer_personality" / "marketing_campaign_kaggle_header.csv", "\t")


def members_with(condition: pl.Expr) -> Count:
    return lambda data: members(data).filter(condition).height


def clients(data: Path) -> pl.DataFrame:
    return read(data / "bank_marketing" / "bank-marketing_esteban.csv", ";")


def _unknown(*columns: str) -> Count:
    return lambda data: sum(clients(data).filter(pl.col(column) == "unknown").height for column in columns)


def _rare_states(data: Path) -> int:
    return members(data)["Marital_Status"].value_counts().filter(pl.col("count") <= 5).height


def people(data: Path) -> pl.DataFrame:
    columns = ["customer_id", "email"]
    return read(data / "rfm_pkg" / "rfm_data_orders.csv").select(columns).unique("customer_id")


@cache
def published_text(output: Path) -> str:
    """Every value of every column of every published file, each once, and the report, in lower case."""
    texts = [path.read_text(encoding="utf-8") for path in (output / "report").rglob("*.html")]
    frames = [pl.read_parquet(path) for path in sorted((output / "published").rglob("*.parquet"))]
    with duckdb.connect(str(output / "published" / "published.duckdb"), read_only=True) as connection:
        for (table,) in connection.execute("SELECT table_name FROM information_schema.tables").fetchall():
            frames.append(connection.sql(f'SELECT * FROM "{table}"').pl())
    texts += [str(value) for value in {value for frame in frames for column in frame for value in column.unique()}]
    texts += [path.read_text(encoding="utf-8") for path in (output / "published").rglob("*.json")]
    return "\n".join(texts).lower()


def _pseudonyms(look: Look) -> set[str]:
    """What the ids of the file have to be published as."""
    return {published_id(name) for (name,) in look.rows("SELECT DISTINCT customer_id FROM raw.people__customers")}


def _people_told(look: Look) -> int:
    """People in staging of whom a name or an address is in something published."""
    text = published_text(look.run.paths.root)
    staged = look.rows("SELECT full_name, email_address FROM staging.customers")
    assert len(staged) > 900
    assert all(published in text for published in _pseudonyms(look)), "the search does not see what is published"
    return sum(name.lower() in text or address.lower() in text for name, address in staged)


def _published_as_pseudonyms(look: Look) -> int:
    """Customers who are published under the pseudonym of the file's id; nobody is published under anything else."""
    published = set(partition(look.run.paths.root, "customer_segment", NAMES.as_of)["customer_id"])
    assert published <= _pseudonyms(look)
    return len(published)


_INCOME = "no income is a row of equal digits far above all others"
_HANDFUL = "every gender, education and marital status is that of more than a handful"
_WORDS = "no word that stands for a missing value is taken for a value"

CASES: tuple[Wart, ...] = (
    Wart(
        "customer_personality",
        "null incomes",
        "customers without income",
        members_with(pl.col("Income").is_null()),
        "handled",
        "stay null: no rule, mean or cluster takes them for 0",
        PERSONALITY_AS_IT_IS,
        lambda look: look.count("SELECT count(*) FROM features.customer_demographics WHERE income_amount IS NULL"),
        silent("nothing; features tell the share of missing values, and drift compares it"),
    ),
    Wart(
        "customer_personality",
        "income 666,666",
        "customers with an income of 666,666",
        members_with(pl.col("Income") == "666666"),
        "handled",
        _PERSONALITY_FILE + "`income_amount`",
        PERSONALITY,
        lambda look: look.count("SELECT count(*) FROM staging.customers WHERE income_amount IS NULL") - 24,
        silent("nothing"),
    ),
    Wart(
        "customer_personality",
        "income 666,666",
        "the same, where the mapping leaves it",
        members_with(pl.col("Income") == "666666"),
        "caught",
        "`expectations/staging/customers.yaml`",
        PERSONALITY_AS_IT_IS,
        lambda look: look.wrong(_INCOME),
        check_says(_INCOME),
    ),
    Wart(
        "customer_personality",
        "births from 1893",
        "customers born in 1900 or before",
        members_with(pl.col("Year_Birth").cast(pl.Int32) <= 1900),
        "caught",
        "`tasks/config/entities.py`: hard rule of `birth_date`, the value is blanked",
        PERSONALITY,
        lambda look: look.quarantined("members", "birth_date"),
        lambda look: look.reasons("members", "birth_date"),
    ),
    Wart(
        "customer_personality",
        "YOLO/Absurd/Alone",
        "customers of marital status YOLO, Absurd or Alone",
        members_with(pl.col("Marital_Status").is_in(["YOLO", "Absurd", "Alone"])),
        "handled",
        _PERSONALITY_FILE + "`marital_status_name`",
        PERSONALITY,
        lambda look: look.count(
            "SELECT count(*) FILTER (marital_status_name IS NULL)"
            " + count(*) FILTER (marital_status_name = 'Single') FROM staging.customers"
        ),
        silent("nothing"),
        members_with(pl.col("Marital_Status").is_in(["YOLO", "Absurd", "Alone", "Single"])),
    ),
    Wart(
        "customer_personality",
        "YOLO/Absurd/Alone",
        "marital states of five customers and fewer, where the mapping leaves them",
        _rare_states,
        "caught",
        "`expectations/staging/customers.yaml`",
        PERSONALITY_AS_IT_IS,
        lambda look: look.wrong(_HANDFUL),
        check_says(_HANDFUL),
    ),
    Wart(
        "customer_personality",
        "DD-MM-YYYY",
        "days written DD-MM-YYYY",
        members_with(pl.col("Dt_Customer").str.contains(r"^\d\d-\d\d-\d{4}$")),
        "handled",
        _PERSONALITY_FILE + "`registered_at`",
        PERSONALITY,
        lambda look: look.count(
            "SELECT count(*) FROM staging.customers WHERE registered_at BETWEEN DATE '2012-07-30' AND DATE '2014-06-29'"
        ),
        silent("nothing"),
    ),
    Wart(
        "customer_personality",
        "DD-MM-YYYY",
        "the same, where the mapping does not say so",
        members_with(pl.col("Dt_Customer").str.contains(r"^\d\d-\d\d-\d{4}$")),
        "caught",
        "the quarantine; `expectations/ops/load.yaml` stops the run",
        PERSONALITY_DATES,
        lambda look: look.quarantined("members", "registered_at"),
        lambda look: (
            f"{look.reasons('members', 'registered_at')}; "
            + look.sentence("no source has more unreadable rows than quality.max_quarantined_share allows")
        ),
    ),
    Wart(
        "bank_marketing",
        "`unknown`",
        "`unknown` as job, education or telephone",
        _unknown("job", "education", "contact"),
        "handled",
        _BANK_FILE + "`options.null_values`",
        BANK,
        lambda look: (
            look.count(
                "SELECT count(*) FILTER (occupation_name IS NULL) + count(*) FILTER (education_name IS NULL)"
                " FROM staging.customers"
            )
            + look.count("SELECT count(*) FROM raw.calls__campaign_contacts WHERE channel_name IS NULL")
        ),
        silent("nothing"),
    ),
    Wart(
        "bank_marketing",
        "`unknown`",
        "clients whose job or education is `unknown`, where it is not named as a missing value",
        _unknown("job", "education"),
        "caught",
        "`expectations/staging/customers.yaml`",
        BANK_AS_IT_IS,
        lambda look: look.count(
            "SELECT sum(CAST(row ->> 'customer_count' AS BIGINT)) FROM (SELECT unnest(from_json(example_values, '[\"JSON\"]'))"
            f" AS row FROM ops.check_result WHERE NOT is_success AND meaning = '{_WORDS}')"
        ),
        check_says(_WORDS),
    ),
    Wart(
        "bank_marketing",
        "pdays −1",
        "clients without an earlier call, pdays −1",
        lambda data: clients(data).filter(pl.col("pdays") == "-1").height,
        "handled",
        _BANK_FILE + "`where` of `earlier_calls`",
        BANK,
        lambda look: look.count("SELECT rows_left_out_count FROM ops.load WHERE source_name = 'earlier_calls'"),
        load_says("earlier_calls"),
    ),
    Wart(
        "rfm_pkg",
        "PII",
        "people with name and e-mail address",
        lambda data: people(data).height,
        "handled",
        "`tasks/config/entities.py`: contact data; no model to the right of `staging` has them",
        NAMES,
        _people_told,
        silent("nothing; no name and no address is in a published file or the report"),
        lambda _: 0,
    ),
    Wart(
        "rfm_pkg",
        "PII",
        "people whose id in the file is their name",
        lambda data: people(data).height,
        "handled",
        "`examples/orders-with-names/resegment.yaml`: `privacy.pseudonymise`",
        NAMES,
        _published_as_pseudonyms,
        silent("nothing; published is a keyed hash of it, `p_` and 32 digits"),
    ),
)
