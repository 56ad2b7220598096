"""The dictionary of segments: what each means, since when, and what is offered to it.

Owns: `segments.definition`. Ids are permanent: a segment that is gone stays in the dictionary as retired, and its id is
not given to another.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import polars as pl

from tasks.config.segment import SegmentationBase
from tasks.config.treatment import Budget, Treatment, Window
from tasks.segments.asked import asked_text
from tasks.warehouse.run import Run

SCHEMA = {
    "segmentation_id": pl.String,
    "segment_id": pl.String,
    "basis_name": pl.String,
    "segmentation_name": pl.String,
    "segment_name": pl.String,
    "description": pl.String,
    "rule_text": pl.String,
    "population_text": pl.String,
    "value_proposition": pl.String,
    "message": pl.String,
    "offer": pl.String,
    "price_text": pl.String,
    "channel_name": pl.String,
    "window_from_date": pl.Date,
    "window_until_date": pl.Date,
    "goal": pl.String,
    "contact_cost_amount": pl.Float64,
    "budget_amount": pl.Float64,
    "budget_count": pl.Int64,
    "owner_name": pl.String,
    "priority": pl.Int64,
    "priority_place": pl.Int64,
    "excluded_segment_ids": pl.String,
    "status_name": pl.String,
    "since_date": pl.Date,
    "kind_name": pl.String,
    "is_multiple": pl.Boolean,
    "segment_no": pl.Int64,
    "asked_text": pl.String,
}


@dataclass(frozen=True, slots=True)
class Definition:
    """What one segment means."""

    key: str
    name: str
    description: str
    rule_text: str


def definition_rows(
    run: Run, name: str, segmentation: SegmentationBase, definitions: Sequence[Definition]
) -> list[dict[str, object]]:
    """Rows of a segmentation's segments, numbered as they are tried; `since_date` is that of the previous run."""
    since = {
        segment_id: date
        for segment_id, status, date in _previous(run, "segment_id, status_name, since_date", name)
        if status == "active"
    }
    asked = asked_text(run.workspace, name)
    rows: list[dict[str, object]] = []
    for number, definition in enumerate(definitions, 1):
        segment_id = f"{name}.{definition.key}"
        treatment = segmentation.treatments.get(definition.key, Treatment())
        said = asdict(definition)
        rows.append(
            {
                "segmentation_id": name,
                "segment_id": segment_id,
                "basis_name": segmentation.basis,
                "segmentation_name": segmentation.name or name,
                "segment_name": said["name"],
                "description": said["description"],
                "rule_text": said["rule_text"],
                "population_text": run.workspace.resolved[name].population,
                **treatment_columns(run, name, segment_id, treatment),
                "owner_name": treatment.owner or segmentation.owner,
                "status_name": "active",
                "since_date": since.get(segment_id, run.as_of),
                "kind_name": getattr(segmentation, "kind", None),
                "is_multiple": segmentation.is_multiple,
                "segment_no": number,
                "asked_text": asked,
            }
        )
    return rows


def treatment_columns(run: Run, name: str, segment_id: str, treatment: Treatment) -> dict[str, object]:
    """What the dictionary says of a segment's treatment."""
    window, budget = treatment.window or Window(), treatment.budget or Budget()
    price = treatment.price
    excluded = [key if "." in key else f"{name}.{key}" for key in treatment.exclude]
    return {
        "value_proposition": treatment.value_proposition,
        "message": treatment.message,
        "offer": treatment.offer,
        "price_text": None if price is None else price if isinstance(price, str) else f"{price:.2f}",
        "channel_name": run.workspace.channels.get(treatment.channel_key or ""),
        "window_from_date": window.from_,
        "window_until_date": window.until,
        "goal": treatment.goal,
        "contact_cost_amount": budget.cost_per_contact,
        "budget_amount": budget.total,
        "budget_count": budget.customers,
        "priority": treatment.priority,
        "priority_place": run.workspace.contacts.place(segment_id),
        "excluded_segment_ids": ",".join(excluded) or None,
    }


def with_retired(run: Run, rows: Sequence[dict[str, object]]) -> pl.DataFrame:
    """All definitions of the run: those in use, and those of the previous run that are no longer, as retired."""
    present = {row["segment_id"] for row in rows}
    retired = [
        {**row, "status_name": "retired", "since_date": _retired_since(run, row)}
        for row in _previous_records(run)
        if row["segment_id"] not in present
    ]
    return pl.DataFrame([*rows, *retired], schema=SCHEMA).sort("segment_id")


def keys_ever_used(run: Run, name: str) -> list[str]:
    """Every key that a segmentation has given to a segment at an earlier date; the dictionary forgets none."""
    return sorted(segment_id.split(".", 1)[1] for (segment_id,) in _previous(run, "segment_id", name))


def _retired_since(run: Run, row: dict[str, object]) -> object:
    since: dt.date | object = row["since_date"] if row["status_name"] == "retired" else run.as_of
    return since


def _previous(run: Run, columns: str, name: str) -> list[tuple[str, ...]]:
    if run.previous is None:
        return []
    return run.warehouse.rows(
        f"SELECT {columns} FROM segments.definition WHERE run_id = $run_id AND segmentation_id = $name ORDER BY ALL",
        {"run_id": run.previous.run_id, "name": name},
    )


def _previous_records(run: Run) -> list[dict[str, object]]:
    if run.previous is None:
        return []
    # A dictionary that an earlier version wrote has fewer columns.
    present = {name for name, _ in run.warehouse.columns("SELECT * FROM segments.definition")}
    columns = ", ".join(name for name in SCHEMA if name in present)
    return run.warehouse.records(
        f"SELECT {columns} FROM segments.definition WHERE run_id = $run_id ORDER BY segment_id",
        {"run_id": run.previous.run_id},
    )
