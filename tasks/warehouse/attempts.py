"""Attempts at a run: when each began and how it ended.

Owns: those columns of `ops.run`. Does not own what a run is known by, or what it saw (`run.py`). An attempt never ends
before it began, and nothing that comes after it is noted earlier, whatever somebody did to the clock.
"""

from __future__ import annotations

from collections.abc import Mapping

from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse


def start_attempt(warehouse: Warehouse, values: Mapping[str, object]) -> None:
    """Note that an attempt runs."""
    with warehouse.transaction():
        note_killed(warehouse)
        ledger.insert(warehouse, "run", {"status_name": "running", "started_at": ledger.moment(warehouse), **values})


def note_killed(warehouse: Warehouse) -> None:
    """Note of attempts that never ended that they were killed; for the holder of the lock alone: none goes on then."""
    warehouse.execute(
        "UPDATE ops.run SET status_name = 'killed', finished_at = greatest($now, started_at),"
        " error_message = 'the process ended without a word' WHERE status_name = 'running'",
        {"now": ledger.utc_now()},
    )


def finish_attempt(
    warehouse: Warehouse, attempt_id: str, status: str, message: str | None = None, seconds: float | None = None
) -> None:
    """Note how an attempt ended, so many seconds after it began, whatever the clock did; without them, by the clock."""
    warehouse.execute(
        "UPDATE ops.run SET status_name = $status, error_message = $message, finished_at = coalesce(started_at +"
        " to_microseconds(CAST($seconds * 1e6 AS BIGINT)), greatest($now, started_at)) WHERE attempt_id = $attempt",
        {"status": status, "now": ledger.utc_now(), "message": message, "seconds": seconds, "attempt": attempt_id},
    )
