"""Whatever is delivered and decided in whatever order: no row is lost, none counts twice, the past stays as it was."""

from __future__ import annotations

from tests.unit.ingest.drawn_orders import walk
from tests.workspaces import MakeWorkspace, OpenRun


def test_any_order_of_deliveries_and_decisions(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    # One order; `tests/benchmarks/drawn_histories.py` goes through many.
    assert walk(make_workspace, opened, seed=0) > 0
