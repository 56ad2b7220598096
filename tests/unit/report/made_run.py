"""A run made by hand: consistent tables of four segmentations, as the other rooms would write them.

Customers are simulated, and sizes, migration and overlap are counted from them in plain Python, so that a test can
check the report against figures that were not computed by the code it reports on.
"""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

from tasks.config.segmentations import STANDARD_RFM
from tasks.config.workspace import Workspace
from tasks.warehouse import ledger, migrations
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import OutputPaths, Run

AS_OF = dt.date(2025, 6, 30)
PREVIOUS = Publication(dt.date(2025, 5, 31), "00aa11bb22cc33dd")
RUN_ID = "5f1e9c0d7ab34e62"
STARTED_AT = dt.datetime(2025, 7, 1, 4, 30)
WINDOWS = (30, 90, 365)

LIFECYCLE = ("New", "Active", "Cooling", "Lapsed", "Reactivated")
REGIONS = ("North", "South", "East", "West", "Islands", "Abroad")
CLUSTERS = ("Frequent small baskets", "Rare big tickets", "Weekend lunchers", "Deal seekers", "One-off gift buyers")
Names = dict[str, tuple[str, str, tuple[str, ...]]]
STANDARD: Names = {
    "rfm": ("Customer value (RFM)", "value", tuple(segment.name for segment in STANDARD_RFM)),
    "lifecycle": ("Lifecycle", "lifecycle", LIFECYCLE),
    "region": ("Region", "geographic", REGIONS),
    "clusters": ("Buying styles", "behavioural", CLUSTERS),
}
#: One segment a customer and segmentation; None: not in the population.
Placed = dict[str, list[int | None]]


def make_workspace(names: Names = STANDARD) -> Workspace:
    """A workspace that names the segmentations, in this order."""
    described = {
        "rfm": "How recently, how often and for how much a customer bought, each scored 1 to 5 by quintiles.",
        "lifecycle": "Where a customer stands between the first order and the last.",
        "region": "Where orders are delivered.",
        "clusters": "Found by k-means on how customers buy, not on how much.",
    }
    return Workspace.model_validate(
        {
            "name": "Corner Shop",
            "description": "Orders, customers and campaigns of the demo shop",
            "as_of": AS_OF,
            "features": {"windows": list(WINDOWS)},
            "sources": {
                "crm": _source("customers", {"customer_id": "id"}),
                "shop": _source(
                    "order_lines",
                    {
                        "order_id": "o",
                        "line_id": "l",
                        "ordered_at": "t",
                        "quantity": "q",
                        "unit_price_amount": "p",
                    },
                ),
            },
            "segmentations": {
                key: {"basis": basis, "name": name, "description": described.get(key, ""), **_kind(key, segments)}
                for key, (name, basis, segments) in names.items()
            },
        }
    )


def _kind(key: str, segments: tuple[str, ...]) -> dict[str, object]:
    """Clusters are found, not declared; all others are declared as rules, in the order of their names."""
    if key == "clusters":
        return {"kind": "clusters", "features": ["order_count", "net_amount"]}
    declared = [
        {"id": f"s{number:02d}", "name": name, "when": f"rank = {number}"} for number, name in enumerate(segments, 1)
    ]
    return {"kind": "rules", "segments": declared}


def _source(entity: str, columns: dict[str, str]) -> dict[str, object]:
    return {"entity": entity, "format": "csv", "path": "data/*.csv", "columns": columns}


def start_run(folder: Path, *, previous: Publication | None = PREVIOUS, names: Names = STANDARD) -> Run:
    """An identified run in an open warehouse in memory, with nothing written yet but the ledger's own rows."""
    warehouse = Warehouse.open(None, threads=1)
    migrations.migrate(warehouse)
    run = Run(make_workspace(names), warehouse, OutputPaths(folder), AS_OF, None)
    run.attempt_id = "a" * 32
    run.run_id = RUN_ID
    run.previous = previous
    if previous:
        _publish(run, previous, dt.datetime(2025, 6, 1, 4, 40))
    ledger.insert(
        warehouse,
        "run",
        {
            "attempt_id": run.attempt_id,
            "run_id": run.run_id,
            "workspace_name": run.workspace.name,
            "as_of_date": AS_OF,
            "status_name": "running",
            "started_at": STARTED_AT,
            "code_version": "0.1.0",
            "workspace_sha256": run.workspace.digest(),
        },
    )
    return run


def publish(run: Run) -> None:
    """Note the run as published, as the ledger does."""
    _publish(run, Publication(run.as_of, run.run_id), dt.datetime(2025, 7, 1, 4, 36))


def _publish(run: Run, publication: Publication, at: dt.datetime) -> None:
    values = {"as_of_date": publication.as_of, "run_id": publication.run_id, "published_at": at}
    ledger.insert(run.warehouse, "publication", values)


def place(names: Names, customers: int, seed: int = 7) -> tuple[Placed, Placed]:
    """Segment of each customer before and now: most stay, some move to a neighbour, a few enter or leave."""
    chance = random.Random(seed)  # noqa: S311 - made-up data
    before: Placed = {key: [] for key in names}
    now: Placed = {key: [] for key in names}
    for _ in range(customers):
        fate, bent = chance.random(), chance.random()
        for key, (_, _, segments) in names.items():
            here = min(int(len(segments) * (0.75 * bent + 0.25 * chance.random()) ** 1.4), len(segments) - 1)
            moved = min(max(here + chance.choice((-1, 1, 2)), 0), len(segments) - 1)
            there = moved if key != "region" and chance.random() < 0.14 else here
            before[key].append(None if fate < 0.03 else here)
            now[key].append(None if fate > 0.985 else there)
    return before, now


def segment_id(key: str, index: int) -> str:
    """The permanent id of a segment."""
    return f"{key}.s{index + 1:02d}"
