"""No contact value is published, in whatever table, and none is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.config.errors import GateFailed
from tasks.quality import gate
from tasks.quality.gate import run_checks
from tasks.quality.suites import load_suites
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import Run
from tests.unit.quality.conftest import Spoil

Change = Callable[[str], Path]


@pytest.fixture(autouse=True)
def few_suites(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check stands in no suite; those of the published tables find nothing here, and would take most of the time."""
    monkeypatch.setattr(
        gate,
        "load_suites",
        lambda space, door: [suite for suite in load_suites(space, door) if suite.table == "staging.customers"],
    )


@pytest.fixture
def changed(candidate: Path, tmp_path: Path) -> Change:
    """A copy of the candidate after a statement."""

    def change(sql: str) -> Path:
        copy = Path(shutil.copy(candidate, tmp_path))
        with Warehouse.open(copy) as published:
            published.execute(sql)
        return copy

    return change


def told(run: Run, candidate: Path) -> str:
    with pytest.raises(GateFailed) as caught:
        run_checks(run, "published", candidate)
    return str(caught.value)


def kept(run: Run) -> list[str]:
    """What the ledger keeps of the failures."""
    return [
        str(row)
        for row in run.warehouse.rows(
            "SELECT * FROM ops.check_result WHERE NOT is_success AND attempt_id = $attempt", {"attempt": run.attempt_id}
        )
    ]


def test_a_table_of_the_workspace_is_looked_at_too(whole_run: Run, changed: Change) -> None:
    copy = changed("CREATE TABLE main.own AS SELECT 1 AS n, 'x' AS a, 'anna2@SHOP.example' AS b FROM range(3)")
    message = told(whole_run, copy)
    assert "published.own: no text is a contact value" in message
    assert "(column_name b, values_of customers.email_address, value_count 1" in message
    assert "anna2" not in message.lower()
    assert not any("anna2" in row.lower() for row in kept(whole_run))


def test_ids_that_are_contact_data_ask_for_pseudonyms(whole_run: Run, candidate: Path, spoiled: Spoil) -> None:
    with spoiled("staging.customers", "UPDATE staging.customers SET full_name = customer_id || ' abc'"):
        run_checks(whole_run, "published", candidate)
    long_id = "UPDATE v1.customer_segment SET customer_id = 'Anna Example 3' WHERE customer_id = 'c3'"
    copy = candidate.with_name("ids.duckdb")
    shutil.copy(candidate, copy)
    with Warehouse.open(copy) as published:
        published.execute(long_id)
    message = told(whole_run, copy)
    assert "published.customer_segment: no text is a contact value" in message
    assert "remedy ids are contact data: switch on privacy.pseudonymise" in message


@pytest.mark.parametrize(
    "offer",
    [
        # Somebody is called so, but it is a category of the features, too.
        "bread",
        # Too short to be told apart.
        "Tiny",
        # Part of an address is none.
        "shop.example",
    ],
)
def test_what_is_published_by_chance_is_no_leak(whole_run: Run, changed: Change, offer: str) -> None:
    run_checks(whole_run, "published", changed(f"UPDATE v1.customer_treatment SET offer = '{offer}'"))


def test_words_of_the_workspace_are_no_leak(whole_run: Run, candidate: Path, spoiled: Spoil) -> None:
    with spoiled("staging.feedback", "UPDATE staging.feedback SET comment_text = 'lifecycle'"):
        run_checks(whole_run, "published", candidate)


def test_nothing_is_left_of_the_values(whole_run: Run, candidate: Path) -> None:
    run_checks(whole_run, "published", candidate)
    assert not whole_run.warehouse.table_exists("staging.contact_value")


def test_examples_of_protected_columns_are_withheld(whole_run: Run, spoiled: Spoil) -> None:
    spoil = "UPDATE staging.customers SET registered_at = '2025-07-01'"
    with spoiled("staging.customers", spoil), pytest.raises(GateFailed) as caught:
        run_checks(whole_run, "staging")
    assert "1980" not in caught.value.message
    assert "Anna" not in caught.value.message


def test_a_theme_may_be_all_that_somebody_wrote(whole_run: Run, changed: Change, spoiled: Spoil) -> None:
    """Labels are the company's words; the same text is found where it is none."""
    copy = changed("UPDATE v1.segment_profile SET top_value = 'Never again!'")
    assert "no text is a contact value" in told(whole_run, copy)
    label = f"SELECT 'Never again!' AS class_name, '{whole_run.run_id}' AS run_id"
    with spoiled("monitoring.comment_class", f"INSERT INTO monitoring.comment_class BY NAME {label}"):
        assert run_checks(whole_run, "published", copy).failed("critical") == []
