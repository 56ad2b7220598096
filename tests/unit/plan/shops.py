"""A shop of 120 customers, divided by every kind of segmentation, published for two dates without checks."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tasks.warehouse.run import OutputPaths, Run, open_run
from tests.unit.segments.made_runs import HEADER, compute
from tests.workspaces import small_workspace

MAY, JUNE = dt.date(2025, 5, 31), dt.date(2025, 6, 30)
CUSTOMERS = 120
Counts = dict[str, int]


def orders() -> str:
    """Orders of two years: half buy often and for much, half seldom and for little; the same each time."""
    draw = random.Random(20250630)  # noqa: S311 - data of a test
    lines = []
    for number in range(CUSTOMERS):
        is_keen = number % 2 == 0
        for order in range(draw.randint(6, 14) if is_keen else draw.randint(1, 3)):
            day = JUNE - dt.timedelta(days=draw.randint(0, 90 if is_keen else 700))
            amount = round(draw.uniform(40, 90) if is_keen else draw.uniform(3, 15), 2)
            category = draw.choice(["bread", "wine"]) if is_keen else draw.choice(["bread", "milk", "salt"])
            lines.append(f"o{number}-{order},1,c{number:03d},{day} 10:00:00,p{order},{category},1,{amount}\n")
    return HEADER + "".join(lines)


def said_by_half() -> dict[str, Any]:
    """Half of the customers say it, and of the others it is learnt."""
    return {
        "kind": "rules",
        "basis": "needs",
        "population": "order_count % 2 = 0",
        "segments": [{"id": "much", "name": "Much", "when": "net_amount >= 150"}],
        "otherwise": {"id": "little", "name": "Little"},
    }


def tree() -> dict[str, Any]:
    """The workspace as it is published."""
    space = small_workspace()
    space["segmentations"] = {
        "lifecycle": {
            "kind": "rules",
            "basis": "lifecycle",
            "segments": [
                {"id": "new", "name": "New", "when": "tenure_days <= 30"},
                {"id": "active", "name": "Active", "when": "recency_days <= 30"},
                {"id": "quiet", "name": "Quiet", "when": "recency_days <= 120"},
            ],
            "otherwise": {"id": "lapsed", "name": "Lapsed"},
            "treatments": {"lapsed": {"channel": "mail", "message": "come back"}},
        },
        "needs": {
            "kind": "rules",
            "basis": "needs",
            "match": "any",
            "segments": [
                {"id": "often", "name": "Often", "when": "order_count >= 5"},
                {"id": "dear", "name": "Dear", "when": "net_amount >= 600"},
            ],
        },
        "rfm": {"kind": "rfm", "basis": "value"},
        "tiers": {
            "kind": "cuts",
            "basis": "value",
            "feature": "net_amount",
            "quantiles": [0.5],
            "segments": [{"id": "low", "name": "Low"}, {"id": "high", "name": "High"}],
        },
        "likes": {"kind": "values", "basis": "behavioural", "feature": "top_category_name", "top": 2},
        "groups": {
            "kind": "clusters",
            "basis": "behavioural",
            "features": ["recency_days", "order_count", "net_amount"],
            "k": {"min": 2, "max": 3},
        },
        "said": said_by_half(),
        "said_of_all": {"kind": "projected", "basis": "needs", "of": "said", "features": ["order_count"]},
    }
    space["consumers"] = {
        "newsletter": {
            "name": "Newsletter",
            "owner": "crm",
            "uses": ["lifecycle.lapsed", "tiers", "published.segment_kpi.net_90d_amount"],
        }
    }
    return space


class Shop:
    """The folder of a workspace with its output."""

    def __init__(self, folder: Path) -> None:
        """Write the sources; nothing is published yet."""
        self.folder = folder
        self.paths = OutputPaths(folder / "out")
        (folder / "orders.csv").write_text(orders())

    def edited(self, space: dict[str, Any]) -> Workspace:
        """The workspace as somebody has edited it."""
        (self.folder / "resegment.yaml").write_text(yaml.safe_dump(space, sort_keys=False))
        return load_workspace(self.folder)

    @contextmanager
    def running(self, space: Workspace, as_of: dt.date) -> Iterator[Run]:
        """A run that has been published."""
        with open_run(space, as_of=as_of, known_as_of=None, output=self.paths.root, is_scratch=True) as run:
            compute(run)
            yield run

    def publish(self, space: Workspace, as_of: dt.date) -> Counts:
        """Publish a date; returns customers by segment."""
        with self.running(space, as_of) as run:
            return dict(
                run.warehouse.rows(
                    "SELECT segment_id, count(*) FROM segments.membership WHERE run_id = $run GROUP BY 1 ORDER BY 1",
                    {"run": run.run_id},
                )
            )
