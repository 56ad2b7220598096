"""The quality room's Prefect tasks: the check at each door."""

from __future__ import annotations

import logging
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.quality.data_docs import DataDocs
from tasks.quality.findings import GateReport
from tasks.quality.gate import run_checks
from tasks.quality.suites import Door
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.quality")


@task(name="check", task_run_name="check {door}", cache_policy=NO_CACHE, persist_result=False)
@recorded
def check(run: Run, door: Door, documents: DataDocs | None = None) -> GateReport:
    """Let a door's tables pass, or raise `GateFailed`; `documents` keeps the results where pages of them are wanted."""
    return _told(run_checks(run, door, documents=documents))


@task(name="check published", cache_policy=NO_CACHE, persist_result=False)
@recorded
def check_published(run: Run, candidate: Path, documents: DataDocs | None = None) -> GateReport:
    """Let the built publication pass, or raise `GateFailed`; `candidate` is the folder it was built in."""
    return _told(run_checks(run, "published", candidate / run.paths.published_database.name, documents))


@task(name="write data docs", cache_policy=NO_CACHE, persist_result=False)
@recorded
def write_data_docs(run: Run, documents: DataDocs) -> str:
    """Write Great Expectations' own pages on the doors that the run came to; returns the path of the first."""
    path = documents.write(run)
    log.info("data docs: %s", path)
    return str(path)


def _told(report: GateReport) -> GateReport:
    log.info(report.summary)
    for finding in report.failed("warning"):
        log.warning(finding.sentence)
    return report
