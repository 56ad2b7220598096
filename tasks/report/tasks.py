"""The report room's Prefect task: a run to its pages."""

from __future__ import annotations

import logging

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.report import check_page
from tasks.report.data import collect
from tasks.report.page import render, write_page
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.report")


@task(name="write report", cache_policy=NO_CACHE, persist_result=False)
@recorded
def write_report(run: Run, *, stopped_by: str | None = None) -> str:
    """Write the run's pages; returns the path of the first. It leads to the check page, which is written before it.

    Args:
        run: call it after publishing, or after what stopped the run.
        stopped_by: why the run stops; without it the page has the failed checks only.
    """
    data = collect(run, stopped_by=stopped_by)
    write_page(check_page.render_checks(data), run.paths.report, check_page.FILE_NAME)
    path = write_page(render(data), run.paths.report)
    log.info("report (%s): %s, %s bytes", data.run.state, path, f"{path.stat().st_size:,}")
    return str(path)
