"""What is published, how fresh it is, and how the last runs ended.

Owns: the answer to `resegment status`; it must work while a run writes, and when nothing works.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Any

from tasks.config.errors import DamageError, OutputError
from tasks.config.workspace import Workspace
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import utc_now
from tasks.warehouse.readers import nothing_was_run, opened_to_read
from tasks.warehouse.run import OutputPaths

_ATTEMPTS = (
    "SELECT as_of_date, run_id, started_at,"
    " round(date_diff('millisecond', started_at, finished_at) / 1000, 1) AS seconds, status_name,"
    " error_message AS message FROM ops.run ORDER BY started_at DESC LIMIT 10"
)
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


@dataclass(frozen=True, slots=True)
class Status:
    """The state of an output folder; `sentence` says it in words, `models` which are in use and which wait."""

    workspace: str
    published_as_of: str | None
    published_run_id: str | None
    age_days: int | None
    sentence: str
    busy: str | None = None
    attempts: list[dict[str, Any]] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=list)


def read_status(workspace: Workspace, paths: OutputPaths, today: dt.date | None = None) -> Status:
    """Read the manifest, which is always whole, and the ledger where no run holds it."""
    attempts, models, busy = _read(paths)
    if not paths.manifest.exists():
        return Status(workspace.name, None, None, None, "nothing is published yet", busy, attempts)
    manifest = json.loads(paths.manifest.read_text(encoding="utf-8"))
    as_of = dt.date.fromisoformat(manifest["as_of_date"])
    age = ((today or utc_now().date()) - as_of).days
    sentence = f"published as of {as_of} ({age:,} days old), {len(manifest['runs'])} dates in all"
    last = attempts[0] if attempts else None
    if last and last["status_name"] not in {"published", "running"}:
        sentence += f"; the last run ({last['as_of_date']}) {_ended(last['status_name'])}, so this is the last good one"
    return Status(
        workspace.name, as_of.isoformat(), manifest["runs"][as_of.isoformat()], age, sentence, busy, attempts, models
    )


def _read(paths: OutputPaths) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str | None]:
    """The last attempts, the models, and why neither can be read."""
    try:
        if nothing_was_run(paths):
            return [], [], None
        with opened_to_read(paths) as warehouse:
            return warehouse.records(_ATTEMPTS), _models(warehouse), None
    except DamageError as error:
        return [], [], str(error)
    except OutputError as error:
        return [], [], f"the ledger cannot be read now, a run may be writing: {error.message}"


def _models(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Models in use and those that wait, with what was decided since; none where an older version wrote the folder."""
    if not all(map(warehouse.table_exists, ("segments.model_version", "ops.model_decision"))):
        return []
    return warehouse.records(_MODELS)


def _ended(status: str) -> str:
    return {"gate_failed": "was stopped by a quality gate", "killed": "was killed"}.get(status, "failed")
