"""What a model may say: one SELECT, whose rows come of tables alone and are the same each time."""

from __future__ import annotations

import pytest

from tasks.config.errors import WorkspaceError
from tasks.warehouse.model_reading import tables_read


def test_tables_and_functions_that_read_by_name_are_found() -> None:
    sql = """
    WITH wine AS (SELECT customer_id, age(ordered_at, since_at) AS gap FROM staging.order_lines, range(3))
    SELECT * FROM wine JOIN (staging.customers AS c) USING (customer_id), query_table('raw.x'), unnest(wine.gap)
    """
    assert tables_read(sql, "x.sql") == {"staging.order_lines", "staging.customers", "query_table()"}


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("SELECT 1;", r"x\.sql:1: not one SELECT: met ';'"),
        ("SELECT 1 AS a\n; DROP TABLE staging.customers", r"x\.sql:2: not one SELECT: met ';'"),
        ("DELETE FROM staging.customers", "not one SELECT: met DELETE"),
        ("DROP TABLE staging.customers", "not one SELECT: met DROP"),
        ("SELECT TOP 10 a FROM staging.customers", r"not one SELECT: .* near '10'"),
        ("SELECT 'a", "not one SELECT: "),
        ("SELECT a\nFROM read_csv('x.csv')", r"x\.sql:2: reads read_csv\(\)"),
        ("SELECT a FROM glob('*')", r"reads glob\(\)"),
        ("SELECT a\nFROM 'x.csv'", r"x\.sql:2: reads 'x.csv', which is no table of a schema"),
        ("SELECT a FROM customers", "reads 'customers', which is no table of a schema"),
        (
            "-- current_date\nSELECT\n    current_date - a\nFROM staging.x",
            r"x\.sql:3: calls current_date\(\), which gives",
        ),
        ("SELECT today() - a FROM staging.x", r"calls current_date\(\)"),
        ("SELECT now() FROM staging.x", r"calls now\(\)"),
        ("SELECT random() FROM staging.x", r"calls rand\(\)"),
        ("SELECT age(ordered_at) FROM staging.x", r"calls age\(\)"),
        ("SELECT a\nFROM staging.x\nUSING SAMPLE 10", r"x\.sql:3: draws a sample by chance"),
    ],
)
def test_what_would_give_other_rows_or_change_something_is_refused(sql: str, problem: str) -> None:
    with pytest.raises(WorkspaceError, match=problem):
        tables_read(sql, "x.sql")
