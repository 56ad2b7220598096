"""Runs of a shop whose customers each buy one thing, up to the published segments, without checks."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tasks.features.tasks import build_features
from tasks.insight.measures import build_monitoring
from tasks.segments.reasons.standing import standings
from tasks.segments.reasons.why import Why, why_in
from tasks.segments.tasks import ask_earlier_definitions, write_segments
from tasks.warehouse import ledger
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run
from tests.staged import divide_all, ingest_and_stage
from tests.workspaces import small_workspace

HEADER = "order,line,customer,at,product,category,units,price\n"
#: A number that is cut, and a category whose values are segments.
TIERS = {
    "kind": "cuts",
    "basis": "value",
    "feature": "net_amount",
    "quantiles": [0.5],
    "refit": {"every_days": 30},
    "segments": [{"id": "low", "name": "Low"}, {"id": "high", "name": "High"}],
    "otherwise": {"id": "none", "name": "None"},
}
LIKES = {
    "kind": "values",
    "basis": "behavioural",
    "feature": "top_category_name",
    "min_share": 0.25,
    "names": {"wine": "Wine lovers"},
    "others": {"id": "others", "name": "Others"},
    "otherwise": {"id": "unknown", "name": "Unknown"},
    "refit": {"every_days": 30},
    "treatments": {"wine": {"channel": "email", "offer": "A tasting"}},
}
#: Ten customers with 10 to 100 in June.
BOUGHT = {f"c{n:02d}": ("2025-06-01", "bread", 10.0 * n) for n in range(1, 11)}


def orders(bought: dict[str, tuple[str, str, float]]) -> str:
    """A file of orders: what each customer bought, as customer: (day, category, amount)."""
    return HEADER + "".join(
        f"o{number},1,{customer},{day} 10:00:00,p1,{category},1,{amount}\n"
        for number, (customer, (day, category, amount)) in enumerate(bought.items())
    )


def shop(**segmentations: dict[str, Any]) -> dict[str, Any]:
    """The small workspace, divided by these segmentations instead of its own."""
    return small_workspace() | {"segmentations": segmentations}


def compute(run: Run) -> dict[str, str]:
    """Publish the segments of a run; returns what was said of each segmentation."""
    ingest_and_stage(run)
    build_features.fn(run)
    divisions = divide_all(run)
    write_segments.fn(run, divisions)
    ask_earlier_definitions.fn(run)
    build_monitoring(run)
    ledger.note_publication(run.warehouse, Publication(run.as_of, run.run_id))
    return {name: division.note for name, division in divisions.items()}


def why(run: Run, customer: str, segmentation: str) -> Why:
    """Why a customer of the newest publication is where he is."""
    newest = ledger.publications(run.warehouse)[-1]
    return why_in(standings(run.warehouse, catalogue_of(run), newest, customer, [segmentation])[0])


def members(run: Run, segmentation: str) -> dict[str, str]:
    """Segment by customer."""
    return dict(
        run.warehouse.rows(
            "SELECT customer_id, segment_id FROM segments.membership WHERE run_id = $run AND segmentation_id = $name"
            " ORDER BY customer_id",
            {"run": run.run_id, "name": segmentation},
        )
    )


def dictionary(run: Run, segmentation: str) -> dict[str, tuple[str, str, dt.date]]:
    """Name, status and since when, by segment."""
    return {
        segment: (name, status, since)
        for segment, name, status, since in run.warehouse.rows(
            "SELECT segment_id, segment_name, status_name, since_date FROM segments.definition"
            " WHERE run_id = $run AND segmentation_id = $name ORDER BY segment_id",
            {"run": run.run_id, "name": segmentation},
        )
    }


def model(run: Run, segmentation: str) -> tuple[Any, ...]:
    """Version, day and decision of a segmentation's model; empty where it has none."""
    found = run.warehouse.rows(
        "SELECT model_no, trained_as_of_date, decision FROM segments.model"
        " WHERE run_id = $run AND segmentation_id = $name",
        {"run": run.run_id, "name": segmentation},
    )
    return found[0] if found else ()
