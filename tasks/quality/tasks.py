"""The quality room's Prefect tasks: the check at each door."""

from __future__ import annotations

import logging
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.quality.findings import GateReport
from tasks.quality.gate import run_checks
from tasks.quality.suites import Door
from tasks.warehouse.run import Run

log = logging.getLogger("resegment.quality")


@task(name="check", task_run_name="check {door}", cache_policy=NO_CACHE, persist_result=False)
def check(run: Run, door: Door) -> GateReport:
    """Let a door's tables pass, or raise `GateFailed`."""
    return _told(run_checks(run, door))


@task(name="check published", cache_policy=NO_CACHE, persist_result=False)
def check_published(run: Run, candidate: Path) -> GateReport:
    """Let the built publication pass, or raise `GateFailed`; `candidate` is the folder it was built in."""
    return _told(run_checks(run, "published", candidate / run.paths.published_database.name))


def _told(report: GateReport) -> GateReport:
    log.info(report.summary)
    for finding in report.failed("warning"):
        log.warning(finding.sentence)
    return report
