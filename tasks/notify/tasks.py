"""The notify room's Prefect task: findings become alerts in the ledger and in the log."""

from __future__ import annotations

import logging

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.notify.findings import findings_of
from tasks.warehouse import ledger
from tasks.warehouse.run import Run

log = logging.getLogger("resegment.notify")


@task(name="raise alerts", cache_policy=NO_CACHE, persist_result=False)
def raise_alerts(run: Run) -> int:
    """Keep an alert for every finding that somebody should look at; returns how many."""
    findings = findings_of(run)
    with run.warehouse.transaction():
        for finding in findings:
            ledger.raise_alert(
                run.warehouse,
                run.attempt,
                severity=finding.severity,
                kind=finding.kind,
                subject=finding.subject,
                message=finding.message,
            )
    for finding in findings:
        log.warning("%s: %s", finding.kind, finding.message)
    return len(findings)
