"""Every theme has one row for each customer; what breaks that, or doubles a name, stops the run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.config.errors import WorkspaceError
from tasks.config.shipped import shipped
from tasks.features.build import build_all
from tasks.features.tasks import build_features
from tasks.ingest.staging import build_staging
from tasks.warehouse.build import models_of_run
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.run import Run
from tests.sql.cases import create_raw, insert
from tests.unit.conftest import OnCopy, StageOnce

HEADER = "-- what: w\n-- why: w\n-- grain: customer\n-- column customer_id: the customer [id]\n-- column {}: own\n"


@pytest.fixture(scope="module")
def staged(staged_once: StageOnce) -> Path:
    def fill(run: Run) -> None:
        create_raw(run.warehouse)
        insert(run.warehouse, "raw.customers", [{"customer_id": "A"}])
        line = {"order_id": "O1", "line_id": "1", "customer_id": "B", "ordered_at": "2025-06-20", "quantity": 2}
        insert(run.warehouse, "raw.order_lines", [line | {"unit_price_amount": 1.5}])
        build_staging(run)

    return staged_once(fill)


@pytest.fixture
def run(staged: Path, on_copy: OnCopy) -> Iterator[Run]:
    """A run with staging built: customers A and B, of whom B is known by an order only."""
    with on_copy(staged) as opened_run:
        yield opened_run


def _write(run: Run, table: str, feature: str, select: str) -> None:
    folder = run.sql_folder / "features"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{table}.sql").write_text(HEADER.format(feature) + select, encoding="utf-8")


def test_every_theme_has_every_customer(run: Run) -> None:
    counts = build_all(run)
    assert len(counts) == len(list((shipped("sql") / "features").glob("*.sql")))
    assert set(counts.values()) == {2}
    wide = Catalogue(models_of_run(run, "features")).relation(run.run_id)
    rows = run.warehouse.rows(f"SELECT customer_id, order_count, net_amount, recency_days FROM {wide} ORDER BY ALL")
    assert rows == [("A", 0, 0, None), ("B", 1, 3, 10)]


def test_building_again_replaces_the_rows_of_the_run_and_keeps_those_of_others(run: Run) -> None:
    first = run.run_id
    build_all(run)
    build_all(run)
    run.run_id = "another"
    build_all(run)
    counted = run.warehouse.rows("SELECT run_id, count(*) FROM features.customer_value GROUP BY ALL ORDER BY ALL")
    assert sorted(counted) == sorted([(first, 2), ("another", 2)])


def test_a_feature_of_the_workspace_is_built_and_joined(run: Run) -> None:
    _write(run, "customer_own", "own_flag", "SELECT customer_id, is_declared AS own_flag FROM staging.customers")
    assert build_all(run)["features.customer_own"] == 2
    wide = Catalogue(models_of_run(run, "features")).relation(run.run_id)
    assert run.warehouse.rows(f"SELECT customer_id, own_flag FROM {wide} ORDER BY ALL") == [("A", True), ("B", False)]


@pytest.mark.parametrize(
    ("select", "problem"),
    [
        ("SELECT customer_id, 1 AS own FROM staging.orders", "has 1 rows for 1 of 2 customers"),
        ("SELECT 'A' AS customer_id, 1 AS own FROM staging.customers", "has 2 rows for 1 of 2 customers"),
        (
            "SELECT customer_id || '!' AS customer_id, 1 AS own FROM staging.customers",
            "has 2 rows for 0 of 2 customers",
        ),
        (
            "SELECT customer_id, 1 AS own FROM staging.customers UNION ALL SELECT 'C', 1 AS own",
            "has 3 rows for 2 of 2 customers",
        ),
    ],
)
def test_a_theme_without_one_row_a_customer_is_refused(run: Run, select: str, problem: str) -> None:
    _write(run, "own", "own", select)
    with pytest.raises(WorkspaceError) as caught:
        build_all(run)
    assert problem in caught.value.message
    assert str(caught.value.where).endswith("sql/features/own.sql:1")


@pytest.mark.parametrize(
    ("feature", "select", "problem"),
    [
        ("run_id", "SELECT customer_id, 1 AS run_id", "'run_id' cannot be the name of a feature"),
        ("Own", 'SELECT customer_id, 1 AS "Own"', "'Own' cannot be the name of a feature"),
        ("own", "SELECT customer_id, [1, 2] AS own", r"own is a number by its header, and INTEGER\[\] by the SELECT"),
        ("own", "SELECT customer_id, 'x' AS own", "own is a number by its header, and VARCHAR by the SELECT"),
        (
            "own",
            "SELECT customer_id, DATE '2025-01-01' AS own",
            "own is a number by its header, and DATE by the SELECT",
        ),
        ("own", "SELECT customer_id, 1e308 * 10 AS own", "own is infinite or not a number for 2 customers"),
        ("own", "SELECT customer_id, 'nan'::FLOAT AS own", "own is infinite or not a number for 2 customers"),
    ],
)
def test_what_is_no_feature_is_refused(run: Run, feature: str, select: str, problem: str) -> None:
    _write(run, "own", feature, f"{select} FROM staging.customers")
    with pytest.raises(WorkspaceError, match=problem) as caught:
        build_all(run)
    assert str(caught.value.where).endswith("sql/features/own.sql:1")


def test_a_model_that_is_no_text_is_refused(run: Run) -> None:
    _write(run, "own", "own", "")
    (run.sql_folder / "features" / "own.sql").write_bytes(b"\xff\xfe")
    with pytest.raises(WorkspaceError, match="cannot read the model: it is not written in UTF-8"):
        build_all(run)


def test_a_doubled_name_is_refused_before_a_row_is_written(run: Run) -> None:
    _write(run, "a_theme", "recency_days", "SELECT customer_id, 1 AS recency_days FROM staging.customers")
    with pytest.raises(WorkspaceError, match="'recency_days' is defined twice"):
        build_all(run)
    assert not run.warehouse.table_exists("features.a_theme")


def test_the_task_logs_a_line_a_theme(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="resegment.features"):
        counts = build_features.fn(run)
    lines = [record.getMessage() for record in caplog.records if record.name == "resegment.features"]
    assert lines == [f"{name.removeprefix('features.')}: 2 rows" for name in counts]
