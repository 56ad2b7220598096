"""A table of orders in a real database, and a workspace that reads it."""

from __future__ import annotations

from typing import Any

from tasks.ingest.tasks import identify_run, ingest_source, pull_source, stage
from tasks.warehouse.run import Run
from tests.postgres_server import Server
from tests.workspaces import small_workspace

QUERY = 'SELECT id, line, customer, at, product, units, price, changed FROM "order line"'
COLUMNS = {
    "order_id": "id",
    "line_id": "line",
    "customer_id": "customer",
    "ordered_at": '"at"',
    "product_id": "product",
    "quantity": "units",
    "unit_price_amount": "price",
}
SINCE = {"since": "changed", "overlap": "1 hour"}
#: order, line, customer, at, product, units, price, changed
ROWS = (
    ("o1", 1, "anna", "2025-06-01 10:00+00", "p1", 2, "1.50", "2025-06-01 10:05+00"),
    ("o1", 2, "anna", "2025-06-01 10:00+00", "p2", 1, "0.99", "2025-06-01 10:05+00"),
    ("o2", 1, "ben", "2025-06-20 20:30+02", "p1", 4, "1.50", "2025-06-20 18:31+00"),
)


def make_table(server: Server) -> None:
    """The table anew, with three rows."""
    server.run(
        'DROP TABLE IF EXISTS "order line" CASCADE',
        'CREATE TABLE "order line" (id text, line int, customer text, at timestamptz, product text, units numeric(9, 3),'
        " price numeric, changed timestamptz)",
    )
    for row in ROWS:
        add(server, *row)


def add(server: Server, *row: object) -> None:
    """One row more."""
    values = ", ".join("NULL" if value is None else f"'{value}'" for value in row)
    server.run(f'INSERT INTO "order line" VALUES ({values})')


def workspace_of(**source: Any) -> dict[str, Any]:  # noqa: ANN401 - YAML
    """A workspace whose orders are in the database that `CRM_URL` names."""
    tree: dict[str, Any] = small_workspace()
    tree["databases"] = {"crm": {"url_env": "CRM_URL"}}
    tree["sources"] = {
        "orders": {"entity": "order_lines", "database": "crm", "query": QUERY, "columns": COLUMNS} | source
    }
    return tree


def load(run: Run) -> int:
    """Pull the orders and load what came; returns the number of loads."""
    return ingest_source.fn(run, "orders", pull_source.fn(run, "orders"))


def staged(run: Run) -> list[tuple[Any, ...]]:
    """Order lines as the run stages them."""
    identify_run.fn(run)
    stage.fn(run)
    return run.warehouse.rows(
        "SELECT order_id, line_id, customer_id, ordered_at, quantity::DOUBLE, unit_price_amount::DOUBLE"
        " FROM staging.order_lines ORDER BY ALL"
    )


def seen(run: Run) -> list[tuple[Any, ...]]:
    """Rows of raw that the run sees."""
    identify_run.fn(run)
    return run.warehouse.rows("SELECT order_id, line_id, quantity::DOUBLE FROM raw.order_lines ORDER BY ALL")
