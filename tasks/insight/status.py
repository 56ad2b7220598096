"""What is published and is it fresh, what failed, what waits.

Owns: the answer to `resegment status`; it must work while a run writes, and when nothing works.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field, fields
from typing import Any

from tasks.config.counting import counted
from tasks.config.errors import DamageError, OutputError
from tasks.config.workspace import Workspace
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import publications, utc_now
from tasks.warehouse.loads import loads_seen
from tasks.warehouse.readers import nothing_was_run, opened_to_read
from tasks.warehouse.run import OutputPaths

#: Who can read the ledger knows that no run holds it: one that never noted its end has none any more.
_ATTEMPTS = """
WITH steps AS (
    SELECT
        attempt_id,
        CAST(round(max(peak_bytes) / 1e6) AS BIGINT) AS peak_mb,
        arg_max(trim(step_name || ' ' || subject_name) || printf(', %.1f s', clock_seconds), clock_seconds) AS slowest
    FROM ops.step
    GROUP BY attempt_id
)

SELECT
    as_of_date,
    run_id,
    started_at,
    round(date_diff('millisecond', started_at, finished_at) / 1000, 1) AS seconds,
    CASE WHEN status_name = 'running' THEN 'killed' ELSE status_name END AS status_name,
    CASE WHEN status_name = 'running' THEN 'the process ended without a word' ELSE error_message END AS message,
    peak_mb,
    slowest
FROM ops.run
LEFT JOIN steps USING (attempt_id)
ORDER BY started_at DESC
LIMIT 10
"""
#: Checks of the newest attempt that came to any.
_FAILED = """
SELECT severity_name || ': ' || table_name || ': not so: ' || meaning
FROM ops.check_result
WHERE NOT is_success AND attempt_id = (
    SELECT attempt_id FROM ops.run SEMI JOIN ops.check_result USING (attempt_id) ORDER BY started_at DESC LIMIT 1
)
ORDER BY severity_name, table_name, check_no
"""
_ALERTS = """
SELECT
    alert_no || ' ' || severity_name || ', since ' || opened_as_of_date || ': ' || message
    || CASE WHEN acknowledged_at IS NULL THEN '' ELSE ' (known to ' || acknowledged_by || ')' END
FROM ops.alert_state
WHERE resolved_at IS NULL
ORDER BY severity_name, acknowledged_at IS NOT NULL, alert_no
"""
#: What somebody has to do something about, with the command for it. The screen shows the first ones: what holds others
#: up comes before rows in quarantine, of which a usual folder has some of several sources, those of the most rows
#: first; rows of a file that was delivered anew since wait for nobody.
_WAITING = """
SELECT said
FROM (
    SELECT
        1 AS place,
        0 AS size,
        'the copy beside the warehouse: ' || copy_problem || ' (the next run tries again)' AS said
    FROM ops.warehouse
    WHERE copy_problem IS NOT NULL
    UNION ALL BY NAME
    SELECT
        2 AS place,
        0 AS size,
        'backfill ' || backfill_no || ': ' || coalesce(message, status_name)
        || ' (`resegment backfill show ' || backfill_no || '`)' AS said
    FROM ops.backfill
    WHERE status_name NOT IN ('published', 'unchanged', 'discarded')
    UNION ALL BY NAME
    SELECT
        3 AS place,
        count(*) AS size,
        count(*) || if(count(*) = 1, ' message that ', ' messages that ') || target_name
        || ' has not taken, the oldest of ' || min(written_at) || ' (`resegment alerts list`)' AS said
    FROM ops.notification
    WHERE sent_at IS NULL
    GROUP BY target_name
    UNION ALL BY NAME
    SELECT
        4 AS place,
        count(DISTINCT quarantine_no) AS size,
        size || if(size = 1, ' row of ', ' rows of ') || source_name
        || ' in quarantine (`resegment quarantine list --source ' || source_name || '`)' AS said
    FROM ops.quarantine
    WHERE status_name = 'open' AND list_contains(CAST($loads AS VARCHAR[]), load_id)
    GROUP BY source_name
)
ORDER BY place, size DESC, said
"""
#: Of the newest publication, and challengers that were fitted since; the newest decision counts that it did not know.
_MODELS = """
WITH newest AS (SELECT run_id FROM ops.publication ORDER BY as_of_date DESC LIMIT 1),

registered AS (
    SELECT segmentation_id, model_no, version_id, status_name, trained_as_of_date, decision_no
    FROM segments.model_version
    WHERE run_id = (SELECT run_id FROM newest)
),

challengers AS (
    SELECT
        segmentation_id,
        CAST(version_json ->> 'model_no' AS BIGINT) AS model_no,
        version_id,
        version_json ->> 'status_name' AS status_name,
        trained_as_of_date,
        NULL AS decision_no
    FROM ops.model_challenger
    WHERE version_id NOT IN (SELECT version_id FROM registered)
),

decided AS (
    SELECT
        version_id,
        max(decision_no) AS decision_no,
        max_by(decision_name || ' by ' || decided_by || ': ' || decision_reason, decision_no) AS decision
    FROM ops.model_decision
    GROUP BY version_id
)

