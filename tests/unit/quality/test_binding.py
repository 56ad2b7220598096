"""The columns and queries of a workspace's own checks are tried before a run."""

from __future__ import annotations

import pytest

from flows.validate import validate_workspace
from tasks.config.errors import WorkspaceError
from tests.workspaces import MakeWorkspace, small_workspace

pytestmark = pytest.mark.usefixtures("few_features")

_HEAD = "table: {table}\ndescription: d\nexpectations:\n  - severity: warning\n    meaning: m\n"


@pytest.mark.parametrize(
    ("table", "check", "told"),
    [
        ("raw.order_lines", "type: expect_column_values_to_not_be_null\n    kwargs: {column: order_dat}", "order_dat"),
        ("staging.orders", "type: expect_column_values_to_not_be_null\n    kwargs: {column: order_dat}", "order_dat"),
        ("staging.orders", "type: expect_key_to_be_unique\n    kwargs: {columns: [order_idd]}", "order_idd"),
        (
            "features.customer_value",
            "type: expect_no_rows\n    kwargs: {query: SELECT x FROM staging.nosuch}",
            "nosuch",
        ),
    ],
)
def test_what_is_not_there_is_told_with_the_line(
    make_workspace: MakeWorkspace, table: str, check: str, told: str
) -> None:
    space = make_workspace(tree=small_workspace() | {"quality": {"expectations": "checks"}})
    file = space.directory / "checks" / f"{table.replace('.', '/')}.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(_HEAD.format(table=table) + f"    {check}\n")
    with pytest.raises(WorkspaceError) as caught:
        validate_workspace(space)
    assert caught.value.where == f"{file}:4"
    assert "cannot be run" in caught.value.message
    assert told in caught.value.message


def test_what_is_told_of_a_row_are_columns_of_the_query(make_workspace: MakeWorkspace) -> None:
    space = make_workspace(tree=small_workspace() | {"quality": {"expectations": "checks"}})
    file = space.directory / "checks" / "staging" / "orders.yaml"
    file.parent.mkdir(parents=True)
    query = "    type: expect_no_rows\n    kwargs: {query: SELECT order_id AS number FROM staging.orders}\n"
    file.write_text(_HEAD.format(table="staging.orders") + query + "    told: '{number} of {order_id}'\n")
    with pytest.raises(WorkspaceError) as caught:
        validate_workspace(space)
    assert caught.value.where == f"{file}:4"
    assert caught.value.message == "told: the query of the check “m” has no column 'order_id'"
    assert caught.value.hint == "it has number"
