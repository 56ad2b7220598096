"""`raw.quarantined_row` and `raw.quarantined_value`: what the ledger's notes on quarantined rows are about.

Owns: these tables, and moving rows that an older version kept in the ledger. They lie in `raw`, where contact values
may be; `ops.quarantine` says where, why and what became of it, and no value.
"""

from __future__ import annotations

from tasks.warehouse.connection import Warehouse

ROWS = "raw.quarantined_row"
VALUES = "raw.quarantined_value"
_TABLES = {
    # `row_json`: the row's columns as texts, or the whole line where it is no row; `column_types`: what they were.
    ROWS: "load_id VARCHAR, row_number BIGINT, row_json VARCHAR, column_types VARCHAR",
    VALUES: "load_id VARCHAR, row_number BIGINT, column_name VARCHAR, value_text VARCHAR",
}
#: What can be wrong, by the reasons that older versions wrote.
_KIND = """
CASE
    WHEN reason LIKE 'not a %' THEN 'not_a_row'
    WHEN reason LIKE 'cannot be read as %' THEN 'unreadable'
    WHEN reason = 'is missing' THEN 'missing'
    ELSE 'rule'
END"""


def create(warehouse: Warehouse) -> None:
    """Create the tables where they are not there."""
    for name, columns in _TABLES.items():
        warehouse.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")


def move_out_of_ledger(warehouse: Warehouse) -> None:
    """Bring an `ops.quarantine` with values in it to what it is today; nothing where it has none."""
    if "row_json" not in {name for name, _ in warehouse.columns("SELECT * FROM ops.quarantine")}:
        return
    # What has a number was noted by this version, before an older one was used again.
    warehouse.execute(
        f"INSERT INTO {ROWS} SELECT load_id, row_number, any_value(row_json), NULL FROM ops.quarantine"
        " WHERE row_json IS NOT NULL AND quarantine_no IS NULL GROUP BY load_id, row_number"
    )
    warehouse.execute(
        f"INSERT INTO {VALUES} SELECT load_id, row_number, column_name, value_text FROM ops.quarantine"
        " WHERE value_text IS NOT NULL AND quarantine_no IS NULL"
    )
    # All rows are written anew: an ALTER would leave the values in the file until their blocks are used again.
    warehouse.execute(
        "CREATE OR REPLACE TEMP TABLE moved AS SELECT * EXCLUDE (value_text, row_json, load_no) REPLACE ("
        " CAST((SELECT coalesce(max(quarantine_no), 0) FROM ops.quarantine)"
        " + dense_rank() OVER (ORDER BY load_no, load_id, row_number) AS INTEGER) AS quarantine_no,"
        " regexp_replace(reason, '^not a row: .*', 'not a row', 's') AS reason,"
        # In a line that is no row, this was a name from the file's first line.
        " CASE WHEN reason NOT LIKE 'not a %' THEN column_name END AS column_name,"
        f" {_KIND} AS kind_name, 'open' AS status_name)"
        " FROM ops.quarantine LEFT JOIN (SELECT load_id, load_no FROM ops.load) USING (load_id)"
        " WHERE quarantine_no IS NULL UNION ALL BY NAME"
        " SELECT * EXCLUDE (value_text, row_json) FROM ops.quarantine WHERE quarantine_no IS NOT NULL"
    )
    warehouse.execute("DELETE FROM ops.quarantine")
    for column in ("value_text", "row_json"):
        warehouse.execute(f"ALTER TABLE ops.quarantine DROP COLUMN {column}")
    warehouse.execute("INSERT INTO ops.quarantine BY NAME SELECT * FROM moved")
    warehouse.execute("DROP TABLE moved")
