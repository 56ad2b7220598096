"""`ops`: what was run, loaded, checked, quarantined and published; the truth, whatever an orchestrator keeps.

Owns: the `ops` tables and their writes. Clock times are here and nowhere else, so that results repeat exactly. No value
of a source is here: what is quarantined lies in `raw` (`kept_rows.py`).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import traceback
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks.config.errors import ResegmentError
from tasks.warehouse import erasures, kept_rows, looked_up, pulls
from tasks.warehouse.connection import Warehouse, identifier

log = logging.getLogger("resegment.warehouse")

#: So far behind the ledger a clock is worth a word.
_TOLD_SECONDS = 1
_TABLES = {
    "run": (
        "attempt_id VARCHAR PRIMARY KEY, run_id VARCHAR, workspace_name VARCHAR, as_of_date DATE,"
        " known_as_of TIMESTAMP, status_name VARCHAR, started_at TIMESTAMP, finished_at TIMESTAMP,"
        " error_message VARCHAR, code_version VARCHAR, workspace_sha256 VARCHAR, previous_run_id VARCHAR,"
        " previous_as_of_date DATE, key_fingerprint VARCHAR, load_numbers INTEGER[], workspace_json VARCHAR,"
        " result_sha256 VARCHAR, earlier_sha256 VARCHAR, confirms_run_id VARCHAR"
    ),
    # What each step of a run took; see `step_ledger.py`.
    "step": (
        "attempt_id VARCHAR, run_id VARCHAR, as_of_date DATE, step_no INTEGER, step_name VARCHAR, subject_name VARCHAR,"
        " started_at TIMESTAMP, clock_seconds DOUBLE, processor_seconds DOUBLE, peak_bytes BIGINT, row_count BIGINT,"
        " read_tables VARCHAR[], written_tables VARCHAR[], error_message VARCHAR"
    ),
    "publication": "as_of_date DATE PRIMARY KEY, run_id VARCHAR, published_at TIMESTAMP",
    "load": (
        "load_id VARCHAR PRIMARY KEY, load_no INTEGER, source_name VARCHAR, entity_name VARCHAR, file_name VARCHAR,"
        " file_sha256 VARCHAR, file_bytes BIGINT, mapping_sha256 VARCHAR, loaded_at TIMESTAMP, attempt_id VARCHAR,"
        " rows_read_count BIGINT, rows_loaded_count BIGINT, rows_quarantined_count BIGINT, values_blanked_count BIGINT,"
        " column_names VARCHAR[], rows_left_out_count BIGINT, parent_load_id VARCHAR, rows_erased_count BIGINT"
    ),
    "delivery": (
        "delivery_no INTEGER PRIMARY KEY, source_name VARCHAR, file_name VARCHAR, load_id VARCHAR, attempt_id VARCHAR,"
        " seen_at TIMESTAMP"
    ),
    "looked_up": looked_up.COLUMNS,
    # What was read from databases, and up to where; see `pulls.py`.
    "pull": pulls.COLUMNS,
    "quarantine": (
        "quarantine_no INTEGER, load_id VARCHAR, source_name VARCHAR, entity_name VARCHAR, file_name VARCHAR,"
        " row_number BIGINT, column_name VARCHAR, reason VARCHAR, kind_name VARCHAR, action_name VARCHAR,"
        " status_name VARCHAR, closed_by_load_id VARCHAR"
    ),
    "quarantine_decision": (
        "quarantine_no INTEGER, decision_name VARCHAR, decided_at TIMESTAMP, decided_by VARCHAR,"
        " decision_reason VARCHAR, load_id VARCHAR"
    ),
    "column_guess": (
        "load_id VARCHAR, source_name VARCHAR, column_no INTEGER, column_name VARCHAR, class_name VARCHAR,"
        " reason VARCHAR"
    ),
    "column_class": (
        "attempt_id VARCHAR, run_id VARCHAR, as_of_date DATE, source_name VARCHAR, column_name VARCHAR,"
        " entity_column_names VARCHAR, class_name VARCHAR, how_name VARCHAR, reason VARCHAR"
    ),
    "check_result": (
        "attempt_id VARCHAR, run_id VARCHAR, as_of_date DATE, table_name VARCHAR, check_no INTEGER,"
        " expectation_name VARCHAR, column_name VARCHAR, severity_name VARCHAR, is_success BOOLEAN, meaning VARCHAR,"
        " observed_value VARCHAR, element_count BIGINT, unexpected_count BIGINT, example_values VARCHAR,"
        " checked_at TIMESTAMP, door_name VARCHAR, mostly_share DOUBLE, consequence VARCHAR, owner_name VARCHAR,"
        " runbook VARCHAR"
    ),
    "table_size": "run_id VARCHAR, as_of_date DATE, table_name VARCHAR, row_count BIGINT",
    "built": (
        "table_name VARCHAR PRIMARY KEY, build_id VARCHAR, run_id VARCHAR, as_of_date DATE, model_sha256 VARCHAR,"
        " key_fingerprint VARCHAR, load_numbers INTEGER[], row_count BIGINT"
    ),
    # What people decide about learnt models, and what they decide about; see `model_ledger.py`.
    "model_content": "version_id VARCHAR PRIMARY KEY, content_json VARCHAR",
    "model_challenger": (
        "version_id VARCHAR PRIMARY KEY, segmentation_id VARCHAR, trained_as_of_date DATE, registered_at TIMESTAMP,"
        " version_json VARCHAR"
    ),
    "model_decision": (
        "decision_no INTEGER, segmentation_id VARCHAR, model_no INTEGER, version_id VARCHAR,"
        " decision_name VARCHAR, as_of_date DATE, decided_at TIMESTAMP, decided_by VARCHAR, decision_reason VARCHAR"
    ),
    # What is computed anew beside what is published; see `backfill_ledger.py`.
    "backfill": (
        "backfill_no INTEGER PRIMARY KEY, status_name VARCHAR, asked_json VARCHAR, asked_by VARCHAR,"
        " asked_reason VARCHAR, started_at TIMESTAMP, seen_until TIMESTAMP, finished_at TIMESTAMP, message VARCHAR,"
        " decided_by VARCHAR, decision_reason VARCHAR"
    ),
    "backfill_date": (
        "backfill_no INTEGER, as_of_date DATE, why VARCHAR, is_asked BOOLEAN, status_name VARCHAR, run_id VARCHAR,"
        " attempt_id VARCHAR, published_run_id VARCHAR, compared_json VARCHAR"
    ),
    "erasure": erasures.COLUMNS,
    "alert": (
        "attempt_id VARCHAR, run_id VARCHAR, as_of_date DATE, severity_name VARCHAR, kind_name VARCHAR,"
        " subject_name VARCHAR, message VARCHAR, raised_at TIMESTAMP"
    ),
    # What stands, who knows of it and who was told; see `tasks/notify`.
    "alert_state": (
        "alert_no INTEGER PRIMARY KEY, kind_name VARCHAR, subject_name VARCHAR, severity_name VARCHAR, message VARCHAR,"
        " owner_name VARCHAR, customer_count BIGINT, net_amount DOUBLE, cause VARCHAR, consequence VARCHAR,"
        " opened_at TIMESTAMP, opened_as_of_date DATE, last_at TIMESTAMP, last_as_of_date DATE, run_count INTEGER,"
        " told_at TIMESTAMP, told_severity_name VARCHAR, acknowledged_at TIMESTAMP,"
        " acknowledged_by VARCHAR, acknowledged_reason VARCHAR, resolved_at TIMESTAMP,"
        " found_parts_json VARCHAR, told_parts_json VARCHAR"
    ),
    "alert_silence": (
        "silence_no INTEGER PRIMARY KEY, kind_name VARCHAR, subject_name VARCHAR, silenced_at TIMESTAMP,"
        " until_at TIMESTAMP, silenced_by VARCHAR, silence_reason VARCHAR"
    ),
    "notification": (
        "notification_no INTEGER PRIMARY KEY, target_name VARCHAR, severity_name VARCHAR, title VARCHAR, body VARCHAR,"
        " written_at TIMESTAMP, not_before_at TIMESTAMP, sent_at TIMESTAMP, try_count INTEGER, error_message VARCHAR"
    ),
}
#: Schemas whose tables hold the rows of many runs.
KEPT_BY_RUN = ("features", "segments", "monitoring")
SCHEMAS = ("raw", "staging", *KEPT_BY_RUN, "ops")


#: How an attempt is called whose rows a rebuild could not recover.
LOST = "lost"


@dataclass(frozen=True, slots=True)
class Publication:
    """A run whose tables are the published ones of a date."""

    as_of: dt.date
    run_id: str


def utc_now() -> dt.datetime:
    """The clock, as DuckDB keeps it: UTC without a zone."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def moment(warehouse: Warehouse) -> dt.datetime:
    """Now, and later than whatever was loaded, decided or begun before.

    What a run may see is told by such moments, and so is their order: a clock that was put back must not make a new
    file an old one.
    """
    last: dt.datetime | None = warehouse.value(
        "SELECT greatest((SELECT max(loaded_at) FROM ops.load), (SELECT max(seen_at) FROM ops.delivery),"
        " (SELECT max(greatest(started_at, finished_at)) FROM ops.run),"
        " (SELECT max(decided_at) FROM ops.model_decision),"
        " (SELECT max(registered_at) FROM ops.model_challenger),"
        " (SELECT max(decided_at) FROM ops.quarantine_decision))"
    )
    now = utc_now()
    if last is None or now > last:
        return now
    if (last - now).total_seconds() > _TOLD_SECONDS:
        log.warning("the clock says %s, and the ledger has %s already: was it put back?", now, last)
    return last + dt.timedelta(microseconds=1)


