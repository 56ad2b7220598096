"""Contact and sensitive columns stay in staging: what a model may not read is refused, the rest it sees as NULL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.config.errors import WorkspaceError
from tasks.ingest.staging import build_staging
from tasks.warehouse import ledger
from tasks.warehouse.build import build_schema, models_of_run
from tasks.warehouse.privacy import Privacy, privacy_of, refuse_leaks, unseen_reads
from tasks.warehouse.run import Run
from tests.sql.cases import create_raw, insert
from tests.unit.conftest import OnCopy, StageOnce
from tests.workspaces import small_workspace

_CUSTOMER = {
    "customer_id": "A",
    "full_name": "Anna Berg",
    "email_address": "anna@shop.example",
    "birth_date": "1980-05-01",
    "income_amount": "40000",
    "city_name": "Ulm",
    "region_name": "anna2@shop.example",
}


#: Incomes are declared sensitive, and towns contact.
_TREE = small_workspace() | {
    "privacy": {"columns": {"customers.income_amount": "sensitive", "customers.city_name": "contact"}}
}


@pytest.fixture(scope="module")
def staged(staged_once: StageOnce) -> Path:
    def fill(run: Run) -> None:
        create_raw(run.warehouse)
        insert(run.warehouse, "raw.customers", [_CUSTOMER])
        build_staging(run)

    return staged_once(fill, tree=_TREE)


@pytest.fixture
def run(staged: Path, on_copy: OnCopy) -> Iterator[Run]:
    """A run with staging built."""
    with on_copy(staged, tree=_TREE) as opened_run:
        yield opened_run


def write(run: Run, select: str, note: str = "", schema: str = "features", table: str = "own") -> Path:
    path = run.sql_folder / schema / f"{table}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    header = "-- what: w\n-- why: w\n-- grain: customer\n-- column customer_id: c [id]\n"
    path.write_text(f"{header}-- column own: o{note}\n{select}\n", encoding="utf-8")
    return path


def guess(run: Run, entity_column: str, privacy: str) -> None:
    ledger.insert(
        run.warehouse,
        "column_class",
        run.attempt
        | {
            "source_name": "crm",
            "column_name": "x",
            "entity_column_names": entity_column,
            "class_name": privacy,
            "how_name": "guessed",
        },
    )


@pytest.mark.parametrize(
    ("select", "told", "line"),
    [
        (
            "SELECT customer_id, email_address AS own\nFROM staging.customers",
            "reads staging.customers.email_address",
            6,
        ),
        ("SELECT customer_id,\n  full_name IS NULL AS own\nFROM staging.customers", "reads staging.customers.full_", 7),
        (
            "WITH c AS (\n  SELECT * FROM staging.customers\n) SELECT customer_id, 1 AS own FROM c",
            "reads staging.customers.city_name, staging.customers.email_address, staging.",
            7,
        ),
        (
            "SELECT customer_id, count(comment_text) AS own FROM staging.feedback GROUP BY ALL",
            "reads staging.feedback.comment_text",
            6,
        ),
    ],
)
def test_reading_contact_data_is_refused_with_file_line_and_column(run: Run, select: str, told: str, line: int) -> None:
    path = write(run, select)
    with pytest.raises(WorkspaceError, match="contact data never leaves staging") as caught:
        models_of_run(run, "features")
    assert caught.value.message.startswith(told)
    assert caught.value.where == f"{path}:{line}"


@pytest.mark.parametrize(
    ("select", "note", "told"),
    [
        ("SELECT customer_id, year(birth_date) AS own FROM staging.customers", "", "own is computed from"),
        ("SELECT customer_id, birth_date AS own FROM staging.customers", " [coarsens=birth_date]", "own passes on"),
        (
            "SELECT customer_id, CAST(max(birth_date) AS VARCHAR) AS own FROM staging.customers GROUP BY 1",
            " [coarsens=birth_date]",
            "own passes on",
        ),
        ("SELECT customer_id, 1 AS own FROM staging.customers WHERE birth_date > '2000-01-01'", "", "reads"),
        # What the workspace itself declares binds its own models.
        ("SELECT customer_id, income_amount > 1 AS own FROM staging.customers", "", "own is computed from"),
    ],
)
def test_sensitive_data_that_is_not_coarsened_is_refused(run: Run, select: str, note: str, told: str) -> None:
    write(run, select, note)
    with pytest.raises(WorkspaceError, match="leaves staging coarsened only") as caught:
        models_of_run(run, "features")
    assert caught.value.message.startswith(told)


def test_contact_data_that_the_workspace_declares_binds_its_own_models(run: Run) -> None:
    write(run, "SELECT customer_id, city_name AS own FROM staging.customers")
    with pytest.raises(WorkspaceError, match=r"reads staging\.customers\.city_name: contact data"):
        models_of_run(run, "features")


def test_sensitive_data_that_is_coarsened_is_seen(run: Run) -> None:
    write(run, "SELECT customer_id, year(birth_date) AS own FROM staging.customers", " [coarsens=birth_date]")
    build_schema(run, "features")
    assert run.warehouse.rows("SELECT own FROM features.own") == [(1980,)]
    assert run.warehouse.rows("SELECT age_years, age_band_name FROM features.customer_demographics") == [(45, "45-54")]


def test_our_models_see_as_null_what_the_workspace_protects(run: Run) -> None:
    build_schema(run, "features")
    assert run.warehouse.rows("SELECT income_amount FROM features.customer_demographics") == [(None,)]
    found = run.warehouse.rows("SELECT city_name, region_name FROM features.customer_geography")
    assert found == [(None, _CUSTOMER["region_name"])]


def test_what_is_guessed_is_seen_as_null_by_every_model(run: Run) -> None:
    guess(run, "customers.region_name", "contact")
    write(run, "SELECT customer_id, customers.region_name AS own FROM staging.customers", " [category]")
    build_schema(run, "features")
    assert run.warehouse.rows("SELECT own FROM features.own") == [(None,)]
    assert run.warehouse.rows("SELECT region_name FROM features.customer_geography") == [(None,)]
    assert run.warehouse.rows("SELECT region_name FROM staging.customers") == [(_CUSTOMER["region_name"],)]


def test_nothing_is_left_of_the_views(run: Run) -> None:
    before = run.warehouse.rows("SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL")
    build_schema(run, "features")
    after = run.warehouse.rows("SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL")
    assert {name for schema, name in set(after) - set(before) if schema != "features"} == set()


def test_ids_are_never_hidden(run: Run) -> None:
    guess(run, "customers.customer_id", "contact")
    build_schema(run, "features")
    assert run.warehouse.rows("SELECT customer_id FROM features.customer_value") == [("A",)]
    assert (("staging.customers", "customer_id"), "customers.customer_id") in privacy_of(run).contact_columns()


def test_classes_follow_values_through_a_staging_model(run: Run) -> None:
    guess(run, "order_lines.channel_name", "contact")
    privacy = privacy_of(run)
    assert privacy.class_of(("staging.orders", "channel_name")) == "contact"
    assert privacy.class_of(("staging.orders", "country_name")) == "plain"
    assert privacy.class_of(("staging.orders", "channel_name"), "declared") == "plain"
    assert {"email_address", "income_amount", "channel_name"} <= privacy.protected_names()


def test_a_staging_model_of_the_workspace_hides_no_origin(run: Run) -> None:
    path = write(
        run, "SELECT customer_id, split_part(email_address, '@', 2) AS own FROM raw.customers", schema="staging"
    )
    assert privacy_of(run).class_of(("staging.own", "own")) == "contact"
    path.unlink()
    write(run, "SELECT customer_id, year(birth_date) AS own FROM raw.customers", " [coarsens=birth_date]", "staging")
    assert privacy_of(run).class_of(("staging.own", "own")) == "plain"


def test_it_is_told_which_features_go_without_what(run: Run) -> None:
    privacy: Privacy = privacy_of(run)
    unseen = {model.table: unseen_reads(privacy, model) for model in models_of_run(run, "features")}
    assert {table: found for table, found in unseen.items() if found} == {
        "customer_demographics": {("staging.customers", "income_amount"): ["income_amount", "income_band_name"]},
        "customer_geography": {
            ("staging.customers", "city_name"): ["city_name"],
            ("staging.customers", "income_amount"): ["income_to_area_ratio"],
        },
    }


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("query_table('staging.customers')", "reads query_table()"),
        ("warehouse.staging.customers", "reads warehouse.staging.customers"),
        ("raw.customers", "reads raw.customers"),
    ],
)
def test_no_way_leads_round_the_views(run: Run, table: str, told: str) -> None:
    write(run, f"SELECT customer_id, 1 AS own FROM {table}")
    with pytest.raises(WorkspaceError) as caught:
        models_of_run(run, "features")
    assert caught.value.message.startswith(told)


@pytest.mark.parametrize(
    ("select", "told"),
    [
        ("SELECT customer_id, email_address AS own FROM staging.customers", "email_address: contact data"),
        ("SELECT customer_id, birth_date AS own FROM staging.customers", "own passes on staging.customers.birth_date"),
        ("SELECT customer_id, full_name AS own FROM raw.crm__customers", "reads raw.crm__customers"),
        ("SELECT load_id AS customer_id, row_json AS own FROM ops.quarantine", "reads ops.quarantine"),
    ],
)
def test_published_models_of_a_workspace_are_held_to_it_too(run: Run, select: str, told: str) -> None:
    from tasks.publish.scope import scope_with

    write(run, select, schema="published")
    with pytest.raises(WorkspaceError) as caught:
        refuse_leaks(run, scope_with(run).models(run))
    assert told in caught.value.message
