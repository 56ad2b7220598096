"""An alert opens, goes on, gets worse, is acknowledged, silenced and mended; each is told when it should be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from tasks.config.errors import UsageError
from tasks.notify import book, outbox
from tasks.notify.facts import complete
from tasks.notify.findings import Finding
from tasks.warehouse.run import Run
from tests.workspaces import MakeWorkspace, OpenRun, small_workspace

NOON = dt.datetime(2025, 7, 1, 12)
LATE = Finding("warning", "source_late", "raw.orders", "orders are 3 days old", owner="shop")
DRIFT = Finding("critical", "drift", "net_amount", "net_amount fell")
ALERTS = {
    "targets": {"chat": {"url": "json://127.0.0.1:9/chat"}, "phone": {"url": "json://127.0.0.1:9/phone"}},
    "routes": [
        {"targets": ["chat"]},
        {"targets": ["phone"], "severity": "critical"},
    ],
}


@pytest.fixture
def run(make_workspace: MakeWorkspace, opened: OpenRun) -> Iterator[Run]:
    with opened(make_workspace(tree=small_workspace() | {"alerts": ALERTS})) as opened_run:
        yield opened_run


def settle(
    run: Run,
    *findings: Finding,
    days: float = 0,
    judged: Sequence[str] = ("source_late", "drift"),
    subjects: Sequence[str] | None = None,
) -> list[tuple[str, str]]:
    now = NOON + dt.timedelta(days=days)
    told = book.settle(run, complete(run, findings), judged, subjects=subjects, now=now)  # type: ignore[arg-type]
    return [(one.news, one.alert["kind_name"]) for one in told]


def test_told_once_while_it_stands_and_when_it_is_mended(run: Run) -> None:
    assert settle(run, LATE) == [("opened", "source_late")]
    assert settle(run, LATE, days=1) == []
    assert settle(run, LATE, days=2) == []
    (alert,) = book.alerts(run.warehouse)
    assert (alert["run_count"], alert["owner_name"], alert["opened_at"]) == (3, "shop", NOON)
    assert settle(run, days=3) == [("resolved", "source_late")]
    assert settle(run, LATE, days=4) == [("opened", "source_late")]
    assert [row["alert_no"] for row in book.alerts(run.warehouse, everything=True)] == [2, 1]


def test_what_happened_is_over_without_a_word(run: Run) -> None:
    assert settle(run, DRIFT) == [("opened", "drift")]
    assert settle(run, days=1) == []
    assert book.alerts(run.warehouse) == []


def test_a_change_that_a_window_still_shows_is_told_once(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    """Runs a week apart: two show it since the run before, three since four weeks ago, and one shows it no more."""
    space = make_workspace(tree=small_workspace() | {"alerts": ALERTS})
    told = []
    for week, since in enumerate(((1,), (1, 4), (4,), (4,), (), (4,)), start=1):
        day = dt.date(2025, 6, 1) + dt.timedelta(weeks=week)
        with opened(space, as_of=day) as weekly:
            shown = [replace(DRIFT, since=day - dt.timedelta(weeks=weeks)) for weeks in since]
            told.append(settle(weekly, *shown, days=week / 10))
    assert told == [[("opened", "drift")], [], [], [], [], [("opened", "drift")]]


def test_a_change_since_the_run_that_told_of_one_is_another(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(tree=small_workspace() | {"alerts": ALERTS})
    for month in (5, 6):
        with opened(space, as_of=dt.date(2025, month, 30)) as monthly:
            found = replace(DRIFT, since=dt.date(2025, month - 1, 30))
            assert settle(monthly, found, days=30 * month) == [("opened", "drift")]


def test_what_happens_again_is_told_again(run: Run) -> None:
    assert settle(run, DRIFT) == [("opened", "drift")]
    # The same day run again is no news.
    assert settle(run, DRIFT, days=0.1) == []
    run.as_of += dt.timedelta(days=1)
    assert settle(run, DRIFT, days=1) == [("opened", "drift")]
    (alert,) = book.alerts(run.warehouse)
    assert (alert["alert_no"], alert["run_count"], alert["opened_as_of_date"]) == (2, 1, run.as_of)


def test_a_kind_that_was_not_looked_for_is_not_over(run: Run) -> None:
    settle(run, LATE)
    assert settle(run, days=1, judged=("drift",)) == []
    assert len(book.alerts(run.warehouse)) == 1


def test_a_subject_that_was_not_looked_at_is_not_over(run: Run) -> None:
    settle(run, LATE)
    assert settle(run, days=1, subjects=["raw.customers"]) == []
    assert settle(run, days=1, subjects=["raw.customers", LATE.subject]) == [("resolved", "source_late")]


def test_told_again_when_it_gets_worse_even_if_acknowledged(run: Run) -> None:
    settle(run, LATE)
    book.acknowledge(run.warehouse, 1, by="eva", because="the export is being mended", now=NOON)
    worse = Finding("critical", "source_late", "raw.orders", "orders are 9 days old")
    assert settle(run, worse, days=1) == [("worse", "source_late")]
    assert settle(run, worse, days=2) == []


def test_reminded_unless_somebody_knows_of_it(run: Run) -> None:
    settle(run, LATE)
    assert settle(run, LATE, days=6.9) == []
    assert settle(run, LATE, days=7) == [("still", "source_late")]
    book.acknowledge(run.warehouse, 1, by="eva", because="known", now=NOON)
    assert settle(run, LATE, days=30) == []


def test_acknowledging_what_does_not_stand(run: Run) -> None:
    settle(run, LATE)
    with pytest.raises(UsageError, match="no alert number 7 stands; those that do: 1"):
        book.acknowledge(run.warehouse, 7, by="eva", because="x")


def test_silence_is_kept_and_told_after_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.warehouse.ledger.utc_now", lambda: NOON)
    until = NOON + dt.timedelta(days=2)
    assert book.silence(run.warehouse, "source_late", "raw.orders", until=until, by="eva", because="moving house") == 0
    assert settle(run, LATE, DRIFT, days=1) == [("opened", "drift")]
    assert len(book.alerts(run.warehouse)) == 2
    other = Finding("warning", "source_late", "raw.costs", "costs are late")
    assert settle(run, LATE, other, DRIFT, days=1) == [("opened", "source_late")]
    assert ("opened", "source_late") in settle(run, LATE, other, days=2)


def test_what_was_never_told_is_not_told_to_be_mended(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.warehouse.ledger.utc_now", lambda: NOON)
    book.silence(run.warehouse, "source_late", None, until=NOON + dt.timedelta(days=9), by="eva", because="x")
    assert settle(run, LATE, days=1) == []
    assert settle(run, days=10) == []


def test_a_silence_that_has_passed(run: Run) -> None:
    with pytest.raises(UsageError, match="would end at 2020-01-01 00:00 UTC, which has passed"):
        book.silence(run.warehouse, "drift", None, until=dt.datetime(2020, 1, 1), by="eva", because="x")


def test_what_only_goes_on_opens_nothing(run: Run) -> None:
    goes_on = Finding("warning", "overlap", "a.b and c.d", "nested", is_news=False, opens=False)
    assert settle(run, goes_on) == []
    news = Finding("warning", "overlap", "a.b and c.d", "nested")
    assert settle(run, news) == [("opened", "overlap")]
    assert settle(run, goes_on, judged=("overlap",)) == []
    assert len(book.alerts(run.warehouse)) == 1


def test_one_subject_is_one_alert_with_all_that_is_said(run: Run) -> None:
    several = [Finding("warning" if n else "critical", "quality", "raw.orders", f"check {n} failed") for n in range(5)]
    assert settle(run, *reversed(several)) == [("opened", "quality")]
    (alert,) = book.alerts(run.warehouse)
    assert alert["severity_name"] == "critical"
    assert alert["message"] == "check 0 failed; check 4 failed; check 3 failed; and 2 more"


def post(run: Run, *findings: Finding, now: dt.datetime = NOON) -> dict[str, dict[str, object]]:
    told = book.settle(run, complete(run, findings), ("source_late", "drift"), now=now)
    outbox.post(run, told, now)
    return {row["target_name"]: row for row in outbox.waiting(run.warehouse, now)}


def test_each_target_gets_one_message_with_what_concerns_it(run: Run) -> None:
    messages = post(run, LATE, DRIFT)
    assert messages["phone"]["title"] == "small: 1 critical"
    assert messages["chat"]["title"] == "small: 1 critical, 1 warning"
    body = str(messages["chat"]["body"])
    assert body.index("CRITICAL drift") < body.index("WARNING source_late")
    assert "orders are 3 days old" in body
    assert "since 2025-06-30; number 1, for shop" in body
    assert "runbook: docs/runbooks/drift-alert.md" in body
    assert "Nothing is published yet." in body
    assert "orders" not in str(messages["phone"]["body"])


def test_mended_is_told_where_it_was_told(run: Run) -> None:
    post(run, LATE)
    for row in outbox.waiting(run.warehouse, NOON):
        outbox.note_try(run.warehouse, row["notification_no"], None)
    messages = post(run, now=NOON + dt.timedelta(days=1))
    assert list(messages) == ["chat"]
    assert messages["chat"]["title"] == "small: 1 resolved"
    assert str(messages["chat"]["body"]).startswith(
        "RESOLVED source_late: orders are 3 days old\n  stood since 2025-06-30"
    )


def test_what_a_target_did_not_take_waits(run: Run) -> None:
    post(run, LATE)
    (message,) = outbox.waiting(run.warehouse, NOON)
    outbox.note_try(run.warehouse, message["notification_no"], "nobody listens")
    (undelivered,) = outbox.undelivered(run.warehouse)
    assert (undelivered["target_name"], undelivered["try_count"], undelivered["error_message"]) == (
        "chat",
        1,
        "nobody listens",
    )
    outbox.note_try(run.warehouse, message["notification_no"], None)
    assert outbox.undelivered(run.warehouse) == outbox.waiting(run.warehouse, NOON) == []


def test_warnings_wait_until_a_quiet_time_ends(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    quiet = {"quiet": [{"from": "18:00", "until": "07:00", "timezone": "Europe/Berlin"}]}
    with opened(make_workspace(tree=small_workspace() | {"alerts": ALERTS | quiet})) as run:
        night = dt.datetime(2025, 7, 1, 22)
        assert post(run, LATE, now=night) == {}
        # Seven in Berlin's summer is five in UTC.
        assert outbox.waiting(run.warehouse, dt.datetime(2025, 7, 2, 4, 59)) == []
        assert len(outbox.waiting(run.warehouse, dt.datetime(2025, 7, 2, 5))) == 1
        assert "phone" in post(run, LATE, DRIFT, now=night)


def test_told_is_ordered_by_gravity(run: Run) -> None:
    told = book.settle(run, complete(run, [LATE, DRIFT]), (), now=NOON)
    assert [one.alert["severity_name"] for one in told] == ["critical", "warning"]
