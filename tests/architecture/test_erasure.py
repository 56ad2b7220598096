"""Whoever is to be forgotten is found by one column in every table: none may know customers by another.

What is declared is read here; what really stands in the tables of a company, `tests/flows/test_forget.py` reads.
"""

from __future__ import annotations

import datetime as dt

import pytest

from tasks.config.entities import ENTITIES
from tasks.config.features import Features
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.models import load_models

NAMES = {
    **dict.fromkeys(("run_id", "previous_run_id", "current_run", "listed_runs", "multiple", "load_numbers"), "'x'"),
    **dict.fromkeys(("workspace_name", "workspace_sha256", "code_version"), "'x'"),
    **dict.fromkeys(("min_group_size", "heeded"), "1"),
    **dict.fromkeys(("previous_as_of", "current_as_of", "known_as_of"), "DATE '2025-06-30'"),
    "runs_until": "SELECT DATE '2025-06-30' AS as_of_date, 'x' AS run_id",
}


def test_entities_name_a_customer_in_one_column() -> None:
    for entity in ENTITIES.values():
        assert {column.name for column in entity.columns if entity.is_person(column.name)} <= {KEY}


@pytest.mark.parametrize("schema", ["staging", "features", "monitoring", "published"])
def test_models_name_a_customer_in_one_column(schema: str) -> None:
    models = load_models(schema, as_of=dt.date(2025, 6, 30), features=Features(), values=NAMES)
    assert models
    for model in models:
        for column in model.columns:
            if column.kind == "id" and "customer" in column.name:
                assert column.name == KEY, f"{model.name}.{column.name}: erasing a customer would not find it"
