"""A company of 400 customers whose segments are known, audited at two dates; read by several tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from flows.cluster_space import open_space
from tasks.audit.tasks import audit_segmentations
from tasks.config.loading import load_workspace
from tasks.features.tasks import build_features
from tasks.insight.tasks import measure_segments, profile_segments
from tasks.overlap.tasks import measure_overlap
from tasks.segments.tasks import ask_earlier_definitions, write_segments
from tasks.warehouse import ledger
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run, open_run
from tests.staged import divide_all, ingest_and_stage
from tests.workspaces import small_workspace

CUSTOMERS = 400
EARLIER = dt.date(2025, 4, 30)
AS_OF = dt.date(2025, 6, 30)
#: Every second customer orders on Mondays, for a hundred; the others on Saturdays, for ten.
CONSENTED = 60


def orders() -> str:
    """Up to three orders a customer in months that follow each other, until June, whatever he pays."""
    rng = np.random.default_rng(5)
    lines = ["order,line,customer,at,product,category,units,price"]
    for number in range(CUSTOMERS):
        is_large = number % 2 == 0
        for turn in range(3):
            month = 1 + number // 2 % 5 + turn
            if month > AS_OF.month:
                continue
            day = 6 + 7 * int(rng.integers(0, 3)) + (0 if is_large else 5)
            price = (100.0 if is_large else 10.0) * rng.uniform(0.8, 1.2)
            when = f"2025-{month:02d}-{day:02d} 10:00:00"
            lines.append(f"o{number}_{turn},1,c{number:03d},{when},p,bread,{1 + is_large},{price:.2f}")
    return "\n".join(lines) + "\n"


def tree() -> dict[str, Any]:
    """Clusters, thresholds that are learnt anew, rules of which several may hold, one of them unreachable."""
    space: dict[str, Any] = small_workspace()
    space["as_of"] = AS_OF
    space["sources"]["permissions"] = {
        "entity": "consents",
        "format": "csv",
        "path": "consents.csv",
        "columns": {
            "customer_id": "who",
            "purpose_name": "what",
            "channel_name": '"where"',
            "is_given": "yes",
            "decided_at": '"at"',
        },
    }
    space["segmentations"] = _segmentations()
    space["audit"] = {
        "accepted": [
            {"segmentation": "size", "segment": "large", "finding": "not_reachable", "because": "reached in the shop"}
        ]
    }
    return space


def _segmentations() -> dict[str, Any]:
    return {
        "size": {
            "kind": "rules",
            "basis": "value",
            "segments": [{"id": "large", "name": "Large", "when": "average_order_amount >= 50"}],
            "otherwise": {"id": "rest", "name": "Rest"},
            "treatments": {"large": {"channel": "Email"}},
        },
        "buying": {
            "kind": "clusters",
            "basis": "behavioural",
            "features": ["average_order_amount", "units_per_order"],
            "k": {"min": 2, "max": 2},
        },
        "halves": {
            "kind": "cuts",
            "basis": "value",
            "feature": "net_amount",
            "quantiles": [0.5],
            "segments": [{"id": "low", "name": "Low"}, {"id": "high", "name": "High"}],
            "refit": {"every_days": 30},
        },
        "tags": {
            "kind": "rules",
            "basis": "behavioural",
            "match": "any",
            "segments": [
                {"id": "all", "name": "All", "when": "order_count > 0"},
                {"id": "big", "name": "Big", "when": "average_order_amount >= 50"},
                {"id": "none", "name": "None", "when": "order_count > 1000"},
            ],
        },
        "lot": {
            "kind": "rules",
            "basis": "demographic",
            "segments": [{"id": "young", "name": "Young", "when": "age_years < 40"}],
            "otherwise": {"id": "unknown", "name": "Unknown"},
        },
        # Nobody is in that tag, so that there is nothing to divide.
        "habits": {
            "kind": "clusters",
            "basis": "behavioural",
            "features": ["average_order_amount", "units_per_order"],
            "inside": "tags.none",
        },
    }


def corridor(run: Run) -> None:
    """Everything that the audit reads, and the audit."""
    ingest_and_stage(run)
    build_features.fn(run)
    write_segments.fn(run, divide_all(run))
    ask_earlier_definitions.fn(run)
    measure_segments.fn(run)
    profile_segments.fn(run)
    measure_overlap.fn(run)
    audit_segmentations.fn(run, open_space)
    ledger.note_publication(run.warehouse, Publication(run.as_of, run.run_id))


@pytest.fixture(scope="session")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The run of June, after that of April; its warehouse stays open."""
    folder = tmp_path_factory.mktemp("audited")
    (folder / "orders.csv").write_text(orders())
    consents = [f"c{number:03d},marketing,email,{number < CONSENTED},2025-01-01" for number in range(100)]
    (folder / "consents.csv").write_text("\n".join(["who,what,where,yes,at", *consents]) + "\n")
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree(), sort_keys=False))
    space = load_workspace(folder)
    with open_run(space, as_of=EARLIER, known_as_of=None, output=Path(folder / "out"), is_scratch=True) as run:
        corridor(run)
    with open_run(space, as_of=AS_OF, known_as_of=None, output=Path(folder / "out"), is_scratch=True) as run:
        corridor(run)
        yield run
