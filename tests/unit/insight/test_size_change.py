"""Every change of a segment's size in parts, each with its reason: worked out by hand, and added up."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tasks.segments.before import write_before
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.run import Run
from tests.unit.segments.made_runs import HEADER, compute, shop
from tests.workspaces import MakeWorkspace, OpenRun

pytestmark = pytest.mark.usefixtures("few_features")

JUNE, JULY = dt.date(2025, 6, 30), dt.date(2025, 7, 31)
#: What each customer spent in June, and in July.
SPENT = {
    "stays_low": (10, 0),
    "stays_high": (90, 0),
    # Above the old threshold of 65 by what he bought; above the new one of 75, too.
    "rises": (50, 40),
    # Above the old threshold by what he bought, and below the new one: two steps that take each other back.
    "would_rise": (50, 20),
    # Did nothing: out, because the threshold rose.
    "redrawn": (70, 0),
    "new_high": (0, 100),
    "new_between": (0, 70),
}


def orders(spent: dict[str, tuple[int, int]], *, without_july: bool = False, first_day: int = 10) -> str:
    """A file of orders; with `first_day` 0 the customers come on different days of June, one after the other."""
    return HEADER + "".join(
        f"{who}-{day},1,{who},{day} 10:00:00,p1,bread,1,{amount}\n"
        for place, (who, amounts) in enumerate(spent.items(), 1)
        for day, amount in zip((f"2025-06-{first_day or place:02d}", "2025-07-10"), amounts, strict=True)
        if amount and not (without_july and day >= "2025-07")
    )


def rules(threshold: int, match: str = "first") -> dict[str, Any]:
    segments = [{"id": "high", "name": "High", "when": f"net_amount >= {threshold}"}]
    if match == "any":
        segments.append({"id": "loyal", "name": "Loyal", "when": "order_count >= 2"})
    return {
        "kind": "rules",
        "basis": "value",
        "match": match,
        "segments": segments,
        "otherwise": {"id": "low", "name": "Low"},
    }


def parts(run: Run, segmentation: str) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Entered, left and net, by segment and reason."""
    return {
        (segment.partition(".")[2], why): (entered, left, net)
        for segment, why, entered, left, net in run.warehouse.rows(
            "SELECT segment_id, why_name, entered_count, left_count, net_count FROM monitoring.size_change"
            " WHERE run_id = $run AND segmentation_id = $name",
            {"run": run.run_id, "name": segmentation},
        )
    }


def sums_and_changes(run: Run) -> list[tuple[str, int, int]]:
    """Of each segment the sum of its parts, and by how much its members became more, each counted apart."""
    return run.warehouse.rows(
        "WITH sizes AS (SELECT segment_id, count(*) FILTER (run_id = $now) - count(*) FILTER (run_id = $then) AS change"
        " FROM segments.membership WHERE run_id IN ($now, $then) GROUP BY segment_id),"
        " parts AS (SELECT segment_id, sum(net_count) AS net FROM monitoring.size_change WHERE run_id = $now GROUP BY ALL)"
        " SELECT segment_id, coalesce(net, 0), coalesce(change, 0) FROM sizes FULL JOIN parts USING (segment_id)"
        " ORDER BY 1",
        {"now": run.run_id, "then": run.previous.run_id if run.previous else ""},
    )


def two_runs(
    make: MakeWorkspace, opened: OpenRun, first: dict[str, Any], second: dict[str, Any]
) -> tuple[Run, list[tuple[str, int, int]], dict[str, Any]]:
    with opened(make(tree=shop(value=first), orders=orders(SPENT, without_july=True)), JUNE) as run:
        compute(run)
    with opened(make(tree=shop(value=second), orders=orders(SPENT)), JULY) as run:
        compute(run)
        redrawn = {
            name: (what, asked, note)
            for name, what, asked, note in run.warehouse.rows(
                "SELECT segmentation_id, what_name, is_asked, note FROM segments.redrawn WHERE run_id = $r",
                {"r": run.run_id},
            )
        }
        return run, sums_and_changes(run), {"parts": parts(run, "value"), "redrawn": redrawn}


