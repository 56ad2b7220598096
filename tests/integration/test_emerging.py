"""New groups of customers through the whole corridor: one that is planted is named and promoted, none where none is."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from tests.integration.corridor import EXAMPLES, ledger, partition, rows, run_corridor

CUSTOMERS = 2000
MARCH, APRIL, JUNE, LATER = dt.date(2025, 3, 31), dt.date(2025, 4, 30), dt.date(2025, 6, 15), dt.date(2025, 6, 30)


@dataclass(frozen=True, slots=True)
class Published:
    """The demo, whose customers begin to subscribe to meal kits on 5 May, published for four dates."""

    data: Path
    output: Path

    def of(self, date: dt.date) -> list[dict[str, object]]:
        return partition(self.output, "emerging_segment", date).to_dicts()

    def members(self, date: dt.date, name: object) -> set[str]:
        sql = f"SELECT customer_id FROM monitoring.emerging_member WHERE as_of_date = '{date}' AND candidate_id = '{name}'"
        return {customer for (customer,) in rows(self.output / "warehouse.duckdb", sql)}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Published:
    workspace = tmp_path_factory.mktemp("emerging")
    shutil.copy(EXAMPLES / "demo" / "resegment.yaml", workspace)
    for date in (MARCH, APRIL, JUNE, LATER):
        run_corridor(workspace, date, workspace / "out", f"generate.customers={CUSTOMERS}")
    return Published(workspace / "data", workspace / "out")


def test_where_nothing_is_new_nothing_is_named(demo: Published) -> None:
    assert demo.of(MARCH) == []
    assert demo.of(APRIL) == []


def test_subscribers_of_meal_kits_are_named(demo: Published) -> None:
    (found,) = [row for row in demo.of(JUNE) if row["direction_name"] == "emerging"]
    assert found["status_name"] == "candidate"
    truth = pl.read_parquet(demo.data / "truth" / "customers.parquet")
    subscribers = set(truth.filter(pl.col("meal_kit_since_date") <= JUNE)["customer_id"])
    members = demo.members(JUNE, found["candidate_id"])
    assert len(members) == found["customer_count"]
    assert len(members & subscribers) / len(members) > 0.9
    assert len(members & subscribers) / len(members | subscribers) > 0.6
    leading = [trait["feature_name"] for trait in json.loads(str(found["traits_json"]))]
    assert any(name.startswith(("net_", "order_", "margin_")) for name in leading)


def test_what_is_still_there_is_promoted_and_told_once(demo: Published) -> None:
    (candidate,) = [row for row in demo.of(JUNE) if row["direction_name"] == "emerging"]
    promoted = [row for row in demo.of(LATER) if row["status_name"] == "promoted"]
    assert [row["candidate_id"] for row in promoted] == [candidate["candidate_id"]]
    assert promoted[0]["seen_count"] == 2
    assert promoted[0]["since_date"] == JUNE
    assert promoted[0]["reference_as_of_date"] == APRIL
    assert str(promoted[0]["sentence"]).endswith("Seen in 2 runs running.")


def test_they_are_alerted_and_shown(demo: Published) -> None:
    alerts = ledger(demo.output, "SELECT kind_name, message FROM ops.alert WHERE kind_name = 'emerging'")
    sentences = [("emerging", row["sentence"]) for date in (JUNE, LATER) for row in demo.of(date)]
    assert sorted(alerts) == sorted(sentences)
    page = (demo.output / "report" / "index.html").read_text()
    assert "New and vanishing groups" in page
    assert "Seen in 2 runs running." in page


def test_how_features_go_together_is_judged(demo: Published) -> None:
    drift = partition(demo.output, "segment_drift", LATER).filter(pl.col("subject_kind") == "joint")
    assert set(drift["reference_kind"]) == {"previous", "baseline"}
    assert drift["sentence"].null_count() == 0
