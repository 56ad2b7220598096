"""What is published, how fresh it is, and how the last runs ended.

Owns: the answer to `resegment status`; it must work while a run writes, and when nothing works.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Any

from tasks.config.errors import OutputError
from tasks.config.workspace import Workspace
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import utc_now
from tasks.warehouse.run import OutputPaths

_ATTEMPTS = (
    "SELECT as_of_date, run_id, started_at,"
    " round(date_diff('millisecond', started_at, finished_at) / 1000, 1) AS seconds, status_name,"
    " error_message AS message FROM ops.run ORDER BY started_at DESC LIMIT 10"
)


@dataclass(frozen=True, slots=True)
class Status:
    """The state of an output folder; `sentence` says it in words."""

    workspace: str
    published_as_of: str | None
    published_run_id: str | None
    age_days: int | None
    sentence: str
    busy: str | None = None
    attempts: list[dict[str, Any]] = field(default_factory=list)


def read_status(workspace: Workspace, paths: OutputPaths, today: dt.date | None = None) -> Status:
    """Read the manifest, which is always whole, and the ledger where no run holds it."""
    attempts, busy = _attempts(paths)
    if not paths.manifest.exists():
        return Status(workspace.name, None, None, None, "nothing is published yet", busy, attempts)
    manifest = json.loads(paths.manifest.read_text(encoding="utf-8"))
    as_of = dt.date.fromisoformat(manifest["as_of_date"])
    age = ((today or utc_now().date()) - as_of).days
    sentence = f"published as of {as_of} ({age:,} days old), {len(manifest['runs'])} dates in all"
    last = attempts[0] if attempts else None
    if last and last["status_name"] not in {"published", "running"}:
        sentence += f"; the last run ({last['as_of_date']}) {_ended(last['status_name'])}, so this is the last good one"
    return Status(workspace.name, as_of.isoformat(), manifest["runs"][as_of.isoformat()], age, sentence, busy, attempts)


def _attempts(paths: OutputPaths) -> tuple[list[dict[str, Any]], str | None]:
    if not paths.warehouse.exists():
        return [], None
    try:
        with Warehouse.open(paths.warehouse, read_only=True) as warehouse:
            return warehouse.records(_ATTEMPTS), None
    except OutputError as error:
        return [], f"the ledger cannot be read now, a run may be writing: {error.message}"


def _ended(status: str) -> str:
    return {"gate_failed": "was stopped by a quality gate", "killed": "was killed"}.get(status, "failed")
