"""Reliability of constructs: Cronbach's alpha beside a computation in numpy, on made and on real answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from tasks.config.features import Construct, Features
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.models import load_models
from tests.sql.cases import create_raw, insert, models
from tests.workspaces import AS_OF

Floats = NDArray[np.float64]
_NAMES = dict.fromkeys(("run_id", "previous_run_id", "multiple", "load_numbers", "workspace_name"), "''")
_NAMES |= dict.fromkeys(("workspace_sha256", "code_version", "maps_consents", "heeded"), "''")
_NAMES |= dict.fromkeys(("previous_as_of", "known_as_of"), "NULL")

#: R's data set `attitude`.
ATTITUDE = {
    "rating": "43 63 71 61 81 43 58 71 72 67 64 67 69 68 77 81 74 65 65 50 50 64 53 40 63 66 78 48 85 82",
    "complaints": "51 64 70 63 78 55 67 75 82 61 53 60 62 83 77 90 85 60 70 58 40 61 66 37 54 77 75 57 85 82",
    "privileges": "30 51 68 45 56 49 42 50 72 45 53 47 57 83 54 50 64 65 46 68 33 52 52 42 42 66 58 44 71 39",
    "learning": "39 54 69 47 66 44 56 55 67 47 58 39 42 45 72 72 69 75 57 54 34 62 50 58 48 63 74 45 71 59",
    "raises": "61 63 76 54 71 54 66 70 71 62 58 59 55 59 79 60 79 55 75 64 43 66 63 50 66 88 80 51 77 64",
    "critical": "92 73 86 84 83 49 68 66 83 80 67 74 63 77 77 54 79 80 85 78 64 80 80 57 75 76 78 83 74 78",
    "advance": "45 47 48 35 47 34 35 41 31 41 34 41 25 35 46 36 63 60 46 52 33 41 37 49 33 72 49 38 55 39",
}
ATTITUDE_MEANS = (64.63, 66.60, 53.13, 56.37, 64.63, 74.77, 42.93)


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.open(None, threads=2) as opened:
        create_raw(opened)
        yield opened


def measured(warehouse: Warehouse, constructs: dict[str, Construct], least: int = 5) -> dict[str, dict[str, Any]]:
    """The rows of `monitoring.construct` by construct."""
    features = Features(constructs=constructs)
    for name, model in models(AS_OF, features).items():
        if model.schema == "staging":
            warehouse.execute(f"CREATE OR REPLACE TABLE {name} AS {model.sql}")
    values = _NAMES | {"min_group_size": least}
    (model,) = (
        model
        for model in load_models("monitoring", as_of=AS_OF, features=features, values=values)
        if model.table == "construct"
    )
    rows = warehouse.records(model.sql)
    assert [list(row) for row in rows[:1]] in ([], [[column.name for column in model.columns]])
    return {row["construct_name"]: row for row in rows}


def load(warehouse: Warehouse, answers: pl.DataFrame) -> None:
    """A column of scores for each item, a row for each respondent."""
    rows = [
        {
            "survey_id": "S",
            "customer_id": f"c{number}",
            "answered_at": "2025-06-01",
            "answers": json.dumps({item: score for item, score in row.items() if score is not None}),
        }
        for number, row in enumerate(answers.to_dicts())
    ]
    insert(warehouse, "raw.survey_answers", rows)
    insert(warehouse, "raw.customers", [{"customer_id": row["customer_id"]} for row in rows])


def complete(answers: pl.DataFrame, construct: Construct) -> Floats:
    """Scores of those who answered every item on the scale, reversed ones turned round, shape (respondents, items)."""
    low, high = construct.scale
    frame = answers.select(
        *(pl.col(item) for item in construct.items), *(low + high - pl.col(item) for item in construct.reversed_items)
    )
    return frame.filter(pl.all_horizontal(pl.all().is_between(low, high))).to_numpy().astype(np.float64)


def alpha(scores: Floats) -> float:
    """Cronbach 1951, p. 299, equation 2."""
    k = scores.shape[1]
    return float(k / (k - 1) * (1 - scores.var(axis=0, ddof=1).sum() / scores.sum(axis=1).var(ddof=1)))


def check(row: dict[str, Any], scores: Floats) -> None:
    assert row["respondent_count"] == len(scores)
    assert row["item_count"] == scores.shape[1]
    assert row["cronbach_alpha"] == pytest.approx(alpha(scores), abs=1e-9)
    assert row["score_mean"] == pytest.approx(scores.mean(axis=1).mean(), abs=1e-9)
    assert row["score_std"] == pytest.approx(scores.mean(axis=1).std(ddof=1), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_alpha_is_that_of_numpy(warehouse: Warehouse, seed: int) -> None:
    """One trait behind four items, one of them reversed; some answers are missing, some outside the scale."""
    draw = np.random.default_rng(seed)
    trait = draw.normal(size=200)
    noisy = np.clip(np.round(3 + trait[:, None] + draw.normal(size=(200, 4))), 0, 6)
    noisy[:, 3] = 6 - noisy[:, 3]
    frame = pl.DataFrame({name: noisy[:, place] for place, name in enumerate("abcd")}).with_columns(
        pl.when(pl.Series(draw.random(200) < 0.9)).then(pl.col("a")).alias("a")
    )
    together = Construct(items=["a", "b", "c"], reversed_items=["d"], scale=[1, 5])
    unlike = Construct(items=["a", "b", "c", "d"], scale=[0, 6])
    load(warehouse, frame)
    found = measured(warehouse, {"together": together, "unlike": unlike})
    check(found["together"], complete(frame, together))
    check(found["unlike"], complete(frame, unlike))
    # An item that is not turned round makes the construct look worse than it is.
    assert found["unlike"]["cronbach_alpha"] < found["together"]["cronbach_alpha"]


def test_alpha_of_the_attitude_survey(warehouse: Warehouse) -> None:
    """Chatterjee & Price 1977, Regression Analysis by Example: 30 departments; psych's `alpha(attitude)` says 0.84."""
    frame = pl.DataFrame({name: [int(score) for score in scores.split()] for name, scores in ATTITUDE.items()})
    assert frame.mean().row(0) == pytest.approx(ATTITUDE_MEANS, abs=0.005)
    load(warehouse, frame)
    construct = Construct(items=list(ATTITUDE), scale=[0, 100])
    found = measured(warehouse, {"attitude": construct})["attitude"]
    assert (found["respondent_count"], found["item_count"]) == (30, 7)
    assert found["cronbach_alpha"] == pytest.approx(0.84, abs=0.005)
    check(found, complete(frame, construct))