SELECT
    version.segmentation_id AS segmentation,
    version.model_no,
    version.trained_as_of_date AS trained,
    version.status_name AS status,
    CASE WHEN decided.decision_no > coalesce(version.decision_no, 0) THEN decided.decision END AS next_run
FROM (FROM registered UNION ALL BY NAME FROM challengers) AS version
LEFT JOIN decided ON version.version_id = decided.version_id
WHERE version.status_name IN ('champion', 'waiting') OR decided.decision_no > coalesce(version.decision_no, 0)
ORDER BY version.segmentation_id, version.model_no
"""


#: How a run ended that did not come to its end.
_ENDED = {"gate_failed": "was stopped by a quality gate", "killed": "was killed", "failed": "failed"}


@dataclass(frozen=True, slots=True)
class Status:
    """The state of an output folder.

    Attributes:
        workspace: its name.
        published_as_of: the newest published date; None: nothing is published.
        published_run_id: the run of that date.
        age_days: of that date.
        is_fresh: it is no older than the workspace wants; None: the workspace says nothing of it.
        sentence: all that in words.
        busy: why the ledger cannot be read; what follows is empty then.
        attempts: the last runs, the newest first.
        models: which are in use, and which wait.
        failed: checks that failed in the newest run that checked anything, in words; the critical ones first.
        alerts: those that stand, in words; the critical ones first.
        waiting: what somebody has to do something about, in words.
    """

    workspace: str
    published_as_of: str | None
    published_run_id: str | None
    age_days: int | None
    is_fresh: bool | None
    sentence: str
    busy: str | None
    attempts: list[dict[str, Any]]
    models: list[dict[str, Any]]
    failed: list[str]
    alerts: list[str]
    waiting: list[str]


@dataclass(frozen=True, slots=True)
class _Ledger:
    """What the ledger says, or why it cannot be read."""

    busy: str | None = None
    attempts: list[dict[str, Any]] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    is_published: bool = False


def read_status(workspace: Workspace, paths: OutputPaths, today: dt.date | None = None) -> Status:
    """Read the manifest, which is always whole, and the ledger where no run holds it."""
    ledger = _read(workspace, paths)
    said = {item.name: getattr(ledger, item.name) for item in fields(ledger) if item.name != "is_published"}
    if not paths.manifest.exists():
        sentence = "nothing is published yet"
        if ledger.is_published:
            sentence = f"{paths.manifest.relative_to(paths.root)} is gone: `resegment rebuild` publishes again what was"
        return Status(workspace.name, None, None, None, None, sentence, **said)
    manifest = json.loads(paths.manifest.read_text(encoding="utf-8"))
    as_of = dt.date.fromisoformat(manifest["as_of_date"])
    age = ((today or workspace.calendar.shows(utc_now()).date()) - as_of).days
    limit = workspace.alerts.stale_after_days
    is_fresh = None if limit is None else 0 <= age <= limit
    sentence = (
        f"published as of {as_of} ({_age_told(as_of, age, limit)}), {counted(len(manifest['runs']), 'date')} in all"
    )
    last = ledger.attempts[0] if ledger.attempts else None
    if last and last["status_name"] in _ENDED:
        ended = _ENDED[last["status_name"]]
        sentence += f"; the last run ({last['as_of_date']}) {ended}, so this is the last good one"
    run_id = manifest["runs"][as_of.isoformat()]
    return Status(workspace.name, as_of.isoformat(), run_id, age, is_fresh, sentence, **said)


def _age_told(as_of: dt.date, age: int, limit: int | None) -> str:
    if age < 0:
        return f"a day that has not begun: did the clock run ahead? `resegment withdraw {as_of}` takes it back"
    if limit is None:
        return f"{counted(age, 'day')} old"
    return f"{counted(age, 'day')} old: {'fresh' if age <= limit else f'too old, at most {limit} were expected'}"


def _read(workspace: Workspace, paths: OutputPaths) -> _Ledger:
    try:
        if nothing_was_run(paths):
            return _Ledger()
        with opened_to_read(paths) as warehouse:
            return _of_ledger(workspace, warehouse)
    except DamageError as error:
        return _Ledger(busy=str(error))
    except OutputError as error:
        return _Ledger(busy=f"the ledger cannot be read now: {error.message}; {error.hint}")


def _of_ledger(workspace: Workspace, warehouse: Warehouse) -> _Ledger:
    failed, alerts = ([said for (said,) in warehouse.rows(query)] for query in (_FAILED, _ALERTS))
    loads = [load_id for load_id, *_ in loads_seen(warehouse, workspace.sources, None)]
    waiting = [said for (said,) in warehouse.rows(_WAITING, {"loads": loads})]
    attempts, is_published = warehouse.records(_ATTEMPTS), bool(publications(warehouse))
    return _Ledger(None, attempts, _models(warehouse), failed, alerts, waiting, is_published)


def _models(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Models in use and those that wait, with what was decided since; none before the first run is through."""
    if not warehouse.table_exists("segments.model_version"):
        return []
    return warehouse.records(_MODELS)
