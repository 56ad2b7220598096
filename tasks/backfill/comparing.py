"""How what a backfill computed differs from what is published, and whether somebody has to accept that.

Owns: those figures and that rule. Does not own the result of a run (`tasks/warehouse/results.py`).
"""

from __future__ import annotations

from typing import Any

from tasks.backfill.request import Request
from tasks.config.workspace import Workspace
from tasks.warehouse.backfill_ledger import Backfill
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.results import changed_rows

_MOVED = """
WITH sides AS (
    SELECT segmentation_id, customer_id, segment_id, run_id
    FROM segments.membership
    WHERE run_id IN ($before, $after)
),

changed AS (
    SELECT segmentation_id, customer_id
    FROM sides
    GROUP BY segmentation_id, customer_id, segment_id
    HAVING count(*) = 1
)
"""


def compare(warehouse: Warehouse, before: str | None, after: str) -> dict[str, Any]:
    """Rows changed by table, members moved by segmentation, and customers; plain JSON.

    Args:
        warehouse: holds both runs.
        before: the published run; None: nothing is published for the date.
        after: the run that was computed.
    """
    everybody = warehouse.value(
        "SELECT count(DISTINCT customer_id) FROM features.customer_value WHERE run_id IN ($before, $after)",
        {"before": before, "after": after},
    )
    if before is None:
        return {"is_new": True, "customers": int(everybody)}
    names = {"before": before, "after": after}
    moved = warehouse.rows(
        f"{_MOVED} SELECT segmentation_id, count(DISTINCT customer_id) FROM changed GROUP BY 1 ORDER BY 1", names
    )
    customers = warehouse.value(f"{_MOVED} SELECT count(DISTINCT customer_id) FROM changed", names)
    return {
        "is_new": False,
        "rows": {table: list(counts) for table, counts in changed_rows(warehouse, before, after).items()},
        "moved": dict(moved),
        "moved_customers": int(customers),
        "customers": int(everybody),
    }


def is_like_published(compared: dict[str, Any]) -> bool:
    """Whether no row differs."""
    return not compared["is_new"] and not compared["rows"]


def why_waits(workspace: Workspace, request: Request, backfill: Backfill) -> str | None:
    """Why somebody has to accept a backfill before it is published; None where nobody has to."""
    policy = workspace.publish.backfills
    if request.is_held or policy.accept == "by_hand":
        return "it was to be held" if request.is_held else "backfills are accepted by hand (publish.backfills.accept)"
    for date in backfill.dates:
        if date.status != "computed":
            continue
        moved, customers = date.compared.get("moved_customers", 0), date.compared["customers"]
        limit = policy.max_moved_share
        if limit is not None and moved > limit * customers:
            return (
                f"{moved:,} of {customers:,} customers of {date.as_of} would be elsewhere, more than {limit:.0%}"
                " (publish.backfills.max_moved_share)"
            )
        others = sorted(set(date.compared.get("moved", {})) - {request.segmentation})
        if request.segmentation is not None and others:
            count = date.compared["moved"][others[0]]
            return (
                f"{count:,} customers of {date.as_of} would be elsewhere in {others[0]}, and only"
                f" {request.segmentation} was to change"
            )
    return None
