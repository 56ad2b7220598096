"""Reading the checks of earlier runs.

Owns: their queries, and how far back they go. Does not own: the checks of this run (`read_quality.py`).
"""

from __future__ import annotations

from typing import Any

from tasks.report.privacy import mask_emails
from tasks.report.reader import RunReader
from tasks.report.trend_records import CheckedRun, CheckHistory, FailingSince, TrendPoint

#: Runs that a trend shows, this one included.
RUNS_SHOWN = 30

# A check is known by its table and what it says: its number changes where a suite gets another check before it.
_FAILING = """
WITH seen AS (
    SELECT result.table_name, result.meaning, attempt.attempt_id, attempt.as_of_date, attempt.started_at,
        result.is_success
    FROM ops.check_result AS result
    INNER JOIN ops.run AS attempt USING (attempt_id)
    WHERE result.is_success IS NOT NULL AND result.meaning IS NOT NULL
        AND attempt.started_at <= (SELECT started_at FROM ops.run WHERE attempt_id = $attempt)
),

last_good AS (
    SELECT table_name, meaning, max(started_at) FILTER (WHERE is_success) AS good_at
    FROM seen
    GROUP BY table_name, meaning
    HAVING bool_or(NOT is_success AND attempt_id = $attempt)
)

SELECT table_name, meaning, arg_min(as_of_date, started_at) AS as_of_date, min(started_at) AS started_at,
    count(DISTINCT attempt_id) AS run_count
FROM seen
INNER JOIN last_good USING (table_name, meaning)
WHERE NOT is_success AND (good_at IS NULL OR started_at > good_at)
GROUP BY table_name, meaning
"""
_TREND = """
WITH attempts AS (
    SELECT attempt_id, as_of_date, started_at, status_name
    FROM ops.run
    SEMI JOIN ops.check_result USING (attempt_id)
    WHERE started_at <= (SELECT started_at FROM ops.run WHERE attempt_id = $attempt)
    ORDER BY started_at DESC, attempt_id DESC
    LIMIT $runs
)

SELECT attempts.*, result.table_name,
    count(*) FILTER (WHERE result.is_success) AS passed_count,
    count(*) FILTER (WHERE NOT result.is_success AND result.severity_name <> 'critical') AS warned_count,
    count(*) FILTER (WHERE NOT result.is_success AND result.severity_name = 'critical') AS failed_count,
    count(*) FILTER (WHERE result.is_success IS NULL) AS not_run_count,
    max(result.element_count) AS row_count
FROM attempts
INNER JOIN ops.check_result AS result USING (attempt_id)
GROUP BY ALL
ORDER BY attempts.started_at, attempts.attempt_id, result.table_name
"""


def check_history(reader: RunReader) -> CheckHistory:
    """The checks of this run and of those before it, as far as `RUNS_SHOWN` goes."""
    attempt = {"attempt": reader.run.attempt_id}
    runs: dict[str, CheckedRun] = {}
    points: dict[str, dict[str, TrendPoint]] = {}
    for row in reader.warehouse.records(_TREND, attempt | {"runs": RUNS_SHOWN}):
        runs[row["attempt_id"]] = CheckedRun(row["as_of_date"], row["started_at"], row["status_name"] or "")
        points.setdefault(row["table_name"], {})[row["attempt_id"]] = TrendPoint(
            passed_count=row["passed_count"],
            warned_count=row["warned_count"],
            failed_count=row["failed_count"],
            not_run_count=row["not_run_count"],
            row_count=row["row_count"],
        )
    failing = reader.warehouse.records(_FAILING, attempt)
    return CheckHistory(
        runs=tuple(runs.values()),
        trends={table: tuple(by_run.get(key) for key in runs) for table, by_run in points.items()},
        failing={(row["table_name"], mask_emails(row["meaning"])): _since(row) for row in failing},
    )


def _since(row: dict[str, Any]) -> FailingSince:
    return FailingSince(row["as_of_date"], row["started_at"], row["run_count"])