def test_an_edit_and_what_customers_did_are_told_apart(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    _, sums, found = two_runs(make_workspace, opened, rules(65), rules(75))
    assert found["redrawn"] == {"value": ("definition", True, None)}
    assert found["parts"] == {
        # rises and would_rise came in by what they bought; would_rise, redrawn and new_between went by the edit.
        ("high", "behaviour"): (2, 0, 2),
        ("low", "behaviour"): (0, 2, -2),
        ("high", "new_customer"): (2, 0, 2),
        ("high", "definition"): (0, 3, -3),
        ("low", "definition"): (3, 0, 3),
    }
    assert sums == [("value.high", 1, 1), ("value.low", 1, 1)]


def test_memberships_of_several_segments_are_followed_one_by_one(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    _, sums, found = two_runs(make_workspace, opened, rules(65, "any"), rules(75, "any"))
    assert found["parts"] == {
        ("high", "behaviour"): (2, 0, 2),
        ("loyal", "behaviour"): (2, 0, 2),
        ("low", "behaviour"): (0, 2, -2),
        ("high", "new_customer"): (2, 0, 2),
        ("high", "definition"): (0, 3, -3),
        # `would_rise` is loyal and therefore not among the others.
        ("low", "definition"): (2, 0, 2),
    }
    assert sums == [("value.high", 1, 1), ("value.low", 0, 0), ("value.loyal", 2, 2)]


def test_without_an_edit_nothing_is_redrawn(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    _, sums, found = two_runs(make_workspace, opened, rules(65), rules(65))
    assert found["redrawn"] == {}
    assert found["parts"] == {
        ("high", "behaviour"): (2, 0, 2),
        ("low", "behaviour"): (0, 2, -2),
        ("high", "new_customer"): (2, 0, 2),
    }
    assert sums == [("value.high", 4, 4), ("value.low", -2, -2)]


def test_a_definition_that_cannot_be_asked_any_more_takes_the_blame(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    first = rules(65) | {"segments": [{"id": "high", "name": "High", "when": "net_45d_amount >= 65"}]}
    tree = shop(value=first) | {"features": {"windows": [30, 45, 90, 365]}}
    with opened(make_workspace(tree=tree, orders=orders(SPENT, without_july=True)), JUNE) as run:
        compute(run)
    with opened(make_workspace(tree=shop(value=rules(75)), orders=orders(SPENT)), JULY) as run:
        compute(run)
        ((what, asked, note),) = run.warehouse.rows(
            "SELECT what_name, is_asked, note FROM segments.redrawn WHERE run_id = $r", {"r": run.run_id}
        )
        assert (what, asked) == ("definition", False)
        assert note.startswith("it asks for what is not there any more: ")
        assert "net_45d_amount" in note
        assert {why for _, why in parts(run, "value")} == {"new_customer", "definition"}
        assert all(net == change for _, net, change in sums_and_changes(run))


@pytest.mark.parametrize("before", [("rfm", "cuts"), ("rules", "rfm")])
def test_parts_add_up_whatever_the_kind_becomes(
    make_workspace: MakeWorkspace, opened: OpenRun, before: tuple[str, str]
) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "rfm": {"kind": "rfm", "basis": "value"},
        "rules": rules(65),
        "cuts": {
            "kind": "cuts",
            "basis": "value",
            "feature": "net_amount",
            "quantiles": [0.5],
            "segments": [{"id": "low", "name": "Low"}, {"id": "high", "name": "High"}],
        },
    }
    first, second = before
    _, sums, found = two_runs(make_workspace, opened, kinds[first], kinds[second])
    assert found["redrawn"] == {"value": ("definition", True, None)}
    assert all(net == change for _, net, change in sums)
    assert any(why == "definition" for _, why in found["parts"])


def quintile(value: float, among: list[float], *, low_is_best: bool) -> int:
    """The score that a value would have among others, counted one by one."""
    worse = sum(other > value if low_is_best else other < value for other in among)
    better = sum(other < value if low_is_best else other > value for other in among)
    if not better:
        return 5 if worse else 3
    return min(5, 1 + worse * 5 // len(among))


def test_ranks_are_held_against_the_cuts_of_the_run_before(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    bought = {f"c{n:02d}": (10 * (n + 1), 7 * n % 50 * (n % 3 > 0)) for n in range(20)}
    tree = shop(value={"kind": "rfm", "basis": "value"})
    select = "SELECT customer_id, recency_days, order_count, net_amount FROM features.customer_value WHERE run_id = $r"
    with opened(make_workspace(tree=tree, orders=orders(bought, without_july=True, first_day=0)), JUNE) as run:
        compute(run)
        then = run.warehouse.rows(select, {"r": run.run_id})
    with opened(make_workspace(tree=tree, orders=orders(bought, first_day=0)), JULY) as run:
        compute(run)
        now = run.warehouse.rows(select, {"r": run.run_id})
        ranges = run.workspace.segmentations["value"].declared_segments
        placed = dict(
            run.warehouse.rows(
                "SELECT customer_id, segment_id FROM segments.membership_before WHERE run_id = $r", {"r": run.run_id}
            )
        )
        whys = {why for _, why in parts(run, "value")}
        assert all(net == change for _, net, change in sums_and_changes(run))
    columns = [[float(row[at]) for row in then] for at in (1, 2, 3)]
    for customer, *values in now:
        scores = tuple(
            quintile(float(value), column, low_is_best=at == 0)
            for at, (value, column) in enumerate(zip(values, columns, strict=True))
        )
        (segment,) = [one.id for one in ranges if scores in one.cells()]
        assert placed[customer] == f"value.{segment}"
    # A month later everybody who bought nothing is worst in recency by June's cuts, and some are not by July's.
    assert whys == {"behaviour", "time", "ranks"}


def test_a_first_run_has_nothing_to_be_held_against(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(tree=shop(value=rules(65)), orders=orders(SPENT)), JULY) as run:
        compute(run)
        assert write_before(run, catalogue_of(run)) == 0
        assert parts(run, "value") == {}
        assert run.warehouse.rows("SELECT * FROM segments.membership_before") == []
