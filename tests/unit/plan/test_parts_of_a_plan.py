"""Parts of a plan that need no run: overlaps, what asks for a computation anew, texts that stand in Markdown."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest

from tasks.overlap.conflicts import conflict_judge
from tasks.overlap.pairs import measure_pairs
from tasks.plan.overlaps import new_pairs
from tasks.plan.records import Plan, SegmentationPlan, SegmentPlan
from tasks.plan.scratch import Published, recomputed_because
from tasks.plan.telling import as_markdown, as_text
from tasks.warehouse.ledger import Publication
from tasks.warehouse.provenance import code_version, said_text
from tests.workspaces import AS_OF, MakeWorkspace

MAIL = {"channel_name": "mail", "priority": 100, "message": "one"}


def pairs(both: int, only_a: int, only_b: int) -> list[object]:
    rows = [(("s.a", "t.b"), both), (("s.a",), only_a), (("t.b",), only_b), ((), 100)]
    return list(measure_pairs([row for row in rows if row[1]], segment_ids=["s.a", "t.b"]))


@pytest.mark.parametrize(
    ("both", "other", "told"),
    [
        (60, MAIL | {"message": "other"}, ["conflicting"]),
        (60, MAIL, []),
        (60, MAIL | {"message": "other", "priority": 1}, []),
        (60, MAIL | {"message": "other", "excluded_segment_ids": "x.y,s.a"}, []),
        (60, MAIL | {"message": "other", "channel_name": "app"}, []),
        # 1 % of the smaller one, or 50 customers.
        (1, MAIL | {"message": "other", "channel_name": "Mail "}, ["conflicting"]),
        (0, MAIL | {"message": "other"}, []),
    ],
)
def test_treatments_without_a_priority_are_in_conflict(both: int, other: dict[str, object], told: list[str]) -> None:
    after = conflict_judge([{"segment_id": "s.a"} | MAIL, {"segment_id": "t.b"} | other])
    found = new_pairs(pairs(0, 100, 90), pairs(both, 100, 90), conflict_judge([]), after)  # type: ignore[arg-type]
    assert [pair.relation for pair in found] == told


def test_a_pair_that_is_as_it_was_is_not_told() -> None:
    same = pairs(90, 1, 1)
    never = conflict_judge([])
    assert new_pairs(same, same, never, never) == []  # type: ignore[arg-type]
    fresh = new_pairs(pairs(0, 91, 91), same, never, never)  # type: ignore[arg-type]
    assert [pair.relation for pair in fresh] == ["redundant"]


def test_what_features_depend_on_is_computed_anew(make_workspace: MakeWorkspace) -> None:
    said = json.loads(said_text(make_workspace()))
    as_it_was = Published(Publication(AS_OF, "r"), said, code_version(), None, has_later_loads=False)
    for same in ("segmentations.lifecycle.name=x", "privacy.min_group_size=9", "drift.notice_effect=0.06"):
        assert recomputed_because(make_workspace(same), as_it_was) == []
    edited = make_workspace("features.windows=[7]", "sources.orders.columns.quantity=units + 1")
    assert recomputed_because(edited, as_it_was) == ["the section features changed", "the section sources changed"]
    space = make_workspace()
    for change, told in (
        ({"code": "0.0.1"}, "made by version 0.0.1"),
        ({"known_as_of": dt.datetime(2025, 7, 1)}, "saw only what was loaded by 2025-07-01 00:00"),
        ({"has_later_loads": True}, "data were loaded after the published run"),
        ({"said": None}, "by an earlier version"),
    ):
        (reason,) = recomputed_because(space, replace(as_it_was, **change))
        assert told in reason
    model = space.directory / "sql" / "features" / "customer_own.sql"
    model.parent.mkdir(parents=True)
    model.write_text("-- what: w")
    assert recomputed_because(space, as_it_was) == ["the model sql/features/customer_own.sql changed"]


def test_names_cannot_break_a_table_or_call_anybody() -> None:
    segment = SegmentPlan("s.a", "A | <b> @team", "changed", ["name"], 1, 1, 0, 0, 0.0, None)
    item = SegmentationPlan("s", "changed", "note", 0, [segment], [])
    page = as_markdown(Plan("2025-06-30", "r", "basis", [], [], "amount", 0, 1, [item], [], [], []))
    assert "| `s.a` A \\| &lt;b&gt; &#64;team | changed (name) | 1 | 1 | 0 | 0 | 0.00 | withheld |" in page


def test_amounts_have_one_sign() -> None:
    """Customers who returned more than they bought bring less than nothing in, and take a loss along."""
    came, went = (
        SegmentPlan("s.a", "A", "changed", ["rule"], 9, 9, *counts, *amounts)
        for counts, amounts in (((9, 0), (-128.88, 0.0)), ((0, 9), (0.0, -1_128.88)))
    )
    item = SegmentationPlan("s", "changed", "note", 0, [came, went], [])
    text = "\n".join(as_text(Plan("2025-06-30", "r", "basis", [], [], "amount", 0, 9, [item], [], [], [])))
    assert "(+9 −0), amount −128.88 −0.00" in text
    assert "(+0 −9), amount +0.00 +1,128.88" in text
