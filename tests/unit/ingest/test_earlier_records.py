"""A customer file of one record each that is delivered again: what was true before stays what was said then."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.ingest.late import late_rows
from tasks.quality.queries import QueryContext
from tasks.warehouse.earlier_records import earlier_records
from tasks.warehouse.run import Run, open_run
from tests.staged import ingest_and_stage
from tests.workspaces import ORDERS, small_workspace

pytestmark = pytest.mark.usefixtures("few_features")

MAY, JUNE = dt.date(2025, 5, 31), dt.date(2025, 6, 30)
THEN = """id,updated,country
moved,2025-01-01,Norway
moved_twice,2025-01-01,Norway
corrected,2025-01-01,Norway
gone,2025-01-01,Norway
"""
#: In June one moved, another in May and again in June; of one it was never true that he lived in Norway.
BETWEEN = """id,updated,country
moved,2025-01-01,Norway
moved_twice,2025-05-10,Sweden
corrected,2025-01-01,Norway
gone,2025-01-01,Norway
"""
NOW = """id,updated,country
moved,2025-06-10,Denmark
moved_twice,2025-06-12,Finland
corrected,2025-01-01,Iceland
came,2025-06-15,Norway
"""


def workspace(place: Path, **more: object) -> dict[str, Any]:
    columns = {"customer_id": "id", "updated_at": "updated", "country_name": "country"}
    customers = {"entity": "customers", "format": "csv", "path": "customers.csv", "columns": columns, **more}
    said = small_workspace()
    said["sources"] = {**said["sources"], "crm": customers}  # type: ignore[dict-item]
    (place / "resegment.yaml").write_text(yaml.safe_dump(said, sort_keys=False))
    (place / "orders.csv").write_text(ORDERS)
    return said


def countries(run: Run) -> dict[str, str]:
    """Where customers of the file live."""
    return dict(
        run.warehouse.rows("SELECT customer_id, country_name FROM staging.customers WHERE is_declared ORDER BY ALL")
    )


def staged(place: Path, day: dt.date, delivered: str | None = None) -> tuple[dict[str, str], str, list[int]]:
    """Countries, id and loads of a run."""
    if delivered is not None:
        (place / "customers.csv").write_text(delivered)
    with open_run(load_workspace(place), as_of=day, known_as_of=None, output=place / "out", is_scratch=True) as run:
        ingest_and_stage(run)
        return countries(run), run.run_id, [number for _, number, *_ in run.visible_loads()]


def test_a_past_day_is_told_what_was_true_then(tmp_path: Path) -> None:
    workspace(tmp_path)
    then, *_ = staged(tmp_path, dt.date(2025, 5, 1), THEN)
    assert set(then.values()) == {"Norway"}
    _, _, seen = staged(tmp_path, MAY, BETWEEN)
    in_june, *_ = staged(tmp_path, JUNE, NOW)
    assert in_june == {"moved": "Denmark", "moved_twice": "Finland", "corrected": "Iceland", "came": "Norway"}
    again, *_ = staged(tmp_path, MAY)
    # Who is gone from the file is gone, and what corrects is as true of then.
    assert again == {"moved": "Norway", "moved_twice": "Sweden", "corrected": "Iceland"}
    earliest, *_ = staged(tmp_path, dt.date(2025, 5, 1))
    assert earliest == {"moved": "Norway", "moved_twice": "Norway", "corrected": "Iceland"}
    with open_run(
        load_workspace(tmp_path), as_of=MAY, known_as_of=None, output=tmp_path / "out", is_scratch=True
    ) as run:
        # Two are other than they were in May, the corrected one and the one who is gone; nobody else is late.
        (late,) = late_rows(run.warehouse, run.workspace, MAY, seen, run.visible_loads())
        assert (late.table, late.customer_count) == ("staging.customers", 2)


def test_checks_of_what_was_loaded_look_at_the_newest_version(tmp_path: Path) -> None:
    workspace(tmp_path)
    staged(tmp_path, JUNE, BETWEEN)
    staged(tmp_path, JUNE, NOW)
    with open_run(
        load_workspace(tmp_path), as_of=MAY, known_as_of=None, output=tmp_path / "out", is_scratch=True
    ) as run:
        ingest_and_stage(run)
        judged = QueryContext.of_run(run).rows("raw.customers")
        counts = [run.warehouse.value(f"SELECT count(*) FROM {rows}") for rows in ("raw.customers", judged)]
    # What was said of two before is in the view, and the ledger counts it no more.
    assert counts == [6, 4]


def test_what_counts_of_earlier_versions_is_part_of_what_a_run_is_known_by(tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("all", "some", "one")]
    for place, versions in zip(places, ((THEN, BETWEEN, NOW), (THEN, NOW), (NOW,)), strict=True):
        place.mkdir()
        workspace(place)
        for version in versions:
            staged(place, JUNE, version)
    runs = [staged(place, MAY)[:2] for place in places]
    assert [found.get("moved_twice") for found, _ in runs] == ["Sweden", "Norway", None]
    assert len({run_id for _, run_id in runs}) == len(runs)
    # Of today nothing counts but the newest version, whatever came before it.
    assert len({staged(place, JUNE)[1] for place in places}) == 1


def test_versions_that_add_are_seen_anyway(tmp_path: Path) -> None:
    workspace(tmp_path, versions="add")
    staged(tmp_path, JUNE, THEN)
    assert staged(tmp_path, JUNE, NOW)[0]["gone"] == "Norway"
    with open_run(
        load_workspace(tmp_path), as_of=MAY, known_as_of=None, output=tmp_path / "out", is_scratch=True
    ) as run:
        assert earlier_records(run.warehouse, run.visible_loads(), MAY) == []
