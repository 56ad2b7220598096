"""`ops.looked_up`: which load a file is, by its bytes, its mapping and the lookups that it was held against.

Owns: the table. It only spares reading files again: what is missing of it is found out anew. Does not own how
(`tasks/ingest/looked_up.py`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from tasks.warehouse.connection import Warehouse

TABLE = "ops.looked_up"
COLUMNS = "source_name VARCHAR, file_sha256 VARCHAR, mapping_sha256 VARCHAR, lookups_sha256 VARCHAR, load_id VARCHAR"


@dataclass(frozen=True, slots=True)
class Basis:
    """What a load follows from; `lookups_sha256` is of all that lies in the lookups."""

    source_name: str
    file_sha256: str
    mapping_sha256: str
    lookups_sha256: str


def load_of(warehouse: Warehouse, basis: Basis) -> str | None:
    """The id of the load; None where it has to be found out."""
    # A warehouse that an older version made is only read by some commands, and not brought up.
    if not warehouse.table_exists(TABLE):
        return None
    load_id: str | None = warehouse.value(
        f"SELECT load_id FROM {TABLE} WHERE source_name = $source_name AND file_sha256 = $file_sha256"
        " AND mapping_sha256 = $mapping_sha256 AND lookups_sha256 = $lookups_sha256",
        asdict(basis),
    )
    return load_id


def note(warehouse: Warehouse, basis: Basis, load_id: str) -> None:
    """Keep what was found out."""
    warehouse.execute(
        f"INSERT INTO {TABLE} (source_name, file_sha256, mapping_sha256, lookups_sha256, load_id)"
        " VALUES ($source_name, $file_sha256, $mapping_sha256, $lookups_sha256, $load_id)",
        {**asdict(basis), "load_id": load_id},
    )


def forget_earlier(warehouse: Warehouse, basis: Basis) -> None:
    """Drop what is kept of the source by another mapping, or beside lookups as they were."""
    warehouse.execute(
        f"DELETE FROM {TABLE} WHERE source_name = $source"
        " AND (mapping_sha256 <> $mapping OR lookups_sha256 <> $lookups)",
        {"source": basis.source_name, "mapping": basis.mapping_sha256, "lookups": basis.lookups_sha256},
    )
