"""Taking a run back: its date is published by it no more, and its rows are gone.

Owns: what the ledger says then. Does not own why, or what readers see (`flows/withdraw.py`, `restoring.py`).
"""

from __future__ import annotations

from typing import Literal

from tasks.warehouse import copying
from tasks.warehouse.connection import Warehouse

#: Why a run is none any more: its rows could not be recovered, or somebody took its date back.
LOST: Literal["lost"] = "lost"
WITHDRAWN: Literal["withdrawn"] = "withdrawn"


def take_back(warehouse: Warehouse, run_id: str, why: Literal["lost", "withdrawn"]) -> None:
    """Forget that a run is published, or waits to be; the caller owns the transaction."""
    warehouse.execute("DELETE FROM ops.publication WHERE run_id = $run", {"run": run_id})
    warehouse.execute(
        "UPDATE ops.backfill_date SET status_name = 'planned', run_id = NULL"
        " WHERE run_id = $run AND status_name = 'computed'",
        {"run": run_id},
    )
    warehouse.execute("UPDATE ops.run SET status_name = $why WHERE run_id = $run", {"run": run_id, "why": why})
    for table in copying.tables_kept_by_run(warehouse):
        warehouse.execute(f"DELETE FROM {table} WHERE run_id = $run", {"run": run_id})
