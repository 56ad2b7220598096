"""A feature has one name over all themes, and the wide relation has all of one run."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tasks.config.errors import WorkspaceError
from tasks.config.features import Features
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.models import ModelColumn, SqlModel, load_models


def _model(table: str, *columns: str) -> SqlModel:
    described = tuple(ModelColumn(column, f"meaning of {column}") for column in columns)
    return SqlModel("features", table, Path(f"sql/{table}.sql"), "SELECT 1", "what", "why", "customer", described)


def test_the_shipped_catalogue_has_every_theme_and_no_key() -> None:
    models = load_models("features", as_of=dt.date(2025, 6, 30), features=Features(windows=[7, 30]))
    catalogue = Catalogue(models).features
    assert "customer_id" not in catalogue
    assert len(catalogue) == sum(len(model.columns) - 1 for model in models)
    assert {"order_7d_count", "net_30d_amount", "overdue_ratio", "return_line_share", "top_category_name"} <= set(
        catalogue
    )
    assert catalogue["tenure_days"].is_calendar_driven
    assert not catalogue["order_7d_count"].is_calendar_driven
    assert catalogue["is_urban"].kind == "flag"
    assert catalogue["last_order_date"].kind == "date"
    assert catalogue["top_daypart_name"].kind == "category"
    assert catalogue["net_amount"].unit == "currency"


def test_a_name_in_two_themes_is_an_error_that_names_both() -> None:
    with pytest.raises(WorkspaceError) as caught:
        Catalogue([_model("one", "customer_id", "a", "b"), _model("two", "customer_id", "c", "b")])
    assert "'b' is defined twice" in caught.value.message
    assert "sql/one.sql" in caught.value.message
    assert caught.value.where == "sql/two.sql:1"


@pytest.mark.parametrize(("columns", "first"), [((), "none"), (("a", "customer_id"), "a")])
def test_a_theme_begins_with_the_customer(columns: tuple[str, ...], first: str) -> None:
    with pytest.raises(WorkspaceError, match=f"the first column is {first}, expected customer_id"):
        Catalogue([_model("one", *columns)])


def test_the_wide_relation_joins_what_one_run_has() -> None:
    models = [_model("one", "customer_id", "a"), _model("two", "customer_id", "b", "c")]
    with Warehouse.open(None) as warehouse:
        warehouse.execute("CREATE SCHEMA features")
        warehouse.execute(
            "CREATE TABLE features.one AS SELECT DATE '2025-06-30' AS as_of_date, * FROM"
            " (VALUES ('r1', 'A', 1), ('r1', 'B', 2), ('r2', 'A', 9)) AS rows (run_id, customer_id, a)"
        )
        warehouse.execute(
            "CREATE TABLE features.two AS SELECT DATE '2025-06-30' AS as_of_date, * FROM"
            " (VALUES ('r1', 'A', 3, 4, 0), ('r1', 'B', 5, 6, 0), ('r2', 'B', 9, 9, 0)) AS rows (run_id, customer_id, b, c, of_old_windows)"
        )
        rows = warehouse.records(f"SELECT * FROM {Catalogue(models).relation('r1')} ORDER BY customer_id")
        some = warehouse.records(f"SELECT * FROM {Catalogue(models).relation('r1', ['c'])} ORDER BY customer_id")
        only = warehouse.rows(f"SELECT * FROM {Catalogue(models[:1]).relation('r2')}")
        # A run from before the workspace had the second theme.
        warehouse.execute("DELETE FROM features.two WHERE run_id = 'r1'")
        lacking = warehouse.rows(f"SELECT * FROM {Catalogue(models).relation('r1')} ORDER BY customer_id")
    assert rows == [
        {"customer_id": "A", "a": 1, "b": 3, "c": 4},
        {"customer_id": "B", "a": 2, "b": 5, "c": 6},
    ]
    assert some == [{"customer_id": "A", "c": 4}, {"customer_id": "B", "c": 6}]
    assert only == [("A", 9)]
    assert lacking == [("A", 1, None, None), ("B", 2, None, None)]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("order_90d_count", "features.windows has not got its days; there are order_28d_count, order_84d_count"),
        ("order_8d_count", "did you mean 'order_84d_count'?"),
        ("tenur_days", "did you mean 'tenure_days'?"),
        ("x", "docs/reference/features.md lists the features"),
    ],
)
def test_a_feature_that_is_not_there_is_told_with_what_is(name: str, hint: str) -> None:
    models = load_models("features", as_of=dt.date(2025, 6, 30), features=Features(windows=[28, 84]))
    with pytest.raises(WorkspaceError) as caught:
        Catalogue(models).find(name, where="resegment.yaml:1")
    assert caught.value.hint == hint
