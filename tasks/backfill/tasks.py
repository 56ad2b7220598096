"""The backfill room's Prefect tasks: what is due, what came of a date, whether it may be published."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.backfill.comparing import compare, is_like_published, why_waits
from tasks.backfill.planning import Due, next_due
from tasks.backfill.request import Request
from tasks.config.counting import counted
from tasks.warehouse import backfill_ledger, ledger
from tasks.warehouse.backfill_ledger import Backfill, BackfillDate
from tasks.warehouse.results import drop_result, note_result
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.backfill")


@task(name="find the next date", cache_policy=NO_CACHE, persist_result=False)
@recorded
def find_due(run: Run, number: int) -> Due | None:
    """The next date of a backfill that is to be computed; None where all are done."""
    (backfill,) = backfill_ledger.read(run.warehouse, number)
    request = Request.from_said(dict(backfill.asked))
    published = ledger.publications(run.warehouse)
    due = next_due(run.warehouse, number, published, is_remodelled=request.is_remodelled)
    if due is not None:
        done = sum(date.status != "planned" for date in backfill.dates)
        log.info("%s (%d of %d dates done): %s", due.date.as_of, done, len(backfill.dates), due.date.why)
    return due


@task(name="enter a date", cache_policy=NO_CACHE, persist_result=False)
@recorded
def enter_date(run: Run, number: int, due: Due, *, is_told_by_rows: bool) -> BackfillDate:
    """Compare what was computed with what is published, and keep it beside that, or only that it is like it.

    Args:
        run: of the date; computed, or of the same id as what is published.
        number: of the backfill.
        due: the date.
        is_told_by_rows: whether equal rows mean that readers would see nothing else.
    """
    if run.run_id == due.published_run_id:
        compared: dict[str, Any] = {"is_new": False, "rows": {}, "moved": {}, "moved_customers": 0}
    else:
        compared = compare(run.warehouse, due.published_run_id, run.run_id)
    note_result(run)
    date = replace(due.date, attempt_id=run.attempt_id, published_run_id=due.published_run_id, compared=compared)
    if is_like_published(compared) and (is_told_by_rows or run.run_id == due.published_run_id):
        run.ends_as = "confirmed"
        date = replace(date, status="confirmed", run_id=None)
        log.info("%s: like what is published, which stays", run.as_of)
    else:
        date = replace(date, status="computed", run_id=run.run_id)
        log.info("%s: %s", run.as_of, told(compared))
    backfill_ledger.finish_date(run.warehouse, number, date, run.ends_as)
    if date.status == "confirmed" and run.run_id != due.published_run_id:
        drop_result(run.warehouse, run.run_id)
    return date


@task(name="decide on a backfill", cache_policy=NO_CACHE, persist_result=False)
@recorded
def why_not_yet(run: Run, backfill: Backfill) -> str | None:
    """Why somebody has to accept a backfill before it is published; None where nobody has to."""
    return why_waits(run.workspace, Request.from_said(dict(backfill.asked)), backfill)


def told(compared: dict[str, Any]) -> str:
    """A comparison in words."""
    if compared["is_new"]:
        return f"new, {counted(compared['customers'], 'customer')}"
    rows = sum(max(counts) for counts in compared["rows"].values())
    moved = ", ".join(f"{count:,} in {name}" for name, count in compared["moved"].items())
    return f"{counted(rows, 'row differs', 'rows differ')} from what is published; members moved: {moved or 'none'}"
