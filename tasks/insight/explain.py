"""Why a customer is where he is: his features, the rules that hold, the nearest alternative, his history.

Owns: the answer to `resegment explain`. It reads what a run wrote, so that it explains what is published and not what
the workspace says by now.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlglot
from sqlglot import exp

from tasks.config.errors import UsageError
from tasks.config.pseudonym import is_pseudonym, pseudonym
from tasks.config.workspace import Workspace
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import Warehouse, literal
from tasks.warehouse.ledger import Publication, publications

_SCORES = re.compile(r"^R(\d) F(\d) M(\d)$")
_RANGE = re.compile(r"([RFM]) (\d)(?:-(\d))?")


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
    names = [column.name for column in features]
    memberships = [
        _membership(warehouse, row, {column.name: column.value for column in features}, names)
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


def _membership(
    warehouse: Warehouse, row: Mapping[str, Any], features: Mapping[str, object], names: list[str]
) -> MembershipReason:
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
        alternative, move = _nearest_scores(tuple(map(int, scores.groups())), others)
    else:
        alternative, move = _nearest_rule(warehouse, others, features, names)
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


def _nearest_scores(scores: tuple[int, ...], others: list[dict[str, Any]]) -> tuple[str | None, str | None]:
    """The segment whose ranges take the fewest steps of score to reach."""
    best: tuple[int, str, str] | None = None
    for other in others:
        ranges = {letter: (int(low), int(high or low)) for letter, low, high in _RANGE.findall(other["rule_text"])}
        steps = {}
        for letter, score in zip("RFM", scores, strict=True):
            low, high = ranges.get(letter, (1, 5))
            if not low <= score <= high:
                steps[letter] = (low if score < low else high) - score
        candidate = (sum(map(abs, steps.values())), other["segment_id"], _steps(steps))
        if best is None or candidate < best:
            best = candidate
    return (best[1], best[2]) if best else (None, None)


def _steps(steps: Mapping[str, int]) -> str:
    return ", ".join(f"{letter} score {change:+d}" for letter, change in steps.items())


def _nearest_rule(
    warehouse: Warehouse, others: list[dict[str, Any]], features: Mapping[str, object], names: list[str]
) -> tuple[str | None, str | None]:
    """The rule with the fewest parts that do not hold for the customer, and of those the one he misses by least."""
    best: tuple[int, float, str, str] | None = None
    for other in others:
        parts = _parts(other["rule_text"])
        if not parts:
            continue
        chosen = ", ".join(f"coalesce(CAST(({part}) AS BOOLEAN), false)" for part in parts)
        values = ", ".join(f"${name} AS {name}" for name in names)
        held = warehouse.rows(f"SELECT {chosen} FROM (SELECT {values})", dict(features))[0]
        failing = [part for part, holds in zip(parts, held, strict=True) if not holds]
        text = "needs " + " and ".join(failing) if failing else "its rule holds too, an earlier rule comes first"
        missed = sum(_missed_by(part, features) for part in failing)
        candidate = (len(failing), missed, other["segment_id"], text)
        if best is None or candidate < best:
            best = candidate
    return (best[2], best[3]) if best else (None, None)


def _missed_by(part: str, features: Mapping[str, object]) -> float:
    """How far a comparison with a number is missed, relative to that number; 1 where that cannot be said."""
    tree = sqlglot.parse_one(part, dialect="duckdb")
    if not isinstance(tree, exp.LT | exp.LTE | exp.GT | exp.GTE | exp.EQ):
        return 1.0
    name, limit = tree.this, tree.expression
    if not (isinstance(name, exp.Column) and isinstance(limit, exp.Literal) and limit.is_number):
        return 1.0
    value = features.get(name.name)
    if not isinstance(value, int | float | Decimal):
        return 1.0
    return abs(float(value) - float(limit.this)) / max(abs(float(limit.this)), 1.0)


def _parts(rule: str) -> list[str]:
    """The AND-ed conditions of a rule; empty where the text is none."""
    try:
        tree = sqlglot.parse_one(rule, dialect="duckdb")
    except sqlglot.ParseError:
        return []
    if not isinstance(tree, exp.Condition) or isinstance(tree, exp.Column | exp.Alias):
        return []
    return (
        [part.sql(dialect="duckdb") for part in tree.flatten()]
        if isinstance(tree, exp.And)
        else [tree.sql(dialect="duckdb")]
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
