"""Rows of the day after the as-of day change nothing, whatever the entity; rows of its last microsecond do."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.config.entities import ENTITIES
from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tasks.features.build import build_all
from tasks.ingest.staging import build_staging
from tasks.warehouse.build import models_of_run
from tasks.warehouse.run import Run, open_run
from tests.sql.cases import create_raw, insert
from tests.workspaces import AS_OF, ORDERS, small_workspace

MIDNIGHT = dt.datetime.combine(AS_OF + dt.timedelta(days=1), dt.time())
Tables = dict[str, list[tuple[Any, ...]]]

KNOWN: dict[str, list[dict[str, object]]] = {
    "customers": [
        {"customer_id": "A", "updated_at": "2025-01-01", "registered_at": "2024-01-01", "area_code": "1"},
        {"customer_id": "A", "updated_at": "2025-05-01", "registered_at": "2024-01-01", "area_code": "2", "load_no": 2},
        {"customer_id": "B", "birth_date": "1980-05-05", "gender_code": "m", "city_name": "Metz", "area_code": "1"},
    ],
    "order_lines": [
        {
            "order_id": f"O{order}",
            "line_id": str(line),
            "customer_id": ("A", "B", "stub", None)[order % 4],
            "ordered_at": MIDNIGHT - dt.timedelta(days=211 - 13 * order, hours=8 + line),
            "product_id": f"P{(order + line) % 5}",
            "category_name": ("toys", "books", "food")[(order * line) % 3],
            "quantity": -1 if order % 5 == 4 else line,
            "unit_price_amount": 2.5 + order,
            "discount_amount": 0.5 if line == 2 else None,
            "channel_name": ("web", "app")[order % 2],
            "country_name": ("France", "Spain")[order % 3 == 0],
        }
        for order in range(16)
        for line in (1, 2, 3)
    ],
    "feedback": [
        {"feedback_id": "F1", "customer_id": "A", "given_at": "2025-06-01", "rating": 4, "recommend_score": 9},
        {"feedback_id": "F2", "customer_id": "B", "given_at": "2025-06-02", "rating": 1, "is_complaint": True},
    ],
    "labelled_comments": [
        {"comment_id": "L1", "comment_text": "cold", "sentiment_name": "negative", "theme_name": "Food"},
        {"comment_id": "L2", "comment_text": "fine", "sentiment_name": "positive", "labelled_at": "2025-06-01"},
    ],
    "campaigns": [
        {"campaign_id": "K1", "campaign_name": "Spring", "started_at": "2025-03-01", "ended_date": "2025-03-31"},
        {"campaign_id": "K2", "campaign_name": "Summer", "started_at": "2025-06-01", "ended_date": "2025-08-31"},
    ],
    "campaign_contacts": [
        {"campaign_id": "K1", "customer_id": "A", "contacted_at": "2025-03-02", "responded_at": "2025-03-05"},
        {"campaign_id": "K2", "customer_id": "B", "contacted_at": "2025-06-02"},
    ],
    "consents": [
        {"customer_id": "A", "purpose_name": "marketing", "decided_at": "2025-01-01", "is_given": True},
        {
            "customer_id": "B",
            "purpose_name": "marketing",
            "channel_name": "email",
            "decided_at": "2025-02-01",
            "is_given": False,
        },
    ],
    "area_profiles": [
        {"area_code": "1", "population_count": 1000, "is_urban": True},
        {"area_code": "2", "valid_from": "2025-01-01", "population_count": 50, "poverty_share": 0.2},
    ],
    "interactions": [
        {"interaction_id": "I1", "customer_id": "A", "happened_at": "2025-06-01", "channel_name": "web"},
        {"interaction_id": "I2", "customer_id": "B", "happened_at": "2025-06-02", "is_resolved": False},
    ],
    "survey_answers": [
        {"survey_id": "S", "customer_id": "A", "answered_at": "2025-05-01", "answers": '{"art": 4, "routine": 2}'},
        {"survey_id": "S", "customer_id": "B", "answered_at": "2025-05-02", "answers": '{"art": 1}'},
    ],
    "costs": [
        {"cost_id": "C1", "incurred_at": "2025-01-01", "cost_kind_name": "unit", "product_id": "P1", "cost_amount": 2},
        {"cost_id": "C2", "incurred_at": "2025-01-01", "cost_kind_name": "order", "cost_amount": 1},
        {
            "cost_id": "C3",
            "incurred_at": "2025-01-01",
            "cost_kind_name": "customer",
            "customer_id": "A",
            "cost_amount": 5,
        },
    ],
    "market_indicators": [
        {"indicator_name": "rents", "area_code": "2", "period_date": "2025-05-31", "indicator_value": 9},
        {"indicator_name": "rents", "area_code": "2", "period_date": "2024-05-31", "indicator_value": 8},
        {
            "indicator_name": "prices",
            "period_date": "2025-05-31",
            "reported_at": "2025-06-15",
            "indicator_value": 120,
        },
    ],
    "enrichments": [
        {
            "customer_id": "A",
            "provider_name": "Acme",
            "attribute_name": "home",
            "enriched_at": "2025-06-01",
            "attribute_value": "owner",
        }
    ],
    "control_totals": [
        {"controlled_source_name": "source", "control_date": "2025-06-29", "net_amount": 8, "reported_at": "2025-06-30"}
    ],
}


#: Features of what only a workspace that declares them has.
DECLARED = (
    "features.constructs={openness: {items: [art], reversed_items: [routine]}}",
    "features.indicators={rents: {name: rents, of: area}, prices: {name: prices, of: everywhere}}",
    "features.enrichments={home: {attribute: home}}",
)


def _planted(entity: str, moment: dt.datetime) -> list[dict[str, object]]:
    """For each known key a new version, and one row of a new key, all loaded last and true from `moment` on."""
    shape = ENTITIES[entity]
    assert shape.event_time is not None
    changed = {column.name: f"changed {column.name}" for column in shape.columns if column.type == "VARCHAR"}
    if "answers" in changed:
        changed["answers"] = '{"art": 3, "routine": 5}'
    free = {name: text for name, text in changed.items() if name not in shape.key and not name.endswith("_id")}
    if "answers" in free:
        free["answers"] = json.dumps({"likes_new": 1, "likes_old": 1, "changed": 3})
    stamp = {shape.event_time: moment, "load_no": 99}
    known = {tuple(row.get(name) for name in shape.key): row for row in KNOWN[entity]}
    versions = [row | free | stamp for row in known.values()]
    new_key = {
        name: "2025-06-28" if shape.column(name).type == "DATE" else "new"
        for name in shape.key
        if name != shape.event_time
    }
    return [
        *versions,
        versions[0] | {"customer_id": "new"} | new_key if "customer_id" in changed else versions[0] | new_key,
    ]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Tables]:
    """A workspace whose warehouse has the known rows as raw entities, and what was built from them."""
    folder = tmp_path_factory.mktemp("known")
    (folder / "orders.csv").write_text(ORDERS)
    (folder / "resegment.yaml").write_text(yaml.safe_dump(small_workspace(), sort_keys=False))
    space = load_workspace(folder, overrides=DECLARED)
    with open_run(space, as_of=AS_OF, known_as_of=None, output=folder / "out", is_scratch=True) as run:
        run.identify()
        create_raw(run.warehouse)
        for entity, rows in KNOWN.items():
            insert(run.warehouse, f"raw.{entity}", rows)
        return space, _build(run)


@pytest.fixture
def run(known: tuple[Workspace, Tables], tmp_path: Path) -> Iterator[Run]:
    """The same run once more, on a copy of that warehouse."""
    space = known[0]
    shutil.copytree(space.directory / "out", tmp_path / "out")
    with open_run(space, as_of=AS_OF, known_as_of=None, output=tmp_path / "out", is_scratch=True) as opened_run:
        opened_run.identify()
        yield opened_run


@pytest.fixture
def before(known: tuple[Workspace, Tables]) -> Tables:
    """The tables without what a test plants."""
    return known[1]


def _build(run: Run) -> Tables:
    build_staging(run)
    build_all(run)
    return {
        model.name: run.warehouse.rows(f"SELECT * FROM {model.name} ORDER BY ALL")
        for schema in ("staging", "features")
        for model in models_of_run(run, schema)
    }


def _differing(before: Tables, after: Tables) -> list[str]:
    return [name for name, rows in before.items() if rows != after[name]]


def test_what_comes_after_the_as_of_day_changes_nothing(run: Run, before: Tables) -> None:
    """Of all entities at once: that of none may be seen, and the tables that differ tell whose it was."""
    for entity in ENTITIES:
        later = [*_planted(entity, MIDNIGHT), *_planted(entity, MIDNIGHT + dt.timedelta(days=40))]
        insert(run.warehouse, f"raw.{entity}", later)
    assert _differing(before, _build(run)) == []


@pytest.mark.parametrize("entity", ENTITIES)
def test_the_last_microsecond_of_the_as_of_day_is_seen(entity: str, run: Run, before: Tables) -> None:
    insert(run.warehouse, f"raw.{entity}", _planted(entity, MIDNIGHT - dt.timedelta(microseconds=1)))
    build_staging(run)
    assert run.warehouse.rows(f"SELECT * FROM staging.{entity} ORDER BY ALL") != before[f"staging.{entity}"]


def test_a_later_registration_or_response_changes_nothing(run: Run, before: Tables) -> None:
    insert(
        run.warehouse,
        "raw.customers",
        [
            {"customer_id": "B", "registered_at": MIDNIGHT, "city_name": "later", "load_no": 99},
            {"customer_id": "stub", "registered_at": MIDNIGHT, "city_name": "later", "load_no": 99},
            {"customer_id": "new", "registered_at": MIDNIGHT, "load_no": 99},
        ],
    )
    response = {"campaign_id": "K2", "customer_id": "B", "contacted_at": "2025-06-02", "responded_at": MIDNIGHT}
    insert(run.warehouse, "raw.campaign_contacts", [response | {"load_no": 99}])
    decision = {"purpose_name": "marketing", "decided_at": MIDNIGHT, "load_no": 99}
    withdrawal = {"customer_id": "A", "is_given": False} | decision
    late = {"customer_id": "B", "channel_name": "email", "is_given": True} | decision
    insert(run.warehouse, "raw.consents", [withdrawal, late])
    assert _differing(before, _build(run)) == []


def test_rows_that_are_read_twice_count_once(run: Run, before: Tables) -> None:
    """Every row of every entity comes again in a later load; the one table that differs tells which lines did."""
    for entity, rows in KNOWN.items():
        insert(run.warehouse, f"raw.{entity}", [row | {"load_no": 98} for row in rows])
    assert _differing(before, _build(run)) == ["staging.superseded_order_lines"]
