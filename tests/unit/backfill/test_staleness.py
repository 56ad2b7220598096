"""Why a run would come out otherwise, but for late data; and when somebody has to accept what a backfill computed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from tasks.backfill import staleness
from tasks.backfill.comparing import why_waits
from tasks.backfill.planning import next_due, planned_dates, refuse_unknown_models
from tasks.backfill.request import Request
from tasks.backfill.staleness import changed_since, is_told_by_rows
from tasks.config.errors import UsageError
from tasks.config.workspace import Workspace
from tasks.warehouse import backfill_ledger, ledger, migrations
from tasks.warehouse.backfill_ledger import BackfillDate
from tasks.warehouse.basis import bases
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.provenance import code_version, said_text
from tasks.warehouse.results import earlier_digest
from tests.workspaces import MakeWorkspace, small_workspace

APRIL, MAY, JUNE = (dt.date(2025, month, day) for month, day in ((4, 30), (5, 31), (6, 30)))
LINE = [Publication(APRIL, "a"), Publication(MAY, "m"), Publication(JUNE, "j")]


@pytest.fixture
def space(make_workspace: MakeWorkspace) -> Workspace:
    return make_workspace()


@pytest.fixture
def warehouse(space: Workspace) -> Iterator[Warehouse]:
    """Three dates, published one after the other."""
    with Warehouse.open(None) as opened:
        migrations.migrate(opened)
        for place, item in enumerate(LINE):
            ran(opened, space, item, LINE[:place])
            ledger.note_publication(opened, item)
        yield opened


def ran(warehouse: Warehouse, space: Workspace, item: Publication, earlier: list[Publication], **other: object) -> None:
    """An attempt that ended, with the result `result of RUN`."""
    values: dict[str, Any] = {
        "attempt_id": f"{item.run_id}{warehouse.value('SELECT count(*) FROM ops.run')}",
        "run_id": item.run_id,
        "as_of_date": item.as_of,
        "status_name": "published",
        "started_at": ledger.utc_now(),
        "code_version": code_version(),
        "workspace_json": said_text(space),
        "load_numbers": [1],
        "result_sha256": f"result of {item.run_id}",
        "earlier_sha256": earlier_digest(warehouse, earlier),
    }
    ledger.insert(warehouse, "run", values | other)


def texts(warehouse: Warehouse, space: Workspace, place: int = 2) -> list[str]:
    line = ledger.publications(warehouse)
    return [one.text for one in changed_since(warehouse, space, bases(warehouse, line)[place], line[:place])]


def test_nothing_has_changed_where_nothing_has(warehouse: Warehouse, space: Workspace) -> None:
    assert [texts(warehouse, space, place) for place in range(3)] == [[], [], []]


def test_another_version_or_one_that_kept_nothing_is_told(
    warehouse: Warehouse, space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staleness, "code_version", lambda: "9.9")
    assert texts(warehouse, space) == [f"made by version {code_version()} of resegment, this is 9.9"]
    (reason,) = changed_since(warehouse, space, bases(warehouse, LINE)[0], [])
    assert not is_told_by_rows([reason])
    warehouse.execute("UPDATE ops.run SET workspace_json = NULL")
    assert texts(warehouse, space) == ["made by an earlier version, which did not keep what it was made from"]


def test_changed_sections_segmentations_and_models_are_named(
    warehouse: Warehouse, make_workspace: MakeWorkspace
) -> None:
    tree = small_workspace()
    tree["segmentations"] = {"rfm": {"kind": "rfm", "basis": "value", "population": "order_count > 1"}}
    other = make_workspace("features.windows=[30]", "quality.max_quarantined_share=0.5", tree=tree)
    for schema in ("features", "published"):
        (other.directory / "sql" / schema).mkdir(parents=True)
        (other.directory / "sql" / schema / "own.sql").write_text("SELECT 1")
    assert texts(warehouse, other) == [
        "the section features changed",
        "the segmentation lifecycle is gone",
        "the definition of the segmentation rfm changed",
        "the model sql/features/own.sql changed",
        "the model sql/published/own.sql changed",
    ]
    assert not is_told_by_rows(changed_since(warehouse, other, bases(warehouse, LINE)[0], []))


def test_a_default_of_the_program_is_no_definition_and_a_name_of_a_source_no_reason(
    warehouse: Warehouse, make_workspace: MakeWorkspace
) -> None:
    tree: dict[str, Any] = small_workspace()
    tree["sources"]["sales"] = tree["sources"].pop("orders")
    assert texts(warehouse, make_workspace(tree=tree)) == []
    tree["sources"]["sales"]["privacy"] = {"customer": "contact"}
    assert texts(warehouse, make_workspace(tree=tree)) == ["entities or privacy classes of sources changed"]
    warehouse.execute(
        """UPDATE ops.run SET workspace_json = replace(workspace_json, '"notice_effect": 0.05', '"notice_effect": 0.04')"""
    )
    (reason,) = changed_since(warehouse, make_workspace(), bases(warehouse, LINE)[0], [])
    assert reason.kind == "default"
    assert reason.text == "not said in the workspace: drift.notice_effect was 0.04 and is 0.05 by default"
    assert is_told_by_rows([reason])


def test_an_earlier_date_counts_by_its_result_and_not_by_its_run(warehouse: Warehouse, space: Workspace) -> None:
    alike, other = Publication(APRIL, "a2"), Publication(APRIL, "a3")
    ran(warehouse, space, alike, [], result_sha256="result of a")
    ledger.note_publication(warehouse, alike)
    assert texts(warehouse, space) == []
    ran(warehouse, space, other, [])
    ledger.note_publication(warehouse, other)
    said = "an earlier date was added, or published anew with another result, since"
    assert [texts(warehouse, space, place) for place in range(3)] == [[], [said], [said]]


def test_what_was_confirmed_counts_by_what_it_was_confirmed_by(warehouse: Warehouse, space: Workspace) -> None:
    ran(
        warehouse, space, Publication(JUNE, "j2"), [], status_name="confirmed", confirms_run_id="j", load_numbers=[1, 2]
    )
    assert [one.loads for one in bases(warehouse, LINE)] == [(1,), (1,), (1, 2)]


def test_a_run_that_failed_after_it_was_published_is_known_by_what_it_was_made_from(
    warehouse: Warehouse, space: Workspace
) -> None:
    """Say at its report; an attempt that failed before it came to a result says nothing."""
    warehouse.execute("UPDATE ops.run SET status_name = 'failed' WHERE run_id = 'j'")
    ran(warehouse, space, LINE[2], [], status_name="failed", load_numbers=[7], result_sha256=None)
    assert [one.loads for one in bases(warehouse, LINE)] == [(1,), (1,), (1,)]
    assert texts(warehouse, space) == []


def test_dates_are_due_oldest_first_and_those_that_follow_only_where_a_result_changed(
    warehouse: Warehouse, space: Workspace
) -> None:
    dates = planned_dates(LINE, {MAY: "late"})
    assert [(one.as_of, one.why, one.is_asked) for one in dates] == [
        (MAY, "late", True),
        (JUNE, "follows 2025-05-31", False),
    ]
    number = backfill_ledger.start(warehouse, Request().said(), "anna", "", ledger.utc_now(), dates)
    due = next_due(warehouse, number, LINE, is_remodelled=False)
    assert due is not None
    assert (due.date.as_of, due.live) == (MAY, LINE[1])
    # The same result: what follows holds, and nothing is due any more.
    ran(warehouse, space, Publication(MAY, "m2"), LINE[:1], status_name="computed", result_sha256="result of m")
    done = BackfillDate(MAY, "late", is_asked=True, status="computed", run_id="m2", published_run_id="m")
    backfill_ledger.put_date(warehouse, number, done)
    assert next_due(warehouse, number, LINE, is_remodelled=False) is None
    (found,) = backfill_ledger.read(warehouse, number)
    assert [one.status for one in found.dates] == ["computed", "held"]
    # Another one: June has to be computed, by its own models, after the new May.
    warehouse.execute("UPDATE ops.run SET result_sha256 = 'other' WHERE run_id = 'm2'")
    due = next_due(warehouse, number, LINE, is_remodelled=False)
    assert due is not None
    assert (due.date.as_of, due.live, due.line[1]) == (JUNE, LINE[2], Publication(MAY, "m2"))
    assert backfill_ledger.waiting_runs(warehouse) == {"m2"}


def test_dates_that_others_publish_meanwhile_follow_too(warehouse: Warehouse) -> None:
    number = backfill_ledger.start(
        warehouse, Request().said(), "anna", "", ledger.utc_now(), planned_dates(LINE[:2], {APRIL: "late"})
    )
    next_due(warehouse, number, LINE, is_remodelled=False)
    (found,) = backfill_ledger.read(warehouse, number)
    assert [one.as_of for one in found.dates] == [APRIL, MAY, JUNE]
    between = planned_dates(LINE, {dt.date(2025, 6, 15): "asked for"})
    other = backfill_ledger.start(warehouse, Request().said(), "anna", "", ledger.utc_now(), between)
    due = next_due(warehouse, other, LINE, is_remodelled=False)
    assert due is not None
    assert (due.published_run_id, due.live) == (None, LINE[1])
    anew = next_due(warehouse, other, LINE, is_remodelled=True)
    assert anew is not None
    assert anew.live is None


def test_dates_before_all_models_are_refused_where_segmentations_learn() -> None:
    early = [dt.date(2025, 3, 31)]
    refuse_unknown_models(LINE, early, [])
    refuse_unknown_models([], early, ["groups"])
    with pytest.raises(
        UsageError, match="2025-03-31 is before the first published date, 2025-04-30: groups had no model"
    ):
        refuse_unknown_models(LINE, early, ["groups"])


@pytest.mark.parametrize(
    ("policy", "asked", "why"),
    [
        ("publish.backfills.accept=automatic", Request(), None),
        ("publish.backfills.accept=automatic", Request(is_held=True), "it was to be held"),
        ("publish.backfills.accept=by_hand", Request(), "backfills are accepted by hand"),
        (
            "publish.backfills.max_moved_share=0.1",
            Request(),
            "3 of 20 customers of 2025-05-31 would be elsewhere, more than 10%",
        ),
        ("publish.backfills.max_moved_share=0.15", Request(), None),
        (
            "name=x",
            Request(segmentation="rfm"),
            "1 customers of 2025-05-31 would be elsewhere in lifecycle, and only rfm",
        ),
    ],
)
def test_who_has_to_be_asked(make_workspace: MakeWorkspace, policy: str, asked: Request, why: str | None) -> None:
    compared = {"is_new": False, "moved": {"rfm": 2, "lifecycle": 1}, "moved_customers": 3, "customers": 20}
    date = BackfillDate(MAY, "late", is_asked=True, status="computed", run_id="m2", compared=compared)
    backfill = backfill_ledger.Backfill(1, "open", asked.said(), "anna", "", ledger.utc_now(), None, (date,))
    found = why_waits(make_workspace(policy), asked, backfill)
    assert (found or "").startswith(why or "")
    assert (found is None) == (why is None)
    assert Request.from_said(asked.said()) == asked