def test_few_respondents_are_not_described(warehouse: Warehouse) -> None:
    frame = pl.DataFrame({"a": [1, 2, 3, 4], "b": [1, 3, 2, None]})
    load(warehouse, frame)
    construct = {"small": Construct(items=["a", "b"])}
    (row,) = measured(warehouse, construct, least=4).values()
    assert (row["respondent_count"], row["is_suppressed"]) == (3, True)
    assert (row["cronbach_alpha"], row["score_mean"], row["score_std"]) == (None, None, None)
    (row,) = measured(warehouse, construct, least=3).values()
    assert row["is_suppressed"] is False
    check(row, complete(frame, construct["small"]))


def test_one_item_one_answer_and_no_respondent_have_no_alpha(warehouse: Warehouse) -> None:
    load(warehouse, pl.DataFrame({"a": [1, 2, 3], "b": [2, 2, 2], "c": [2, 2, 2]}))
    constructs = {
        "one": Construct(items=["a"]),
        "alike": Construct(items=["b", "c"]),
        "nobody": Construct(items=["a", "d"]),
    }
    found = measured(warehouse, constructs, least=1)
    assert [found[name]["cronbach_alpha"] for name in constructs] == [None, None, None]
    assert found["one"]["score_std"] == pytest.approx(1)
    assert (found["alike"]["score_mean"], found["alike"]["score_std"]) == (2, 0)
    assert (found["nobody"]["respondent_count"], found["nobody"]["score_mean"]) == (0, None)


def test_who_answered_and_is_no_customer_is_not_counted(warehouse: Warehouse) -> None:
    load(warehouse, pl.DataFrame({"a": [1, 2, 3], "b": [1, 3, 2]}))
    warehouse.execute("DELETE FROM raw.customers WHERE customer_id = 'c0'")
    assert measured(warehouse, {"x": Construct(items=["a", "b"])}, least=1)["x"]["respondent_count"] == 2


def test_without_constructs_there_is_no_row(warehouse: Warehouse) -> None:
    load(warehouse, pl.DataFrame({"a": [1, 2, 3]}))
    assert measured(warehouse, {}) == {}


@pytest.mark.real_data
def test_constructs_of_young_people(warehouse: Warehouse, test_data: Path) -> None:
    file = test_data / "young_people_survey" / "responses.csv"
    if not file.is_file():
        pytest.skip(f"no survey at {file}")
    answers = pl.read_csv(file, infer_schema_length=2000)
    constructs = {
        "classical": Construct(items=["Classical music", "Opera", "Musical", "Swing, Jazz"]),
        "science": Construct(items=["Physics", "Mathematics", "Chemistry", "Biology"]),
        "loneliness": Construct(items=["Loneliness", "Mood swings"], reversed_items=["Happiness in life"]),
    }
    items = sorted({item for one in constructs.values() for item in (*one.items, *one.reversed_items)})
    load(warehouse, answers.select(items))
    found = measured(warehouse, constructs)
    for name, construct in constructs.items():
        scores = complete(answers, construct)
        assert len(scores) > 900
        check(found[name], scores)
