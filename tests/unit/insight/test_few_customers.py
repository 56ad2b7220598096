"""A segment that a few customers fill, or leave, is named and calls nobody."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

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

MAY, JUNE = dt.date(2025, 5, 31), dt.date(2025, 6, 30)


def told(place: Path, moved: int) -> tuple[list[tuple[str, bool, str]], list[str]]:
    """What is written of June, in which some of 200 customers buy for the first time in bulk; and what alerts."""
    rule = {"id": "bulk", "name": "Bulk", "when": "net_30d_amount >= 1000"}
    size = {"kind": "rules", "basis": "value", "segments": [rule], "otherwise": {"id": "usual", "name": "Usual"}}
    (place / "resegment.yaml").write_text(yaml.safe_dump(shop(size=size), sort_keys=False))
    rows = [f"m{n},1,c{n:03d},2025-05-20 10:00:00,p1,bread,1,5\n" for n in range(200)]
    june = [f"j{n},1,c{n:03d},2025-06-20 10:00:00,p1,bread,1,{2000 if n < moved else 5}\n" for n in range(200)]
    for day, known in ((MAY, rows), (JUNE, rows + june)):
        (place / "orders.csv").write_text(HEADER + "".join(known))
        with open_run(load_workspace(place), as_of=day, known_as_of=None, output=place / "out", is_scratch=True) as run:
            compute(run)
            write_events(run)
            measure_overlap.fn(run)
            measure_drift.fn(run)
            written = run.warehouse.rows(
                "SELECT event_name, is_by_chance, sentence FROM monitoring.segment_event"
                " WHERE run_id = $run AND contains(coalesce(to_segment_ids, ''), 'size.bulk') ORDER BY ALL",
                {"run": run.run_id},
            )
            alerted = [finding.message for finding in findings_of(run) if finding.kind == "transition"]
    return written, alerted


def test_three_customers_are_named_and_call_nobody(tmp_path: Path) -> None:
    ((name, is_by_chance, sentence),), alerted = told(tmp_path, 3)
    assert (name, is_by_chance, alerted) == ("emerge", True, [])
    assert sentence.endswith("So few customers may be an accident.")


def test_thirty_customers_are_an_alert(tmp_path: Path) -> None:
    ((name, is_by_chance, sentence),), alerted = told(tmp_path, 30)
    assert (name, is_by_chance, alerted) == ("emerge", False, [sentence])
    assert "accident" not in sentence
