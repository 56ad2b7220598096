"""A segment that no customer tells of comes and goes with a name, too."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tasks.drift.tasks import measure_drift
from tasks.insight.events import write_events
from tasks.notify.findings import findings_of
from tasks.overlap.tasks import measure_overlap
from tests.unit.segments.made_runs import compute, orders, shop
from tests.workspaces import MakeWorkspace, OpenRun

pytestmark = pytest.mark.usefixtures("few_features")

JUNE, JULY, AUGUST = dt.date(2025, 6, 30), dt.date(2025, 7, 31), dt.date(2025, 8, 31)
SHOP = orders({f"c{n:02d}": ("2025-06-10", "bread", 10.0 * (n + 1)) for n in range(30)})


def spent(*floors: int, match: str = "first") -> dict[str, Any]:
    """Segments of those who spent so much."""
    segments = [{"id": f"over{floor}", "name": f"Over {floor}", "when": f"net_amount > {floor}"} for floor in floors]
    rest = {"otherwise": {"id": "rest", "name": "Rest"}} if match == "first" else {}
    return {"kind": "rules", "basis": "value", "match": match, "segments": segments, **rest}


def lived(
    make_workspace: MakeWorkspace, opened: OpenRun, *trees: dict[str, Any]
) -> list[list[tuple[str, str, str | None, str | None, str]]]:
    """Events of the dictionary by run, of runs a month apart with these segmentations."""
    told = []
    for day, tree in zip((JUNE, JULY, AUGUST), trees, strict=False):
        with opened(make_workspace(tree=shop(**tree), orders=SHOP), day) as run:
            compute(run)
            sentences = write_events(run)
            rows = run.warehouse.rows(
                "SELECT segmentation_id, event_name, from_segment_ids, to_segment_ids, sentence"
                " FROM monitoring.segment_event WHERE run_id = $run AND event_name IN ('introduce', 'retire')"
                " ORDER BY ALL",
                {"run": run.run_id},
            )
            assert sorted(row[-1] for row in rows) == sorted(one for one in sentences if " defined " in one)
            told.append(rows)
    return told


def test_a_segmentation_that_is_taken_out_and_put_back(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    both = {"worth": spent(250, 100), "much": spent(200)}
    first, second, third = lived(make_workspace, opened, both, {"worth": spent(250, 100)}, both)
    assert first == []
    assert second == [
        (
            "much",
            "retire",
            "much.over200,much.rest",
            None,
            "the segmentation much (2 segments, 30 customers) is no longer defined in the workspace",
        )
    ]
    assert third == [
        (
            "much",
            "introduce",
            None,
            "much.over200,much.rest",
            "the segmentation much (2 segments, 30 customers) is defined again after it was retired on 2025-07-31",
        )
    ]


def test_a_new_segmentation(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    _, (event,) = lived(
        make_workspace, opened, {"worth": spent(100)}, {"worth": spent(100), "many": spent(0, 150, match="any")}
    )
    # Each customer is counted once, in however many of its segments he is.
    assert event == (
        "many",
        "introduce",
        None,
        "many.over0,many.over150",
        "the segmentation many (2 segments, 30 customers) is defined for the first time",
    )


def test_segments_of_one_in_which_customers_are_in_several(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    _, told = lived(
        make_workspace,
        opened,
        {"many": spent(0, 150, 200, match="any")},
        {"many": spent(0, 280, match="any")},
    )
    assert [event[1:] for event in told] == [
        ("introduce", None, "many.over280", "many.over280 (2 customers) is defined for the first time"),
        (
            "retire",
            "many.over150,many.over200",
            None,
            "each of many.over150, many.over200 (15 customers in all) is no longer defined in the workspace",
        ),
    ]


def test_a_segment_in_which_nobody_is(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    _, (event,), (gone,) = lived(
        make_workspace,
        opened,
        {"worth": spent(100)},
        {"worth": spent(9000, 100)},
        {"worth": spent(100)},
    )
    assert event[-1] == "worth.over9000 (0 customers) is defined for the first time"
    assert gone[-1] == "worth.over9000 (0 customers) is no longer defined in the workspace"


def test_what_its_customers_tell_is_told_once(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    """The halves of a segment that was split come by the split."""
    _, told = lived(make_workspace, opened, {"worth": spent(100)}, {"worth": spent(200, 100)})
    assert told == []


def test_it_is_an_alert(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    for day, tree in ((JUNE, {"worth": spent(100), "much": spent(200)}), (JULY, {"worth": spent(100)})):
        with opened(make_workspace(tree=shop(**tree), orders=SHOP), day) as run:
            compute(run)
            write_events(run)
            measure_overlap.fn(run)
            measure_drift.fn(run)
            from_events = [one for one in findings_of(run) if one.kind == "transition"] if day == JULY else []
    ((severity, message),) = [(one.severity, one.message) for one in from_events]
    assert severity == "warning"
    assert message.startswith("the segmentation much (2 segments, 30 customers) is no longer")
