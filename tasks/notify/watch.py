"""What no run can tell of itself: that it was killed, took long, or that none comes any more.

Owns: looking at the ledger for that. Does not own what runs found (`findings.py`).
"""

from __future__ import annotations

import datetime as dt
import time
from statistics import median

from tasks.config.counting import counted
from tasks.notify.findings import Finding
from tasks.warehouse import ledger, migrations
from tasks.warehouse.run import Run

#: Fewer published runs than this say nothing of how long one takes.
_LEAST_RUNS = 5
_FAILED_STANDS = (
    "SELECT count(*) > 0 FROM ops.alert_state WHERE kind_name = 'run_failed' AND severity_name = 'critical'"
    " AND resolved_at IS NULL"
)
_SECONDS = (
    "SELECT date_diff('millisecond', started_at, finished_at) / 1000 FROM ops.run WHERE status_name = 'published'"
    " AND attempt_id <> $attempt ORDER BY started_at DESC LIMIT 10"
)


def killed_before(run: Run, *, has_published: bool = False) -> list[Finding]:
    """The attempt before this one, if it was killed.

    Args:
        run: this one.
        has_published: whether this one has published since. Then what was told of it is mended, and what was not is
            worth a look all the same: that process could tell nobody.
    """
    if has_published and run.warehouse.value(_FAILED_STANDS):
        return []
    rows = run.warehouse.rows(
        "SELECT as_of_date, status_name FROM ops.run WHERE attempt_id <> $attempt ORDER BY started_at DESC LIMIT 1",
        {"attempt": run.attempt_id},
    )
    return [_killed(as_of, run.as_of if has_published else None) for as_of, status in rows if status == "killed"]


def _killed(as_of: dt.date, published: dt.date | None) -> Finding:
    after = "" if published is None else f"; the run after it has published {published}"
    return Finding(
        "critical" if published is None else "warning",
        "run_failed",
        "run",
        f"the run for {as_of} was killed: its process ended without a word{after}",
        cause="the machine was stopped, or the process had no memory left",
        parts={"killed": 0},
    )


def failed(as_of: dt.date, message: str) -> Finding:
    """A run that ended with an error."""
    # That another error ends a later run is news, even where somebody knows of the first.
    return Finding("critical", "run_failed", "run", f"the run for {as_of} failed: {message}", parts={message: 0})


def long_run(run: Run, seconds: float | None = None) -> list[Finding]:
    """This run, if it took much longer than those before."""
    policy = run.workspace.alerts
    before = [float(seconds) for (seconds,) in run.warehouse.rows(_SECONDS, {"attempt": run.attempt_id})]
    seconds = time.monotonic() - run.began if seconds is None else seconds
    if len(before) < _LEAST_RUNS or seconds < policy.long_run_seconds:
        return []
    usual = median(before)
    if seconds < policy.long_run_factor * usual:
        return []
    message = f"the run for {run.as_of} took {seconds:,.0f} s, {seconds / usual:.1f} times the usual {usual:,.0f} s"
    return [Finding("warning", "run_long", "run", message)]


def waiting_backfills(run: Run) -> list[Finding]:
    """The backfill that waits for a decision, if there is one."""
    rows = run.warehouse.rows(
        "SELECT backfill_no, message FROM ops.backfill WHERE status_name = 'waiting' ORDER BY backfill_no"
    )
    return [
        Finding("warning", "backfill_waits", f"backfill {number}", f"backfill {number} waits: {message}")
        for number, message in rows
    ]


def copy_behind(run: Run) -> list[Finding]:
    """The copy of the warehouse, if it could not be brought up when a command last wrote."""
    problem = migrations.copy_problem(run.warehouse)
    if problem is None:
        return []
    consequence = "a damaged warehouse could be made anew only as it was when the copy was last written"
    message = f"the copy of the warehouse is behind it: {problem}"
    return [Finding("critical", "copy_behind", "copy", message, consequence=consequence)]


def stale(run: Run, today: dt.date | None = None) -> list[Finding]:
    """The publication, if it is older than the workspace wants, or of a day that has not begun."""
    limit = run.workspace.alerts.stale_after_days
    published = ledger.publications(run.warehouse)
    if not published:
        return []
    today = today or run.workspace.calendar.shows(ledger.utc_now()).date()
    age = (today - published[-1].as_of).days
    if age < 0:
        return [_ahead(published[-1].as_of)]
    if limit is None or age <= limit:
        return []
    message = (
        f"the newest published date is {published[-1].as_of}, {counted(age, 'day')} old; at most {limit} were expected"
    )
    return [Finding("critical", "stale", "published", message)]


def _ahead(as_of: dt.date) -> Finding:
    """Until that day comes each run is one for the past, of which nothing is told."""
    return Finding(
        "critical",
        "stale",
        "published",
        f"the newest published date is {as_of}, a day that has not begun",
        cause=f"the machine's clock ran ahead; once it is right, `resegment withdraw {as_of}` takes the date back",
        consequence="readers see that day as today, and no alert is raised until it comes",
    )
