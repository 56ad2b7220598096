"""Reading what the run is, how it stands, and which rows it saw.

Owns: the queries behind `RunFacts`, totals, sources, loads, alerts and published tables. Does not own: checks and
quarantine (`read_quality.py`).
"""

from __future__ import annotations

import logging

from tasks.config.errors import ResegmentError
from tasks.report.privacy import mask_emails
from tasks.report.reader import RunReader
from tasks.report.run_records import (
    AlertNote,
    LoadFacts,
    PublicationFacts,
    PublishedTable,
    RunFacts,
    RunState,
    SourceCounts,
    Totals,
)
from tasks.warehouse.connection import Row, Warehouse, identifier
from tasks.warehouse.provenance import code_version
from tasks.warehouse.run import Run

log = logging.getLogger("resegment.report")

_LOADS_SHOWN = 50
_ALERT_ORDER = "CASE WHEN severity_name IN ('alarm', 'critical', 'error') THEN 0 ELSE 1 END, kind_name, subject_name"


def run_facts(reader: RunReader, *, stopped_by: str | None) -> RunFacts:
    """Which run this is, and how it stands.

    Args:
        reader: of the run.
        stopped_by: why the run stops, where the ledger does not say so yet.
    """
    run = reader.run
    columns = ("started_at", "status_name", "error_message", "code_version", "workspace_sha256")
    rows = reader.of_run("ops.run", columns, order_by="started_at", key="attempt_id")
    attempt = rows[0] if rows else dict.fromkeys(columns)
    state = _state(reader, attempt["status_name"], stopped_by)
    message = stopped_by or attempt["error_message"]
    return RunFacts(
        workspace_name=run.workspace.name,
        workspace_description=run.workspace.description,
        as_of=run.as_of,
        known_as_of=run.known_as_of,
        run_id=run.run_id,
        attempt_id=run.attempt_id,
        started_at=attempt["started_at"],
        state=state,
        message=mask_emails(message) if message else None,
        standing=None if state == "published" else _standing(reader),
        previous_as_of=run.previous.as_of if run.previous else None,
        previous_run_id=run.previous.run_id if run.previous else None,
        code_version=attempt["code_version"] or code_version(),
        workspace_digest=attempt["workspace_sha256"] or run.workspace.digest(),
    )


def _state(reader: RunReader, status: str | None, stopped_by: str | None) -> RunState:
    """How the run stands: while it is reported on, the ledger still calls it running."""
    if status == "gate_failed" or _has_failed_critical(reader):
        return "gate_failed"
    if stopped_by or status in {"failed", "killed"}:
        return "failed"
    published = reader.of_run("ops.publication", ("as_of_date",), order_by="as_of_date")
    return "published" if published else "unpublished"


def _has_failed_critical(reader: RunReader) -> bool:
    where = "severity_name = 'critical' AND NOT is_success"
    return bool(
        reader.of_run(
            "ops.check_result", ("table_name",), where=where, order_by="table_name", limit=1, key="attempt_id"
        )
    )


def _standing(reader: RunReader) -> PublicationFacts | None:
    if not reader.columns("ops.publication"):
        return None
    rows = reader.warehouse.rows(
        "SELECT as_of_date, run_id, published_at FROM ops.publication ORDER BY as_of_date DESC LIMIT 1"
    )
    if not rows:
        return None
    as_of, run_id, published_at = rows[0]
    return PublicationFacts(as_of, run_id, published_at, (reader.run.as_of - as_of).days)


def totals(reader: RunReader) -> Totals:
    """How many customers and orders the run knows, as features count them; None where it did not get that far."""
    customers = _figures(reader, "staging.customers", "count(*)")
    orders = _figures(reader, "staging.orders", "count(*) FILTER (is_purchase), sum(net_amount)")
    return Totals(customers[0], orders[0], orders[1])


def _figures(reader: RunReader, table: str, select: str) -> Row:
    if "run_id" not in reader.columns(table):
        return (None, None)
    return reader.warehouse.rows(f"SELECT {select} FROM {table} WHERE run_id = $run", {"run": reader.run.run_id})[0]


def sources(run: Run) -> tuple[SourceCounts, ...]:
    """Rows read, loaded and quarantined by source, over the loads that the run sees, in the workspace's order."""
    rows = run.warehouse.rows(
        "SELECT source_name, entity_name, count(*) FILTER (parent_load_id IS NULL),"
        " count(*) FILTER (attempt_id = $attempt), sum(rows_read_count),"
        " sum(rows_loaded_count), sum(rows_quarantined_count), sum(values_blanked_count)"
        " FROM ops.load WHERE list_contains($loads, load_id) GROUP BY ALL ORDER BY source_name, entity_name",
        {"attempt": run.attempt_id, "loads": _visible(run)},
    )
    order = {name: position for position, name in enumerate(run.workspace.sources)}
    found = [
        SourceCounts(source, entity, *(int(figure or 0) for figure in figures)) for source, entity, *figures in rows
    ]
    return tuple(sorted(found, key=lambda row: order.get(row.source_name, len(order))))


def loads(run: Run) -> tuple[tuple[LoadFacts, ...], int]:
    """The newest loads that the run sees, and how many there are."""
    visible = _visible(run)
    rows = run.warehouse.rows(
        "SELECT load_no, source_name, entity_name, file_name, file_sha256, loaded_at, rows_read_count,"
        " rows_loaded_count, rows_quarantined_count FROM ops.load WHERE list_contains($loads, load_id)"
        f" ORDER BY load_no DESC, load_id LIMIT {_LOADS_SHOWN:d}",
        {"loads": visible},
    )
    return tuple(LoadFacts(*row) for row in rows), len(visible)


def _visible(run: Run) -> list[str]:
    return [load_id for load_id, *_ in run.visible_loads()]


def alerts(reader: RunReader) -> tuple[AlertNote, ...]:
    """What the run raised, the gravest first."""
    rows = reader.of_run(
        "ops.alert",
        ("severity_name", "kind_name", "subject_name", "message"),
        order_by=f"{_ALERT_ORDER}, message",
        limit=200,
        key="attempt_id",
    )
    return tuple(
        AlertNote(row["severity_name"], row["kind_name"], row["subject_name"] or "", mask_emails(row["message"] or ""))
        for row in rows
    )


def published_tables(run: Run) -> tuple[PublishedTable, ...]:
    """The tables in the published file and their rows; none where the file is absent or cannot be opened."""
    path = run.paths.published_database
    if not path.exists():
        return ()
    try:
        with Warehouse.open(path, memory_limit="512MB", read_only=True) as published:
            names = published.rows(
                "SELECT table_name FROM information_schema.tables"
                " WHERE table_schema = 'main' AND table_catalog = current_catalog() ORDER BY 1"
            )
            return tuple(
                PublishedTable(name, int(published.value(f"SELECT count(*) FROM {identifier(name)}")))
                for (name,) in names
            )
    except ResegmentError as error:
        log.warning("the published tables are not listed in the report: %s", error.message)
        return ()
