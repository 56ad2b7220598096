"""What an edit does to segments is told apart from what customers did in the weeks between two runs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tasks.insight.events import write_events
from tests.unit.insight.test_lived_transitions import told
from tests.unit.segments.made_runs import compute, members, orders, shop
from tests.workspaces import MakeWorkspace, OpenRun

pytestmark = pytest.mark.usefixtures("few_features")

JUNE, JULY = dt.date(2025, 6, 30), dt.date(2025, 7, 31)


def recent(cooling: int, last: str, *, new: int = 0) -> dict[str, Any]:
    """Segments by the days since the last order."""
    segments = [
        {"id": "active", "name": "Active", "when": "recency_days <= 45"},
        {"id": "cooling", "name": "Cooling", "when": f"recency_days <= {cooling}"},
    ]
    first = [{"id": "new", "name": "New", "when": f"recency_days <= {new}"}] if new else []
    otherwise = {"id": last, "name": last.title()}
    return {"kind": "rules", "basis": "lifecycle", "segments": first + segments, "otherwise": otherwise}


def bought(*groups: tuple[str, int, str]) -> str:
    """Each group: its letter, how many customers, and the day of the one order of each."""
    return orders({f"{letter}{n:03d}": (day, "bread", 10.0) for letter, count, day in groups for n in range(count)})


#: Active in June; the `c` cool down by July. The `m` lapse by the edit, the `l` had lapsed.
SHOP = bought(("a", 60, "2025-06-25"), ("c", 40, "2025-06-10"), ("m", 20, "2025-04-20"), ("l", 50, "2025-01-05"))


def test_customers_who_walk_while_another_rule_is_edited_are_no_split(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(make_workspace(tree=shop(stage=recent(120, "lapsed")), orders=SHOP), JUNE) as run:
        compute(run)
    with opened(make_workspace(tree=shop(stage=recent(90, "lapsed")), orders=SHOP), JULY) as run:
        compute(run)
        there = members(run, "stage")
        assert (there["a000"], there["c000"], there["m000"]) == ("stage.active", "stage.cooling", "stage.lapsed")
        assert told(run) == []


def test_what_customers_emptied_is_told_beside_an_edit(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(tree=shop(stage=recent(120, "lapsed", new=10)), orders=SHOP), JUNE) as run:
        compute(run)
        assert members(run, "stage")["a000"] == "stage.new"
    with opened(make_workspace(tree=shop(stage=recent(150, "lapsed", new=10)), orders=SHOP), JULY) as run:
        compute(run)
        assert "stage.new" not in members(run, "stage").values()
        write_events(run)
        assert run.warehouse.rows(
            "SELECT event_name, from_segment_ids, to_segment_ids FROM monitoring.segment_event"
            " WHERE run_id = $run AND event_name <> 'model' ORDER BY ALL",
            {"run": run.run_id},
        ) == [
            ("survive", "stage.active", "stage.active"),
            ("survive", "stage.cooling", "stage.cooling"),
            ("survive", "stage.lapsed", "stage.lapsed"),
            ("survive", "stage.new", "stage.active"),
        ]


def test_a_renamed_segment_goes_on_whatever_customers_did(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(tree=shop(stage=recent(120, "lapsed")), orders=SHOP), JUNE) as run:
        compute(run)
    with opened(make_workspace(tree=shop(stage=recent(120, "gone")), orders=SHOP), JULY) as run:
        compute(run)
        assert told(run) == []