def add_missing(warehouse: Warehouse) -> None:
    """Create the tables that are missing, and columns of those that an older version made; change nothing else."""
    kept_rows.create(warehouse)
    present: dict[str, set[str]] = defaultdict(set)
    for table, column in warehouse.rows(
        "SELECT table_name, column_name FROM duckdb_columns()"
        " WHERE database_name = current_database() AND schema_name = 'ops'"
    ):
        present[table].add(column)
    for name, columns in _TABLES.items():
        if name not in present:
            warehouse.execute(f"CREATE TABLE ops.{name} ({columns})")
            continue
        for column in columns.split(", "):
            if column.partition(" ")[0] not in present[name]:
                warehouse.execute(f"ALTER TABLE ops.{name} ADD COLUMN {column}")


def insert(warehouse: Warehouse, table: str, values: Mapping[str, object]) -> None:
    """Add one row to an `ops` table."""
    names = ", ".join(identifier(name) for name in values)
    marks = ", ".join(f"${name}" for name in values)
    warehouse.execute(f"INSERT INTO ops.{table} ({names}) VALUES ({marks})", values)


def told(error: BaseException) -> str:
    """An error's message and place; of one that is not ours what kind and where, since its text may quote a value."""
    if isinstance(error, ResegmentError):
        # Its hint may quote the first line of a file, which of one without a header is somebody's.
        return f"{error.message} ({error.where})" if error.where else error.message
    if isinstance(error, asyncio.CancelledError):
        return "it took longer than it may, and was ended"
    if not isinstance(error, Exception):
        # Ctrl-C, or SIGTERM: where the process was just then says nothing.
        return "it was interrupted or cancelled from outside"
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def note_delivery(warehouse: Warehouse, *, source: str, file: str, load_id: str | None, attempt_id: str) -> None:
    """Note what content a file name holds now, None where its file moved; nothing where that is what it held last."""
    last = warehouse.value(
        "SELECT load_id FROM ops.delivery WHERE source_name = $source AND file_name = $file"
        " ORDER BY delivery_no DESC LIMIT 1",
        {"source": source, "file": file},
    )
    if last != load_id:
        warehouse.execute(
            "INSERT INTO ops.delivery SELECT coalesce(max(delivery_no), 0) + 1, $source, $file, $load, $attempt, $now"
            " FROM ops.delivery",
            {"source": source, "file": file, "load": load_id, "attempt": attempt_id, "now": moment(warehouse)},
        )


