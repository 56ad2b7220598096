"""The feature catalogue says of each feature what the tables hold, where it comes from and how careful one must be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.config.errors import WorkspaceError
from tasks.config.shipped import shipped
from tasks.features.build import build_all
from tasks.features.listing import FeatureEntry, list_features
from tasks.ingest.staging import build_staging
from tasks.warehouse.run import Run
from tests.sql.cases import create_raw, insert
from tests.unit.conftest import OnCopy, StageOnce

DECLARED = (
    "features.windows=[7, 30]",
    "features.constructs={openness: {items: [art], reversed_items: [routine]}}",
    "features.indicators={rents: {name: rents, of: area, unit: index}}",
    "features.enrichments={home: {attribute: home}, wealth: {attribute: wealth, type: number}}",
    "privacy.columns={customers.occupation_name: sensitive, feedback.rating: contact}",
    "quality.owner=marketing",
)
OWN = """-- what: one row is a customer's own figure
-- why: of the workspace
-- grain: customer
-- column customer_id: the customer [id]
-- column own_7d_count: lines of wine [unit=lines]
-- column is_adult: of age [flag; coarsens=birth_date]
SELECT
    customer_id,
    count(*) FILTER (WHERE category_name = 'wine') AS own_7d_count,
    bool_or(year(birth_date) < 2000) AS is_adult
