"""Where customers went, of segments whose cuts or model are others than at the run before: under those of then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.drift import reading
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import OutputPaths, Run
from tests.workspaces import AS_OF, MakeWorkspace

_TABLES = (
    (
        "CREATE TABLE monitoring.transition AS SELECT 'now' AS run_id, * FROM (VALUES"
        " ('rfm', 'rfm.a', 'rfm.a', 60), ('rfm', 'rfm.a', 'rfm.b', 30), ('rfm', 'rfm.a', NULL, 10), ('rfm', NULL, 'rfm.a', 5),"
        " ('rfm', 'rfm.b', 'rfm.a', 7), ('lifecycle', 'lifecycle.new', 'lifecycle.active', 4),"
        " ('lifecycle', 'lifecycle.new', 'lifecycle.new', 6))"
        " AS t (segmentation_id, from_segment_id, to_segment_id, customer_count)"
    ),
    # Of the thirty that went from a to b, two did something; of b nobody did, and all of it moved with the ranks.
    (
        "CREATE TABLE monitoring.change_step AS SELECT 'now' AS run_id, 'rfm' AS segmentation_id, step_no, from_segment_id,"
        " to_segment_id FROM (SELECT 1 AS step_no, 'rfm.a' AS from_segment_id, 'rfm.b' AS to_segment_id FROM range(2)"
        " UNION ALL SELECT 1, 'rfm.a', NULL FROM range(10) UNION ALL SELECT 1, NULL, 'rfm.a' FROM range(5)"
        " UNION ALL SELECT 2, 'rfm.a', 'rfm.b' FROM range(28) UNION ALL SELECT 2, 'rfm.b', 'rfm.a' FROM range(7))"
    ),
)


def _run(make_workspace: MakeWorkspace, warehouse: Warehouse, folder: Path, what: str, *, is_asked: bool = True) -> Run:
    for schema in ("monitoring", "segments"):
        warehouse.execute(f"CREATE SCHEMA {schema}")
    for statement in _TABLES:
        warehouse.execute(statement)
    warehouse.execute(
        "CREATE TABLE segments.redrawn AS SELECT 'now' AS run_id, 'rfm' AS segmentation_id, $what AS what_name,"
        " $is_asked AS is_asked",
        {"what": what, "is_asked": is_asked},
    )
    return Run(make_workspace(), warehouse, OutputPaths(folder), AS_OF, None)


@pytest.mark.parametrize("what", ["ranks", "refit"])
def test_flows_are_what_customers_did(make_workspace: MakeWorkspace, tmp_path: Path, what: str) -> None:
    with Warehouse.open(None) as warehouse:
        found = reading._flows(_run(make_workspace, warehouse, tmp_path, what), ["now"])["now"]
    assert found["rfm.a"] == {"rfm.a": 88, "rfm.b": 2, None: 10}
    assert found["rfm.b"] == {"rfm.b": 7}
    assert found["lifecycle.new"] == {"lifecycle.active": 4, "lifecycle.new": 6}


@pytest.mark.parametrize(("what", "is_asked"), [("definition", True), ("refit", False)])
def test_of_what_was_redrawn_otherwise_there_are_none(
    make_workspace: MakeWorkspace, tmp_path: Path, what: str, is_asked: bool
) -> None:
    with Warehouse.open(None) as warehouse:
        found = reading._flows(_run(make_workspace, warehouse, tmp_path, what, is_asked=is_asked), ["now"])["now"]
    assert set(found) == {"lifecycle.new"}
