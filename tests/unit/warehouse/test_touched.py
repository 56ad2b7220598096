"""Which tables statements read and write, by their text."""

from __future__ import annotations

import pytest

from tasks.warehouse.touched import Touched


@pytest.mark.parametrize(
    ("sql", "read", "written"),
    [
        ("SELECT 1", set(), {}),
        ('SELECT * FROM staging.orders JOIN raw."web__order_lines" USING (x)', {"staging.orders", "raw.web__order_lines"}, {}),
        ("SELECT 'see staging.orders, it''s raw.x' AS text FROM features.customer_value", {"features.customer_value"}, {}),
        ("CREATE OR REPLACE TABLE staging.orders AS SELECT * FROM raw.a", {"raw.a"}, {"staging.orders": 7}),
        ('  insert into segments."membership" BY NAME SELECT * FROM Segments.definition', {"segments.definition"}, {"segments.membership": 7}),
        ("INSERT INTO raw.a SELECT * FROM raw.a", set(), {"raw.a": 7}),
        ("CREATE TABLE IF NOT EXISTS monitoring.kpi (a INTEGER)", set(), {"monitoring.kpi": 7}),
        ("UPDATE staging.orders SET a = (SELECT b FROM raw.c)", {"raw.c"}, {"staging.orders": 7}),
        ("DELETE FROM staging.orders WHERE run_id NOT IN (SELECT run_id FROM segments.model)", set(), {}),
        ("ALTER TABLE staging.orders DROP COLUMN run_id", set(), {}),
        ("COPY (SELECT * FROM published.segment) TO 'x.parquet'", set(), {}),
        ("SELECT candidate.segments.x, my_raw.y, raw.z.column_name FROM raw.z", {"raw.z"}, {}),
    ],
)  # fmt: skip
def test_tables_of_a_statement(sql: str, read: set[str], written: dict[str, int]) -> None:
    touched = Touched()
    touched.note(sql, 7)
    assert (touched.read, touched.written) == (read, written)


def test_rows_add_up() -> None:
    touched = Touched()
    touched.note("INSERT INTO raw.a VALUES (1)", 1)
    touched.note("INSERT INTO raw.a VALUES (2), (3)", 2)
    assert touched.written == {"raw.a": 3}