def publications(warehouse: Warehouse) -> list[Publication]:
    """What is published, oldest date first."""
    return [Publication(*row) for row in warehouse.rows("SELECT as_of_date, run_id FROM ops.publication ORDER BY 1")]


def published_at(warehouse: Warehouse, as_of: dt.date) -> dt.datetime | None:
    """When a date was published last, UTC without a zone; None where it never was."""
    found: dt.datetime | None = warehouse.value(
        "SELECT max(published_at) FROM ops.publication WHERE as_of_date = $as_of", {"as_of": as_of}
    )
    return found


def previous_publication(warehouse: Warehouse, as_of: dt.date) -> Publication | None:
    """The newest published run of an earlier date; None on the first."""
    earlier = [publication for publication in publications(warehouse) if publication.as_of < as_of]
    return earlier[-1] if earlier else None


def note_publication(warehouse: Warehouse, publication: Publication) -> None:
    """Make a run the published one of its date."""
    warehouse.execute(
        "INSERT OR REPLACE INTO ops.publication VALUES ($as_of, $run_id, $now)",
        {"as_of": publication.as_of, "run_id": publication.run_id, "now": utc_now()},
    )


def note_published(warehouse: Warehouse, run_id: str) -> None:
    """Note of a run that it is published: one that was computed in a backfill, or was killed right after the swap."""
    warehouse.execute(
        "UPDATE ops.run SET status_name = 'published', error_message = NULL WHERE attempt_id = (SELECT attempt_id"
        " FROM ops.run WHERE run_id = $run_id AND status_name IN ('computed', 'running', 'killed')"
        " ORDER BY started_at DESC LIMIT 1)",
        {"run_id": run_id},
    )


def raise_alert(
    warehouse: Warehouse, attempt: Mapping[str, object], *, severity: str, kind: str, subject: str, message: str
) -> None:
    """Keep an alert; sending it is the room `notify`'s."""
    insert(
        warehouse,
        "alert",
        {
            **attempt,
            "severity_name": severity,
            "kind_name": kind,
            "subject_name": subject,
            "message": message,
            "raised_at": utc_now(),
        },
    )
