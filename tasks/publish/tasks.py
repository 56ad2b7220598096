"""The publish room's Prefect tasks: build aside, then swap in."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config.counting import counted
from tasks.publish.build import begin_candidate, build_date, build_publication, finish_candidate
from tasks.publish.scope import Scope, scope_with
from tasks.publish.swap import swap_in
from tasks.warehouse import ledger, tables
from tasks.warehouse.ledger import Publication
from tasks.warehouse.results import note_result
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.publish")


@task(name="build publication", cache_policy=NO_CACHE, persist_result=False)
@recorded
def build_candidate(run: Run) -> Path:
    """Build the contract tables where no reader looks; returns the folder."""
    scope = scope_with(run)
    folder = build_publication(run, scope)
    log.info("built aside: %d dates, newest %s", len(scope.runs), scope.current.as_of)
    return folder


@task(name="begin publication of many dates", cache_policy=NO_CACHE, persist_result=False)
@recorded
def begin_dates(run: Run, line: tuple[Publication, ...], dates: list[dt.date]) -> Path:
    """A candidate in which some dates are still to be built; returns the folder.

    Args:
        run: opened for the ledger.
        line: what will be published, oldest first.
        dates: those to be built.
    """
    return begin_candidate(run, dates, line[-1].as_of)


@task(name="build one of many dates", cache_policy=NO_CACHE, persist_result=False)
@recorded
def build_one(run: Run, candidate: Path, line: tuple[Publication, ...]) -> None:
    """Build what readers would have had at the run's date, in a line of what will be published."""
    build_date(run, candidate, Scope(line).until(run.as_of))


@task(name="publish many dates", cache_policy=NO_CACHE, persist_result=False)
@recorded
def publish_dates(run: Run, candidate: Path, line: tuple[Publication, ...]) -> None:
    """Swap a candidate of many dates in, all at once, note it in one transaction, and drop what it supersedes.

    Args:
        run: that of the newest date.
        candidate: the folder, with every date built; its file is that of the newest one.
        line: what it publishes.
    """
    finish_candidate(run, candidate, Scope(line))
    swap_in(candidate, run.paths.published)
    known = set(ledger.publications(run.warehouse))
    new = [item for item in line if item not in known]
    with run.warehouse.transaction():
        for item in new:
            ledger.note_publication(run.warehouse, item)
            ledger.note_published(run.warehouse, item.run_id)
    tables.forget_superseded(run)
    # A rebuild publishes what the ledger says already.
    what = f"{counted(len(new), 'date')} anew" if new else "again what the ledger says"
    log.info("published %s, newest %s: %s", what, line[-1].as_of, run.paths.published)


@task(name="publish", cache_policy=NO_CACHE, persist_result=False)
@recorded
def publish(run: Run, candidate: Path) -> None:
    """Swap the candidate in, note it, and drop what it supersedes."""
    note_result(run)
    swap_in(candidate, run.paths.published)
    ledger.note_publication(run.warehouse, Publication(run.as_of, run.run_id))
    tables.forget_superseded(run)
    log.info("published %s: %s", run.as_of, run.paths.published)
