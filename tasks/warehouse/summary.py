"""What a finished run tells its caller, in a form that goes over Prefect's API and into JSON.

Owns: the summary. The tables tell more.
"""

from __future__ import annotations

from typing import TypedDict

from tasks.warehouse import ledger
from tasks.warehouse.connection import literal
from tasks.warehouse.published_files import changed_files
from tasks.warehouse.run import Run


class SourceCount(TypedDict):
    """Rows of one source over all its loads that the run sees."""

    source: str
    read: int
    loaded: int
    quarantined: int


class SegmentCount(TypedDict):
    """One segment with its size and change since the previous run."""

    segmentation: str
    segment: str
    name: str
    customers: int
    share: float
    change: int | None


class RunSummary(TypedDict):
    """A run in short."""

    run_id: str
    as_of: str
    previous_as_of: str | None
    sources: list[SourceCount]
    segments: list[SegmentCount]
    alerts: list[str]
    drift_alarms: list[str]
    exit_code_on_alarm: bool
    published: str
    report: str


class CheckedTable(TypedDict):
    """The checks of one table: how many passed, and of those that did not what is not so."""

    table: str
    passed: int
    failed: list[str]


class CheckSummary(TypedDict):
    """The checks of a run that does nothing else; `published` says which published files somebody changed."""

    run_id: str
    as_of: str
    tables: list[CheckedTable]
    published: list[str]


def summarise_checks(run: Run) -> CheckSummary:
    """Read what the checks of a run came to, table by table, those with failures first."""
    rows = run.warehouse.rows(
        "SELECT table_name, count(*) FILTER (WHERE is_success),"
        " coalesce(list(meaning ORDER BY check_no) FILTER (WHERE NOT is_success), []) AS failed FROM ops.check_result"
        " WHERE attempt_id = $attempt GROUP BY table_name ORDER BY len(failed) DESC, table_name",
        {"attempt": run.attempt_id},
    )
    tables = [CheckedTable(table=table, passed=passed, failed=failed) for table, passed, failed in rows]
    return CheckSummary(
        run_id=run.run_id,
        as_of=run.as_of.isoformat(),
        tables=tables,
        published=_wrong_with_published(run),
    )


def _wrong_with_published(run: Run) -> list[str]:
    if not run.paths.manifest.exists() and ledger.publications(run.warehouse):
        return [f"{run.paths.manifest.name} is gone"]
    return [f"{name} {told}" for name, told in changed_files(run.paths.published).items()]


def summarise(run: Run) -> RunSummary:
    """Read the summary of a published run from its tables."""
    run_id = literal(run.run_id)
    numbers = ", ".join(str(number) for _, number, *_ in run.visible_loads()) or "-1"
    sources = run.warehouse.rows(
        "SELECT source_name, sum(rows_read_count)::BIGINT, sum(rows_loaded_count)::BIGINT,"
        f" sum(rows_quarantined_count)::BIGINT FROM ops.load WHERE load_no IN ({numbers}) GROUP BY ALL ORDER BY 1"
    )
    segments = run.warehouse.rows(
        "SELECT kpi.segmentation_id, segment_id, segment_name, customer_count, customer_share, change_count"
        " FROM monitoring.kpi AS kpi JOIN segments.definition AS definition USING (run_id, segment_id)"
        f" WHERE run_id = {run_id} ORDER BY 1, customer_count DESC, 2"
    )
    alerts = run.warehouse.rows(
        "SELECT kind_name, message, severity_name FROM ops.alert WHERE attempt_id = $attempt"
        " ORDER BY severity_name, kind_name, message",
        {"attempt": run.attempt_id},
    )
    return RunSummary(
        run_id=run.run_id,
        as_of=run.as_of.isoformat(),
        previous_as_of=run.previous.as_of.isoformat() if run.previous else None,
        sources=[
            SourceCount(source=name, read=read, loaded=loaded, quarantined=out) for name, read, loaded, out in sources
        ],
        segments=[
            SegmentCount(segmentation=parent, segment=key, name=name, customers=count, share=share, change=change)
            for parent, key, name, count, share, change in segments
        ],
        alerts=[message for _, message, _ in alerts],
        drift_alarms=[
            message for kind, message, severity in alerts if kind in {"drift", "size_change"} and severity == "critical"
        ],
        exit_code_on_alarm=run.workspace.drift.exit_code_on_alarm,
        published=str(run.paths.published_database),
        report=str(run.paths.report / "index.html"),
    )
