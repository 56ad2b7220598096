"""A file with other columns than the one before it is told; the same columns in another kind of file are not."""

from __future__ import annotations

import datetime as dt

import pytest

from tasks.quality.file_history import FileHistory
from tasks.quality.queries import QueryContext
from tasks.quality.suites import load_suites
from tasks.warehouse import migrations
from tasks.warehouse.connection import Warehouse
from tests.workspaces import AS_OF, MakeWorkspace

CSV = ["order", "line", "Total EUR"]
PARQUET = ["order VARCHAR", "line BIGINT", "Total EUR DECIMAL(18,2)"]


@pytest.mark.parametrize(
    ("present", "mapping", "is_told"),
    [
        (CSV, "m", False),
        (CSV[::-1], "m", False),
        # From CSV to Parquet, which is another mapping.
        (PARQUET, "n", False),
        (PARQUET[1:], "n", True),
        ([*CSV, "store"], "m", True),
        ([*CSV, "store"], "n", True),
    ],
)
def test_other_columns_are_told_and_another_kind_of_file_is_not(
    make_workspace: MakeWorkspace, present: list[str], mapping: str, is_told: bool
) -> None:
    space = make_workspace()
    (check,) = (
        check
        for suite in load_suites(space, "raw")
        if suite.table == "ops.load"
        for check in suite.checks
        if check.expectation.meaning.startswith("a new file has the columns")
    )
    new = FileHistory("new.csv", 2, (1,), is_version=False, published=1)
    context = QueryContext(space, AS_OF, "0" * 16, (), files={"orders": [new]}, end=AS_OF + dt.timedelta(days=1))
    query = context.query("ops.load", check)
    assert query is not None
    with Warehouse.open(None) as warehouse:
        migrations.migrate(warehouse)
        for number, columns, one in ((1, CSV, "m"), (2, present, mapping)):
            warehouse.execute(
                "INSERT INTO ops.load (load_id, load_no, source_name, file_name, column_names, mapping_sha256)"
                " VALUES ($id, $number, 'orders', $id, $columns, $mapping)",
                {"id": f"l{number}", "number": number, "columns": columns, "mapping": one},
            )
        assert bool(warehouse.rows(query)) is is_told
