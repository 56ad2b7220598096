"""What a plan says is what the next run publishes; nothing real is written meanwhile."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.plan import plan_workspace
from tasks.plan.records import Plan
from tasks.plan.telling import as_markdown, as_text
from tests.unit.plan.shops import JUNE, MAY, Counts, Shop, tree

pytestmark = pytest.mark.usefixtures("few_features")

Edit = Callable[[dict[str, Any]], None]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sizes(plan: Plan) -> Counts:
    return {
        segment.segment_id: segment.after_count
        for item in plan.segmentations
        for segment in item.segments
        if segment.after_count
    }


def every_kind(space: dict[str, Any]) -> None:
    """An edit of each segmentation that leaves the features as they are."""
    made = space["segmentations"]
    made["lifecycle"]["segments"][1]["when"] = "recency_days <= 60"
    # Who would be quiet is active by now, up to 60 days; a rule in between is reached by nobody.
    made["lifecycle"]["segments"].insert(2, {"id": "late", "name": "Late", "when": "recency_days <= 50"})
    made["needs"]["segments"][1]["when"] = "order_count >= 5 and net_amount > 0"
    made["rfm"]["population"] = "order_count > 1"
    made["tiers"]["quantiles"] = [0.7]
    made["likes"]["top"] = 3
    # The two halves are the same by fewer features; three are asked for.
    made["groups"] |= {"features": ["order_count", "net_amount"], "k": {"min": 3, "max": 3}}
    made["said"]["segments"][0]["when"] = "net_amount >= 500"
    made["said_of_all"]["features"] = ["order_count", "recency_days"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Published for two dates, so that models go on."""
    found = Shop(tmp_path_factory.mktemp("shop"))
    space = found.edited(tree())
    for date in (MAY, JUNE):
        found.publish(space, date)
    return found


@pytest.fixture
def own_shop(shop: Shop, tmp_path: Path) -> Shop:
    """The same in another folder, for a test that publishes."""
    shutil.copytree(shop.folder, tmp_path / "own")
    return Shop(tmp_path / "own")


@pytest.fixture(scope="module")
def planned(shop: Shop) -> Plan:
    """A plan of the edit of every kind."""
    space = tree()
    every_kind(space)
    return plan_workspace(shop.edited(space), shop.paths, examples=2)


def test_nothing_changes_where_nothing_was_edited(shop: Shop) -> None:
    before = digest(shop.paths.warehouse)
    found = plan_workspace(shop.edited(tree()), shop.paths)
    assert found.verdict == "nothing changes"
    assert found.recomputed == []
    assert not found.changes
    assert digest(shop.paths.warehouse) == before
    assert as_markdown(found).startswith("## ✅ resegment plan: nothing changes")


def test_texts_alone_move_nobody(shop: Shop) -> None:
    space = tree()
    space["segmentations"]["tiers"]["segments"][0]["name"] = "Lower"
    # Nor does what the audit finds fault with; no feature hangs on it.
    space["audit"] = {"max_segments": 20}
    found = plan_workspace(shop.edited(space), shop.paths)
    assert (found.recomputed, found.moved_count) == ([], 0)
    assert found.changes
    assert [(item.segment_id, item.changed) for item in segments(found) if item.changed] == [("tiers.low", ["name"])]


def segments(plan: Plan) -> list[Any]:
    return [segment for item in plan.segmentations for segment in item.segments]


def test_rules_that_nobody_reaches_are_told_with_who_takes_them(planned: Plan) -> None:
    assert [(rule.segment_id, rule.taken_by, rule.is_new) for rule in planned.unreached] == [
        # As published nobody is new, either.
        ("lifecycle.new", [], False),
        ("lifecycle.late", ["lifecycle.active"], True),
    ]


def test_new_overlaps_are_told(planned: Plan) -> None:
    assert ("needs.dear", "needs.often", "redundant") in {
        (pair.segment_id_a, pair.segment_id_b, pair.relation) for pair in planned.pairs
    }


def test_texts_tell_what_the_plan_holds(planned: Plan) -> None:
    text = "\n".join(as_text(planned))
    assert planned.verdict in text
    assert "lifecycle.late: all" in text
    assert "come in: c" in text
    page = as_markdown(planned)
    assert "| `lifecycle.active` Active | changed (rule) |" in page
    assert "<details><summary>lifecycle:" in page


def test_the_next_run_publishes_what_the_plan_said(own_shop: Shop, planned: Plan) -> None:
    space = tree()
    every_kind(space)
    edited = own_shop.edited(space)
    with own_shop.running(edited, JUNE) as run:
        found = dict(
            run.warehouse.rows(
                "SELECT segment_id, count(*) FROM segments.membership WHERE run_id = $run GROUP BY 1",
                {"run": run.run_id},
            )
        )
    assert found == sizes(planned)
    for item in planned.segmentations:
        assert item.status == "changed", item.name
        assert item.moved_count > 0, item.name
    again = plan_workspace(edited, own_shop.paths)
    assert again.verdict == "nothing changes"


def test_an_edit_of_features_is_computed_in_a_copy(own_shop: Shop) -> None:
    space = tree()
    space["features"] = {"windows": [30, 365]}
    space["segmentations"]["needs"]["segments"][0]["when"] = "order_365d_count >= 4"
    edited = own_shop.edited(space)
    before = digest(own_shop.paths.warehouse)
    found = plan_workspace(edited, own_shop.paths)
    assert found.recomputed == ["the section features changed"]
    assert any("files that came after that run are seen" in limit for limit in found.limits)
    assert digest(own_shop.paths.warehouse) == before
    # The newsletter reads a column that goes away with its window.
    assert [(item.use, item.severity) for item in found.consumers] == [
        ("published.segment_kpi.net_90d_amount", "breaks")
    ]
    assert own_shop.publish(edited, JUNE) == sizes(found)


def test_consumers_are_told_of_what_goes_and_what_means_something_else(shop: Shop) -> None:
    space = tree()
    every_kind(space)
    space["features"] = {"windows": [30, 365]}
    lifecycle = space["segmentations"]["lifecycle"]
    lifecycle["otherwise"]["id"] = "gone_quiet"
    lifecycle["treatments"] = {}
    space["segmentations"]["tiers"]["quantiles"] = [0.3]
    space["consumers"]["newsletter"]["uses"] += ["lifecycle.nobody", "nothing"]
    found = plan_workspace(shop.edited(space), shop.paths)
    assert found.breaks
    told = {item.use: (item.severity, item.problem, item.where) for item in found.consumers}
    severity, problem, where = told["lifecycle.lapsed"]
    assert severity == "breaks"
    assert "100% of its customers would be in lifecycle.gone_quiet; was it renamed?" in problem
    assert "resegment.yaml:" in where
    assert told["tiers"][0] == "changes"
    assert told["lifecycle.nobody"][0] == told["nothing"][0] == "names nothing"
    assert "BREAKS Newsletter" in found.verdict
    assert as_markdown(found).startswith("## 🛑")


def test_a_plan_is_plain_data(planned: Plan) -> None:
    assert dataclasses.asdict(planned)["segmentations"][0]["name"] == "lifecycle"
