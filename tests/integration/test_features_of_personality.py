"""Every feature that Customer Personality fills, recomputed in Polars from its file, is the same number."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from tests.integration.real_features import RealFeatures, features_of_example
from tests.sql.by_polars import habits, people
from tests.sql.by_polars.comparison import OF_OTHER_SOURCES, assert_all_are_proved, differing, filled, joined
from tests.sql.by_polars.orders import KEY, MONEY, UNIT, basket, cadence, lines_of, orders_of, returns, value

pytestmark = pytest.mark.real_data

AS_OF = dt.date(2014, 10, 4)
WINDOWS = (730,)
_SPENT = {
    "MntWines": ("Wine", "wines"),
    "MntFruits": ("Fruit", "fruits"),
    "MntMeatProducts": ("Meat", "meat"),
    "MntFishProducts": ("Fish", "fish"),
    "MntSweetProducts": ("Sweets", "sweets"),
    "MntGoldProds": ("Gold products", "gold"),
}
_TAKEN = ("AcceptedCmp1", "AcceptedCmp2", "AcceptedCmp3", "AcceptedCmp4", "AcceptedCmp5", "Response")


@pytest.fixture(scope="module")
def file(test_data: Path) -> Path:
    file = test_data.resolve() / "customer_personality" / "marketing_campaign_kaggle_header.csv"
    if not file.is_file():
        pytest.skip(f"no Customer Personality data at {file}")
    return file


@pytest.fixture(scope="module")
def real(file: Path, tmp_path_factory: pytest.TempPathFactory) -> RealFeatures:
    return features_of_example("personality", AS_OF, file.parents[1], tmp_path_factory.mktemp("personality"))


@pytest.fixture(scope="module")
def answers(file: Path) -> pl.DataFrame:
    return pl.read_csv(file, separator="\t").with_columns(customer_id=pl.col("ID").cast(pl.String))


def lines(answers: pl.DataFrame) -> pl.DataFrame:
    """What was spent on each kind of food is a line of one statement, of the day of the last purchase."""
    spent = answers.unpivot(_SPENT, index=[KEY, "Recency"], variable_name="kind", value_name="spent")
    frame = spent.filter(pl.col("spent") != 0).select(
        KEY,
        order_id=KEY,
        at=pl.lit(AS_OF).cast(pl.Datetime("us")) - pl.duration(days="Recency"),
        category_name=pl.col("kind").replace_strict({kind: name for kind, (name, _) in _SPENT.items()}),
        units=pl.lit(UNIT),
        amount=pl.col("spent") * MONEY,
        is_back=pl.lit(value=False),
        is_product=pl.lit(value=True),
    )
    return lines_of(frame)


def customers(answers: pl.DataFrame) -> pl.DataFrame:
    frame = answers.select(
        KEY,
        registered=pl.col("Dt_Customer").str.to_date("%d-%m-%Y"),
        # Births of 1 January 1900 and before stand for unknown ones.
        birth=pl.when(pl.col("Year_Birth") > 1900).then(pl.date("Year_Birth", 1, 1)),
        education_name="Education",
        marital_status_name=pl.col("Marital_Status").replace({"Alone": "Single", "YOLO": None, "Absurd": None}),
        income_amount=pl.when(pl.col("Income") != 666_666).then("Income"),
        child_count=pl.col("Kidhome") + pl.col("Teenhome"),
    )
    return people.customers_of(frame)


def contacts(answers: pl.DataFrame) -> pl.DataFrame:
    return answers.unpivot(_TAKEN, index=KEY).select(KEY, contacted=pl.lit(AS_OF), has_responded=pl.col("value") == 1)


def complaints(answers: pl.DataFrame) -> pl.DataFrame:
    """Whoever complained did so once, on the day of the file."""
    return answers.filter(pl.col("Complain") == 1).select(
        KEY,
        feedback_count=pl.lit(1),
        complaint_count=pl.lit(1),
        complaint_730d_count=pl.lit(1),
        last_complaint_days=pl.lit(0),
    )


def test_features_equal_those_of_polars(real: RealFeatures, answers: pl.DataFrame) -> None:
    spent = lines(answers)
    orders = orders_of(spent)
    recomputed = joined(
        people.demographics(customers(answers), AS_OF),
        value(spent, orders, AS_OF, WINDOWS),
        returns(orders),
        cadence(orders, AS_OF),
        basket(spent, orders),
        habits.context(orders),
        habits.loyalty(spent),
        habits.price(spent, orders),
        people.campaigns(contacts(answers), AS_OF),
        complaints(answers),
    )
    assert real.features.height == 2_240
    assert differing(real.features, recomputed) == {}
    # Nothing is known of genders and trades, of areas, ratings, surveys, costs and markets.
    assert_all_are_proved(real.features, recomputed, real.models, *OF_OTHER_SOURCES)
    assert len(filled(recomputed)) == 43
