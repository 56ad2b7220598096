"""What the audit of the newest published run says: read, not computed again.

Owns: the answer to `resegment audit`. Does not own the findings (`mistakes_*.py`), or how they are printed.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Any

from tasks.config.errors import UsageError
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import publications

_CARDS, _FINDINGS = "monitoring.segment_health", "monitoring.audit_finding"


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit of the newest published run.

    Attributes:
        as_of: its date.
        run_id: the run.
        segmentations: those that were asked for.
        findings: rows of `monitoring.audit_finding`, open ones first.
        cards: rows of `monitoring.segment_health`.
        counts: how many findings are open as warnings, open as notes, and accepted.
        is_compared: some KPI is known of the customers, so that it could be judged whether segments differ.
    """

    as_of: str
    run_id: str
    segmentations: list[str]
    findings: list[dict[str, Any]] = field(default_factory=list)
    cards: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    is_compared: bool = True


def read_audit(warehouse: Warehouse, segmentation: str | None = None) -> Audit:
    """Read the audit of the newest published run.

    Args:
        warehouse: open.
        segmentation: of this one alone.

    Raises:
        UsageError: nothing is published, the newest run was made before there was an audit, or it has no such
            segmentation.
    """
    published = publications(warehouse)
    if not published:
        raise UsageError("nothing is published yet", hint="run `resegment run` first")
    current = published[-1]
    is_known = warehouse.table_exists(_CARDS)
    cards = _rows(warehouse, _CARDS, current.run_id, "segment_id") if is_known else []
    told = _rows(warehouse, _FINDINGS, current.run_id, "is_accepted, finding_no") if is_known else []
    if not cards and not told:
        raise UsageError(
            f"the run of {current.as_of} was not audited: it has no segments, or was made by an earlier version",
            hint="run `resegment run` again",
        )
    # One that was refused has no segments, and a finding that says so.
    names = list(dict.fromkeys(row["segmentation_id"] for row in (*cards, *told)))
    if segmentation is not None and segmentation not in names:
        near = difflib.get_close_matches(segmentation, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"segmentations are {', '.join(names)}"
        raise UsageError(f"there is no segmentation {segmentation!r} as of {current.as_of}", hint=hint)
    chosen = [segmentation] if segmentation is not None else names
    findings = [row for row in told if row["segmentation_id"] in chosen]
    return Audit(
        current.as_of.isoformat(),
        current.run_id,
        chosen,
        findings,
        [card for card in cards if card["segmentation_id"] in chosen],
        {
            "warnings": sum(row["severity_name"] == "warning" and not row["is_accepted"] for row in findings),
            "notes": sum(row["severity_name"] == "note" and not row["is_accepted"] for row in findings),
            "accepted": sum(row["is_accepted"] for row in findings),
        },
        # Of a company that sells nothing, orders and amounts are the same of everybody.
        is_compared=any(card["distinct_effect"] is not None for card in cards),
    )


def _rows(warehouse: Warehouse, table: str, run_id: str, order: str) -> list[dict[str, Any]]:
    return warehouse.records(
        f"SELECT * EXCLUDE (as_of_date, run_id) FROM {table} WHERE run_id = $run_id ORDER BY {order}",
        {"run_id": run_id},
    )
