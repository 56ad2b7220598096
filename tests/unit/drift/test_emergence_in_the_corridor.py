"""A new group of customers over three months of a small shop: named, seen again and promoted, told once."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.drift.tasks import measure_drift
from tasks.insight.events import write_events
from tasks.notify.findings import findings_of
from tasks.overlap.tasks import measure_overlap
from tasks.warehouse.run import open_run
from tests.unit.segments.made_runs import HEADER, compute, shop

pytestmark = pytest.mark.usefixtures("few_features")

MONTHS = [dt.date(2025, month, 28) for month in (5, 6, 7)]
MAY, JUNE, JULY = MONTHS
CUSTOMERS, NEWCOMERS = 400, 24


def orders() -> str:
    """Customers buy in four months of ten, once; from 1 June on 24 others buy every other day, and a lot."""
    random = np.random.default_rng(5)
    rows = []
    for month in range(1, 8):
        for customer in np.flatnonzero(random.random(CUSTOMERS) < 0.4):
            day, amount = random.integers(1, 28), 20 * np.exp(random.standard_normal())
            rows.append(
                f"{month}-{customer},1,c{customer:03d},2025-{month:02d}-{day:02d} 10:00:00,p1,bread,1,{amount:.2f}\n"
            )
        for customer in range(NEWCOMERS if month >= 6 else 0):
            for day in range(1, 28, 2):
                amount = 200 * np.exp(0.3 * random.standard_normal())
                rows.append(
                    f"{month}-n{customer}-{day},1,n{customer:03d},2025-{month:02d}-{day:02d} 10:00:00,p1,box,1,{amount:.2f}\n"
                )
    return HEADER + "".join(rows)


def opened(place: Path, day: dt.date, *overrides: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return open_run(
        load_workspace(place, overrides=list(overrides)),
        as_of=day,
        known_as_of=None,
        output=place / "out",
        is_scratch=True,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("emerging")
    (place / "orders.csv").write_text(orders())
    rest = {"id": "rest", "name": "Rest"}
    often = {"id": "often", "name": "Often", "when": "order_30d_count >= 1"}
    tree = shop(buyers={"kind": "rules", "basis": "behavioural", "segments": [often], "otherwise": rest})
    (place / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    for month in MONTHS:
        with opened(place, month) as run:
            compute(run)
            write_events(run)
            measure_overlap.fn(run)
            measure_drift.fn(run)
    return place


def of(folder: Path, table: str, day: dt.date) -> list[dict[str, Any]]:
    with opened(folder, day) as run:
        return run.warehouse.frame(
            f"SELECT * FROM monitoring.{table} WHERE as_of_date = DATE '{day}' ORDER BY candidate_id"
        ).to_dicts()


def told(folder: Path, day: dt.date, *overrides: str) -> list[str]:
    with opened(folder, day, *overrides) as run:
        run.run_id = run.warehouse.value(f"SELECT run_id FROM ops.publication WHERE as_of_date = DATE '{day}'")
        return [finding.message for finding in findings_of(run) if finding.kind == "emerging"]


def test_the_first_run_has_nothing_to_compare_with(folder: Path) -> None:
    assert of(folder, "emerging_segment", MAY) == []


def test_newcomers_are_named_with_what_distinguishes_them(folder: Path) -> None:
    (found,) = of(folder, "emerging_segment", JUNE)
    assert (found["candidate_id"], found["direction_name"]) == ("emerging-2025-06-28-1", "emerging")
    assert (found["status_name"], found["seen_count"]) == ("candidate", 1)
    members = {row["customer_id"] for row in of(folder, "emerging_member", JUNE)}
    assert len(members) == found["customer_count"]
    newcomers = {f"n{number:03d}" for number in range(NEWCOMERS)}
    assert len(members & newcomers) / len(members | newcomers) > 0.85
    leading = [trait["feature_name"] for trait in json.loads(found["traits_json"])]
    assert any(name.startswith(("net_", "order_")) for name in leading)


def test_what_is_still_there_is_promoted_and_told_no_more(folder: Path) -> None:
    (candidate,), (promoted,) = (of(folder, "emerging_segment", day) for day in (JUNE, JULY))
    assert (promoted["candidate_id"], promoted["status_name"]) == (candidate["candidate_id"], "promoted")
    # It is no larger than it was a month ago: it is looked for against the month that it was missing from. That its
    # customers have left the amounts of June behind is not told as a group that vanished.
    assert (promoted["since_date"], promoted["reference_as_of_date"], promoted["seen_count"]) == (JUNE, MAY, 2)
    assert promoted["sentence"].endswith("Seen in 2 runs running.")


@pytest.mark.parametrize(
    ("policy", "days"),
    [("candidate", (JUNE, JULY)), ("promoted", (JULY,)), ("never", ())],
)
def test_the_policy_says_whether_somebody_is_told(folder: Path, policy: str, days: tuple[dt.date, ...]) -> None:
    for day in (JUNE, JULY):
        sentences = [row["sentence"] for row in of(folder, "emerging_segment", day)] if day in days else []
        assert told(folder, day, f"drift.emerging.alert={policy}") == sentences


def test_how_features_go_together_is_judged(folder: Path) -> None:
    with opened(folder, JULY) as run:
        found = run.warehouse.rows(
            "SELECT reference_kind, sentence IS NOT NULL FROM monitoring.drift"
            f" WHERE subject_kind = 'joint' AND as_of_date = DATE '{JULY}' ORDER BY ALL"
        )
    assert found == [("baseline", True), ("previous", True)]
