"""Databases of a workspace: what may be said of them, and that their passwords are told nowhere."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from tasks.config.databases import Database, parse_address
from tasks.config.errors import SourceError, WorkspaceError
from tasks.config.sources import Source
from tests.unit.ingest.made_database import workspace_of
from tests.workspaces import MakeWorkspace

SECRET = "hush-hush"  # noqa: S105 - made up


@pytest.mark.parametrize(
    ("url", "place", "secrets"),
    [
        ("postgresql://db/crm", "db/crm", ()),
        ("postgresql://me:hush%2Fit@db:5433/crm", "db:5433/crm", ("hush%2Fit", "hush/it")),
        ("postgresql://me@[::1]:5433/crm?password=hush", "[::1]:5433/crm", ("hush",)),
        ("postgresql:///crm?host=/run/postgresql", "/run/postgresql/crm", ()),
        ("postgresql://a:1,b:2/crm?connect_timeout=3", "a:1,b:2/crm", ()),
        ("postgresql://me@db", "db/me", ()),
    ],
)
def test_an_address_is_taken_apart(url: str, place: str, secrets: tuple[str, ...]) -> None:
    address = parse_address(url)
    assert address.place == place
    assert address.secrets == secrets
    assert address.url.startswith(url)
    assert address.url.count("connect_timeout=") == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://me:hush-hush@db/crm", "the scheme is 'mysql', expected postgresql://"),
        ("me:hush-hush@db/crm", "it has no scheme"),
        ("postgresql://me:hush-hush#1@db/crm", "write @ as %40"),
        ("postgresql://me:hush-hush/1@db/crm", "write @ as %40"),
        ("postgresql://me:hush-hush%1@db/crm", "% as %25"),
        ("postgresql://me:hush-hush:1@db:port/crm", "write @ as %40"),
    ],
)
def test_what_is_no_address_is_refused_without_quoting_it(url: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_URL", url)
    with pytest.raises(SourceError) as caught:
        Database(url_env="CRM_URL").address("resegment.yaml:3")
    text = str(caught.value)
    assert said in text
    assert "CRM_URL" in text
    assert "resegment.yaml:3" in text
    assert SECRET not in text


def test_an_environment_without_the_address_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRM_URL", raising=False)
    with pytest.raises(SourceError, match="CRM_URL is not set") as caught:
        Database(url_env="CRM_URL").address("resegment.yaml:3")
    assert "set CRM_URL=postgresql://USER:PASSWORD@HOST/DATABASE" in str(caught.value)


@pytest.mark.parametrize(
    "written",
    [
        {"url": f"postgresql://me:{SECRET}@db/crm"},
        {"url": f"postgresql://me@db/crm?password={SECRET}"},
        {"url": f"mysql://me:{SECRET}@db/crm"},
        {"url": "postgresql://db/crm", "url_env": "CRM_URL"},
        {},
        f"postgresql://me:{SECRET}@db/crm",
    ],
    ids=["password", "password after it", "other scheme", "both", "neither", "no mapping"],
)
def test_a_workspace_that_says_it_wrongly_is_told_so_without_the_password(
    written: Any,  # noqa: ANN401 - YAML
    make_workspace: MakeWorkspace,
) -> None:
    tree = workspace_of()
    tree["databases"]["crm"] = written
    with pytest.raises(WorkspaceError, match=r"resegment.yaml:\d+: databases.crm") as caught:
        make_workspace(tree=tree)
    assert SECRET not in str(caught.value)


def test_a_workspace_says_nothing_of_addresses_to_its_runs(make_workspace: MakeWorkspace) -> None:
    one, other = workspace_of(), workspace_of()
    other["databases"] = {"erp": {"url": "postgresql://db.example.com/erp"}}
    other["sources"]["orders"]["database"] = "erp"
    assert make_workspace(tree=one).digest() == make_workspace(tree=other).digest()


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"database": "cmr"}, "there is no database 'cmr'; did you mean 'crm'?"),
        (
            {"query": None},
            "write either format and path (files), or database and query (a database); there is database",
        ),
        ({"path": "x.csv"}, "there is path, database, query"),
        ({"database": None, "query": None}, "there is neither"),
        ({"options": {"delimiter": ";"}}, "options: only of files"),
        ({"overlap": "1 hour"}, "overlap: nothing is read again without since"),
        (
            {"since": "changed", "overlap": "soon"},
            "expected a number of seconds, minutes, hours or days, such as '1 day'",
        ),
        (
            {"database": None, "query": None, "format": "csv", "path": "x.csv", "since": "changed"},
            "since: only of a source in a database",
        ),
    ],
)
def test_a_source_comes_in_one_of_two_ways(edit: dict[str, Any], said: str, make_workspace: MakeWorkspace) -> None:
    tree = workspace_of()
    tree["sources"]["orders"] = {k: v for k, v in (tree["sources"]["orders"] | edit).items() if v is not None}
    with pytest.raises(WorkspaceError) as caught:
        make_workspace(tree=tree)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("overlap", "span"),
    [("1 day", dt.timedelta(days=1)), ("90 minutes", dt.timedelta(hours=1.5)), ("0 seconds", dt.timedelta())],
)
def test_an_overlap_is_a_length_of_time(overlap: str, span: dt.timedelta) -> None:
    source = workspace_of(since="changed", overlap=overlap)["sources"]["orders"]
    assert Source.model_validate(source).overlap_span == span


def test_a_source_with_a_wrong_span_is_no_source() -> None:
    with pytest.raises(ValidationError):
        Source.model_validate(workspace_of(since="changed", overlap="1 month")["sources"]["orders"])
