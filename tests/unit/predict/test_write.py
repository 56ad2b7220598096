"""What is foretold is a feature like others, refusals are alerts, and the evidence is kept by run."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.config.errors import WorkspaceError
from tasks.features.build import build_all
from tasks.predict.tasks import make_predictions
from tasks.predict.write import predict_all
from tasks.warehouse.catalogue import PREDICTIONS, catalogue_of
from tasks.warehouse.run import Run
from tests.unit.conftest import OnCopy, StageOnce
from tests.unit.predict.made_orders import simulate, stage
from tests.workspaces import AS_OF, MakeWorkspace, OpenRun, small_workspace

DAYS = 300
PREDICTIONS_TREE = {
    "churn": {"kind": "churn", "horizon_days": 140, "population": "recency_days <= 100", "min_customers": 200},
    "soon": {"kind": "spend", "horizon_days": 140, "model": "bg_nbd", "meaning": "spend soon", "min_customers": 200},
    "value": {"kind": "clv", "horizon_days": 730, "min_customers": 5_000},
}


TREE = small_workspace() | {"predictions": PREDICTIONS_TREE}


@pytest.fixture(scope="module")
def built(staged_once: StageOnce) -> Path:
    def fill(run: Run) -> None:
        stage(run, simulate(2, 700, DAYS), AS_OF - dt.timedelta(days=DAYS - 1))
        build_all(run)

    return staged_once(fill, tree=TREE)


@pytest.fixture
def run(built: Path, on_copy: OnCopy) -> Iterator[Run]:
    with on_copy(built, tree=TREE) as opened_run:
        yield opened_run


def test_features_evidence_and_alerts(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="resegment.predict"):
        assert make_predictions.fn(run) == 2
    catalogue = catalogue_of(run)
    assert catalogue.features["soon_amount"].meaning.startswith("spend soon; NULL")
    assert catalogue.features["churn_share"].unit == "share"
    wide = catalogue.relation(run.run_id)
    ((everybody, chances, quiet, amounts, values),) = run.warehouse.rows(
        "SELECT count(*), count(churn_share), count(*) FILTER (recency_days <= 100), count(soon_amount),"
        f" count(value_amount) FROM {wide}"
    )
    assert (everybody, chances, amounts, values) == (700, quiet, 700, 0)
    assert 0 < quiet < 700
    assert run.warehouse.rows(
        "SELECT prediction_id, status_name, model_name FROM monitoring.prediction ORDER BY 1"
    ) == [
        ("churn", "made", "bg_nbd"),
        ("soon", "made", "bg_nbd"),
        ("value", "refused", None),
    ]
    bins = run.warehouse.value("SELECT min(customer_count) FROM monitoring.calibration")
    assert bins >= run.workspace.privacy.min_group_size
    ((kind, subject, message),) = run.warehouse.rows("SELECT kind_name, subject_name, message FROM ops.alert")
    assert (kind, subject) == ("prediction", "value")
    assert message.startswith("the prediction value is refused: the test from 2025-01-31 on has ")
    said = [record.getMessage() for record in caplog.records if record.name == "resegment.predict"]
    assert [line.split(":")[0] for line in said] == ["churn", "soon", "value"]


def test_again_replaces_the_rows_of_the_run(run: Run) -> None:
    def kept() -> dict[str, list[tuple[object, ...]]]:
        predict_all(run)
        tables = (PREDICTIONS, "monitoring.prediction", "monitoring.prediction_score", "monitoring.calibration")
        return {table: run.warehouse.rows(f"SELECT * FROM {table} ORDER BY ALL") for table in tables}

    assert kept() == kept()
    assert run.warehouse.rows("SELECT table_name FROM duckdb_tables() WHERE temporary") == []


def test_features_of_a_run_before_predictions_are_null(run: Run) -> None:
    predict_all(run)
    run.warehouse.execute(f"DELETE FROM {PREDICTIONS}")
    wide = catalogue_of(run).relation(run.run_id)
    assert run.warehouse.rows(f"SELECT count(*), count(churn_share) FROM {wide}") == [(700, 0)]
    alone = catalogue_of(run).relation(run.run_id, ["churn_share"])
    assert run.warehouse.rows(f"SELECT count(*), count(churn_share) FROM {alone}") == [(700, 0)]


def test_a_workspace_without_predictions_writes_nothing(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace()) as run:
        stage(run, simulate(2, 20, 60), AS_OF - dt.timedelta(days=59))
        assert predict_all(run) == {}
        assert not run.warehouse.table_exists(PREDICTIONS)
        assert not run.warehouse.table_exists("monitoring.prediction")


def test_a_workspace_that_predicts_no_more_keeps_its_customers(run: Run, make_workspace: MakeWorkspace) -> None:
    predict_all(run)
    run.workspace = make_workspace()
    run.run_id = "next"
    assert predict_all(run) == {}
    counted = run.warehouse.rows(f"SELECT count(*), count(churn_share) FROM {PREDICTIONS} WHERE run_id = 'next'")
    assert counted == [(700, 0)]


def test_a_name_that_is_a_feature_is_refused(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    tree = small_workspace() | {"predictions": {"net": {"kind": "spend"}}}
    with opened(make_workspace(tree=tree)) as run, pytest.raises(WorkspaceError) as caught:
        catalogue_of(run)
    assert "'net_amount' is defined twice" in caught.value.message
    assert "resegment.yaml" in str(caught.value.where)
