"""Many customers over two months of a shop: features on a sample of them, segments on all, and the same is found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.drift.tasks import measure_drift
from tasks.insight.events import write_events
from tasks.overlap.tasks import measure_overlap
from tasks.warehouse.run import Run, open_run
from tests.unit.segments.made_runs import HEADER, compute, shop

pytestmark = pytest.mark.usefixtures("few_features")

MONTHS = [dt.date(2025, 5, 28), dt.date(2025, 6, 28)]
CUSTOMERS, NEWCOMERS = 4_100, 200
ENOUGH = 1_000


def orders() -> str:
    """Two of three customers buy in a month; in June those of the smallest segment spend twice as much, and some come."""
    random = np.random.default_rng(7)
    rows = []
    for month in (4, 5, 6):
        for customer in np.flatnonzero(random.random(CUSTOMERS) < 0.66):
            day, amount = random.integers(1, 28), 20 * np.exp(0.5 * random.standard_normal())
            amount *= 2 if month == 6 and customer % 10 == 0 else 1
            rows.append(
                f"{month}-{customer},1,c{customer:04d},2025-{month:02d}-{day:02d} 10:00:00,p1,bread,1,{amount:.2f}\n"
            )
    for customer in range(NEWCOMERS):
        for day in range(2, 28, 2):
            amount = 300 * np.exp(0.2 * random.standard_normal())
            rows.append(f"n{customer}-{day},1,n{customer:04d},2025-06-{day:02d} 10:00:00,p1,box,1,{amount:.2f}\n")
    return HEADER + "".join(rows)


def tree() -> dict[str, object]:
    tenth = {"id": "tenth", "name": "Tenth", "when": "right(customer_id, 1) = '0'"}
    parts = {"kind": "rules", "basis": "value", "segments": [tenth], "otherwise": {"id": "rest", "name": "Rest"}}
    often = {"id": "often", "name": "Often", "when": "order_30d_count >= 1"}
    both = {"kind": "rules", "basis": "behavioural", "match": "any", "segments": [often]}
    return shop(parts=parts, both=both)


@contextmanager
def opened(place: Path, day: dt.date) -> Iterator[Run]:
    space = load_workspace(place, overrides=[f"drift.enough_customers={ENOUGH}"])
    with open_run(space, as_of=day, known_as_of=None, output=place / "out", is_scratch=True) as run:
        yield run


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What is told of the second month, with a sample and with all; what emerges, likewise."""
    place = tmp_path_factory.mktemp("many")
    (place / "orders.csv").write_text(orders())
    (place / "resegment.yaml").write_text(yaml.safe_dump(tree(), sort_keys=False))
    found: dict[str, list[dict[str, Any]]] = {}
    for month in MONTHS:
        with opened(place, month) as run:
            compute(run)
            write_events(run)
            measure_overlap.fn(run)
            for name, enough in (("all", 100_000), ("sample", ENOUGH)):
                drift = run.workspace.drift.model_copy(update={"enough_customers": enough})
                run.workspace = run.workspace.model_copy(update={"drift": drift})
                measure_drift.fn(run)
                for kind, table in (
                    ("drift", "drift"),
                    ("candidates", "emerging_segment"),
                    ("members", "emerging_member"),
                ):
                    found[f"{name} {kind}"] = run.warehouse.records(
                        f"SELECT * FROM monitoring.{table} WHERE run_id = $run_id ORDER BY ALL", {"run_id": run.run_id}
                    )
    return found


def by_subject(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    keys = ("subject_kind", "subject_name", "part_name", "test_name", "aspect_name")
    return {tuple(row[key] for key in keys): row for row in rows}


def test_features_are_compared_on_a_sample_and_told_with_the_counts_of_all(
    verdicts: dict[str, list[dict[str, Any]]],
) -> None:
    sample, whole = by_subject(verdicts["sample drift"]), by_subject(verdicts["all drift"])
    features = [key for key in whole if key[0] == "feature" and key in sample]
    assert len(features) > 5
    for key in features:
        for count in ("reference_count", "current_count", "common_count", "entered_count", "left_count"):
            assert sample[key][count] == whole[key][count]
        assert sample[key]["effect_size"] == pytest.approx(whole[key]["effect_size"], abs=0.12)
    tested = [(sample[key]["reference_value_count"], whole[key]["reference_value_count"]) for key in features]
    # All 3,900 who had bought by then are halved once: half of those that have a value.
    assert all(0.4 * values <= few <= 0.6 * values for few, values in tested if values > 1_000)


def test_segments_are_compared_on_all(verdicts: dict[str, list[dict[str, Any]]]) -> None:
    sample, whole = by_subject(verdicts["sample drift"]), by_subject(verdicts["all drift"])
    of_all = ("segment_mix", "segment_size", "kpi", "relation")
    for row in (*sample.values(), *whole.values()):
        row.pop("p_adjusted"), row.pop("run_id"), row.pop("sentence"), row.pop("minimum_detectable_effect")
    kept = {key: row for key, row in whole.items() if key[0] in of_all}
    assert {key[0] for key in kept} == {"segment_mix", "segment_size", "kpi"}
    assert kept == {key: row for key, row in sample.items() if key[0] in of_all}


def test_a_small_segment_keeps_all_its_members(verdicts: dict[str, list[dict[str, Any]]]) -> None:
    sample, whole = by_subject(verdicts["sample drift"]), by_subject(verdicts["all drift"])
    spent = ("profile", "parts.tenth", "net_30d_amount", "clustered_t", "profile")
    for rows in (sample, whole):
        assert rows[spent]["level_name"] == "alarm"
    # A tenth of what is enough is a hundred: of 390 members a quarter are drawn, of whoever has a value.
    assert 70 <= sample[spent]["reference_value_count"] <= 130
    assert whole[spent]["reference_value_count"] > 350


def test_of_a_group_that_emerges_all_members_are_told(verdicts: dict[str, list[dict[str, Any]]]) -> None:
    for table in ("candidates", "members"):
        assert verdicts[f"sample {table}"] == verdicts[f"all {table}"]
    came: dict[str, int] = {}
    for row in verdicts["sample members"]:
        came[row["candidate_id"]] = came.get(row["candidate_id"], 0) + row["customer_id"].startswith("n")
    assert max(came.values()) > 0.9 * NEWCOMERS
