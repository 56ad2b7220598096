"""`validate` binds a mapping to the file that is there, and finds what a run would stop at."""

from __future__ import annotations

import copy
import logging
from typing import Any

import pytest

from flows.validate import validate_workspace
from tasks.config.errors import SourceError, WorkspaceError
from tests.workspaces import ORDERS, MakeWorkspace, small_workspace

pytestmark = pytest.mark.usefixtures("few_features")


def mapped(**columns: str) -> dict[str, Any]:
    """The small workspace with some columns made otherwise."""
    tree: dict[str, Any] = copy.deepcopy(small_workspace())
    tree["sources"]["orders"]["columns"] |= columns
    return tree


def test_the_last_file_is_looked_at(make_workspace: MakeWorkspace) -> None:
    assert validate_workspace(make_workspace())["files"] == 1


@pytest.mark.parametrize(
    ("columns", "message", "hint"),
    [
        ({"ordered_at": "at"}, "columns.ordered_at: 'at' is a word of SQL", "write it in double quotes"),
        ({"quantity": "unit"}, "columns.quantity: the file has no column 'unit'", "did you mean 'units'?"),
        ({"quantity": "units + interval 1 day"}, "columns.quantity: ", "correct the expression"),
    ],
)
def test_what_a_run_would_stop_at_is_found(
    make_workspace: MakeWorkspace, columns: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(SourceError) as told:
        validate_workspace(make_workspace(tree=mapped(**columns)))
    assert message in told.value.message
    assert hint in str(told.value.hint)
    assert "orders.csv" in str(told.value.where)
    assert "resegment.yaml:" in str(told.value.where)


def test_a_column_of_a_lookup_is_found(make_workspace: MakeWorkspace) -> None:
    tree = mapped(product_id="source.product", product_name="goods.name")
    tree["sources"]["orders"]["lookups"] = {"goods": {"path": "goods.csv", "format": "csv", "key": "product"}}
    space = make_workspace(tree=tree)
    assert validate_workspace(space)["files"] == 0, "a lookup that is not there is for the run to tell"
    (space.directory / "goods.csv").write_text("product,title\np1,Bread\n")
    with pytest.raises(SourceError, match=r"columns\.product_name"):
        validate_workspace(space)


def test_a_column_of_both_is_told_as_that_and_not_as_a_word_of_sql(make_workspace: MakeWorkspace) -> None:
    tree = mapped(product_name="goods.title")
    tree["sources"]["orders"]["lookups"] = {"goods": {"path": "goods.csv", "format": "csv", "key": "product"}}
    space = make_workspace(tree=tree)
    (space.directory / "goods.csv").write_text("product,title\np1,Bread\n")
    with pytest.raises(SourceError, match=r"columns\.product_id: .*Ambiguous.*goods\.product"):
        validate_workspace(space)


def test_of_several_files_the_last_counts(make_workspace: MakeWorkspace) -> None:
    tree = mapped()
    tree["sources"]["orders"]["path"] = "*.csv"
    space = make_workspace(tree=tree)
    (space.directory / "a_year_ago.csv").write_text("order,line\n")
    assert validate_workspace(space)["files"] == 1
    (space.directory / "tomorrow.csv").write_text(ORDERS.replace("units", "pieces"))
    with pytest.raises(SourceError, match="the file has no column 'units'"):
        validate_workspace(space)


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, None), (b"", "the file is empty"), (b",,,\n", "orders.csv"), (b"order,M\xfc\n", "options.encoding")],
)
def test_a_file_that_is_none_is_for_the_run_to_tell(
    make_workspace: MakeWorkspace, caplog: pytest.LogCaptureFixture, content: bytes | None, told: str | None
) -> None:
    space = make_workspace()
    file = space.directory / "orders.csv"
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    with caplog.at_level(logging.WARNING, "resegment.ingest"):
        assert validate_workspace(space)["files"] == 0
    if told is None:
        assert not caplog.records, "it may be to come"
    else:
        (record,) = caplog.records
        assert record.getMessage().startswith("orders: its columns could not be tried on a file: ")
        assert told in record.getMessage()


def test_that_nobody_is_told_of_is_found(make_workspace: MakeWorkspace) -> None:
    tree = mapped()
    source = {"entity": "survey_answers", "format": "csv", "path": "orders.csv"}
    columns = {"survey_id": "product", "customer_id": "customer", "answers": "{size: units}"}
    tree["sources"] = {"answers": source | {"columns": columns | {"answered_at": '"at"'}}}
    with pytest.raises(WorkspaceError, match="no source says who is a customer") as caught:
        validate_workspace(make_workspace(tree=tree))
    assert "resegment.yaml:" in str(caught.value.where)
