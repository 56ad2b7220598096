"""The ledger of learnt models: what is in a version, challengers that were fitted between runs, decisions of people.

Owns: `ops.model_content`, `ops.model_challenger`, `ops.model_decision`: appending to them, and what a run of some date
may see of them. Nothing is ever changed there. Does not own what a version is, or what follows from a decision
(`tasks/segments/registry.py`).

A decision is a point in time twice over: it knows when it was made, and which date was the newest published then. Runs
for earlier dates do not see it, so that no past is told with what was decided, or learnt, later.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse

DecisionName = Literal["accept", "reject", "rollback"]

_VISIBLE = " AND ($known IS NULL OR {moment} <= $known) AND ($name IS NULL OR segmentation_id = $name)"
_DECISIONS = (
    "SELECT decision_no, segmentation_id, model_no, version_id, decision_name, as_of_date, decided_by, decision_reason"
    " FROM ops.model_decision WHERE as_of_date <= $as_of" + _VISIBLE.format(moment="decided_at") + " ORDER BY 1"
)
_CHALLENGERS = (
    "SELECT version_json FROM ops.model_challenger WHERE trained_as_of_date <= $as_of"
    + _VISIBLE.format(moment="registered_at")
    + " ORDER BY registered_at, version_id"
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about a version.

    Attributes:
        number: decisions count from 1, in the order in which they were made.
        as_of: the newest date that was published then.
    """

    number: int
    segmentation: str
    model_no: int
    version_id: str
    name: DecisionName
    as_of: dt.date
    by: str
    because: str


def decisions(
    warehouse: Warehouse, as_of: dt.date, known_as_of: dt.datetime | None, segmentation: str | None = None
) -> list[Decision]:
    """The decisions that a run may see, in the order in which they were made."""
    names = {"as_of": as_of, "known": known_as_of, "name": segmentation}
    return [Decision(*row) for row in warehouse.rows(_DECISIONS, names)]


def challengers(
    warehouse: Warehouse, as_of: dt.date, known_as_of: dt.datetime | None, segmentation: str | None = None
) -> list[dict[str, Any]]:
    """The challengers that were fitted between runs and that a run may see, in the order in which they came."""
    names = {"as_of": as_of, "known": known_as_of, "name": segmentation}
    return [json.loads(text) for (text,) in warehouse.rows(_CHALLENGERS, names)]


def seen(warehouse: Warehouse, as_of: dt.date, known_as_of: dt.datetime | None) -> list[list[str]]:
    """What a run's results depend on: the decisions and challengers that it sees, without clock times."""
    made = [
        [one.segmentation, one.version_id, one.name, one.by, one.because]
        for one in decisions(warehouse, as_of, known_as_of)
    ]
    came = [[str(one["segmentation_id"]), str(one["version_id"])] for one in challengers(warehouse, as_of, known_as_of)]
    return made + came


def decide(
    warehouse: Warehouse,
    *,
    segmentation: str,
    model_no: int,
    version_id: str,
    name: DecisionName,
    as_of: dt.date,
    by: str,
    because: str,
) -> None:
    """Append a decision, in one statement; the caller holds the writer's lock."""
    warehouse.execute(
        "INSERT INTO ops.model_decision BY NAME SELECT coalesce(max(decision_no), 0) + 1 AS decision_no,"
        " $segmentation AS segmentation_id, $model_no AS model_no, $version_id AS version_id, $name AS decision_name,"
        " $as_of AS as_of_date, $now AS decided_at, $by AS decided_by, $because AS decision_reason"
        " FROM ops.model_decision",
        {
            "segmentation": segmentation,
            "model_no": model_no,
            "version_id": version_id,
            "name": name,
            "as_of": as_of,
            "now": ledger.moment(warehouse),
            "by": by,
            "because": because,
        },
    )


def register_challenger(warehouse: Warehouse, version: Mapping[str, Any], content: Mapping[str, Any] | None) -> None:
    """Keep a challenger that was fitted between runs; nothing where it is there already.

    Args:
        warehouse: open for writing.
        version: its row in the registry, as plain JSON.
        content: the model; None where it was refused and is not kept.
    """
    with warehouse.transaction():
        if content is not None:
            keep_contents(warehouse, {version["version_id"]: content})
        warehouse.execute(
            "INSERT OR IGNORE INTO ops.model_challenger BY NAME SELECT $id AS version_id, $name AS segmentation_id,"
            " CAST($trained AS DATE) AS trained_as_of_date, $now AS registered_at, $text AS version_json",
            {
                "id": version["version_id"],
                "name": version["segmentation_id"],
                "trained": version["trained_as_of_date"],
                "now": ledger.moment(warehouse),
                "text": json.dumps(version, sort_keys=True, ensure_ascii=False),
            },
        )


def keep_contents(warehouse: Warehouse, contents: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep what is in versions, by their ids; a version's id follows from its content, so the same comes once."""
    for version_id, content in sorted(contents.items()):
        warehouse.execute(
            "INSERT OR IGNORE INTO ops.model_content VALUES ($id, $text)",
            {"id": version_id, "text": json.dumps(content, sort_keys=True, ensure_ascii=False)},
        )


def content_of(warehouse: Warehouse, version_id: str) -> dict[str, Any] | None:
    """What is in a version; None where it was not kept."""
    text = warehouse.value("SELECT content_json FROM ops.model_content WHERE version_id = $id", {"id": version_id})
    return None if text is None else dict(json.loads(text))
