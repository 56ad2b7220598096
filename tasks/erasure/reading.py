"""What is held of persons, read and not changed: how much, in which of the company's files, and all of it.

Owns: these readings. Does not own which rows are theirs (`holdings.py`), or the form of an export (`export.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tasks.erasure.holdings import COUNTS_OF_LOADS, STRUCK, catalog_of, count_his, tables_of
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import Warehouse, identifier
from tasks.warehouse.erasures import Erased


def known_ids(warehouse: Warehouse) -> set[str]:
    """Ids of the marked persons that any table has."""
    parts = [
        f"SELECT {KEY} FROM {table.relation} WHERE {table.his}"
        for table in tables_of(warehouse, catalog_of(warehouse))
        if KEY in table.types
    ]
    if not parts:
        return set()
    return {one for (one,) in warehouse.rows(f"SELECT DISTINCT {KEY} FROM ({' UNION ALL '.join(parts)})")}


def among_customers(warehouse: Warehouse, erased: Erased) -> list[str]:
    """Customers of `raw` who are on the list of the erased: an erasure of them was stopped before its end."""
    parts = [
        f"SELECT {KEY} FROM {table.relation}"
        for table in tables_of(warehouse, catalog_of(warehouse))
        if KEY in table.types and table.name.startswith("raw.")
    ]
    if not parts:
        return []
    rows = warehouse.rows(f"SELECT DISTINCT {KEY} FROM ({' UNION ALL '.join(parts)}) ORDER BY ALL")
    return erased.among(one for (one,) in rows)


def counts_of(warehouse: Warehouse, words: Sequence[str]) -> dict[str, int]:
    """How many rows of each table are of the marked persons; texts of other rows with one of the words in them."""
    found: Counter[str] = Counter()
    for table in tables_of(warehouse, catalog_of(warehouse)):
        if table.name not in COUNTS_OF_LOADS:
            rows, texts = count_his(warehouse, table, words)
            found.update({table.name: rows, table.name + STRUCK: sum(texts.values())})
    return dict(+found)


def files_of(warehouse: Warehouse) -> list[str]:
    """Files of sources that rows of the marked persons came from, in quarantine or not; the newest of each name."""
    return [
        name
        for (name,) in warehouse.rows(
            "SELECT DISTINCT file_name FROM ops.load WHERE parent_load_id IS NULL AND (load_no IN (SELECT load_no FROM"
            " temp.erased_row) OR load_id IN (SELECT load_id FROM temp.erased_kept)) ORDER BY 1"
        )
    ]


def held_of(warehouse: Warehouse) -> dict[str, list[dict[str, Any]]]:
    """Every row of the marked persons, by table."""
    found = {}
    for table in tables_of(warehouse, catalog_of(warehouse)):
        if table.his and table.name not in COUNTS_OF_LOADS:
            order = ", ".join(map(identifier, table.types))
            rows = warehouse.records(f"SELECT * FROM {table.relation} WHERE {table.his} ORDER BY {order}")
            if rows:
                found[table.name] = rows
    return found
