"""How much hangs on a finding: customers, money, whose it is, and what is likely behind it.

Owns: looking these up where a finding does not know them. Does not own the findings (`findings.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tasks.notify.findings import Finding
from tasks.notify.kinds import KINDS
from tasks.warehouse.connection import identifier
from tasks.warehouse.run import Run

_SEGMENTS = (
    "SELECT definition.segment_id, owner_name AS owner, customer_count,"
    " kpi.{year_amount} AS net_amount FROM segments.definition AS definition LEFT JOIN monitoring.kpi AS kpi"
    " ON kpi.run_id = $run_id AND kpi.segment_id = definition.segment_id WHERE definition.run_id = $run_id"
    " ORDER BY definition.segment_id"
)
#: The two largest parts of each segment's change of size.
_PARTS = (
    "SELECT segment_id, string_agg(replace(why_name, '_', ' ') || ' ' || printf('%+d', net_count), ', '"
    " ORDER BY abs(net_count) DESC, why_name) AS parts FROM (SELECT *, row_number() OVER (PARTITION BY segment_id"
    " ORDER BY abs(net_count) DESC, why_name) AS place FROM monitoring.size_change"
    " WHERE run_id = $run_id AND net_count <> 0) WHERE place <= 2 GROUP BY segment_id ORDER BY segment_id"
)
_CAUSED_BY_PARTS = ("size_change", "transition")


def complete(run: Run, findings: Sequence[Finding]) -> list[Finding]:
    """The findings with customers and money of the segments that they are about, owners and likely causes."""
    segments, parts = _segments(run), _parts(run)
    return [_completed(run, finding, segments, parts) for finding in findings]


def _completed(run: Run, finding: Finding, segments: dict[str, dict[str, Any]], parts: dict[str, str]) -> Finding:
    named = next((word for word in finding.subject.split() if word in segments), None)
    about = segments.get(named or "", {})
    segmentation = run.workspace.segmentations.get(finding.subject)
    cause = finding.cause
    if cause is None and finding.kind in _CAUSED_BY_PARTS and named in parts:
        cause = f"mostly {parts[named]} customers"
    is_counted = finding.customer_count is not None or finding.net_amount is not None
    return replace(
        finding,
        customer_count=finding.customer_count if is_counted else about.get("customer_count"),
        net_amount=finding.net_amount if is_counted else about.get("net_amount"),
        owner=finding.owner
        or about.get("owner")
        or (segmentation.owner if segmentation else None)
        or run.workspace.alerts.owner,
        cause=cause or KINDS[finding.kind].cause,
    )


def _segments(run: Run) -> dict[str, dict[str, Any]]:
    if not run.run_id or not all(map(run.warehouse.table_exists, ("segments.definition", "monitoring.kpi"))):
        return {}
    query = _SEGMENTS.replace("{year_amount}", identifier(run.workspace.features.year_amount))
    return {row["segment_id"]: row for row in run.warehouse.records(query, {"run_id": run.run_id})}


def _parts(run: Run) -> dict[str, str]:
    if not run.run_id or not run.warehouse.table_exists("monitoring.size_change"):
        return {}
    return dict(run.warehouse.rows(_PARTS, {"run_id": run.run_id}))
