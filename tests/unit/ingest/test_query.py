"""Queries of sources in databases, as they are judged without the database."""

from __future__ import annotations

import pytest

from tasks.config.errors import WorkspaceError
from tasks.ingest.mapping import parse_mapping
from tasks.ingest.query import bare
from tests.unit.ingest.made_database import COLUMNS, workspace_of
from tests.workspaces import MakeWorkspace


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM orders",
        "WITH paid AS (SELECT * FROM orders WHERE paid) SELECT DISTINCT ON (id) * FROM paid ORDER BY id, at DESC;",
        "SELECT id, data->>'a' AS a, at AT TIME ZONE 'Europe/Berlin' AS at FROM o LEFT JOIN LATERAL (SELECT 1) x ON true",
        "SELECT * FROM a UNION ALL SELECT * FROM b -- both",
    ],
)
def test_one_select_is_taken(query: str, make_workspace: MakeWorkspace) -> None:
    assert parse_mapping(make_workspace(tree=workspace_of(query=query)), "orders").source.query == query.strip()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("DELETE FROM orders", "expected one SELECT that only reads, met DELETE"),
        ("WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone", "met DELETE"),
        ("SELECT * INTO copy FROM orders", "met INTO"),
        ("SELECT * FROM orders FOR UPDATE", "met LOCK"),
        ("SELECT 1; SELECT 2", "met several statements"),
        ("SELECT 1) AS x; DELETE FROM orders; SELECT (2", "not a SELECT that can be read"),
        ("COPY orders TO '/tmp/x'", "expected one SELECT that only reads"),
        ("VACUUM", "expected one SELECT that only reads"),
        ("-- nothing", "expected one SELECT that only reads"),
    ],
)
def test_everything_else_is_refused_with_its_line(query: str, said: str, make_workspace: MakeWorkspace) -> None:
    with pytest.raises(WorkspaceError, match=r"resegment.yaml:\d+") as caught:
        parse_mapping(make_workspace(tree=workspace_of(query=query)), "orders")
    assert said in str(caught.value)
    assert "→" in str(caught.value)


def test_the_number_of_a_row_is_no_key_where_each_pull_has_other_rows(make_workspace: MakeWorkspace) -> None:
    tree = workspace_of(since="changed", columns=COLUMNS | {"line_id": "_record"})
    with pytest.raises(WorkspaceError, match="_record numbers the rows of one pull") as caught:
        parse_mapping(make_workspace(tree=tree), "orders")
    assert "use a key of the table" in str(caught.value)


def test_a_query_stands_in_brackets_without_its_end() -> None:
    assert bare("SELECT ';' AS it ; -- the end") == "SELECT ';' AS it "
    assert bare("SELECT 1 -- ;") == "SELECT 1 -- ;"
