"""An edit of a segmentation is no drift, and hides none of the same month."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.drift.tasks import measure_drift
from tasks.insight.events import write_events
from tasks.warehouse.run import Run, open_run
from tests.unit.segments.made_runs import HEADER, compute, shop

pytestmark = pytest.mark.usefixtures("few_features")

MONTHS = [dt.date(2025, month, 28) for month in (3, 4, 5, 6)]
CUSTOMERS = 240
OF_SEGMENTS = ("segment_mix", "segment_size", "profile", "kpi", "flow", "relation")


def orders(*, more_in_june: bool) -> str:
    """Everybody buys each month for an amount of his own, and a third perhaps twice as much in June."""
    rows = []
    for month in range(1, 7):
        for customer in range(CUSTOMERS):
            factor = 2 if more_in_june and month == 6 and customer % 3 == 0 else 1
            day = f"2025-{month:02d}-{1 + customer % 20:02d}"
            rows.append(
                f"{month}-{customer},1,c{customer:03d},{day} 10:00,p1,bread,1,{factor * (20 + customer % 60)}\n"
            )
    return HEADER + "".join(rows)


def tree(big: int, quantile: float) -> dict[str, Any]:
    """Of several segments, of one, and learnt ones."""
    rule = {"id": "big", "name": "Big", "when": f"net_30d_amount >= {big}"}
    lists = {"kind": "rules", "basis": "value", "match": "any", "segments": [rule]}
    worth = {**lists, "match": "first", "otherwise": {"id": "small", "name": "Small"}}
    halves = {
        "kind": "cuts",
        "basis": "value",
        "feature": "net_30d_amount",
        "quantiles": [quantile],
        "segments": [{"id": "low", "name": "Low"}, {"id": "high", "name": "High"}],
    }
    return shop(lists=lists, worth=worth, halves=halves)


def lived(place: Path, trees: list[dict[str, Any]], *, more_in_june: bool) -> list[tuple[Any, ...]]:
    """What drift of segments the last month tells."""
    place.mkdir(exist_ok=True)
    (place / "orders.csv").write_text(orders(more_in_june=more_in_june))
    for month, said in zip(MONTHS, trees, strict=True):
        (place / "resegment.yaml").write_text(yaml.safe_dump(said, sort_keys=False))
        space = load_workspace(place)
        with open_run(space, as_of=month, known_as_of=None, output=place / "out", is_scratch=True) as run:
            compute(run)
            write_events(run)
            measure_drift.fn(run)
            found = _told(run)
    return found


def _told(run: Run) -> list[tuple[Any, ...]]:
    return run.warehouse.rows(
        "SELECT subject_kind, subject_name, part_name, reference_kind, level_name, sentence FROM monitoring.drift"
        " WHERE run_id = $run AND level_name <> 'none' AND list_contains($kinds, subject_kind) ORDER BY ALL",
        {"run": run.run_id, "kinds": list(OF_SEGMENTS)},
    )


def of_previous(found: list[tuple[Any, ...]]) -> set[tuple[str, str, str | None, str]]:
    """What is told beside the run before; but for flows, of which an edit leaves none."""
    return {row[:3] + row[4:5] for row in found if row[3] == "previous" and row[0] != "flow"}


BEFORE, AFTER = tree(70, 0.5), tree(50, 0.2)


@pytest.mark.parametrize("more_in_june", [False, True])
def test_an_edit_is_no_drift_and_hides_none(tmp_path: Path, more_in_june: bool) -> None:
    found = lived(tmp_path / "edited", [BEFORE] * 3 + [AFTER], more_in_june=more_in_june)
    unedited = lived(tmp_path / "unedited", [BEFORE] * 4, more_in_june=more_in_june)
    assert of_previous(found) == of_previous(unedited)
    alarmed = {(kind, name) for kind, name, *_, level, _ in found if level == "alarm"}
    changed = {("segment_size", "lists.big"), ("segment_mix", "worth"), ("segment_mix", "halves")}
    assert changed <= alarmed if more_in_june else not alarmed
    # By another definition than the published one, which is said; runs further back had that one, too.
    assert {row[3] for row in found} == {"previous"}
    told = {kind: text for kind, *_, text in found}
    assert told
    assert all(text.endswith("by the definition and model of 2025-05-28, changed since.") for text in told.values())
    assert not any("changed since" in row[-1] for row in unedited)


def test_the_run_after_an_edit_is_not_held_against_runs_before_it(tmp_path: Path) -> None:
    found = lived(tmp_path, [BEFORE, BEFORE, AFTER, AFTER], more_in_june=False)
    assert {row[3] for row in found} == {"previous"}
    assert not any(level == "alarm" for *_, level, _ in found)
