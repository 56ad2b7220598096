"""A feature of the workspace's own whose SQL is edited moves customers who did nothing: by the edit, and as no drift."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.drift.references import earlier_runs
from tasks.drift.tasks import measure_drift
from tasks.warehouse.remade import remade_features
from tasks.warehouse.run import open_run
from tests.unit.segments.made_runs import HEADER, compute, shop

pytestmark = pytest.mark.usefixtures("few_features")

MAY, JUNE = dt.date(2025, 5, 31), dt.date(2025, 6, 30)
MODEL = """-- what: one row is what a customer spends on bread
-- why: bakers are told
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column bread_amount: amount of bread bought [unit=currency]
-- column bread_60d_amount: the same in 60 days [unit=currency]
SELECT customer_id, CAST(coalesce(sum(line_amount), 0) AS DECIMAL(18, 4)) AS bread_amount,
    CAST(coalesce(sum(line_amount) FILTER (WHERE CAST(ordered_at AS DATE) > {{ as_of }} - 60), 0) AS DECIMAL(18, 4))
        AS bread_60d_amount
FROM staging.customers LEFT JOIN staging.order_lines USING (customer_id) GROUP BY customer_id
"""
HALVED = MODEL.replace("sum(line_amount)", "sum(line_amount / 2)")
COMMENTED = MODEL.replace("bakers are told", "bakers are told of it").replace("    CAST(coalesce", "  CAST(coalesce")
SEGMENTS = [
    {"id": "bakers", "name": "Bakers", "when": "bread_60d_amount >= 40"},
    {"id": "regular", "name": "Regular", "when": "order_count >= 2"},
]
LISTS = {"kind": "rules", "basis": "value", "match": "any", "segments": SEGMENTS}


def orders(until: str) -> str:
    """Everybody buys for 50 in May; each fourth customer once more, in June."""
    rows = [(f"c{number:03d}", "2025-05-10") for number in range(200)]
    rows += [(f"c{number:03d}", "2025-06-10") for number in range(0, 200, 4)]
    return HEADER + "".join(f"{who}-{day},1,{who},{day} 10:00:00,p1,bread,1,50\n" for who, day in rows if day <= until)


@dataclass(frozen=True, slots=True)
class Lived:
    """What the second of two months tells: who changed and why, what alarms, which features are computed otherwise."""

    changes: list[tuple[str, str, str, int]]
    alarmed: list[tuple[str]]
    remade: frozenset[str]


def lived(place: Path, model: str | None, lists: dict[str, Any] = LISTS) -> Lived:
    """Two months of the shop; before the second one its model and its lists are edited."""
    own = place / "sql" / "features" / "customer_bread.sql"
    own.parent.mkdir(parents=True)
    (place / "resegment.yaml").write_text(yaml.safe_dump(shop(lists=LISTS), sort_keys=False))
    own.write_text(MODEL)
    _run(place, MAY)
    (place / "resegment.yaml").write_text(yaml.safe_dump(shop(lists=lists), sort_keys=False))
    own.unlink()
    if model is not None:
        own.write_text(model)
    return _run(place, JUNE)


def _run(place: Path, day: dt.date) -> Lived:
    (place / "orders.csv").write_text(orders(str(day)))
    with open_run(load_workspace(place), as_of=day, known_as_of=None, output=place / "out", is_scratch=True) as run:
        earlier = earlier_runs(run)
        compute(run)
        measure_drift.fn(run)
        changes = run.warehouse.rows(
            "SELECT coalesce(to_segment_id, from_segment_id), change_name, why_name, count(*)"
            " FROM monitoring.change WHERE run_id = $run GROUP BY ALL ORDER BY ALL",
            {"run": run.run_id},
        )
        alarmed = run.warehouse.rows(
            "SELECT DISTINCT subject_name FROM monitoring.drift WHERE run_id = $run AND level_name = 'alarm'"
            " AND (concat(subject_name, part_name) LIKE '%bread%' OR subject_name = 'lists.bakers')",
            {"run": run.run_id},
        )
        return Lived(changes, alarmed, remade_features(run, earlier[-1].run_id) if earlier else frozenset())


def test_whom_an_edit_of_a_feature_moves_was_moved_by_the_edit(tmp_path: Path) -> None:
    told = lived(tmp_path, HALVED)
    assert told.remade == {"bread_amount", "bread_60d_amount"}
    assert told.changes == [
        ("lists.bakers", "left", "definition", 150),
        # The other list reads nothing of it: who bought again came by that.
        ("lists.regular", "entered", "behaviour", 50),
    ]


def test_an_edit_of_a_feature_is_no_drift(tmp_path: Path) -> None:
    assert lived(tmp_path, HALVED).alarmed == []


def test_a_comment_is_no_edit(tmp_path: Path) -> None:
    told = lived(tmp_path, COMMENTED)
    assert (told.remade, told.changes) == (frozenset(), [("lists.regular", "entered", "behaviour", 50)])


def test_a_list_that_goes_with_its_feature_leaves_the_others_their_reasons(tmp_path: Path) -> None:
    told = lived(tmp_path, None, {**LISTS, "segments": SEGMENTS[1:]})
    assert told.changes == [
        ("lists.bakers", "left", "definition", 200),
        ("lists.regular", "entered", "behaviour", 50),
    ]
