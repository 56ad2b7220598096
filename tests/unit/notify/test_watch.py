"""What no run tells of itself: killed, long, stale; and how much hangs on a finding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.notify import book, watch
from tasks.notify.facts import complete
from tasks.notify.findings import Finding
from tasks.notify.tasks import check_alerts
from tasks.warehouse import ledger
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run
from tests.workspaces import AS_OF, MakeWorkspace, OpenRun, small_workspace

POLICY = {"alerts": {"stale_after_days": 2, "long_run_factor": 3, "long_run_seconds": 60, "owner": "night shift"}}


@pytest.fixture
def run(make_workspace: MakeWorkspace, opened: OpenRun) -> Iterator[Run]:
    with opened(make_workspace("segmentations.rfm.owner=analytics", tree=small_workspace() | POLICY)) as opened_run:
        yield opened_run


def _ran(run: Run, seconds: int, number: int, status: str = "published") -> None:
    started = dt.datetime(2025, 1, 1) + dt.timedelta(days=number)
    ledger.insert(
        run.warehouse,
        "run",
        {
            "attempt_id": f"attempt {number}",
            "as_of_date": started.date(),
            "status_name": status,
            "started_at": started,
            "finished_at": started + dt.timedelta(seconds=seconds),
        },
    )


def test_a_run_is_long_beside_those_before(run: Run) -> None:
    for number in range(4):
        _ran(run, 50, number)
    assert watch.long_run(run, 1000) == []
    _ran(run, 50, 4)
    _ran(run, 5000, 5, status="failed")
    assert watch.long_run(run, 149) == []
    (found,) = watch.long_run(run, 151)
    assert found.message == "the run for 2025-06-30 took 151 s, 3.0 times the usual 50 s"


def test_a_copy_that_could_not_be_written_is_told_until_it_is(
    make_workspace: MakeWorkspace, opened_for_good: OpenRun, tmp_path: Path
) -> None:
    space = make_workspace()
    with opened_for_good(space) as first:
        assert watch.copy_behind(first) == []
    copy = tmp_path / "out" / "copy"
    copy.rename(tmp_path / "out" / "moved")
    copy.write_text("somebody put a file here")
    with opened_for_good(space) as second:
        assert watch.copy_behind(second) == []
    with opened_for_good(space) as third:
        (found,) = watch.copy_behind(third)
        assert (found.severity, found.kind, found.subject) == ("critical", "copy_behind", "copy")
        assert found.message == (
            "the copy of the warehouse is behind it: cannot write the copy of the warehouse: File exists"
        )
        copy.unlink()
    with opened_for_good(space) as fourth:
        assert watch.copy_behind(fourth) == []


def test_short_runs_are_never_long(run: Run) -> None:
    for number in range(5):
        _ran(run, 1, number)
    assert watch.long_run(run, 59) == []
    assert len(watch.long_run(run, 61)) == 1


def test_only_the_attempt_just_before_counts_as_killed(run: Run) -> None:
    _ran(run, 10, 1, status="killed")
    (found,) = watch.killed_before(run)
    assert found.message == "the run for 2025-01-02 was killed: its process ended without a word"
    _ran(run, 10, 2)
    assert watch.killed_before(run) == []


def test_a_kill_is_no_failure_any_more_once_a_run_has_published(run: Run) -> None:
    _ran(run, 10, 1, status="killed")
    (found,) = watch.killed_before(run, has_published=True)
    assert found.severity == "warning"
    assert found.message == (
        "the run for 2025-01-02 was killed: its process ended without a word; the run after it has published 2025-06-30"
    )
    # Where it was told while nothing was published, it is mended.
    book.settle(run, complete(run, watch.killed_before(run)), judged=())
    assert watch.killed_before(run, has_published=True) == []


def test_a_publication_grows_old(run: Run) -> None:
    assert watch.stale(run, AS_OF) == []
    ledger.note_publication(run.warehouse, Publication(AS_OF, "r1"))
    assert watch.stale(run, AS_OF + dt.timedelta(days=2)) == []
    (found,) = watch.stale(run, AS_OF + dt.timedelta(days=3))
    assert found.message == "the newest published date is 2025-06-30, 3 days old; at most 2 were expected"
    # Until that day comes, each run is one for the past, which tells nobody anything.
    (found,) = watch.stale(run, AS_OF - dt.timedelta(days=1))
    assert found.message == "the newest published date is 2025-06-30, a day that has not begun"
    assert "`resegment withdraw 2025-06-30`" in str(found.cause)


def test_how_old_a_publication_is_the_companys_day_says(
    make_workspace: MakeWorkspace, opened: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At noon of a day in UTC the next one has begun in Auckland."""
    monkeypatch.setattr(ledger, "utc_now", lambda: dt.datetime.combine(AS_OF, dt.time(12)) + dt.timedelta(days=2))
    space = make_workspace("calendar.timezone=Pacific/Auckland", tree=small_workspace() | POLICY)
    with opened(space) as run:
        ledger.note_publication(run.warehouse, Publication(AS_OF, "r1"))
        (found,) = watch.stale(run)
    assert "2025-06-30, 3 days old" in found.message


