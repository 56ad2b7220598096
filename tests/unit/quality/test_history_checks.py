"""The shipped checks on history, at the door raw: each finds a fault of its kind, and none a clean delivery."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tasks.config.errors import GateFailed
from tasks.quality import gate, load_counts
from tasks.quality.gate import run_checks
from tasks.quality.suites import Suite, load_suites
from tasks.warehouse import migrations
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import OutputPaths, Run
from tests.unit.quality import corridor

AS_OF = dt.date(2025, 6, 30)
Faulty = Callable[[str], AbstractContextManager[None]]
#: A shop's lines over 300 days, 40 to 70 a day by weekday, in ten files; the last is new.
_LINES = """
    CREATE OR REPLACE TABLE raw.my_order_lines__order_lines AS
    SELECT
        printf('W%06d', day * 100 + n // 2) AS order_id, CAST(n % 2 AS VARCHAR) AS line_id,
        CASE WHEN n % 13 > 0 THEN printf('C%05d', hash(day, n // 2) % 3000) END AS customer_id,
        TIMESTAMP '2025-06-30 08:00:00' - to_days(CAST(day AS INTEGER)) + to_minutes((n // 2) * 20) AS ordered_at,
        printf('P%03d', hash(day, n) % 40) AS product_id, 'p' AS product_name, ['bread', 'milk', 'wine'][1 + n % 3]
            AS category_name, CAST(1 + hash(day, n, 1) % 4 AS DECIMAL(18, 3)) AS quantity,
        CAST((100 + hash(day, n, 2) % 400) / 100 AS DECIMAL(18, 4)) AS unit_price_amount,
        ['web', 'app'][1 + CAST(hash(day, n, 3) % 5 > 2 AS INTEGER)] AS channel_name,
        ['Germany', 'Austria'][1 + CAST(hash(day, n // 2) % 4 = 0 AS INTEGER)] AS country_name,
        NULL::DECIMAL(18, 4) AS discount_amount, NULL::DECIMAL(18, 4) AS line_amount, NULL::VARCHAR AS store_id,
        false AS is_cancellation, true AS is_product, 10 - CAST(day // 30 AS INTEGER) AS load_no,
        row_number() OVER (ORDER BY day DESC, n) AS row_number, TIMESTAMP '2025-07-01' AS loaded_at
    FROM range(300) AS days (day), range(70) AS counted (n)
    WHERE n < 40 + 5 * ((day + 1) % 7)
"""
_MAPPED = (
    *("order_id", "line_id", "customer_id", "ordered_at", "product_id", "category_name", "quantity"),
    *("unit_price_amount", "channel_name", "country_name", "is_cancellation", "is_product"),
)
_NEW = "load_no = 10"
_WEEK = "ordered_at >= TIMESTAMP '2025-06-24'"
_DAY = "ordered_at >= TIMESTAMP '2025-06-30'"
_LATER = "TIMESTAMP '2025-06-30 10:00:00'"
_SET = "UPDATE raw.my_order_lines__order_lines SET"

#: The fault, and words of a check that must find it; a critical one stops the run.
FAULTS = {
    "truncated day": (f"DELETE FROM {{t}} WHERE ordered_at >= {_LATER}", "no older than it usually is"),
    "missing day": ("DELETE FROM {t} WHERE CAST(ordered_at AS DATE) = DATE '2025-06-18'", "no day is without"),
    "half a week": (f"DELETE FROM {{t}} WHERE {_WEEK} AND hash(order_id) % 10 < 8", "last week has about as many"),
    "a day's tenth": (f"DELETE FROM {{t}} WHERE {_DAY} AND hash(order_id) % 10 < 9", "last day has about as many"),
    "lost channel": (f"{_SET} channel_name = NULL WHERE {_WEEK}", "no column has lost half"),
    "fewer buyers": (f"{_SET} customer_id = NULL WHERE {_WEEK} AND row_number % 3 = 0", "are filled in the last week"),
    "a day's buyers": (f"{_SET} customer_id = NULL WHERE {_DAY} AND row_number % 2 = 0", "are filled on the last day"),
    "cents": (
        f"{_SET} unit_price_amount = 100 * unit_price_amount WHERE {_WEEK}",
        "not several times those of the weeks",
    ),
    "currency": (f"{_SET} unit_price_amount = 1.96 * unit_price_amount WHERE {_WEEK}", "last week are near"),
    "a day in cents": (f"{_SET} unit_price_amount = 100 * unit_price_amount WHERE {_DAY}", "last day are near"),
    "constant": (f"{_SET} country_name = 'Austria' WHERE {_WEEK}", "no column are mostly others"),
    "respelt": (f"{_SET} channel_name = upper(channel_name) WHERE {_WEEK}", "no column are mostly others in the last"),
    "shifted mix": (f"{_SET} channel_name = 'web' WHERE {_WEEK} AND row_number % 2 = 0", "are mixed in the last week"),
    "a day's mix": (f"{_SET} channel_name = 'phone' WHERE {_DAY}", "are mixed on the last day"),
    "sign": (f"{_SET} quantity = -quantity WHERE {_WEEK}", "not of the other sign than before"),
    "some signs": (f"{_SET} quantity = -quantity WHERE {_WEEK} AND row_number % 4 = 0", "have signs as in the weeks"),
    "time zone": (f"{_SET} ordered_at = ordered_at + INTERVAL 5 HOUR WHERE {_WEEK}", "come at the hours of the day"),
    "lost times": (
        f"{_SET} ordered_at = date_trunc('day', ordered_at) WHERE {_DAY}",
        "last day come at the usual hours",
    ),
    "lost zeros": (
        f"{_SET} customer_id = 'C' || ltrim(customer_id, 'C0') WHERE {_WEEK}",
        "ids of the last week are spelt",
    ),
    "file in cents": (
        f"{_SET} unit_price_amount = 100 * unit_price_amount WHERE {_NEW}",
        "of a new file are not several",
    ),
    "file of another currency": (
        f"{_SET} unit_price_amount = 2 * unit_price_amount WHERE {_NEW}",
        "a new file are near",
    ),
    "file without a column": (f"{_SET} country_name = NULL WHERE {_NEW}", "no column of a new file"),
    "file with gaps": (f"{_SET} country_name = NULL WHERE {_NEW} AND row_number % 5 = 0", "of a new file are filled"),
    "file of one value": (f"{_SET} category_name = 'milk' WHERE {_NEW}", "are mostly others in a new file"),
    "file of another mix": (f"{_SET} category_name = 'tea' WHERE {_NEW} AND row_number % 4 = 0", "mixed in a new file"),
    "file of other signs": (f"{_SET} quantity = -quantity WHERE {_NEW}", "of a new file are not of the other sign"),
    "file of other hours": (f"{_SET} ordered_at = ordered_at + INTERVAL 5 HOUR WHERE {_NEW}", "times of a new file"),
    "file of other ids": (f"{_SET} customer_id = lower(customer_id) WHERE {_NEW}", "ids of a new file"),
    "file of five": (
        f"INSERT INTO {{t}} SELECT t.* FROM {{t}} AS t, range(5) AS r (n) WHERE {_NEW}",
        "has not many times the rows",
    ),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run whose last file is new: the nine before it were published at the end of May."""
    with Warehouse.open(None, threads=2) as warehouse:
        space = corridor.workspace(tmp_path_factory.mktemp("history"), entities=("order_lines",))
        source = space.sources["my_order_lines"]
        source = source.model_copy(update={"columns": dict.fromkeys(_MAPPED, "x"), "max_age_days": 2})
        space = space.model_copy(update={"sources": {"my_order_lines": source}})
        migrations.migrate(warehouse)
        run = Run(space, warehouse, OutputPaths(space.directory / "out"), AS_OF, None)
        run.run_id, run.previous = corridor.RUN_ID, corridor.PREVIOUS
        warehouse.execute(_LINES)
        _views(warehouse)
        for number in range(1, 11):
            rows = warehouse.value("SELECT count(*) FROM raw.order_lines WHERE load_no = $no", {"no": number})
            corridor.note_load(run, "my_order_lines", "order_lines", read=rows, loaded=rows, file=f"{number}.csv")
        warehouse.execute("UPDATE ops.delivery SET seen_at = '2025-05-31 05:00:00' WHERE delivery_no < 10")
        warehouse.execute("INSERT INTO ops.publication VALUES ('2025-05-31', 'b', '2025-05-31 06:00:00')")
        yield run


def _views(warehouse: Warehouse) -> None:
    warehouse.execute(
        "CREATE OR REPLACE VIEW raw.order_lines AS"
        " SELECT *, 'my_order_lines' AS source_name FROM raw.my_order_lines__order_lines"
    )


@pytest.fixture
def faulty(run: Run) -> Faulty:
    """`with faulty(sql)`: the lines after the statement; the ledger counts them as they are."""

    @contextmanager
    def spoil(sql: str) -> Iterator[None]:
        warehouse = run.warehouse
        table = "raw.my_order_lines__order_lines"
        counts = (
            "UPDATE ops.load SET rows_read_count = found.size, rows_loaded_count = found.size FROM"
            f" (SELECT load_no, count(*) AS size FROM {table} GROUP BY load_no) AS found"
            " WHERE found.load_no = ops.load.load_no"
        )
        assert warehouse.execute(sql.replace("{t}", table)) > 0
        warehouse.execute(counts)
        _forget_counts(warehouse)
        try:
            yield
        finally:
            warehouse.execute(_LINES)
            warehouse.execute(counts)
            _forget_counts(warehouse)

    return spoil


def _forget_counts(warehouse: Warehouse) -> None:
    """Loads never change; these do, and are counted anew."""
    for table in (load_counts.TABLE, load_counts.COUNTED):
        warehouse.execute(f"DROP TABLE IF EXISTS {table}")


def failures(run: Run) -> list[str]:
    """What the checks of order lines find."""
    try:
        report = run_checks(run, "raw")
    except GateFailed:
        rows = run.warehouse.rows(
            "SELECT meaning FROM ops.check_result WHERE attempt_id = $attempt AND NOT is_success",
            {"attempt": run.attempt_id},
        )
        return [meaning for (meaning,) in rows]
    return [finding.check.expectation.meaning for finding in report.findings if finding.has_failed]


def test_a_clean_delivery_is_not_told(run: Run) -> None:
    assert failures(run) == []


def meant(suite: Suite, words: str) -> Suite:
    """The suite with the checks alone that are for a fault."""
    return dataclasses.replace(suite, checks=tuple(it for it in suite.checks if words in it.expectation.meaning))


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_by_the_check_that_is_for_it(
    run: Run, faulty: Faulty, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql, words = FAULTS[fault]
    monkeypatch.setattr(
        gate,
        "load_suites",
        lambda space, door: [meant(it, words) for it in load_suites(space, door) if it.table == "raw.order_lines"],
    )
    with faulty(sql):
        found = failures(run)
    assert [meaning for meaning in found if words in meaning], found
