"""The mends that Great Expectations needs on DuckDB, and that it is neither seen nor heard."""

from __future__ import annotations

import datetime as dt
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.config.errors import ResegmentError
from tasks.quality import adapter
from tasks.quality.adapter import Inspector, Outcome
from tasks.quality.suites import Check, Expectation
from tasks.quality.vocabulary import NO_ROWS
from tasks.warehouse.connection import Warehouse

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.open(None) as opened:
        opened.execute("CREATE TABLE made AS SELECT n, n % 3 AS rest FROM range(10) AS r (n)")
        yield opened


def _check(number: int, name: str, **kwargs: object) -> Check:
    expectation = Expectation(type=name, kwargs=kwargs, severity="critical", meaning="m")
    return Check(number, expectation, f"made.yaml:{number}")


def _inspect(warehouse: Warehouse, *checks: Check, relation: str = "made") -> list[Outcome]:
    queries = {it.number: it.expectation.kwargs["query"] for it in checks if it.expectation.type == NO_ROWS}
    with Inspector(warehouse, {"made": relation}) as inspector:
        return inspector.inspect("made", checks, queries)


def test_canary_great_expectations_still_needs_the_mend(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter.load()
    from duckdb_engine import ConnectionWrapper

    check = _check(1, "expect_column_values_to_not_be_null", column="n")
    assert _inspect(warehouse, check)[0].is_success
    monkeypatch.setattr("tasks.quality.reading_connection.ReadingConnection", ConnectionWrapper)
    outcome = _inspect(warehouse, check)[0]
    assert outcome.error is not None, "Great Expectations reads results in time now: say so in ReadingConnection"


def test_canary_great_expectations_still_builds_configurations_again_and_again(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter.load()
    from great_expectations.expectations.expectation import Expectation as Expected

    built = []
    original = adapter._kept_configuration.__wrapped__  # type: ignore[attr-defined]

    def counted(expectation: Expected) -> object:
        built.append(id(expectation))
        return original(expectation)

    check = _check(1, "expect_column_values_to_be_between", column="n", max_value=5)
    with monkeypatch.context() as patch:
        patch.setattr(Expected, "configuration", property(counted))
        unmended = _inspect(warehouse, check)
    assert max(map(built.count, built)) > 5, "it builds them once now: take _kept_configuration out"
    built.clear()
    monkeypatch.setattr(adapter._kept_configuration, "__wrapped__", counted)
    assert _inspect(warehouse, check) == unmended
    assert adapter._configurations == {}
    # An expectation whose fields are set in between is told anew.
    assert max(map(built.count, built)) <= 3


def test_canary_great_expectations_still_asks_numpy_of_none(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter.load()
    import numpy as np

    asked = []
    monkeypatch.setattr(np, "issubdtype", lambda kind, _: asked.append(kind))
    assert adapter._plain_as_they_are.__wrapped__({"row_condition": None}) == {"row_condition": None}  # type: ignore[attr-defined]
    assert asked, "it looks at None first now: take _plain_as_they_are out"


@pytest.mark.parametrize(
    "arguments",
    [
        {"column": "n", "row_condition": None, "count": 3, "strict": True},
        {"column": "n", "least": float("nan"), "most": 2.5},
        {"columns": ["n", None], "day": dt.date(2025, 6, 30)},
        {"query": "SELECT ':a' AS \"b\", '{c}'", "nested": {"1": None}},
    ],
)
def test_metrics_are_told_apart_as_by_great_expectations(
    arguments: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter.load()
    from great_expectations.core import id_dict

    told = id_dict.IDDict(arguments).to_id()
    monkeypatch.setattr(id_dict, "convert_to_json_serializable", adapter._plain_as_they_are.__wrapped__)  # type: ignore[attr-defined]
    assert told == id_dict.IDDict(arguments).to_id()


def test_a_configuration_follows_its_fields() -> None:
    adapter.load()
    import great_expectations.expectations as gxe

    expectation = gxe.ExpectColumnMaxToBeBetween(column="n", max_value=5)
    first = expectation.configuration
    assert expectation.configuration is first
    expectation.max_value = 9
    assert expectation.configuration.kwargs == {"column": "n", "max_value": 9}
    adapter._configurations.clear()


def test_canary_a_second_opening_of_the_file_is_still_refused(tmp_path: Path) -> None:
    adapter.load()
    import sqlalchemy

    path = tmp_path / "warehouse.duckdb"
    with Warehouse.open(path):
        engine = sqlalchemy.create_engine(f"duckdb:///{path}")
        with pytest.raises(sqlalchemy.exc.DBAPIError, match="different configuration"):
            engine.connect()
        engine.dispose()


_CANARIES = """
import logging, warnings
shown = warnings.showwarning
import great_expectations, duckdb_engine
print("captures warnings:", warnings.showwarning is not shown)
"""


def test_canary_great_expectations_still_captures_warnings() -> None:
    done = subprocess.run([sys.executable, "-c", _CANARIES], capture_output=True, text=True, check=True)
    assert "captures warnings: True" in done.stdout, "take logging.captureWarnings out of adapter.load"
    # A process that checks ends in silence: DuckDB before 2.0.1 told of types that leaked.
    assert done.stderr == ""


_QUIET_RUN = """
import socket, sys, warnings
from pathlib import Path
def refused(*_, **__):
    raise AssertionError("a connection to the network")
socket.socket.connect = refused
from tasks.quality.gate import run_checks
from tasks.warehouse.connection import Warehouse
from tests.unit.quality import corridor
shown = warnings.showwarning
folder = Path(sys.argv[1])
with Warehouse.open(folder / "warehouse.duckdb") as warehouse:
    run = corridor.start(corridor.workspace(folder), warehouse)
    run_checks(run, "raw")
    run.warehouse.execute("UPDATE ops.load SET rows_quarantined_count = 24 WHERE load_no = 2")
    try:
        run_checks(run, "raw")
    except Exception as error:
        assert type(error).__name__ == "GateFailed", error
assert warnings.showwarning is shown
"""


def test_nothing_is_printed_and_nothing_leaves_the_machine(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", _QUIET_RUN, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_warnings_of_its_libraries_do_not_escape(warehouse: Warehouse, recwarn: pytest.WarningsRecorder) -> None:
    shown = warnings.showwarning
    _inspect(warehouse, _check(1, "expect_table_row_count_to_equal", value=10))
    assert warnings.showwarning is shown
    assert len(recwarn) == 0
    assert logging.getLogger("great_expectations").propagate is False


def test_outcomes_are_in_the_order_of_the_checks(warehouse: Warehouse) -> None:
    outcomes = _inspect(
        warehouse,
        _check(1, "expect_table_row_count_to_equal", value=10),
        _check(2, "expect_column_values_to_be_between", column="n", max_value=5),
        _check(3, NO_ROWS, query="SELECT n FROM made WHERE n > 7"),
        _check(4, "expect_column_values_to_not_be_null", column="rest"),
        _check(5, "expect_column_max_to_be_between", column="n", max_value=8),
    )
    assert [outcome.number for outcome in outcomes] == [1, 2, 3, 4, 5]
    assert [outcome.is_success for outcome in outcomes] == [True, False, False, True, False]
    assert [outcome.unexpected_count for outcome in outcomes] == [None, 4, 2, 0, None]
    assert [outcome.observed for outcome in outcomes] == [10, None, None, None, 9]
    assert set(outcomes[1].examples) == {6, 7, 8, 9}


def test_twice_the_same_expectation_has_two_outcomes(warehouse: Warehouse) -> None:
    checks = [_check(number, "expect_column_values_to_not_be_null", column="n") for number in (1, 2)]
    assert [(it.number, it.is_success) for it in _inspect(warehouse, *checks)] == [(1, True), (2, True)]


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (_check(1, "expect_column_values_to_not_be_null", column="absent"), "absent"),
        (_check(1, "expect_column_mean_to_be_between", column="absent", min_value=0), "absent"),
        (_check(1, NO_ROWS, query="SELECT * FROM made WHERE absent > 1"), "absent"),
        (_check(1, NO_ROWS, query="SELECT * FROM nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_run_is_an_error_and_not_bad_data(warehouse: Warehouse, check: Check, told: str) -> None:
    good = _check(2, "expect_table_row_count_to_equal", value=10)
    outcome, beside = _inspect(warehouse, check, good)
    assert outcome.error is not None
    assert told in outcome.error
    assert not outcome.error.startswith("(")
    assert (beside.error, beside.is_success) == (None, True)


def test_a_check_that_is_not_taken_is_told_with_its_file(warehouse: Warehouse) -> None:
    check = _check(1, "expect_column_values_to_be_between", column="n", min_value=0, strict_min="perhaps")
    with pytest.raises(ResegmentError, match=r"made\.yaml: .*ExpectColumnValuesToBeBetween.*strict_min"):
        _inspect(warehouse, check)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT n FROM made WHERE NOT regexp_full_match(n::VARCHAR, '[0-9]{1,2}')",
        "SELECT {'at':n, 'b':rest} AS pair FROM made WHERE n < 0",
        "SELECT n FROM made WHERE n::VARCHAR IN (':n', 'x:y', '{batch}', '%', '$1')",
        "SELECT n FROM made WHERE n::VARCHAR LIKE '%x%' OR TIMESTAMP '2025-01-01 10:20:30' IS NULL",
        "SELECT n FROM made WHERE n < 0 -- at last: a comment",
    ],
)
def test_a_query_is_run_as_it_is_written(warehouse: Warehouse, query: str) -> None:
    outcome = _inspect(warehouse, _check(1, NO_ROWS, query=query))[0]
    assert (outcome.error, outcome.unexpected_count, outcome.element_count) == (None, 0, 10)


def test_only_the_rows_of_the_relation_are_looked_at(warehouse: Warehouse) -> None:
    check = _check(1, "expect_column_max_to_be_between", column="n", max_value=4)
    assert not _inspect(warehouse, check)[0].is_success
    assert _inspect(warehouse, check, relation="(SELECT * FROM made WHERE n < 5)")[0].is_success


def test_no_cursor_is_left_open(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    for memory_limit in ("1GB", "2GB"):
        # A cursor that is still open would keep the first configuration, and DuckDB would refuse another.
        with Warehouse.open(path, memory_limit=memory_limit) as opened:
            opened.execute("CREATE OR REPLACE TABLE made AS SELECT 1 AS n")
            assert _inspect(opened, _check(1, "expect_table_row_count_to_equal", value=1))[0].is_success
