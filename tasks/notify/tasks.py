"""The notify room's Prefect tasks: findings become alerts in the ledger, in the log, and where people read."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import get_args

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event
from prefect.settings import get_current_settings
from prefect.tasks import exponential_backoff

from tasks.config.alert_kinds import AlertKind
from tasks.config.errors import DeliveryError, GateFailed
from tasks.notify import book, delivery, outbox, watch
from tasks.notify.book import Told
from tasks.notify.facts import complete
from tasks.notify.findings import Finding, checked_tables, failed_checks, findings_of
from tasks.notify.kinds import KINDS
from tasks.warehouse import attempts, ledger
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded

log = logging.getLogger("resegment.notify")

_EVERY: tuple[AlertKind, ...] = get_args(AlertKind)
_OF_OTHER_ROOMS = (
    "SELECT severity_name AS severity, kind_name AS kind, subject_name AS subject, message FROM ops.alert"
    " WHERE attempt_id = $attempt ORDER BY raised_at, kind_name, subject_name, message"
)


@task(name="raise alerts", cache_policy=NO_CACHE, persist_result=False)
@recorded
def raise_alerts(run: Run) -> int:
    """Keep an alert for every finding that somebody should look at; returns how many are news.

    What stands is judged by runs of the newest published date alone: a run for a past date says nothing of today.
    """
    findings = findings_of(run)
    news = [finding for finding in findings if finding.is_news]
    is_newest = ledger.publications(run.warehouse)[-1].as_of <= run.as_of
    with run.warehouse.transaction():
        raised = [Finding(**row) for row in run.warehouse.records(_OF_OTHER_ROOMS, {"attempt": run.attempt_id})]
        _keep(run, news)
        if is_newest:
            now = watch.long_run(run) + _standing(run, has_published=True)
            _settle(run, [*findings, *raised, *now], judged=_EVERY)
    for finding in news:
        log.warning("%s: %s", finding.kind, finding.message)
    return len(news)


@task(name="raise failure", cache_policy=NO_CACHE, persist_result=False)
@recorded
def raise_failure(run: Run, error: BaseException) -> None:
    """Keep an alert of a run that does not publish: the checks that stopped it, or the error that ended it."""
    if isinstance(error, GateFailed):
        findings = failed_checks(run)
        if not findings:
            findings = [Finding("critical", "quality", "run", error.message)]
    else:
        findings = [watch.failed(run.as_of, ledger.told(error))]
    with run.warehouse.transaction():
        _keep(run, findings)
        # What a run that ended early did not look for is not over.
        _settle(run, findings, judged=())


@task(name="raise alerts of checks", cache_policy=NO_CACHE, persist_result=False)
@recorded
def raise_check_alerts(run: Run) -> int:
    """Keep an alert of every check that failed where nothing else was done; returns how many there are.

    Of tables that were checked, what is not found any more is over.
    """
    findings = failed_checks(run)
    with run.warehouse.transaction():
        _keep(run, findings)
        found = [*findings, *watch.killed_before(run)]
        _settle(run, found, judged=("quality", "source_late"), subjects=checked_tables(run))
    return len(findings)


@task(name="check alerts", cache_policy=NO_CACHE, persist_result=False)
@recorded
def check_alerts(run: Run) -> None:
    """Tell what no run tells of itself: one was killed, a publication or the copy is behind, a backfill waits."""
    attempts.note_killed(run.warehouse)
    with run.warehouse.transaction():
        _settle(run, _standing(run), judged=("stale", "backfill_waits", "copy_behind"))


@task(
    name="send alerts",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_delay_seconds=exponential_backoff(backoff_factor=1),
    retry_jitter_factor=0.5,
)
@recorded
def send_alerts(run: Run) -> int:
    """Send what waits in the outbox; returns how many messages were taken.

    Raises:
        DeliveryError: a target did not take a message; it stays in the outbox for the next run.
    """
    sent, problems = 0, []
    for message in outbox.waiting(run.warehouse):
        name = message["target_name"]
        target = run.workspace.alerts.targets.get(name)
        problem = (
            f"there is no target {name} any more"
            if target is None
            else delivery.send(target, title=message["title"], body=message["body"], severity=message["severity_name"])
        )
        outbox.note_try(run.warehouse, message["notification_no"], problem)
        sent += problem is None
        problems += [] if problem is None else [f"{name}: {problem}"]
    if problems:
        text = "; ".join(dict.fromkeys(problems))
        log.warning("alerts not delivered, they wait in the outbox: %s", text)
        raise DeliveryError(f"alerts not delivered: {text}", hint="`resegment alerts test` tries a target")
    if sent:
        log.info("%s messages about alerts sent", sent)
    return sent


def _standing(run: Run, *, has_published: bool = False) -> list[Finding]:
    """What can be said at any time, whether a run is made or not."""
    return (
        watch.killed_before(run, has_published=has_published)
        + watch.stale(run)
        + watch.waiting_backfills(run)
        + watch.copy_behind(run)
    )


def _keep(run: Run, findings: Iterable[Finding]) -> None:
    for finding in findings:
        ledger.raise_alert(
            run.warehouse,
            run.attempt,
            severity=finding.severity,
            kind=finding.kind,
            subject=finding.subject,
            message=finding.message,
        )


def _settle(
    run: Run, findings: Sequence[Finding], judged: Sequence[AlertKind], subjects: Sequence[str] | None = None
) -> None:
    told = book.settle(run, complete(run, findings), judged, subjects=subjects)
    outbox.post(run, told)
    for one in told:
        _emit(run, one)


def _emit(run: Run, told: Told) -> None:
    """A Prefect event for automations, where there is a server."""
    if not get_current_settings().api.url:
        return
    alert = told.alert
    emit_event(
        event=f"resegment.alert.{told.news}",
        resource={
            "prefect.resource.id": f"resegment.alert.{run.workspace.name}.{alert['kind_name']}.{alert['subject_name']}",
            "prefect.resource.name": f"{alert['kind_name']}: {alert['subject_name']}",
            "resegment.workspace": run.workspace.name,
            "resegment.kind": alert["kind_name"],
            "resegment.severity": alert["severity_name"],
            "resegment.owner": alert["owner_name"],
        },
        payload={
            "message": alert["message"],
            "as_of_date": str(alert["last_as_of_date"]),
            "customers": alert["customer_count"],
            "net_amount": alert["net_amount"],
            "runbook": f"{run.workspace.alerts.docs_url}runbooks/{KINDS[alert['kind_name']].runbook}.md",
        },
    )
