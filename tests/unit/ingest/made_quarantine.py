"""What tests of the quarantine share: bad rows, and short ways to load, decide and look."""

from __future__ import annotations

from typing import Any

from tasks.ingest import cases
from tasks.ingest.decisions import Decider, DecisionName, WorkedOff
from tasks.ingest.raw_views import build_raw_views
from tasks.ingest.tasks import ingest_source
from tasks.ingest.working_off import work_off
from tasks.warehouse.run import Run

HEADER = "order,line,customer,at,product,category,units,price\n"
GOOD = "o1,1,anna,2025-06-01 10:00:00,p1,bread,2,1.50\n"
UNREADABLE = "o2,1,ben,2025-06-02,p1,bread,2 pcs,1.0\n"
NEGATIVE = "o3,1,ben,2025-06-03,p1,bread,1,-1.0\n"
OLD = "o4,1,eve,1893-06-04,p1,bread,1,1.0\n"
SHORT = "o5,1,eve,2025-06-05\n"
MISSING = ",1,ben,2025-06-06,p1,bread,1,1.0\n"
ORDERS = HEADER + GOOD + UNREADABLE + NEGATIVE + OLD + SHORT + MISSING
#: Rows 2 to 6 of the file are the cases 1 to 5.
MENDED_UNITS = "sources.orders.columns.quantity=replace(units, ' pcs', '')"
#: Maps a value that breaks a rule which blanks it.
WRONG_DISCOUNT = "sources.orders.columns.discount_amount=-1 * CAST(price AS DOUBLE)"


def ingest(run: Run) -> None:
    ingest_source.fn(run, "orders")


def decide(run: Run, decision: DecisionName, *numbers: int, because: str | None = None, **more: Any) -> WorkedOff:  # noqa: ANN401
    return work_off(run, decision, Decider("tester", because), numbers=numbers, **more)


def seen(run: Run) -> list[tuple[Any, ...]]:
    """Rows that the run sees, as (row in its file, order, units, price, discount)."""
    build_raw_views(run)
    return run.warehouse.rows(
        "SELECT row_number, order_id, CAST(quantity AS DOUBLE), CAST(unit_price_amount AS DOUBLE),"
        " CAST(discount_amount AS DOUBLE) FROM raw.order_lines ORDER BY ALL"
    )


def rows_seen(run: Run) -> list[int]:
    return [row for row, *_ in seen(run)]


def counts(run: Run) -> tuple[int, int, int, int]:
    """Rows read, loaded and quarantined, and values blanked, over the loads that the run sees."""
    visible = [load_id for load_id, *_ in run.visible_loads()]
    (sums,) = run.warehouse.rows(
        "SELECT sum(rows_read_count)::BIGINT, sum(rows_loaded_count)::BIGINT, sum(rows_quarantined_count)::BIGINT,"
        " sum(values_blanked_count)::BIGINT FROM ops.load WHERE list_contains($loads, load_id)",
        {"loads": visible},
    )
    return tuple(int(value or 0) for value in sums)  # type: ignore[return-value]


def open_numbers(run: Run) -> list[int]:
    return sorted({one.number for one in cases.problems(run)})
