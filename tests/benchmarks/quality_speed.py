"""How fast the quality room checks order lines: against hand-written SQL, and at the doors of a whole corridor.

    python -m tests.benchmarks.quality_speed [--lines 10000000] [--memory-limit 4GB]

Prints, for 20 checks of one table of order lines, the time and peak memory of Great Expectations as this room runs it,
of hand-written SQL that finds out the same facts, and of Great Expectations' own expectation of uniqueness; then the
time of the doors raw and staging over as many lines. Each is measured in a process of its own on the same file; memory
is the peak above what the process held before. Trust ratios, and of those that of processor time: machines differ, and
other programs take their share of the clock.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tasks.config.entities import ENTITIES
from tasks.quality.suites import Check, Expectation
from tasks.quality.vocabulary import NO_ROWS, UNIQUE_KEY
from tasks.warehouse.connection import Warehouse
from tests.unit.quality import corridor

_REPEATS = 3
_TABLE = "staging.order_lines"
#: No takings: those of the corridor do not fit the many lines.
_MAPPED = tuple(name for name in ENTITIES if name != "control_totals")
_RAW = """
    CREATE OR REPLACE TABLE raw.my_order_lines__order_lines AS
    SELECT
        'O' || (i // 4) AS order_id, (i % 4)::VARCHAR AS line_id, 'C' || (hash(i // 4) % {customers}) AS customer_id,
        TIMESTAMP '2024-01-01' + to_seconds((i // 4) * 40000000 // {lines}) AS ordered_at,
        'P' || (hash(i) % 5000) AS product_id, 'Product ' || (hash(i) % 5000) AS product_name,
        'category ' || (hash(i) % 20) AS category_name, (1 + hash(i + 7) % 9)::DECIMAL(18, 3) AS quantity,
        ((1 + hash(i + 3) % 9999) / 100)::DECIMAL(18, 4) AS unit_price_amount, 0::DECIMAL(18, 4) AS discount_amount,
        false AS is_cancellation, true AS is_product, 'web' AS channel_name, NULL::VARCHAR AS store_id,
        'DE' AS country_name, NULL::DECIMAL(18, 4) AS line_amount, 2 AS load_no, i AS row_number
    FROM range({lines}) AS r (i)
"""
_NOT_NULL = ("order_id", "line_id", "ordered_at", "quantity", "unit_price_amount", "line_amount", "is_product")
_LATE = f"SELECT order_id FROM {_TABLE} WHERE ordered_at >= TIMESTAMP '2025-07-01'"
_UNKNOWN = f"SELECT DISTINCT customer_id FROM {_TABLE} ANTI JOIN staging.customers USING (customer_id)"
_BY_HAND = (
    "SELECT count(*), " + ", ".join(f"count(*) FILTER ({name} IS NULL)" for name in _NOT_NULL) + ","
    " count(*) FILTER (unit_price_amount < 0), count(*) FILTER (unit_price_amount <= 0), count(customer_id),"
    " count(*) FILTER (channel_name NOT IN ('web', 'store')), count(*) FILTER (length(order_id) NOT BETWEEN 1 AND 200),"
    " max(quantity), sum(line_amount), avg(unit_price_amount), list(DISTINCT country_name),"
    f" count(*) FILTER (ordered_at >= TIMESTAMP '2025-07-01') FROM {_TABLE}",
    f"SELECT count(*) FROM (SELECT 1 FROM {_TABLE} GROUP BY order_id, line_id HAVING count(*) > 1)",
    f"SELECT count(*) FROM ({_UNKNOWN})",
)


def _checks() -> list[Check]:
    uses: list[tuple[str, Mapping[str, object], float | None]] = [
        ("expect_table_row_count_to_be_between", {"min_value": 1}, None),
        *(("expect_column_values_to_not_be_null", {"column": name}, None) for name in _NOT_NULL),
        ("expect_column_values_to_be_between", {"column": "unit_price_amount", "min_value": 0}, None),
        (
            "expect_column_values_to_be_between",
            {"column": "unit_price_amount", "min_value": 0, "strict_min": True},
            0.95,
        ),
        ("expect_column_values_to_not_be_null", {"column": "customer_id"}, 0.5),
        ("expect_column_values_to_be_in_set", {"column": "channel_name", "value_set": ["web", "store"]}, None),
        ("expect_column_value_lengths_to_be_between", {"column": "order_id", "min_value": 1, "max_value": 200}, None),
        ("expect_column_max_to_be_between", {"column": "quantity", "max_value": 1e6}, None),
        ("expect_column_sum_to_be_between", {"column": "line_amount", "min_value": 0}, None),
        ("expect_column_mean_to_be_between", {"column": "unit_price_amount", "min_value": 0, "max_value": 1e6}, None),
        ("expect_column_distinct_values_to_be_in_set", {"column": "country_name", "value_set": ["DE", "FR"]}, None),
        (NO_ROWS, {"query": _LATE}, None),
        (UNIQUE_KEY, {"columns": ["order_id", "line_id"]}, None),
        (NO_ROWS, {"query": _UNKNOWN}, None),
    ]
    return [
        Check(number, Expectation(type=name, kwargs=dict(kwargs), severity="critical", meaning="m", mostly=mostly), "")
        for number, (name, kwargs, mostly) in enumerate(uses, 1)
    ]


def by_hand(warehouse: Warehouse, folder: Path) -> None:
    """The same facts in three statements."""
    del folder
    for sql in _BY_HAND:
        warehouse.rows(sql)


def by_great_expectations(warehouse: Warehouse, folder: Path) -> None:
    """Twenty checks in one call, as a door makes it."""
    del folder
    from tasks.quality.adapter import Inspector

    checks = _checks()
    queries = {it.number: str(it.expectation.kwargs["query"]) for it in checks if it.expectation.type == NO_ROWS}
    with Inspector(warehouse, {_TABLE: _TABLE}) as inspector:
        outcomes = inspector.inspect(_TABLE, checks, queries)
    assert len(outcomes) == 20, len(outcomes)
    assert all(outcome.is_success for outcome in outcomes), outcomes


def our_key(warehouse: Warehouse, folder: Path) -> None:
    """Uniqueness of the lines' key by hashes, as a door finds it out."""
    del folder
    _one_check(warehouse, UNIQUE_KEY, {"columns": ["order_id", "line_id"]})


def key_by_grouping(warehouse: Warehouse, folder: Path) -> None:
    """The same by grouping."""
    del folder
    warehouse.rows(_BY_HAND[1])


def their_key(warehouse: Warehouse, folder: Path) -> None:
    """The same by Great Expectations' own expectation."""
    del folder
    _one_check(warehouse, "expect_compound_columns_to_be_unique", {"column_list": ["order_id", "line_id"]})


def _one_check(warehouse: Warehouse, name: str, kwargs: dict[str, object]) -> None:
    from tasks.quality.adapter import Inspector

    check = Check(1, Expectation(type=name, kwargs=kwargs, severity="critical", meaning="m"), "")
    with Inspector(warehouse, {_TABLE: _TABLE}) as inspector:
        outcome = inspector.inspect(_TABLE, [check], {})[0]
    assert outcome.is_success, outcome


def door_raw(warehouse: Warehouse, folder: Path) -> None:
    """Every check of the door raw."""
    _door(warehouse, folder, "raw")


def door_staging(warehouse: Warehouse, folder: Path) -> None:
    """Every check of the door staging."""
    _door(warehouse, folder, "staging")


def _door(warehouse: Warehouse, folder: Path, door: str) -> None:
    from tasks.quality.gate import run_checks
    from tasks.warehouse.run import OutputPaths, Run

    run = Run(
        corridor.workspace(folder, entities=_MAPPED), warehouse, OutputPaths(folder / "out"), corridor.AS_OF, None
    )
    run.run_id = corridor.RUN_ID
    report = run_checks(run, door)  # type: ignore[arg-type] # one of the doors
    assert report.failed("critical") == []


_VARIANTS: tuple[Callable[[Warehouse, Path], None], ...] = (
    by_hand,
    by_great_expectations,
    key_by_grouping,
    our_key,
    their_key,
    door_raw,
    door_staging,
)


def _measure(name: str, folder: str, memory_limit: str) -> dict[str, float]:
    from tasks.quality import adapter

    variant = next(it for it in _VARIANTS if it.__name__ == name)
    adapter.load()
    with Warehouse.open(Path(folder) / "warehouse.duckdb", memory_limit=memory_limit) as warehouse:
        # DuckDB takes a spawned process for an interactive one.
        warehouse.execute("SET enable_progress_bar = false")
        # What every variant has to do once: read the file's catalogue, warm the disk cache.
        warehouse.rows(f"SELECT count(*) FROM {_TABLE}")
        before = _peak_megabytes()
        seconds, cpu_seconds = [], []
        for _ in range(_REPEATS):
            started, cpu_started = time.perf_counter(), time.process_time()
            variant(warehouse, Path(folder))
            seconds.append(time.perf_counter() - started)
            cpu_seconds.append(time.process_time() - cpu_started)
    return {
        "seconds": round(statistics.median(seconds), 2),
        "cpu_seconds": round(statistics.median(cpu_seconds), 2),
        "megabytes": round(_peak_megabytes() - before),
    }


def _process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn"))


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _make(folder: Path, lines: int) -> None:
    """A corridor up to `staging`, its order lines replaced by many."""
    with Warehouse.open(folder / "warehouse.duckdb") as warehouse:
        warehouse.execute("SET enable_progress_bar = false")
        run = corridor.start(corridor.workspace(folder, entities=_MAPPED), warehouse)
        customers = max(lines // 20, 1)
        warehouse.execute(_RAW.format(lines=lines, customers=customers))
        warehouse.execute("DROP TABLE raw.order_lines")
        warehouse.execute(
            "CREATE VIEW raw.order_lines AS"
            " SELECT *, 'my_order_lines' AS source_name FROM raw.my_order_lines__order_lines WHERE load_no = 2"
        )
        warehouse.execute(
            "INSERT INTO raw.customers BY NAME SELECT 'C' || i AS customer_id, 'my_customers' AS source_name,"
            f" 1 AS load_no, 100 + i AS row_number FROM range({customers}) AS r (i)"
        )
        for entity in ("order_lines", "customers"):
            warehouse.execute(
                f"UPDATE ops.load SET rows_read_count = (SELECT count(*) FROM raw.{entity}),"
                f" rows_loaded_count = (SELECT count(*) FROM raw.{entity}) WHERE entity_name = '{entity}'"
            )
        corridor.stage(run)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--memory-limit", default="4GB")
    options = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own: one that is started begins with the peak of the one that starts it.
        with _process() as process:
            process.submit(_make, Path(folder), options.lines).result()
        for variant in _VARIANTS:
            name = variant.__name__
            with _process() as process:
                try:
                    found[name] = process.submit(_measure, name, folder, options.memory_limit).result()
                except AssertionError as error:
                    print(f"{name:24} could not: {str(error)[:200]}", flush=True)  # noqa: T201
                    continue
            figures = found[name]
            print(  # noqa: T201
                f"{name:24} {figures['seconds']:7.2f} s {figures['cpu_seconds']:7.2f} s of processor"
                f" {figures['megabytes']:7.0f} MB",
                flush=True,
            )
    ratios = {
        unit: round(found["by_great_expectations"][unit] / found["by_hand"][unit], 2)
        for unit in ("seconds", "cpu_seconds", "megabytes")
    }
    print(f"20 checks of {options.lines:,} lines against hand-written SQL: {ratios}")  # noqa: T201
    print(json.dumps({"lines": options.lines, "ratios": ratios, **found}))  # noqa: T201


if __name__ == "__main__":
    main()
