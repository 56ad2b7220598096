"""A small workspace that tests build on: its orders, its YAML, and the types of the fixtures that make it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager

from tasks.config.workspace import Workspace
from tasks.warehouse.run import Run

AS_OF = dt.date(2025, 6, 30)
MakeWorkspace = Callable[..., Workspace]
OpenRun = Callable[..., AbstractContextManager[Run]]

ORDERS = """order,line,customer,at,product,category,units,price
o1,1,anna,2025-06-01 10:00:00,p1,bread,2,1.50
o1,2,anna,2025-06-01 10:00:00,p2,milk,1,0.99
o2,1,ben,2025-06-20 18:30:00,p1,bread,4,1.50
o3,1,anna,2025-06-25 12:15:00,p3,wine,1,12.00
o4,1,,2025-06-26 09:00:00,p1,bread,1,1.50
"""


def small_workspace() -> dict[str, object]:
    """A workspace of one CSV source and two segmentations, as YAML would give it."""
    return {
        "name": "small",
        "as_of": AS_OF,
        "sources": {
            "orders": {
                "entity": "order_lines",
                "format": "csv",
                "path": "orders.csv",
                "columns": {
                    "order_id": '"order"',
                    "line_id": "line",
                    "customer_id": "customer",
                    "ordered_at": '"at"',
                    "product_id": "product",
                    "category_name": "category",
                    "quantity": "units",
                    "unit_price_amount": "price",
                },
            }
        },
        "segmentations": {
            "rfm": {"kind": "rfm", "basis": "value"},
            "lifecycle": {
                "kind": "rules",
                "basis": "lifecycle",
                "segments": [
                    {"id": "new", "name": "New", "when": "tenure_days <= 30"},
                    {"id": "active", "name": "Active", "when": "recency_days <= 30"},
                ],
                "otherwise": {"id": "lapsed", "name": "Lapsed"},
            },
        },
    }
