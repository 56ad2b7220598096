"""The publish room's Prefect tasks: build aside, then swap in."""

from __future__ import annotations

import logging
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.publish.build import build_publication
from tasks.publish.scope import scope_with
from tasks.publish.swap import swap_in
from tasks.warehouse import ledger, tables
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run

log = logging.getLogger("resegment.publish")


@task(name="build publication", cache_policy=NO_CACHE, persist_result=False)
def build_candidate(run: Run) -> Path:
    """Build the contract tables where no reader looks; returns the folder."""
    scope = scope_with(run)
    folder = build_publication(run, scope)
    log.info("built aside: %d dates, newest %s", len(scope.runs), scope.current.as_of)
    return folder


@task(name="publish", cache_policy=NO_CACHE, persist_result=False)
def publish(run: Run, candidate: Path) -> None:
    """Swap the candidate in, note it, and drop what it supersedes."""
    swap_in(candidate, run.paths.published)
    ledger.note_publication(run.warehouse, Publication(run.as_of, run.run_id))
    tables.forget_superseded(run)
    log.info("published %s: %s", run.as_of, run.paths.published)
