"""The insight room's Prefect tasks."""

from __future__ import annotations

import logging

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.insight.events import write_events
from tasks.insight.measures import build_monitoring
from tasks.insight.profile import profile_segments as profile
from tasks.warehouse import tables
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.insight")


@task(name="measure segments", cache_policy=NO_CACHE, persist_result=False)
@recorded
def measure_segments(run: Run) -> None:
    """Sizes, money and flows."""
    counts = build_monitoring(run)
    compared = f"compared with {run.previous.as_of}" if run.previous else "the first run, nothing to compare with"
    log.info("%s: %s", compared, ", ".join(f"{rows:,} rows of {table.split('.')[1]}" for table, rows in counts.items()))


@task(name="name transitions", cache_policy=NO_CACHE, persist_result=False)
@recorded
def name_transitions(run: Run) -> None:
    """Splits, merges, births and deaths of segments."""
    for sentence in write_events(run):
        log.info("%s", sentence)


@task(name="profile segments", cache_policy=NO_CACHE, persist_result=False)
@recorded
def profile_segments(run: Run) -> None:
    """What distinguishes each segment."""
    least = run.workspace.privacy.min_group_size
    frame = profile(run.warehouse, catalogue_of(run), run.run_id, list(run.workspace.segmentations), least)
    tables.write_frame(run, "monitoring.profile", frame)
    withheld = int(frame.get_column("is_suppressed").sum())
    note = f", {withheld:,} of them withheld (groups of fewer than {least} customers)" if withheld else ""
    log.info("%s profile rows%s", f"{frame.height:,}", note)
