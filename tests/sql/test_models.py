"""Every SQL model gives the rows that its YAML file expects, and every model has such a file."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tasks.config.features import Features
from tasks.warehouse.build import check_columns
from tasks.warehouse.connection import Warehouse
from tests.sql.cases import Case, create_raw, differences, insert, models, read_cases, run_case

CASES = list(read_cases())
AS_OF = dt.date(2025, 6, 30)
FEATURES = Features(windows=[30, 90])


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.open(None) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=str)
def test_model_gives_the_expected_rows(case: Case, warehouse: Warehouse) -> None:
    assert differences(case, run_case(warehouse, case)) == []


def test_every_column_of_every_model_is_expected_somewhere() -> None:
    expected: dict[str, set[str]] = defaultdict(set)
    described: dict[str, set[str]] = defaultdict(set)
    for case in CASES:
        expected[case.model] |= {name for row in case.expect for name in row}
        described[case.model] |= {column.name for column in models(case.as_of, case.features)[case.model].columns}
    there = models(AS_OF, FEATURES).keys()
    without = [f"tests/sql/{name.replace('.', '/')}.yaml" for name in sorted(there - expected.keys())]
    assert not without, f"write {', '.join(without)}: what the model gives for rows that are given (tests/sql/cases.py)"
    assert expected.keys() <= there, f"cases without a model: {', '.join(sorted(expected.keys() - there))}"
    unseen = [f"{name}.{column}" for name, columns in described.items() for column in sorted(columns - expected[name])]
    assert not unseen, f"no case expects {', '.join(unseen)}: name them in `expect` of the model's file in tests/sql/"


def test_headers_describe_the_columns_of_the_selects(warehouse: Warehouse) -> None:
    create_raw(warehouse)
    for name, model in models(AS_OF, FEATURES).items():
        check_columns(warehouse, model)
        assert all(column.meaning for column in model.columns)
        warehouse.execute(f"CREATE TABLE {name} AS {model.sql}")
        assert warehouse.value(f"SELECT count(*) FROM {name}") == 0


def test_keys_that_share_a_hash_by_chance_stay_apart(warehouse: Warehouse) -> None:
    create_raw(warehouse)
    line = {"ordered_at": AS_OF, "quantity": 1, "unit_price_amount": 1}
    keys = [("O1", "11"), ("O11", "1"), ("O2", "1"), ("O2", "1")]
    insert(warehouse, "raw.order_lines", [line | {"order_id": order, "line_id": number} for order, number in keys])
    sql = models(AS_OF, FEATURES)["staging.superseded_order_lines"].sql
    colliding = sql.replace("hash(order_id, line_id)", "hash(0)")
    assert colliding.count("hash(0)") == 2
    superseded = [("O2", "1", 3)]
    assert warehouse.rows(f"SELECT order_id, line_id, row_number FROM ({sql})") == superseded
    assert warehouse.rows(f"SELECT order_id, line_id, row_number FROM ({colliding})") == superseded


def test_case_names_are_unique() -> None:
    names = [str(case) for case in CASES]
    assert len(set(names)) == len(names)
