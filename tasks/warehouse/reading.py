"""What a segmentation reads: features, and through them the kinds of events that can move a customer in it.

Owns: that way from a segmentation to entities. Does not own the features (`catalogue.py`) or the rules
(`tasks/config/resolving.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlglot
from sqlglot import exp

from tasks.config.entities import ENTITIES
from tasks.config.entity import Entity
from tasks.config.projected import ProjectedSegmentation
from tasks.config.workspace import Workspace
from tasks.warehouse.catalogue import KEY, PREDICTIONS, Catalogue
from tasks.warehouse.models import SqlModel

#: What is known of a customer without an event: his record.
PROFILE = "profile"
#: Tables of `staging` that are made of another entity than the one they are called after.
_MADE_OF = {
    "order_days": "order_lines",
    "orders": "order_lines",
    "superseded_order_lines": "order_lines",
    "feedback_sentiment": "feedback",
    "construct_answers": "survey_answers",
}
#: Themes that tell who a customer is. Their rows change with his record, whatever else they read.
_PROFILES = ("features.customer_demographics", "features.customer_geography")


def features_of(workspace: Workspace, name: str) -> set[str]:
    """Names of the features that decide who is in which segment of a segmentation."""
    segmentation, resolved = workspace.segmentations[name], workspace.resolved[name]
    found = {getattr(segmentation, key, None) for key in ("feature", "recency", "frequency", "monetary")} - {None}
    found |= set(getattr(segmentation, "features", ()))
    found |= columns_read([resolved.population, *(rule.condition for rule in resolved.rules)])
    if isinstance(segmentation, ProjectedSegmentation):
        found |= features_of(workspace, segmentation.of)
    return {str(feature) for feature in found}


def columns_read(conditions: Iterable[str | None]) -> set[str]:
    """Names of the columns in SQL conditions."""
    return {
        column.name
        for text in conditions
        if text is not None
        for column in sqlglot.parse_one(text, dialect="duckdb").find_all(exp.Column)
    }


def events() -> list[Entity]:
    """Entities whose rows are something that happened to one customer at one time."""
    return [
        entity
        for entity in ENTITIES.values()
        if entity.event_time and KEY in entity.column_names and entity.column(entity.event_time).required
    ]


def heeded_entities(workspace: Workspace, catalogue: Catalogue, name: str) -> list[str]:
    """Entities whose rows can move a customer in a segmentation, and `PROFILE` where it reads his record."""
    return entities_of(catalogue, features_of(workspace, name))


def entities_of(catalogue: Catalogue, features: Collection[str]) -> list[str]:
    """Entities that features are made of, and `PROFILE` where they tell who a customer is."""
    found = set[str]()
    for model in catalogue.models:
        if not {column.name for column in model.columns}.isdisjoint(features):
            found |= _entities_of(model)
    return sorted(found)


def is_profile(model: SqlModel) -> bool:
    """Whether a theme tells who a customer is, and not what he did."""
    return _entities_of(model) == {PROFILE}


def _entities_of(model: SqlModel) -> set[str]:
    if model.name in _PROFILES:
        return {PROFILE}
    if model.name == PREDICTIONS:
        return {"order_lines"}
    tables = {table.rpartition(".")[2].lower() for table in model.reads}
    named = {_MADE_OF.get(table, table) for table in tables} & {entity.name for entity in events()}
    return named or ({PROFILE} if "customers" in tables else set())
