"""The steps of a backfill: begin, compute what is due, compare, publish together or wait.

Owns: their order, and that each may be the last before a kill: what is done is in the ledger, and the same steps go on
from there. Does not own any step.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flows.corridor import compute, gather
from flows.forget_steps import end_stopped
from flows.rebuild import publish_lost
from flows.stale import reasons_of, stale_dates
from tasks.backfill.planning import Due, planned_dates, refuse_unknown_models
from tasks.backfill.request import Request, check, dates_of
from tasks.backfill.staleness import changed_since, is_told_by_rows
from tasks.backfill.tasks import enter_date, find_due, why_not_yet
from tasks.config.errors import GateFailed, UsageError
from tasks.config.workspace import Workspace
from tasks.ingest.tasks import identify_run, see_as_then
from tasks.notify.tasks import check_alerts, raise_alerts, raise_failure, send_alerts
from tasks.publish.tasks import begin_dates, build_one, publish_dates
from tasks.quality.tasks import check_published
from tasks.report.tasks import write_report
from tasks.segments.challenge import learning
from tasks.telemetry.lineage import lineage_of
from tasks.warehouse import backfill_ledger, ledger
from tasks.warehouse.backfill_ledger import Backfill, BackfillDate
from tasks.warehouse.basis import Basis, bases
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.output_state import refuse_other_identities
from tasks.warehouse.past_run import past_run
from tasks.warehouse.results import drop_result
from tasks.warehouse.run import WAIT_SECONDS, Backfilled, Run, open_ledger, open_run

_ASKED = "asked for"


def begin(space: Workspace, folder: Path, request: Request, *, by: str, reason: str) -> int | None:
    """Load new files, and enter what is to be computed; returns the number of the backfill.

    None where nothing is stale. What was asked for before and is not over goes on.

    Raises:
        UsageError: the request makes no sense, or another backfill is not over.
        WorkspaceError: customers would have other ids than those published.
    """
    check(request, space, space.calendar.day("today", dt.datetime.now(dt.UTC)))
    end_stopped(space, folder)
    with _opened(space, folder) as run:
        refuse_other_identities(run.warehouse, space, space.key_fingerprint())
        current = backfill_ledger.going_on(run.warehouse)
        if current is not None and dict(current.asked) != request.said():
            raise UsageError(
                f"backfill {current.number} is not over",
                where=str(folder),
                hint="`resegment backfill resume` goes on with it, `resegment backfill discard` gives it up",
            )
        if current is not None:
            _go_on_from(run, current)
            return current.number
        run.as_of = request.last or run.as_of
        gather(run)
        published = ledger.publications(run.warehouse)
        asked = asked_dates(run.warehouse, space, request, published)
        if not request.is_remodelled:
            refuse_unknown_models(published, asked, learning(space))
        if not asked:
            return None
        dates = planned_dates(published, asked)
        return backfill_ledger.start(run.warehouse, request.said(), by, reason, ledger.moment(run.warehouse), dates)


def asked_dates(
    warehouse: Warehouse, space: Workspace, request: Request, published: list[Publication]
) -> dict[dt.date, str]:
    """The dates that a request is about, each with the reason."""
    dates = dates_of(request, published)
    stale = {date.as_of: date for date in stale_dates(warehouse, space)}
    if request.is_stale:
        own = {key: one for key, one in stale.items() if any(reason.kind != "follows" for reason in one.reasons)}
        return {day: own[day].text for day in dates if day in own}
    known = {item.as_of for item in published}
    return {
        day: stale[day].text if day in stale else f"{_ASKED}{'' if day in known else '; not published yet'}"
        for day in dates
    }


def resume(space: Workspace, folder: Path) -> int:
    """Load new files, and find which dates are still to be computed; returns the number of the backfill.

    Raises:
        UsageError: none is open.
    """
    end_stopped(space, folder)
    with _opened(space, folder) as run:
        refuse_other_identities(run.warehouse, space, space.key_fingerprint())
        current = current_backfill(run)
        _go_on_from(run, current)
        return current.number


def go_on(space: Workspace, folder: Path, number: int) -> Backfill:
    """Compute every date that is due, oldest first, then publish them together, or let them wait.

    Raises:
        GateFailed: a critical check failed; what was published stays, and so do the dates that are done.
    """
    try:
        while True:
            with _opened(space, folder) as run:
                due = find_due(run, number)
                if due is None:
                    return _end(run, number)
                (backfill,) = backfill_ledger.read(run.warehouse, number)
                basis = _basis_of(run.warehouse, due.published_run_id, due.date.as_of)
                known_as_of = _known_as_of(backfill, due.date, basis)
                is_told = basis is None or (
                    # Until when a date was known is published, too.
                    basis.known_as_of == known_as_of and is_told_by_rows(changed_since(run.warehouse, space, basis, []))
                )
            place = Backfilled(due.line, due.live, backfill.seen_until)
            _compute(space, folder, number, due, known_as_of, place, is_told=is_told)
    except GateFailed as stop:
        with _opened(space, folder) as run:
            backfill_ledger.close(run.warehouse, number, "open", stop.message)
            raise_failure(run, stop, return_state=True)
            send_alerts(run, return_state=True)
        raise


def accept(space: Workspace, folder: Path, *, by: str, because: str, number: int | None = None) -> Backfill:
    """Publish a backfill that waits; where a number is given, that one or none.

    Raises:
        UsageError: none waits, another one is open by now, or what is published has changed since it was computed.
        GateFailed: a critical check failed; what was published stays.
    """
    with _opened(space, folder) as run:
        current = current_backfill(run, number)
        if current.status != "waiting":
            what = f"backfill {current.number} does not wait"
            raise UsageError(what, hint="`resegment backfill resume` goes on with it")
        if find_due(run, current.number) is not None:
            what = f"other dates were published since backfill {current.number} was computed"
            raise UsageError(what, hint="`resegment backfill resume` computes what follows from that; then accept it")
        backfill_ledger.close(
            run.warehouse, current.number, "waiting", current.message, decided_by=by, decision_reason=because
        )
        return _publish(run, current)


def discard(space: Workspace, folder: Path, *, by: str, because: str, number: int | None = None) -> Backfill:
    """Give up a backfill that is not over; what it computed is dropped. Where a number is given, that one or none.

    Raises:
        UsageError: none is open, or another one is by now.
    """
    with _opened(space, folder) as run:
        current = current_backfill(run, number)
        for date in current.dates:
            if date.run_id is not None and Publication(date.as_of, date.run_id) not in ledger.publications(
                run.warehouse
            ):
                drop_result(run.warehouse, date.run_id)
        backfill_ledger.close(run.warehouse, current.number, "discarded", None, decided_by=by, decision_reason=because)
        return backfill_ledger.read(run.warehouse, current.number)[0]


def current_backfill(run: Run, number: int | None = None) -> Backfill:
    """The backfill that is not over; whoever was asked about one, days ago, gives its number.

    Raises:
        UsageError: there is none, or it is another one by now.
    """
    current = backfill_ledger.going_on(run.warehouse)
    if current is None:
        hint = "`resegment backfill list` tells them all"
        raise UsageError("no backfill is open", where=str(run.paths.root), hint=hint)
    if number not in {None, current.number}:
        what = f"backfill {number} is over, the one that is open is backfill {current.number}"
        hint = "nothing was done; look at that one with `resegment backfill show`, then decide about it"
        raise UsageError(what, where=str(run.paths.root), hint=hint)
    return current


@contextmanager
def _opened(space: Workspace, folder: Path) -> Iterator[Run]:
    with open_ledger(space, folder, is_new=True, wait_seconds=WAIT_SECONDS) as run:
        run.as_of = space.calendar.shows(ledger.utc_now()).date()
        yield run


def _go_on_from(run: Run, backfill: Backfill) -> None:
    """Load new files; dates that are done and would come out otherwise by now are to be computed again."""
    gather(run)
    for date in backfill.dates:
        if date.status not in {"computed", "confirmed"}:
            continue
        basis = _basis_of(run.warehouse, date.run_id or date.published_run_id, date.as_of)
        known_as_of = None if basis is None else _known_as_of(backfill, date, basis)
        changed = basis is None or [
            reason
            for reason in reasons_of(run.warehouse, run.workspace, basis, [], known_as_of)
            if reason.kind != "history"
        ]
        if changed:
            backfill_ledger.put_date(run.warehouse, backfill.number, replace(date, status="planned", run_id=None))
    backfill_ledger.see_until(run.warehouse, backfill.number, ledger.moment(run.warehouse))


def _basis_of(warehouse: Warehouse, run_id: str | None, as_of: dt.date) -> Basis | None:
    return None if run_id is None else bases(warehouse, [Publication(as_of, run_id)])[0]


def _known_as_of(backfill: Backfill, date: BackfillDate, basis: Basis | None) -> dt.datetime | None:
    """What is hidden from a date: as it was asked for, else as it was when it was published."""
    request = Request.from_said(dict(backfill.asked))
    if date.is_asked and not request.is_stale:
        return request.known_as_of
    return basis.known_as_of if basis else None


def _compute(
    space: Workspace,
    folder: Path,
    number: int,
    due: Due,
    known_as_of: dt.datetime | None,
    place: Backfilled,
    *,
    is_told: bool,
) -> None:
    """One date, beside what is published."""
    with open_run(space, as_of=due.date.as_of, known_as_of=known_as_of, output=folder, backfill=place) as run:
        with lineage_of(run, "backfill"):
            identify_run(run)
            if run.run_id != due.published_run_id:
                compute(run)
        enter_date(run, number, due, is_told_by_rows=is_told)


def _end(run: Run, number: int) -> Backfill:
    (backfill,) = backfill_ledger.read(run.warehouse, number)
    if not _pending(run, backfill):
        # A kill between the swap and the ledger leaves dates that are published by now.
        is_published = any(date.status == "computed" for date in backfill.dates)
        return _closed(run, backfill, "published" if is_published else "unchanged")
    why = why_not_yet(run, backfill)
    if why is None:
        return _publish(run, backfill)
    backfill_ledger.close(run.warehouse, number, "waiting", why)
    check_alerts(run)
    send_alerts(run, return_state=True)
    return backfill_ledger.read(run.warehouse, number)[0]


def _pending(run: Run, backfill: Backfill) -> list[BackfillDate]:
    published = {item.run_id for item in ledger.publications(run.warehouse)}
    return [date for date in backfill.dates if date.status == "computed" and date.run_id not in published]


def _publish(run: Run, backfill: Backfill) -> Backfill:
    """Build every date from the first that changed on, for each tells the history before it; swap them in together."""
    publish_lost(run)
    line = backfill.line(ledger.publications(run.warehouse))
    first = min(date.as_of for date in _pending(run, backfill))
    oldest = max(first, run.workspace.publish.kept_since(line[-1].as_of))
    anew = [item for item in line if item.as_of >= oldest]
    candidate = begin_dates(run, line, [item.as_of for item in anew])
    newest = run
    for item in anew:
        newest = past_run(run, item, line)
        see_as_then(newest)
        build_one(newest, candidate, line)
        check_published(newest, candidate)
    is_newest_new = line[-1] not in ledger.publications(run.warehouse)
    publish_dates(newest, candidate, line)
    done = _closed(run, backfill, "published")
    if is_newest_new:
        raise_alerts(newest)
        write_report(newest)
        # That a target takes no message does not fail the backfill.
        send_alerts(newest, return_state=True)
    return done


def _closed(run: Run, backfill: Backfill, status: backfill_ledger.Status) -> Backfill:
    for date in backfill.dates:
        if date.status == "computed":
            backfill_ledger.put_date(run.warehouse, backfill.number, replace(date, status="published"))
    backfill_ledger.close(run.warehouse, backfill.number, status)
    return backfill_ledger.read(run.warehouse, backfill.number)[0]
