"""A key that no line of a JSON lines file has is told once, with the nearest one; a rare one stops nothing."""

from __future__ import annotations

import json
import logging

import pytest

from flows.validate import validate_workspace
from tasks.config.workspace import Workspace
from tasks.ingest.tasks import ingest_source
from tests.workspaces import MakeWorkspace, OpenRun

LINE = {"order": "o1", "line": 1, "customer": "anna", "at": "2025-06-01", "Product": "p1", "units": 2, "price": 1.5}
JSON_LINES = ("sources.orders.format=jsonl", "sources.orders.path=*.jsonl")
PRODUCT = (
    "orders: columns.product_id reads 'product', which no line of a.jsonl has: it is no value; did you mean 'Product'?"
)
CATEGORY = (
    "orders: columns.category_name reads 'category', which no line of a.jsonl has: it is no value;"
    " it has Product, at, customer, line, order, price, units"
)


def delivered(space: Workspace, name: str, *lines: object) -> None:
    (space.directory / name).write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return sorted(record.getMessage() for record in caplog.records if "which no line" in record.getMessage())


def test_it_is_told_once_for_a_mapping(
    make_workspace: MakeWorkspace, opened: OpenRun, caplog: pytest.LogCaptureFixture
) -> None:
    space = make_workspace(*JSON_LINES)
    delivered(space, "a.jsonl", LINE)
    with opened(space) as run, caplog.at_level(logging.WARNING, "resegment.ingest"):
        ingest_source.fn(run, "orders")
        assert told(caplog) == [CATEGORY, PRODUCT]
        delivered(space, "b.jsonl", LINE | {"order": "o2"})
        ingest_source.fn(run, "orders")
    assert told(caplog) == [CATEGORY, PRODUCT]


@pytest.mark.parametrize("lines", [(LINE, LINE | {"product": None, "category": "bread"}), (5, "x", [LINE])])
def test_a_key_of_any_line_is_there_and_lines_that_are_no_objects_have_none(
    make_workspace: MakeWorkspace, opened: OpenRun, caplog: pytest.LogCaptureFixture, lines: tuple[object, ...]
) -> None:
    space = make_workspace(*JSON_LINES)
    delivered(space, "a.jsonl", *lines)
    with opened(space) as run, caplog.at_level(logging.WARNING, "resegment.ingest"):
        ingest_source.fn(run, "orders")
    assert told(caplog) == []


@pytest.mark.usefixtures("few_features")
def test_validate_tells_it(make_workspace: MakeWorkspace, caplog: pytest.LogCaptureFixture) -> None:
    space = make_workspace(*JSON_LINES)
    delivered(space, "a.jsonl", LINE)
    with caplog.at_level(logging.WARNING, "resegment.ingest"):
        assert validate_workspace(space)["files"] == 1
    assert told(caplog) == [CATEGORY, PRODUCT]