def test_what_hangs_on_a_finding(run: Run) -> None:
    run.run_id = "r1"
    definitions = "(VALUES ('rfm.top', 'crm'), ('rfm.lost', 'win-back')) AS t (segment_id, owner_name)"
    kpis = "(VALUES ('rfm.top', 70, 1234.5), ('rfm.lost', 5, NULL)) AS t (segment_id, customer_count, net_365d_amount)"
    parts = "(VALUES ('behaviour', -30), ('late_data', 5), ('refit', 12), ('time', 0)) AS t (why_name, net_count)"
    for statement in (
        f"CREATE TABLE segments.definition AS SELECT 'r1' AS run_id, * FROM {definitions}",
        f"CREATE TABLE monitoring.kpi AS SELECT 'r1' AS run_id, * FROM {kpis}",
        f"CREATE TABLE monitoring.size_change AS SELECT 'r1' AS run_id, 'rfm.top' AS segment_id, * FROM {parts}",
    ):
        run.warehouse.execute(statement)
    size, mix, check, conflict = complete(
        run,
        [
            Finding("critical", "size_change", "rfm.top", "it shrank"),
            Finding("warning", "drift", "rfm", "the mix changed"),
            Finding("warning", "quality", "raw.orders", "a check failed", owner="shop"),
            Finding("warning", "conflict", "rfm.lost and rfm.top", "they meet", customer_count=3),
        ],
    )
    assert (size.customer_count, float(size.net_amount or 0), size.owner) == (70, 1234.5, "crm")
    assert size.cause == "mostly behaviour -30, refit +12 customers"
    assert (mix.customer_count, mix.owner) == (None, "analytics")
    assert (check.owner, check.cause) == ("shop", "a source was delivered otherwise than before")
    # What the finding counts itself is not replaced by the size of a segment.
    assert (conflict.customer_count, conflict.net_amount, conflict.owner) == (3, None, "win-back")
    (unknown,) = complete(run, [Finding("critical", "run_failed", "run", "failed")])
    assert (unknown.customer_count, unknown.owner) == (None, "night shift")


def test_a_backfill_that_waits_is_told_until_it_is_decided(run: Run) -> None:
    assert watch.waiting_backfills(run) == []
    ledger.insert(
        run.warehouse,
        "backfill",
        {"backfill_no": 2, "status_name": "waiting", "message": "9 % of the customers of 2025-05-31 move"},
    )
    (found,) = watch.waiting_backfills(run)
    assert found.message == "backfill 2 waits: 9 % of the customers of 2025-05-31 move"
    check_alerts.fn(run)
    assert [alert["kind_name"] for alert in book.alerts(run.warehouse)] == ["backfill_waits"]
    run.warehouse.execute("UPDATE ops.backfill SET status_name = 'discarded'")
    check_alerts.fn(run)
    assert book.alerts(run.warehouse) == []
