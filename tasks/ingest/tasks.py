"""The ingest room's Prefect tasks: sources to `raw`, `raw` to `staging`."""

from __future__ import annotations

import logging

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.ingest.carrying_over import carry_over
from tasks.ingest.classes import keep_classes
from tasks.ingest.discovery import find_files
from tasks.ingest.loading import load_file
from tasks.ingest.mapping import parse_mapping
from tasks.ingest.raw_views import build_raw_views
from tasks.ingest.staging import build_staging
from tasks.warehouse import ledger
from tasks.warehouse.erasures import erased_customers
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.ingest")


@task(name="ingest source", task_run_name="ingest {name}", cache_policy=NO_CACHE, persist_result=False)
@recorded
def ingest_source(run: Run, name: str) -> int:
    """Load the new files of one source; returns how many there were."""
    mapping = parse_mapping(run.workspace, name)
    files = find_files(run.workspace, mapping)
    erased = erased_customers(run.workspace, run.paths.root)
    known = {load_id for (load_id,) in run.warehouse.rows("SELECT load_id FROM ops.load")}
    new = 0
    for position, file in enumerate(files, 1):
        if file.load_id in known:
            ledger.note_delivery(
                run.warehouse, source=name, file=file.name, load_id=file.load_id, attempt_id=run.attempt_id
            )
            continue
        counts = load_file(run.warehouse, mapping, file, run.attempt_id, erased)
        known.add(file.load_id)
        new += 1
        log.info(
            "%s: %s (%d of %d): %s rows read, %s loaded, %s quarantined%s%s%s",
            name,
            file.name,
            position,
            len(files),
            f"{counts.read:,}",
            f"{counts.loaded:,}",
            f"{counts.quarantined:,}",
            f", {counts.blanked:,} values blanked" if counts.blanked else "",
            f"; {counts.left_out:,} left out" if counts.left_out else "",
            f"; {counts.erased:,} rows of erased customers left out" if counts.erased else "",
        )
    if carried := carry_over(run, name):
        log.info("%s: %d rows were released or discarded before, and are again", name, carried)
    if not new:
        log.info("%s: nothing new in %d files", name, len(files))
    return new


@task(name="identify run", cache_policy=NO_CACHE, persist_result=False)
@recorded
def identify_run(run: Run) -> str:
    """Fix what the run sees, and give it the id that follows from that."""
    run.identify()
    build_raw_views(run)
    for warning in keep_classes(run):
        log.warning(warning)
    log.info("run %s as of %s", run.run_id, run.as_of)
    return run.run_id


@task(name="stage", cache_policy=NO_CACHE, persist_result=False)
@recorded
def stage(run: Run) -> dict[str, int]:
    """Build the canonical entities as of the run's date."""
    counts = build_staging(run)
    for table, rows in counts.items():
        log.info("%s: %s rows", table, f"{rows:,}")
    return counts
