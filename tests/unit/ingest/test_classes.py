"""The class of every source column, and the warnings where a column looks like data about people."""

from __future__ import annotations

import logging

import pytest

from tasks.config.errors import WorkspaceError
from tasks.config.workspace import Workspace
from tasks.ingest.tasks import identify_run, ingest_source
from tasks.warehouse.run import Run
from tests.workspaces import MakeWorkspace, OpenRun, small_workspace

CRM = "KundenNr,Name,Notes,Town,Extra\n" + "".join(
    f"c{n},Anna Berg,{f'n{n}@shop.example' if n % 6 else 'vip'},Ulm,x{n}@y.example\n" for n in range(200)
)
Tree = dict[str, object]


def tree(columns: dict[str, str] | None = None, **source: object) -> Tree:
    """The small workspace with customers, whose notes are mapped to the region."""
    mapped = {"customer_id": "kundennr", "full_name": "Name", "region_name": "upper(NOTES)", "city_name": "Town"}
    crm = {"entity": "customers", "format": "csv", "path": "crm.csv", "columns": columns or mapped} | source
    made = small_workspace()
    assert isinstance(made["sources"], dict)
    return made | {"sources": made["sources"] | {"crm": crm}}


def ingested(run: Run, space: Workspace, crm: str = CRM) -> dict[str, tuple[str, str, str]]:
    """Load everything; returns what each column of the CRM feeds, its class, and how it got it."""
    (space.directory / "crm.csv").write_text(crm, encoding="utf-8")
    for name in space.sources:
        ingest_source.fn(run, name)
    identify_run.fn(run)
    rows = run.warehouse.rows(
        "SELECT column_name, entity_column_names, class_name, how_name FROM ops.column_class"
        " WHERE attempt_id = $attempt AND source_name = 'crm'",
        {"attempt": run.attempt_id},
    )
    return {name: (feeds, privacy, how) for name, feeds, privacy, how in rows}


def alerts(run: Run) -> list[str]:
    return [message for (message,) in run.warehouse.rows("SELECT message FROM ops.alert WHERE kind_name = 'privacy'")]


def test_what_nobody_declares_is_guessed_applied_and_told(
    make_workspace: MakeWorkspace, opened: OpenRun, caplog: pytest.LogCaptureFixture
) -> None:
    space = make_workspace(tree=tree())
    with opened(space) as run, caplog.at_level(logging.WARNING, "resegment.ingest"):
        assert ingested(run, space) == {
            "KundenNr": ("customers.customer_id", "identifier", "entity"),
            "Name": ("customers.full_name", "contact", "entity"),
            "Notes": ("customers.region_name", "contact", "guessed"),
            "Town": ("customers.city_name", "plain", "entity"),
            # Mapped to nothing, it goes nowhere: no warning.
            "Extra": ("", "contact", "guessed"),
        }
        told = (
            "crm.Notes looks like contact data (83 % of 200 values are e-mail addresses) and is mapped to region_name:"
            " treated as contact; declare it under sources.crm.privacy"
        )
        assert alerts(run) == [told]
        assert [record.message for record in caplog.records] == [told]


@pytest.mark.parametrize("privacy", ["contact", "plain"])
def test_what_is_declared_is_not_guessed(make_workspace: MakeWorkspace, opened: OpenRun, privacy: str) -> None:
    space = make_workspace(tree=tree(privacy={"notes": privacy}))
    with opened(space) as run:
        assert ingested(run, space)["Notes"] == ("customers.region_name", privacy, "declared")
        assert alerts(run) == []


def test_no_warning_where_the_entity_column_is_as_strict_by_the_workspace(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    space = make_workspace(tree=tree() | {"privacy": {"columns": {"customers.region_name": "contact"}}})
    with opened(space) as run:
        assert ingested(run, space)["Notes"] == ("customers.region_name", "contact", "entity")
        assert alerts(run) == []


def test_an_id_that_is_an_address_asks_for_pseudonyms(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(tree=tree({"customer_id": "Extra"}))
    with opened(space) as run:
        ingested(run, space)
        (told,) = alerts(run)
    assert "customer_id is needed to join: switch on privacy.pseudonymise" in told
    assert "@" not in told


def test_columns_of_a_lookup_are_guessed_too(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    lookups = {"more": {"path": "more.csv", "format": "csv", "key": "KundenNr"}}
    columns = {"customer_id": "source.KundenNr", "city_name": "more.reach", "region_name": "more.region"}
    space = make_workspace(tree=tree(columns, lookups=lookups))
    (space.directory / "more.csv").write_text("KundenNr,reach,region,unused\nc1,a@b.example,South,x@y.example\n")
    with opened(space) as run:
        found = ingested(run, space)
        assert found["more.reach"] == ("customers.city_name", "contact", "guessed")
        assert found["more.region"] == ("customers.region_name", "plain", "entity")
        assert "more.unused" not in found
    declared = make_workspace(tree=tree(columns, lookups=lookups, privacy={"more.reach": "plain"}))
    with opened(declared) as run:
        assert ingested(run, declared)["more.reach"] == ("customers.city_name", "plain", "declared")


def test_a_declared_column_that_no_file_has_is_refused(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(tree=tree(privacy={"Notez": "plain"}))
    lines = (space.directory / "resegment.yaml").read_text(encoding="utf-8").splitlines()
    with opened(space) as run, pytest.raises(WorkspaceError) as caught:
        ingested(run, space)
    assert "no file of the source has a column 'Notez'" in caught.value.message
    assert caught.value.hint == "did you mean 'Notes'?"
    assert lines[int(str(caught.value.where).rsplit(":", 1)[1]) - 1].strip() == "Notez: plain"


def test_a_guess_follows_from_the_files_that_the_run_sees(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(tree=tree())
    with opened(space) as run:
        assert ingested(run, space)["Notes"][1] == "contact"
    with opened(space) as run:
        # Nothing is new, and the class is the same.
        assert ingested(run, space)["Notes"][1] == "contact"
        assert len(alerts(run)) == 2
    with opened(space) as run:
        # A corrected delivery takes the place of the file.
        assert ingested(run, space, CRM.replace("@shop.example", ""))["Notes"][1] == "plain"


def test_a_declared_class_needs_no_file(make_workspace: MakeWorkspace) -> None:
    from flows.validate import validate_workspace

    space = make_workspace(tree=tree(privacy={"Notes": "contact"}))
    folder = space.directory / "sql" / "features"
    folder.mkdir(parents=True)
    (folder / "own.sql").write_text(
        "-- what: w\n-- why: w\n-- grain: customer\n-- column customer_id: c [id]\n-- column own: o\n"
        "SELECT customer_id, region_name AS own FROM staging.customers\n"
    )
    with pytest.raises(WorkspaceError, match=r"reads staging\.customers\.region_name: contact data"):
        validate_workspace(space)
