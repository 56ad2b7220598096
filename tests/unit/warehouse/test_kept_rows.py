"""Rows that an older version kept in the ledger are moved out of it."""

from __future__ import annotations

import pytest

from tasks.warehouse import migrations
from tasks.warehouse.connection import Warehouse

#: As version 0.1.0 began: values and rows in the ledger, without numbers.
OLD = (
    "CREATE TABLE ops.quarantine (load_id VARCHAR, source_name VARCHAR, entity_name VARCHAR, file_name VARCHAR,"
    " row_number BIGINT, column_name VARCHAR, value_text VARCHAR, reason VARCHAR, action_name VARCHAR, row_json VARCHAR)"
)
ROWS = """
INSERT INTO ops.quarantine VALUES
('l2', 's', 'customers', 'b.csv', 1, 'birth_date', '1800-01-01', 'expected a birth', 'value', '{"name": "Anna"}'),
('l1', 's', 'customers', 'a.csv', 9, 'customer_id', NULL, 'is missing', 'row', '{"name": "Berta"}'),
('l1', 's', 'customers', 'a.csv', 9, 'updated_at', 'Carla', 'cannot be read as TIMESTAMP', 'row', '{"name": "Berta"}'),
('l1', 's', 'customers', 'a.csv', 3, 'Dora', NULL, 'not a row: Line: Emil,emil@x', 'row', '"Emil,emil@x"')
"""


@pytest.fixture
def old() -> Warehouse:
    """A warehouse of an older version with four problems of three rows."""
    warehouse = Warehouse.open(None)
    warehouse.execute("CREATE SCHEMA ops")
    warehouse.execute(OLD)
    warehouse.execute(ROWS)
    warehouse.execute("CREATE TABLE ops.load (load_id VARCHAR PRIMARY KEY, load_no INTEGER)")
    warehouse.execute("INSERT INTO ops.load VALUES ('l1', 1), ('l2', 2)")
    return warehouse


def test_rows_and_values_move_to_raw_and_are_numbered(old: Warehouse) -> None:
    migrations.migrate(old)
    assert old.rows(
        "SELECT quarantine_no, load_id, row_number, column_name, reason, kind_name, action_name, status_name"
        " FROM ops.quarantine ORDER BY ALL"
    ) == [
        (1, "l1", 3, None, "not a row", "not_a_row", "row", "open"),
        (2, "l1", 9, "customer_id", "is missing", "missing", "row", "open"),
        (2, "l1", 9, "updated_at", "cannot be read as TIMESTAMP", "unreadable", "row", "open"),
        (3, "l2", 1, "birth_date", "expected a birth", "rule", "value", "open"),
    ]
    assert old.rows("SELECT load_id, row_number, row_json, column_types FROM raw.quarantined_row ORDER BY ALL") == [
        ("l1", 3, '"Emil,emil@x"', None),
        ("l1", 9, '{"name": "Berta"}', None),
        ("l2", 1, '{"name": "Anna"}', None),
    ]
    assert old.rows("SELECT * FROM raw.quarantined_value ORDER BY ALL") == [
        ("l1", 9, "updated_at", "Carla"),
        ("l2", 1, "birth_date", "1800-01-01"),
    ]


def test_nothing_of_a_value_is_left_in_the_ledger(old: Warehouse) -> None:
    migrations.migrate(old)
    told = str(old.rows("SELECT * FROM ops.quarantine"))
    for value in ("Anna", "Berta", "Carla", "Dora", "Emil", "1800"):
        assert value not in told
    names = {name for name, _ in old.columns("SELECT * FROM ops.quarantine")}
    assert not names & {"value_text", "row_json"}


def test_moving_happens_once(old: Warehouse) -> None:
    migrations.migrate(old)
    before = [old.rows(f"SELECT * FROM {table} ORDER BY ALL") for table in ("ops.quarantine", "raw.quarantined_row")]
    migrations.migrate(old)
    assert before == [
        old.rows(f"SELECT * FROM {table} ORDER BY ALL") for table in ("ops.quarantine", "raw.quarantined_row")
    ]


def test_builds_from_before_versions_that_took_turns_undid_nothing(old: Warehouse) -> None:
    """The older one added its columns again, and noted what it quarantined in them."""
    migrations.migrate(old)
    old.execute(f"DROP TABLE {migrations.TABLE}")
    old.execute("UPDATE ops.quarantine SET status_name = 'released' WHERE quarantine_no = 3")
    for column in ("value_text", "row_json"):
        old.execute(f"ALTER TABLE ops.quarantine ADD COLUMN {column} VARCHAR")
    old.execute(
        "INSERT INTO ops.quarantine (load_id, row_number, column_name, value_text, reason, action_name, row_json)"
        " VALUES ('l3', 1, 'customer_id', 'Fritz', 'is odd', 'row', '{}')"
    )
    migrations.migrate(old)
    assert old.rows("SELECT DISTINCT quarantine_no, load_id, status_name FROM ops.quarantine ORDER BY 1") == [
        (1, "l1", "open"),
        (2, "l1", "open"),
        (3, "l2", "released"),
        (4, "l3", "open"),
    ]
    assert old.value("SELECT count(*) FROM raw.quarantined_row") == 4
    assert old.value("SELECT value_text FROM raw.quarantined_value WHERE load_id = 'l3'") == "Fritz"
