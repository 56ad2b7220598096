"""Predictions through the whole corridor: rules divide by them, and the same inputs publish the same bytes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.config.predictions import Prediction
from tasks.predict.forecast import foretell
from tasks.predict.snapshots import order_days
from tasks.warehouse.run import open_run
from tests.integration.corridor import EXAMPLES, ledger, partition, partition_digests, run_corridor, run_earlier
from tests.staged import ingest_and_stage
from tests.unit.predict.made_orders import simulate
from tests.workspaces import AS_OF, small_workspace

DAYS = 330
FIRST = AS_OF - dt.timedelta(days=DAYS - 1)
LEAVING = 0.5


def write_workspace(folder: Path) -> Path:
    """A shop of 600 customers, divided by who is about to leave."""
    company = simulate(11, 600, DAYS)
    folder.mkdir()
    company.orders.with_row_index("order").with_columns(
        line=1,
        at=pl.lit(FIRST) + pl.duration(days=pl.col("day")),
        product=pl.lit("p"),
        category=pl.lit("bread"),
        units=1,
    ).rename({"customer_id": "customer", "amount": "price"}).write_csv(folder / "orders.csv")
    tree = small_workspace()
    tree["predictions"] = {
        "leave": {"kind": "churn", "horizon_days": 60, "min_customers": 300},
        "spend": {"kind": "spend", "horizon_days": 150, "min_customers": 200},
        "value": {"kind": "clv", "min_customers": 5_000},
    }
    tree["segmentations"] = {
        "risk": {
            "kind": "rules",
            "basis": "predictive",
            "population": "order_count > 0",
            "segments": [
                {"id": "dear", "name": "Dear", "when": "value_amount > 0"},
                {"id": "leaving", "name": "Leaving", "when": f"leave_share >= {LEAVING}"},
            ],
            "otherwise": {"id": "calm", "name": "Calm"},
        }
    }
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    return folder


def test_rules_divide_by_predictions_and_bytes_repeat_on_any_number_of_threads(tmp_path: Path) -> None:
    workspace = write_workspace(tmp_path / "shop")
    one, two = tmp_path / "one", tmp_path / "two"
    summary = run_corridor(workspace, AS_OF, one, "engine.threads=1")
    run_earlier(workspace, AS_OF, two, "engine.threads=2")
    assert partition_digests(one) == partition_digests(two)

    foretold = ledger(
        one, "SELECT customer_id, leave_share, spend_amount, value_amount FROM features.customer_prediction ORDER BY 1"
    )
    assert foretold == ledger(two, "SELECT * EXCLUDE (as_of_date, run_id) FROM features.customer_prediction ORDER BY 1")
    members = dict(partition(one, "customer_segment", AS_OF).select("customer_id", "segment_id").iter_rows())
    expected = {
        customer: "risk.leaving" if share >= LEAVING else "risk.calm" for customer, share, *_ in foretold if share
    }
    assert members == expected
    assert len(set(members.values())) == 2
    assert all(amount is not None for _, _, amount, _ in foretold)
    # What was refused is NULL, told, and puts nobody anywhere.
    assert {value for *_, value in foretold} == {None}
    assert any(alert.startswith("the prediction value is refused: ") for alert in summary["alerts"])
    assert 'id="predictions"' in Path(summary["report"]).read_text(encoding="utf-8")


@pytest.mark.real_data
def test_what_is_tested_on_real_orders_is_what_polars_counts(test_data: Path, tmp_path: Path) -> None:
    """Online Retail, June to August 2011: who was a customer before, and who of them ordered, counted from the file."""
    file = test_data / "online_retail" / "online_retail_dev_2010-12_2011-08.csv.gz"
    if not file.is_file():
        pytest.skip(f"no Online Retail data at {file}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESEGMENT_TEST_DATA", str(test_data.resolve()))
        space = load_workspace(EXAMPLES / "retail")
    with open_run(space, as_of=dt.date(2011, 8, 31), known_as_of=None, output=tmp_path / "out") as run:
        ingest_and_stage(run)
        with order_days(run):
            forecast = foretell(run, "churn", Prediction(kind="churn", horizon_days=92))
    bought = (
        pl.read_csv(file, infer_schema=False)
        .with_columns(day=pl.col("InvoiceDate").str.slice(0, 10).str.to_date(), units=pl.col("Quantity").cast(pl.Int64))
        .filter(
            pl.col("CustomerID").fill_null("") != "",
            pl.col("units") > 0,
            ~pl.col("InvoiceNo").str.starts_with("C"),
            pl.col("UnitPrice").cast(pl.Float64) >= 0,
            pl.col("StockCode").str.to_uppercase().str.contains("^([0-9]{5}|DCGS|PADS$)"),
        )
    )
    cut_off = dt.date(2011, 5, 31)
    known = set(bought.filter(pl.col("day") <= cut_off)["CustomerID"])
    came = set(bought.filter(pl.col("day") > cut_off)["CustomerID"])
    facts = forecast.evidence.prediction
    assert (facts["test_customer_count"], facts["test_ordered_count"]) == (len(known), len(known & came))
    assert facts["test_from_date"] == dt.date(2011, 6, 1)
    # As good a score as the base rate's is what a model that knows nothing has.
    share = 1 - len(known & came) / len(known)
    scores = {row["model_name"]: row["brier_score"] for row in forecast.evidence.scores}
    assert max(scores["boosting"], scores["bg_nbd"]) < 0.9 * share * (1 - share)
