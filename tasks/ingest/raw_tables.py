"""The raw table of a source: the columns of its entity as this version knows them, and where a row is from.

Owns: its shape, also where an earlier version made it. Does not own its rows (`loading.py`, `again.py`).
"""

from __future__ import annotations

from tasks.config.entity import Entity
from tasks.warehouse.connection import Warehouse, identifier


def fit_raw_table(warehouse: Warehouse, table: str, entity: Entity) -> None:
    """Create the table, or add the columns that its entity has got since it was made; of old rows they are NULL."""
    columns = ", ".join(f"{identifier(column.name)} {column.type}" for column in entity.columns)
    warehouse.execute(
        f"CREATE TABLE IF NOT EXISTS {table} ({columns}, load_id VARCHAR, load_no INTEGER, row_number BIGINT,"
        " loaded_at TIMESTAMP)"
    )
    present = {name for name, _ in warehouse.columns(f"SELECT * FROM {table}")}
    for column in entity.columns:
        if column.name not in present:
            warehouse.execute(f"ALTER TABLE {table} ADD COLUMN {identifier(column.name)} {column.type}")
