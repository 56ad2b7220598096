"""Which rows and words are a person's, in a warehouse of a few customers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.config.errors import UsageError
from tasks.config.pseudonym import pseudonym
from tasks.erasure.holdings import catalog_of, count_his, kept_rows_of, mark, tables_of
from tasks.erasure.person import Person, person_of, words_of
from tasks.erasure.reading import known_ids
from tasks.erasure.rewriting import write_warehouse_without
from tasks.ingest.whose import customers_in_quarantine
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import Run
from tests.staged import ingest_and_stage
from tests.workspaces import ORDERS, MakeWorkspace, OpenRun, small_workspace

PEOPLE = """id,name,mail,phone
anna,Anna Berg,anna@example.org,+49 170 12345
ben,Ben Dorn,ben@example.org,+49 170 99999
carl,Anna Berg,joanna@example.org,+49 170 99999
dora,Dora New customer,anna.berg@example.org,12345
"""
KEY = "0123456789abcdef-this-is-no-secret"


def tree() -> dict[str, Any]:
    made: dict[str, Any] = small_workspace()
    made["sources"]["people"] = {
        "entity": "customers",
        "format": "csv",
        "path": "people.csv",
        "columns": {"customer_id": "id", "full_name": "name", "email_address": "mail", "phone_number": "phone"},
    }
    return made


@pytest.fixture
def staged(make_workspace: MakeWorkspace, opened: OpenRun) -> Iterator[Run]:
    """Everybody loaded; of anna an order is kept out."""
    space = make_workspace(tree=tree(), orders=ORDERS + "o8,1,anna,2025-06-01,p1,bread,1,-1\n")
    (space.directory / "people.csv").write_text(PEOPLE)
    with opened(space) as run:
        ingest_and_stage(run)
        yield run


def marked(run: Run, *names: str) -> list[Person]:
    persons = [Person(name, name) for name in names]
    mark(run.warehouse, persons, kept_rows_of(run.warehouse, persons, (), customers_in_quarantine(run)))
    return persons


def counts(warehouse: Warehouse) -> dict[str, int]:
    tables = tables_of(warehouse, catalog_of(warehouse))
    return {table.name: rows for table in tables if (rows := count_his(warehouse, table, ())[0])}


def test_every_way_leads_to_rows(staged: Run) -> None:
    marked(staged, "anna")
    assert counts(staged.warehouse) == {
        "ops.quarantine": 1,
        "raw.orders__order_lines": 3,
        "raw.people__customers": 1,
        "raw.quarantined_row": 1,
        "raw.quarantined_value": 1,
        "staging.customers": 1,
        "staging.order_days": 2,
        "staging.order_lines": 3,
        "staging.orders": 2,
    }


def test_only_what_tells_a_person_from_others_is_a_word(staged: Run) -> None:
    persons = marked(staged, "anna")
    words = words_of(staged.warehouse, staged.workspace, persons)
    # Her name is carl's, too; `anna` is short.
    assert words.telling == ("+49 170 12345", "anna@example.org")
    assert (words.value_count, words.untold_count) == (2, 2)
    assert words_of(staged.warehouse, staged.workspace, marked(staged, "ben")).telling == (
        "Ben Dorn",
        "ben@example.org",
    )


def test_what_the_workspace_says_is_nobodys_name(make_workspace: MakeWorkspace, staged: Run) -> None:
    said = tree()
    said["segmentations"]["lifecycle"]["segments"][0]["name"] = "Ben Dorn"
    space = make_workspace(tree=said)
    assert words_of(staged.warehouse, space, marked(staged, "ben")).telling == ("ben@example.org",)


def test_a_quarantined_line_is_whose_words_are_in_it_unless_it_can_be_read_as_anothers(staged: Run) -> None:
    warehouse = staged.warehouse
    persons = [Person("anna", "anna")]
    for number, text in ((90, '"x,anna@example.org,"'), (91, '"of ben"')):
        warehouse.execute(
            "INSERT INTO raw.quarantined_row VALUES ('l', $number, $text, '{}')", {"number": number, "text": text}
        )
    known = {("l", 90): "ben"}
    assert ("l", 90) in kept_rows_of(warehouse, persons, ("anna@example.org",), {})
    assert kept_rows_of(warehouse, persons, ("anna@example.org",), known) == []


def test_what_is_written_anew_has_its_keys_and_views_and_everybody_else(staged: Run, tmp_path: Path) -> None:
    warehouse = staged.warehouse
    persons = marked(staged, "anna")
    words = words_of(warehouse, staged.workspace, persons).telling
    warehouse.execute(
        "INSERT INTO ops.load (load_id, load_no, column_names) VALUES ('x', 99, ['a', 'by ANNA@example.org'])"
    )
    target = tmp_path / "new.duckdb"
    found = write_warehouse_without(warehouse, catalog_of(warehouse), words, target)
    assert found["raw.orders__order_lines"] == 3
    assert found["ops.load (texts)"] == 1
    assert not target.with_name("new.duckdb.wal").exists()
    with Warehouse.open(target) as written:
        assert written.rows("SELECT column_names FROM ops.load WHERE load_no = 99") == [(["a", "by [erased]"],)]
        assert written.rows("SELECT DISTINCT customer_id FROM raw.order_lines ORDER BY 1") == [("ben",), (None,)]
        keys = "SELECT table_name, constraint_text FROM duckdb_constraints() ORDER BY ALL"
        assert written.rows(keys) == warehouse.rows(
            f"{keys.replace(' ORDER', ' WHERE database_name = current_catalog() ORDER')}"
        )
        rows = "SELECT * FROM raw.people__customers WHERE customer_id <> 'anna'"
        assert written.rows("SELECT * FROM raw.people__customers") == warehouse.rows(rows)


def test_a_pseudonym_leads_to_its_person(
    make_workspace: MakeWorkspace, opened: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESEGMENT_PSEUDONYM_KEY", KEY)
    hidden = tree() | {"privacy": {"pseudonymise": True, "key": "${RESEGMENT_PSEUDONYM_KEY}"}}
    space = make_workspace(tree=hidden)
    (space.directory / "people.csv").write_text(PEOPLE)
    anna = pseudonym(KEY.encode(), "anna")
    with opened(space) as run:
        with pytest.raises(UsageError, match="nothing is held of 'p_"):
            person_of(run.warehouse, space, anna)
        ingest_and_stage(run)
        persons = [person_of(run.warehouse, space, asked) for asked in ("anna", anna)]
        assert persons == [Person("anna", anna)] * 2
        mark(run.warehouse, persons, [])
        found = counts(run.warehouse)
        assert found["raw.pseudonym"] == found["staging.customers"] == found["raw.people__customers"] == 1
        assert anna in words_of(run.warehouse, space, persons).telling
        with pytest.raises(UsageError, match="nothing is held of"):
            person_of(run.warehouse, space, "p_" + "0" * 32)


def test_files_that_are_called_after_two_customers_stay_two(staged: Run, tmp_path: Path) -> None:
    """By one name only the newest of them counted: what others had bought in the other one was lost without a word."""
    warehouse = staged.warehouse
    for number, name in ((90, "customer=cust-01/a.csv"), (91, "customer=cust-02/a.csv")):
        warehouse.execute(
            "INSERT INTO ops.delivery (delivery_no, file_name) VALUES ($number, $name)",
            {"number": number, "name": name},
        )
    marked(staged, "anna")
    write_warehouse_without(warehouse, catalog_of(warehouse), ("cust-01", "cust-02"), tmp_path / "w.duckdb")
    with Warehouse.open(tmp_path / "w.duckdb") as written:
        names = [name for (name,) in written.rows("SELECT file_name FROM ops.delivery WHERE delivery_no >= 90")]
    assert len(set(names)) == 2
    assert all(re.fullmatch(r"customer=\[erased [0-9a-f]{8}\]/a\.csv", name) for name in names)


def test_of_a_company_that_nothing_was_loaded_of_nobody_is_known(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(make_workspace()) as run:
        assert known_ids(run.warehouse) == set()
