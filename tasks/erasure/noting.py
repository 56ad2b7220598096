"""What the ledger of the new warehouse says after an erasure.

Owns: the counts of loads, what has to be built or computed anew, and what of an erasure is noted. Does not own the list
of erasures (`tasks/warehouse/erasures.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tasks.erasure.holdings import Columns
from tasks.warehouse import erasures
from tasks.warehouse.backfill_ledger import GOING_ON
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.erasures import Erasure


@dataclass(frozen=True, slots=True)
class LoadChange:
    """What a load loses: rows that were loaded, rows in quarantine, values that were left out."""

    load_no: int
    loaded: int
    quarantined: int
    blanked: int


def changes_of_loads(warehouse: Warehouse, tables: Iterable[Columns]) -> list[LoadChange]:
    """What each load loses, counted before anything is taken out.

    Args:
        warehouse: with the persons marked.
        tables: of it.
    """
    raw = [one for one in tables if one.name.startswith("raw.") and {KEY, "load_no"} <= one.types.keys()]
    loaded = " UNION ALL ".join(
        f"SELECT load_no, count(*) AS loaded, 0 AS quarantined, 0 AS blanked FROM {one.relation} WHERE {one.his}"
        " GROUP BY load_no"
        for one in raw
    )
    # Of rows that were let in or discarded, the load of that has taken the count back.
    out = (
        "SELECT load_no, 0, count(DISTINCT row_number) FILTER (action_name = 'row'),"
        " count(*) FILTER (action_name = 'value') FROM ops.quarantine JOIN temp.erased_kept USING (load_id, row_number)"
        " JOIN ops.load USING (load_id) WHERE status_name = 'open' GROUP BY load_no"
    )
    rows = warehouse.rows(
        "SELECT load_no, CAST(sum(loaded) AS BIGINT), CAST(sum(quarantined) AS BIGINT), CAST(sum(blanked) AS BIGINT)"
        f" FROM ({f'{loaded} UNION ALL ' if loaded else ''}{out}) AS changed(load_no, loaded, quarantined, blanked)"
        " GROUP BY load_no ORDER BY load_no"
    )
    return [LoadChange(*row) for row in rows]


def note_in(written: Path, changes: Iterable[LoadChange], ended: Iterable[Erasure]) -> None:
    """Bring the ledger of a new warehouse up to the erasure, in one transaction."""
    with Warehouse.open(written) as warehouse, warehouse.transaction():
        for one in changes:
            warehouse.execute(
                "UPDATE ops.load SET rows_read_count = rows_read_count - $out, rows_loaded_count = rows_loaded_count"
                " - $loaded, rows_quarantined_count = rows_quarantined_count - $quarantined, values_blanked_count ="
                " values_blanked_count - $blanked, rows_erased_count = coalesce(rows_erased_count, 0) + $out"
                " WHERE load_no = $load",
                {
                    "load": one.load_no,
                    "loaded": one.loaded,
                    "quarantined": one.quarantined,
                    "blanked": one.blanked,
                    "out": one.loaded + one.quarantined,
                },
            )
        # Tables of staging and features are built from scratch next time: nothing says which rows his changed.
        warehouse.execute("DELETE FROM ops.built")
        # What a backfill computed and did not publish yet counted him; sizes and members would contradict each other.
        warehouse.execute(
            "UPDATE ops.backfill_date SET status_name = 'planned', run_id = NULL WHERE status_name = 'computed'"
            " AND backfill_no IN (SELECT backfill_no FROM ops.backfill WHERE list_contains($going, status_name))",
            {"going": list(GOING_ON)},
        )
        for erasure in ended:
            erasures.keep(warehouse, erasure)
