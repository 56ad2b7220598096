"""A prediction from end to end: right on customers whose truth is known, refused where there is too little."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.config.predictions import Prediction
from tasks.ingest.staging import build_staging
from tasks.predict.forecast import Forecast, Shared, foretell
from tasks.predict.snapshots import order_days
from tasks.warehouse.run import Run, open_run
from tests.unit.predict.made_orders import Company, simulate, stage
from tests.workspaces import AS_OF, ORDERS, MakeWorkspace, OpenRun, small_workspace

DAYS = 420
FIRST = AS_OF - dt.timedelta(days=DAYS - 1)
COMPANY = simulate(7, 900, DAYS)
CHURN = Prediction(kind="churn", horizon_days=60)
SPEND = Prediction(kind="spend", horizon_days=60)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run of the company that no test changes: foretelling leaves no trace in the warehouse."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "orders.csv").write_text(ORDERS)
    (folder / "resegment.yaml").write_text(yaml.safe_dump(small_workspace(), sort_keys=False))
    with open_run(
        load_workspace(folder), as_of=AS_OF, known_as_of=None, output=folder / "out", is_scratch=True
    ) as opened_run:
        stage(opened_run, COMPANY, FIRST)
        yield opened_run


@pytest.fixture
def run(make_workspace: MakeWorkspace, opened: OpenRun) -> Iterator[Run]:
    """A run of the company that its test may change."""
    with opened(make_workspace()) as opened_run:
        stage(opened_run, COMPANY, FIRST)
        yield opened_run


@pytest.fixture(scope="module")
def churn(company: Run) -> Forecast:
    return made(company, CHURN)


@pytest.fixture(scope="module")
def spend(company: Run) -> Forecast:
    return made(company, SPEND)


def made(run: Run, prediction: Prediction, **changes: object) -> Forecast:
    with order_days(run):
        return foretell(run, "key", prediction.model_copy(update=changes))


def scores(forecast: Forecast) -> dict[str, dict[str, Any]]:
    return {row["model_name"]: row for row in forecast.evidence.scores}


def truth(company: Company, days: int) -> pl.DataFrame:
    """The true chance of no order of each customer who has ordered: 1 of who is lost, else by his rate."""
    alive = ~np.isfinite(company.dropped)
    chance = np.where(alive, np.exp(-company.rates * days), 1.0)
    return pl.DataFrame({"customer_id": [f"c{number:05d}" for number in range(len(chance))], "chance": chance})


def test_chances_are_right_and_tell_customers_apart(churn: Forecast) -> None:
    forecast = churn
    assert forecast.values is not None
    found = scores(forecast)
    used = found[forecast.evidence.prediction["model_name"]]
    # The customers are what BG/NBD says they are: it is as good as can be, and the others are not far.
    assert found["bg_nbd"]["brier_score"] < found["as_before"]["brier_score"]
    assert found["boosting"]["brier_score"] < found["as_before"]["brier_score"]
    assert used["brier_score"] == min(row["brier_score"] for row in found.values())
    assert [row["is_used"] for row in found.values()].count(True) == 1
    joined = forecast.values.join(truth(COMPANY, 60), on="customer_id", validate="1:1")
    assert joined.height == forecast.values.height == 900
    foretold, chance = (joined.get_column(name).to_numpy() for name in ("key_share", "chance"))
    assert abs(foretold.mean() - chance.mean()) < 3 * np.sqrt((chance * (1 - chance)).mean() / len(chance)) + 0.01
    assert np.corrcoef(foretold, chance)[0, 1] > 0.7


def test_amounts_add_up(spend: Forecast) -> None:
    forecast = spend
    assert forecast.values is not None
    found = scores(forecast)
    assert forecast.evidence.prediction["model_name"] == min(found, key=lambda name: found[name]["poisson_deviance"])
    assert found["bg_nbd"]["poisson_deviance"] < found["as_before"]["poisson_deviance"]
    assert abs(found["bg_nbd"]["total_error_share"]) < 0.15
    assert forecast.values.get_column("key_amount").min() >= 0


def test_evidence_tells_days_and_customers(churn: Forecast) -> None:
    facts = churn.evidence.prediction
    assert facts["test_until_date"] == AS_OF
    assert facts["test_from_date"] == AS_OF - dt.timedelta(days=59)
    assert facts["train_until_date"] == AS_OF - dt.timedelta(days=60)
    assert facts["train_cut_off_count"] == 12
    assert facts["scored_customer_count"] == 900
    assert 0 < facts["test_ordered_count"] < facts["test_customer_count"] < 900
    assert facts["decision"].startswith("least Brier score on the tested period: boosting 0.")


@pytest.mark.parametrize("name", ["boosting", "as_before"])
def test_a_declared_model_is_used(company: Run, name: str) -> None:
    facts = made(company, SPEND, model=name).evidence.prediction
    assert facts["model_name"] == name
    assert facts["decision"].startswith("as declared; Poisson deviance")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"min_customers": 2_000}, "the test from 2025-05-01 on has 775 customers, at least 2,000 are needed"),
        ({"min_events": 700}, "customers who"),
        ({"horizon_days": 300}, "orders go back 420 days to 2024-05-07, and 450 are needed"),
        ({"population": "order_count > 10000"}, "on has 0 customers, at least 500 are needed"),
        (
            {"horizon_days": 200, "model": "boosting", "min_customers": 300},
            "the model boosting is asked for, and there is too little",
        ),
    ],
)
def test_too_little_is_refused_with_a_reason(company: Run, changes: dict[str, object], reason: str) -> None:
    forecast = made(company, CHURN, **changes)
    assert forecast.values is None
    assert forecast.said.startswith("refused: ")
    facts = forecast.evidence.prediction
    assert reason in facts["decision"]
    assert (facts["status_name"], facts["scored_customer_count"]) == ("refused", 0)
    assert forecast.evidence.scores == forecast.evidence.calibration == []


def test_a_history_too_short_to_learn_from_outcomes_is_foretold_from_histories(company: Run) -> None:
    forecast = made(company, CHURN, horizon_days=200, min_customers=300)
    assert forecast.evidence.prediction["model_name"] == "bg_nbd"
    assert forecast.evidence.prediction["train_cut_off_count"] == 0
    assert set(scores(forecast)) == {"bg_nbd"}


def test_what_could_not_be_fitted_is_told(company: Run) -> None:
    """At the only day that can be learnt from there are too few customers; in the test there are enough."""
    facts = made(company, SPEND, horizon_days=150, min_customers=330).evidence.prediction
    assert (facts["model_name"], facts["train_cut_off_count"]) == ("bg_nbd", 0)
    assert "; nothing is learnt from the past days: they have 2" in facts["decision"]
    assert "customers, at least 330 are needed" in facts["decision"]


def test_a_lifetime_value_is_tested_over_less(company: Run) -> None:
    forecast = made(company, Prediction(kind="clv", min_customers=300))
    facts = forecast.evidence.prediction
    assert (facts["horizon_days"], facts["test_days"], facts["model_name"]) == (365, 210, "bg_nbd")
    assert "tested over 210 days, for there is no more history" in facts["decision"]
    assert set(scores(forecast)) == {"bg_nbd", "as_before"}


def test_nobody_comes_back(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    orders = COMPANY.orders.unique("customer_id", keep="first", maintain_order=True)
    with opened(make_workspace()) as run:
        stage(run, Company(orders, COMPANY.rates, COMPANY.dropped, COMPANY.first_days), FIRST)
        forecast = made(run, CHURN)
    assert "0 customers who ordered, at least 50 are needed" in forecast.evidence.prediction["decision"]


def test_the_same_again_whatever_the_order_of_rows(run: Run, churn: Forecast, spend: Forecast) -> None:
    run.warehouse.execute(
        "CREATE OR REPLACE TABLE raw.order_lines AS SELECT * FROM raw.order_lines ORDER BY row_number DESC"
    )
    build_staging(run)
    again = made(run, CHURN), made(run, SPEND)
    for one, other in zip((churn, spend), again, strict=True):
        assert one.values is not None
        assert other.values is not None
        assert one.values.equals(other.values)
        assert one.evidence == other.evidence


def test_a_run_of_an_earlier_day_foretells_the_same_when_more_is_known(run: Run, churn: Forecast) -> None:
    run.warehouse.execute(
        "INSERT INTO raw.order_lines BY NAME SELECT * REPLACE (order_id || '!' AS order_id,"
        f" ordered_at + INTERVAL {DAYS} DAY AS ordered_at, row_number + 100000 AS row_number) FROM raw.order_lines"
    )
    build_staging(run)
    after = made(run, CHURN)
    assert churn.values is not None
    assert after.values is not None
    assert after.values.equals(churn.values)
    assert after.evidence == churn.evidence


def test_snapshots_are_read_once_for_predictions_that_see_the_same(company: Run, spend: Forecast) -> None:
    shared: Shared = {}
    with order_days(company):
        together = [
            foretell(company, "key", one, shared) for one in (CHURN.model_copy(update={"model": "bg_nbd"}), SPEND)
        ]
        foretell(company, "key", SPEND.model_copy(update={"population": "order_count > 1"}), shared)
    assert together[0].evidence.prediction["model_name"] == "bg_nbd"
    assert together[0].evidence.prediction["decision"].startswith("as declared; Brier score")
    assert len(shared) == 2
    assert [len(frames) for frames in shared.values()] == [15, 15]
    assert together[1].evidence == spend.evidence
    assert together[1].values is not None
    assert spend.values is not None
    assert together[1].values.equals(spend.values)


def test_rows_are_sampled_where_there_are_too_many(company: Run) -> None:
    facts = made(company, CHURN, max_training_rows=1_200, min_customers=50, min_events=10).evidence.prediction
    assert facts["train_row_count"] <= 1_200
    assert facts["test_customer_count"] == 100
    assert facts["scored_customer_count"] == 900
