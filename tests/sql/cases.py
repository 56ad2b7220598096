"""Given/expect cases of SQL models: what a YAML file says, made into tables and a query.

A file `tests/sql/<schema>/<table>.yaml` holds::

    as_of: 2025-06-30          # default of its cases, as are defaults
    features: {windows: [7]}   # the workspace's section; a case may change keys of it
    defaults:                  # what a given row has where the case does not say
      raw.order_lines: {quantity: 1}
    cases:
      - name: what the case shows
        given: {raw.order_lines: [{order_id: O1, …}]}
        expect: [{order_id: O1, …}]

A column that is not given is NULL. A staging table that is not given is built from the tables given to its left. All
rows are expected, each by the columns that its expectation names; rows are paired in the order of their ids, then dates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tasks.config.entities import ENTITIES
from tasks.config.features import Features
from tasks.warehouse.connection import Warehouse, identifier
from tasks.warehouse.models import SqlModel, load_models

FOLDER = Path(__file__).parent
SCHEMAS = ("staging", "features")
_FEATURES: dict[str, object] = {"windows": [30, 90]}
LOAD_COLUMNS = {"source_name": "VARCHAR", "load_no": "INTEGER", "row_number": "BIGINT"}
Rows = Sequence[dict[str, object]]


@dataclass(frozen=True)
class Case:
    """One case of one model."""

    model: str
    name: str
    as_of: dt.date
    features: Features
    given: Mapping[str, Rows]
    expect: Rows

    def __str__(self) -> str:
        return f"{self.model}: {self.name}"


def read_cases(folder: Path = FOLDER) -> Iterator[Case]:
    """All cases of all files, by schema and table."""
    for schema in SCHEMAS:
        for file in sorted((folder / schema).glob("*.yaml")):
            tree = yaml.safe_load(file.read_text(encoding="utf-8"))
            defaults = tree.get("defaults", {})
            for case in tree["cases"]:
                given = {
                    table: [defaults.get(table, {}) | row for row in rows]
                    for table, rows in case.get("given", {}).items()
                }
                yield Case(
                    model=f"{schema}.{file.stem}",
                    name=case["name"],
                    as_of=case.get("as_of", tree["as_of"]),
                    features=Features(**(_FEATURES | tree.get("features", {}) | case.get("features", {}))),
                    given=given,
                    expect=case["expect"],
                )


def models(as_of: dt.date, features: Features) -> dict[str, SqlModel]:
    """The shipped models by name, in build order."""
    return _models(as_of, features.model_dump_json())


@cache
def _models(as_of: dt.date, features: str) -> dict[str, SqlModel]:
    settings = Features.model_validate_json(features)
    return {model.name: model for schema in SCHEMAS for model in load_models(schema, as_of=as_of, features=settings)}


def create_raw(warehouse: Warehouse) -> None:
    """Create the schemas, and every `raw.<entity>` with the columns that ingest gives the view, empty."""
    for schema in ("raw", *SCHEMAS):
        warehouse.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for entity in ENTITIES.values():
        columns = {column.name: column.type for column in entity.columns} | LOAD_COLUMNS
        listed = ", ".join(f"{identifier(name)} {type_}" for name, type_ in columns.items())
        warehouse.execute(f"CREATE TABLE raw.{entity.name} ({listed})")


def insert(warehouse: Warehouse, table: str, rows: Rows) -> None:
    """Put rows into a table; values go in as text, so that a decimal keeps its digits."""
    types = dict(warehouse.columns(f"SELECT * FROM {table}"))
    for number, given in enumerate(rows, start=1):
        row = {"source_name": "source", "load_no": 1, "row_number": number} | given if "load_no" in types else given
        unknown = row.keys() - types.keys()
        assert not unknown, f"{table} has no column {', '.join(sorted(unknown))}"
        marks = ", ".join(f"CAST(${name} AS {types[name]})" for name in row)
        texts = {name: None if value is None else str(value) for name, value in row.items()}
        warehouse.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", texts)


def run_case(warehouse: Warehouse, case: Case) -> list[dict[str, Any]]:
    """The rows that the model gives for what the case gives."""
    shipped = models(case.as_of, case.features)
    create_raw(warehouse)
    for table, rows in case.given.items():
        if table.startswith("raw."):
            insert(warehouse, table, rows)
    for name, model in shipped.items():
        if name == case.model:
            break
        if model.schema == "staging":
            warehouse.execute(f"CREATE TABLE {name} AS {model.sql}")
            if name in case.given:
                warehouse.execute(f"DELETE FROM {name}")
                insert(warehouse, name, case.given[name])
    keys = _keys(shipped[case.model])
    found = warehouse.records(shipped[case.model].sql)
    return sorted(found, key=lambda row: [str(row[key]) for key in keys])


def _keys(model: SqlModel) -> list[str]:
    return [column.name for kind in ("id", "date") for column in model.columns if column.kind == kind]


def differences(case: Case, found: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is not as expected, a line each."""
    keys = _keys(models(case.as_of, case.features)[case.model])
    expected = sorted(case.expect, key=lambda row: [str(row[key]) for key in keys if key in row])
    if len(found) != len(expected):
        return [f"{len(found)} rows, expected {len(expected)}: {found}"]
    return [
        f"row {number}, {name}: {row[name]!r}, expected {value!r}"
        for number, (row, wanted) in enumerate(zip(found, expected, strict=True), start=1)
        for name, value in wanted.items()
        if not _equal(row[name], value)
    ]


def _equal(found: object, expected: object) -> bool:
    if isinstance(found, float) and isinstance(expected, int | float):
        return abs(found - expected) <= 1e-9
    if isinstance(found, Decimal) and isinstance(expected, int | float):
        return found == Decimal(str(expected))
    return type(found) is type(expected) and found == expected
