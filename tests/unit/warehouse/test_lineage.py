"""What a SELECT reads, however it is written."""

from __future__ import annotations

import pytest

from tasks.warehouse.lineage import Tables, trace

TABLES: Tables = (
    ("staging.customers", ("customer_id", "email", "born", "city")),
    ("staging.orders", ("customer_id", "order_id", "amount")),
)
MAIL, BORN = ("staging.customers", "email"), ("staging.customers", "born")


@pytest.mark.parametrize(
    "select",
    [
        "SELECT customer_id, email FROM staging.customers",
        "SELECT customer_id, lower(c.email) AS e FROM staging.customers AS c",
        'SELECT customer_id, "EMAIL" AS e FROM Staging.Customers',
        "SELECT customer_id, staging.customers.email AS e FROM staging.customers",
        "SELECT * FROM staging.customers",
        "FROM staging.customers",
        "WITH c AS (SELECT * FROM staging.customers) SELECT customer_id FROM c",
        "SELECT customer_id, customers.* FROM staging.customers",
        "SELECT * EXCLUDE (city) FROM staging.customers",
        "SELECT * EXCLUDE (email) REPLACE (email AS city) FROM staging.customers",
        "SELECT customer_id, COLUMNS('e.*') FROM staging.customers",
        "SELECT customer_id, to_json(c) AS j FROM staging.customers AS c",
        "SELECT customers FROM staging.customers",
        "SELECT customer_id, #2 FROM staging.customers",
        "SELECT x FROM staging.customers AS t(a, x, b, c)",
        "SELECT customer_id FROM staging.customers WHERE email IS NOT NULL",
        "SELECT customer_id FROM staging.customers ORDER BY email",
        "SELECT customer_id, row_number() OVER w AS n FROM staging.customers WINDOW w AS (PARTITION BY email)",
        "SELECT DISTINCT ON (email) customer_id FROM staging.customers",
        "SELECT customer_id, (SELECT max(email) FROM staging.customers) AS e FROM staging.orders",
        "SELECT customer_id FROM staging.orders AS o WHERE EXISTS (SELECT 1 FROM staging.customers AS c WHERE c.email = o.order_id)",
        "SELECT customer_id FROM staging.orders UNION ALL BY NAME SELECT email AS customer_id FROM staging.customers",
        "SELECT customer_id, u.x FROM staging.customers, unnest([email, city]) AS u(x)",
        "SELECT c.customer_id, l.z FROM staging.customers AS c, LATERAL (SELECT c.email AS z) AS l",
        "SELECT customer_id, list_transform([1], lambda x: email) AS e FROM staging.customers",
        "SELECT * FROM (UNPIVOT staging.customers ON email, city INTO NAME n VALUE v)",
        "PIVOT staging.customers ON city USING count(*)",
        "WITH RECURSIVE r AS (SELECT email FROM staging.customers UNION ALL SELECT email FROM r) SELECT email FROM r",
        "SELECT customer_id FROM staging.orders JOIN staging.customers USING (customer_id) WHERE email > 'a'",
    ],
)
def test_a_column_that_is_read_is_found(select: str) -> None:
    assert MAIL in trace(select, TABLES).reads


@pytest.mark.parametrize(
    "select",
    [
        "SELECT customer_id, city FROM staging.customers",
        "SELECT * EXCLUDE (email) FROM staging.customers",
        "SELECT count(*) AS n FROM staging.customers",
        "SELECT * FROM staging.orders",
        "SELECT o.* FROM staging.orders AS o SEMI JOIN staging.customers USING (customer_id)",
        "WITH email AS (SELECT customer_id FROM staging.customers) SELECT * FROM email",
        "SELECT 'email' AS word FROM staging.customers -- email",
    ],
)
def test_a_column_that_is_not_read_is_not(select: str) -> None:
    assert MAIL not in trace(select, TABLES).reads


def test_values_are_followed_through_to_the_result() -> None:
    found = trace(
        "WITH a AS (SELECT customer_id, born AS b, city FROM staging.customers),"
        " s AS (SELECT customer_id, sum(amount) AS amount FROM staging.orders WHERE order_id > '1' GROUP BY 1)"
        " SELECT a.customer_id, b, date_diff('year', b, DATE '2025-01-01') AS age, CAST(max(b) AS VARCHAR) AS c,"
        " CASE WHEN amount > 1 THEN city END AS town FROM a LEFT JOIN s USING (customer_id) GROUP BY ALL",
        TABLES,
    )
    assert {name for name, origins in found.outputs.items() if BORN in origins} == {"b", "age", "c"}
    assert found.outputs["town"] == {("staging.orders", "amount"), ("staging.customers", "city")}
    assert {name for name, origin in found.bare.items() if origin == BORN} == {"b", "c"}


def test_columns_of_a_union_come_from_all_its_parts() -> None:
    found = trace("SELECT city AS x FROM staging.customers UNION ALL SELECT email FROM staging.customers", TABLES)
    assert found.outputs == {"x": {MAIL, ("staging.customers", "city")}}


def test_rows_that_are_counted_are_told_apart_from_columns() -> None:
    found = trace(
        "WITH each AS (SELECT customer_id, order_id, count(*) AS n FROM staging.orders GROUP BY ALL),"
        " s AS (SELECT customer_id, count(*) AS orders, sum(n) AS n, max(city) AS c FROM each"
        " LEFT JOIN staging.customers USING (customer_id) GROUP BY customer_id)"
        " SELECT s.customer_id, orders, n, c, 1 AS one FROM s",
        TABLES,
    )
    assert found.counted == {
        "customer_id": frozenset(),
        "orders": {"staging.orders", "staging.customers"},
        "n": {"staging.orders"},
        "c": frozenset(),
        "one": frozenset(),
    }
    assert found.outputs["orders"] == frozenset()
    assert all(name != "*" for _, name in found.reads)
