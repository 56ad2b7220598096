"""Why a customer is where he is: his features, the rules that hold, the nearest alternative, his history.

Owns: the answer to `resegment explain`. It reads what a run wrote, so that it explains what is published and not what
the workspace says by now.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.config.errors import UsageError
from tasks.config.pseudonym import is_pseudonym, pseudonym
from tasks.config.workspace import Workspace
from tasks.insight.alternatives import nearest_rule, nearest_scores
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import Warehouse, literal
from tasks.warehouse.ledger import Publication, publications

_SCORES = re.compile(r"^R(\d) F(\d) M(\d)$")


@dataclass(frozen=True, slots=True)
class FeatureValue:
    """One feature of the customer."""

    name: str
    value: object
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class MembershipReason:
    """One membership, why, and what would have been next."""

    segmentation: str
    segment_id: str
    segment_name: str
    description: str
    reason: str
    strength: float
    alternative: str | None
    what_would_move: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything there is to say of a customer at the newest published run."""

    customer_id: str
    as_of: str
    run_id: str
    features: list[FeatureValue] = field(default_factory=list)
    memberships: list[MembershipReason] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)


def published_id(workspace: Workspace, customer_id: str) -> str:
    """The id that a customer is published under, given that or the company's own.

    Raises:
        WorkspaceError: customers are published under pseudonyms, and the key that leads from an id to one is missing.
    """
    if not workspace.privacy.pseudonymise or is_pseudonym(customer_id):
        return customer_id
    key = workspace.pseudonym_key()
    return customer_id if key is None else pseudonym(key, customer_id)


def explain_customer(warehouse: Warehouse, catalogue: Catalogue, customer_id: str) -> Explanation:
    """Explain a customer's memberships at the newest published run.

    Raises:
        UsageError: nothing is published, or the customer is not among the customers of that run.
    """
    published = publications(warehouse)
    if not published:
        raise UsageError("nothing is published yet", hint="run `resegment run` first")
    current = published[-1]
    features = _features(warehouse, catalogue, current, customer_id)
    memberships = [
        _membership(warehouse, row, {column.name: column.value for column in features})
        for row in warehouse.records(
            "SELECT * EXCLUDE (as_of_date, run_id) FROM segments.membership"
            " WHERE run_id = $run_id AND customer_id = $customer ORDER BY segment_id",
            {"run_id": current.run_id, "customer": customer_id},
        )
    ]
    return Explanation(
        customer_id,
        current.as_of.isoformat(),
        current.run_id,
        features,
        memberships,
        _history(warehouse, published, customer_id),
    )


def _features(warehouse: Warehouse, catalogue: Catalogue, current: Publication, customer_id: str) -> list[FeatureValue]:
    rows = warehouse.records(
        f"SELECT * FROM {catalogue.relation(current.run_id)} WHERE {KEY} = $customer", {"customer": customer_id}
    )
    if not rows:
        raise UsageError(
            f"there is no customer {customer_id!r} as of {current.as_of}",
            hint="ids are written as in published.customer_segment; a customer of a later date is not seen yet",
        )
    return [
        FeatureValue(name, rows[0][name], column.unit, column.meaning) for name, column in catalogue.features.items()
    ]


def _membership(warehouse: Warehouse, row: Mapping[str, Any], features: Mapping[str, object]) -> MembershipReason:
    definitions = warehouse.records(
        "SELECT segment_id, segment_name, description, rule_text FROM segments.definition"
        " WHERE run_id = (SELECT run_id FROM ops.publication ORDER BY as_of_date DESC LIMIT 1)"
        " AND segmentation_id = $name AND status_name = 'active' ORDER BY segment_id",
        {"name": row["segmentation_id"]},
    )
    by_id = {definition["segment_id"]: definition for definition in definitions}
    own = by_id[row["segment_id"]]
    others = [definition for definition in definitions if definition is not own]
    alternative: str | None
    move: str | None
    if row["rival_segment_id"]:
        alternative, move = row["rival_segment_id"], "a change of features towards that cluster's centre"
    elif scores := _SCORES.match(row["reason"]):
        alternative, move = nearest_scores(tuple(map(int, scores.groups())), others)
    else:
        alternative, move = nearest_rule(warehouse, others, features)
    name = f"{by_id[alternative]['segment_name']} ({alternative})" if alternative in by_id else alternative
    return MembershipReason(
        row["segmentation_id"],
        row["segment_id"],
        own["segment_name"],
        own["description"],
        row["reason"],
        row["strength_share"],
        name,
        move,
    )


def _history(warehouse: Warehouse, published: list[Publication], customer_id: str) -> list[dict[str, Any]]:
    listed = ", ".join(literal(item.run_id) for item in published)
    return warehouse.records(
        "SELECT as_of_date, segmentation_id, segment_id, reason FROM segments.membership"
        f" WHERE customer_id = $customer AND run_id IN ({listed})"
        " QUALIFY segment_id IS DISTINCT FROM"
        " lag(segment_id) OVER (PARTITION BY segmentation_id, customer_id ORDER BY as_of_date)"
        " ORDER BY segmentation_id, as_of_date",
        {"customer": customer_id},
    )
