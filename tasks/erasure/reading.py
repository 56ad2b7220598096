"""What is held of persons, read and not changed: how much, in which of the company's files, and all of it.

Owns: these readings. Does not own which rows are theirs (`holdings.py`), or the form of an export (`export.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tasks.erasure.holdings import COUNTS_OF_LOADS, STRUCK, Columns, catalog_of, count_his, tables_of
from tasks.erasure.person import Person
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import Warehouse, identifier


def is_known(warehouse: Warehouse, person: Person, in_quarantine: Mapping[tuple[str, int], str]) -> bool:
    """Whether anything is held of a person."""
    if person.own_id in in_quarantine.values():
        return True
    return any(
        warehouse.rows(
            f"SELECT 1 FROM {table.relation} WHERE {KEY} IN (SELECT unnest($ids::VARCHAR[])) LIMIT 1",
            {"ids": list(person.ids)},
        )
        for table in _about_persons(warehouse)
    )


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


def _about_persons(warehouse: Warehouse) -> Collection[Columns]:
    return [table for table in tables_of(warehouse, catalog_of(warehouse)) if KEY in table.types]
