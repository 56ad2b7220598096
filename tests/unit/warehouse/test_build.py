"""Models are built in order, and refused where header, SELECT and what they read do not fit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.config.errors import SqlError, WorkspaceError
from tasks.warehouse.build import build_schema, models_of_run
from tasks.warehouse.connection import literal
from tasks.warehouse.models import load_models
from tasks.warehouse.run import Run
from tests.sql.cases import create_raw, insert
from tests.workspaces import MakeWorkspace, OpenRun

WriteModel = Callable[[str, str], Path]
HEADER = "-- what: one row is a test\n-- why: to see\n-- grain: customer\n-- column customer_id: the customer [id]\n"


@pytest.fixture
def run(make_workspace: MakeWorkspace, opened: OpenRun) -> Iterator[Run]:
    """An open run whose raw entities are empty tables."""
    with opened(make_workspace()) as opened_run:
        opened_run.identify()
        create_raw(opened_run.warehouse)
        yield opened_run


@pytest.fixture
def write_model(run: Run) -> WriteModel:
    """Puts a model into the workspace's own folder."""

    def write(name: str, sql: str) -> Path:
        path = run.sql_folder / f"{name.replace('.', '/')}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sql, encoding="utf-8")
        return path

    return write


def test_a_model_of_one_run_is_learnt_from_as_that_of_another(write_model: WriteModel, run: Run) -> None:
    """What tells runs apart is not parsed again; what is asked for is."""
    asked = "SELECT customer_id FROM staging.customers WHERE customer_id = {{ me }} AND DATE '2024-02-29' < {{ as_of }}"
    write_model("staging.own", HEADER + asked)

    def form(day: dt.date, me: str) -> str:
        models = load_models(
            "staging", as_of=day, features=run.workspace.features, extra=run.sql_folder, values={"me": literal(me)}
        )
        (own,) = (model for model in models if model.table == "own")
        assert own.reads == {"staging.customers"}
        assert literal(me) in own.sql
        return own.form

    june, july = dt.date(2025, 6, 30), dt.date(2025, 7, 31)
    assert form(june, "0123456789abcdef") == form(july, "fedcba9876543210")
    assert form(june, "anna") != form(june, "ben")


def test_shipped_models_are_built_with_their_row_counts(run: Run) -> None:
    insert(run.warehouse, "raw.customers", [{"customer_id": "A"}, {"customer_id": "B"}])
    counts = build_schema(run, "staging")
    assert counts["staging.customers"] == 2
    assert counts["staging.order_lines"] == 0
    stamps = run.warehouse.rows("SELECT DISTINCT as_of_date, run_id FROM staging.customers")
    assert stamps == [(run.as_of, run.run_id)]


def test_a_model_of_the_workspace_is_built_after_what_it_reads(run: Run, write_model: WriteModel) -> None:
    write_model("staging.a_copy", HEADER + "SELECT customer_id FROM staging.customers")
    insert(run.warehouse, "raw.customers", [{"customer_id": "A"}])
    counts = build_schema(run, "staging")
    assert counts["staging.a_copy"] == 1
    names = list(counts)
    assert names.index("staging.a_copy") > names.index("staging.customers")


def test_a_model_of_the_workspace_replaces_ours_of_that_name(run: Run, write_model: WriteModel) -> None:
    write_model("staging.campaigns", HEADER + "SELECT 'only' AS customer_id")
    build_schema(run, "staging")
    assert run.warehouse.rows("SELECT customer_id FROM staging.campaigns") == [("only",)]


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        (HEADER + "SELECT 'A' AS customer_id, 1 AS spare", "the header does not describe spare"),
        (HEADER + "-- column b: b\nSELECT 'A' AS customer_id", "describes b, which the SELECT does not give"),
        (
            HEADER + "-- column b: b\nSELECT 1 AS b, 'A' AS customer_id",
            "column 1 of the SELECT is b, of the header customer_id",
        ),
        (HEADER + "-- column b: b\n-- column b: b\nSELECT 'A' AS customer_id, 1 AS b", "the header describes b twice"),
    ],
)
def test_other_columns_than_the_header_has_are_refused(
    run: Run, write_model: WriteModel, sql: str, problem: str
) -> None:
    path = write_model("staging.extra", sql)
    with pytest.raises(WorkspaceError) as caught:
        build_schema(run, "staging")
    assert problem in caught.value.message
    assert caught.value.where == f"{path}:1"
    assert not run.warehouse.table_exists("staging.extra")


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("features.own", "raw.order_lines"),
        ("features.own", "features.customer_value"),
        ("staging.own", "features.customer_value"),
        ("staging.own", "OPS.run"),
    ],
)
def test_a_model_reads_nothing_to_its_right(run: Run, write_model: WriteModel, name: str, table: str) -> None:
    path = write_model(name, HEADER + f"SELECT customer_id FROM {table}")
    with pytest.raises(WorkspaceError) as caught:
        models_of_run(run, name.split(".", maxsplit=1)[0])
    assert f"reads {table}" in caught.value.message
    assert caught.value.where == f"{path}:1"


@pytest.mark.parametrize(
    ("select", "problem", "line"),
    [
        ("SELECT\n    customer_id,\n    no_such\nFROM staging.customers", "no_such", 7),
        ("SELECT customer_id\nFROM staging.custmers", "custmers", 6),
        ("SELECT\n    customer_id,\n    loer(customer_id)\nFROM staging.customers", "loer", 7),
        ("SELECT\n    customer_id,,\nFROM staging.customers", 'at or near ","', 6),
        ("SELECT\n    customer_id,\n    date '2025-01-01' * 2\nFROM staging.customers", "DATE, INTEGER", None),
        ("SELECT error('boom at run time') AS customer_id FROM staging.customers", "boom at run time", None),
    ],
)
def test_an_error_of_duckdb_names_the_file(
    run: Run, write_model: WriteModel, select: str, problem: str, line: int | None
) -> None:
    path = write_model("staging.extra", HEADER + select)
    insert(run.warehouse, "raw.customers", [{"customer_id": "A"}])
    # What cannot be bound is wrong whatever the rows are.
    with pytest.raises(SqlError if "run time" in problem else WorkspaceError) as caught:
        build_schema(run, "staging")
    assert problem in caught.value.message
    assert caught.value.where == (f"{path}:{line}" if line else str(path))
    assert "SELECT" in str(caught.value.hint)
    assert "--" not in str(caught.value.hint)