FROM staging.customers
LEFT JOIN staging.order_lines USING (customer_id)
GROUP BY customer_id
"""


@pytest.fixture(scope="module")
def staged(staged_once: StageOnce) -> Path:
    def fill(run: Run) -> None:
        create_raw(run.warehouse)
        insert(run.warehouse, "raw.customers", [{"customer_id": "A", "birth_date": "1980-01-01"}])
        line = {"order_id": "O1", "line_id": "1", "customer_id": "B", "ordered_at": "2025-06-20", "quantity": 2}
        insert(run.warehouse, "raw.order_lines", [line | {"unit_price_amount": 1.5}])
        build_staging(run)

    return staged_once(fill, *DECLARED)


@pytest.fixture
def run(staged: Path, on_copy: OnCopy) -> Iterator[Run]:
    """A run with declared features and a model of its own, staging built of a customer and a line."""
    with on_copy(staged, *DECLARED) as opened_run:
        folder = opened_run.sql_folder / "features"
        folder.mkdir(parents=True)
        (folder / "customer_own.sql").write_text(OWN, encoding="utf-8")
        yield opened_run


def by_name(run: Run) -> dict[str, FeatureEntry]:
    return {entry.name: entry for entry in list_features(run)}


def test_names_and_types_are_those_of_the_tables(run: Run) -> None:
    build_all(run)
    columns = run.warehouse.rows(
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'features'"
        " AND column_name NOT IN ('as_of_date', 'run_id', 'customer_id') ORDER BY table_name, ordinal_position"
    )
    found = list_features(run)
    assert [(f"customer_{entry.theme}", entry.name, entry.type) for entry in found] == columns
    assert len(found) > 150


def test_every_feature_says_what_it_is_whose_it_is_and_where_it_comes_from(run: Run) -> None:
    for entry in list_features(run):
        assert entry.meaning, entry
        owner = "marketing" if entry.is_own else "data engineering"
        assert entry.owner == owner, f"write `-- owner: {owner}` into {entry.file}"
        assert entry.source_columns, entry
        # A feature is traced to what it is computed from, and not to whatever its model reads.
        assert len(entry.source_columns) < 15, entry


def test_kinds_agree_with_types(run: Run) -> None:
    kinds = {"flag": {"BOOLEAN"}, "date": {"DATE", "TIMESTAMP"}, "category": {"VARCHAR"}, "id": {"VARCHAR"}}
    for entry in list_features(run):
        if entry.kind in kinds:
            assert entry.type in kinds[entry.kind], entry
        else:
            assert entry.type.startswith(("DECIMAL", "DOUBLE", "BIGINT", "INTEGER")), entry


def test_units_agree_with_names(run: Run) -> None:
    """A name ends in what its values are."""
    ends = {"_share": "share", "_days": "days", "_amount": "currency"}
    for entry in list_features(run):
        for end, unit in ends.items():
            if entry.name.endswith(end):
                assert entry.unit == unit, entry
        assert (entry.unit == "share") <= entry.name.endswith("_share"), entry
        assert entry.name.startswith(("is_", "has_")) == (entry.kind == "flag") or entry.name.startswith("enriched_")
        assert entry.name.endswith(("_name", "_code")) == (entry.kind == "category") or entry.name.startswith(
            "enriched_"
        )


def test_windows_are_those_of_the_workspace(run: Run) -> None:
    entries = by_name(run)
    assert {entry.window_days for entry in entries.values()} == {None, 7, 30}
    assert entries["order_7d_count"].window_days == 7
    assert entries["last_gap_days"].window_days is None
    assert not any(entry.moves for entry in entries.values() if entry.window_days)


def test_sources_and_sensitivity_are_told(run: Run) -> None:
    entries = by_name(run)
    assert entries["age_years"].source_columns == ("customers.birth_date",)
    assert (entries["age_years"].privacy_class, entries["age_years"].coarsens) == ("sensitive", ("birth_date",))
    assert entries["is_adult"].privacy_class == "sensitive"
    assert entries["net_amount"].privacy_class == "plain"
    assert {"order_lines.line_amount", "order_lines.quantity"} <= set(entries["net_amount"].source_columns)
    assert entries["product_count"].source_columns == ("order_lines",)
    assert entries["campaign_contact_count"].source_columns == ("campaign_contacts",)
    assert "order_lines.category_name" in entries["own_7d_count"].source_columns
    assert entries["openness_score"].source_columns == ("survey_answers.answers",)
    assert "market_indicators.indicator_value" in entries["market_rents"].source_columns
    assert "enrichments.attribute_value" in entries["enriched_home"].source_columns
    sensitive = {name for name, entry in entries.items() if entry.privacy_class == "sensitive"}
    ages = {"age_years", "age_band_name", "generation_name", "is_adult"}
    assert sensitive == ages | {"life_stage_name", "occupation_name"}


def test_what_is_protected_beyond_what_a_model_knows_is_told(run: Run) -> None:
    unseen = {name: entry.unseen_columns for name, entry in by_name(run).items() if entry.unseen_columns}
    assert unseen == {
        "occupation_name": ("customers.occupation_name",),
        "life_stage_name": ("customers.occupation_name",),
        **dict.fromkeys(
            ("rating_mean", "rating_last", "rating_7d_mean", "rating_30d_mean"),
            ("feedback.rating",),
        ),
    }


def test_what_moves_by_itself_is_told(run: Run) -> None:
    moves = {name: entry.moves for name, entry in by_name(run).items()}
    assert moves["tenure_days"] == ("calendar",)
    assert moves["last_contact_days"] == ("calendar", "cumulative")
    assert moves["market_rents"] == ("external",)
    assert moves["order_count"] == ("cumulative",)
    assert moves["order_7d_count"] == ()


def test_a_models_own_owner_and_place_are_told(run: Run) -> None:
    file = run.sql_folder / "features" / "customer_own.sql"
    file.write_text("-- owner: wine desk\n" + OWN, encoding="utf-8")
    own = by_name(run)["own_7d_count"]
    assert (own.owner, own.theme, own.is_own, own.file) == ("wine desk", "own", True, str(file))
    shipped_entry = by_name(run)["order_count"]
    assert (shipped_entry.is_own, shipped_entry.file) == (
        False,
        str(shipped("sql") / "features" / "customer_value.sql"),
    )


def test_a_name_of_two_models_is_refused(run: Run) -> None:
    file = run.sql_folder / "features" / "customer_own.sql"
    file.write_text(OWN.replace("own_7d_count", "order_count"), encoding="utf-8")
    with pytest.raises(WorkspaceError, match="'order_count' is defined twice"):
        list_features(run)
