"""What begins in a declared season and stays is told when the season is over, beside the days before it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import yaml

from tasks.config.loading import load_workspace
from tasks.drift.tasks import measure_drift
from tasks.insight.events import write_events
from tasks.notify.findings import Finding, findings_of
from tasks.overlap.tasks import measure_overlap
from tasks.warehouse.run import open_run
from tests.unit.segments.made_runs import HEADER, compute
from tests.workspaces import small_workspace

BEFORE, AFTER, OVER = dt.date(2025, 5, 4), dt.date(2025, 6, 8), dt.date(2025, 7, 6)
#: What the run of June still sees of it is what everything in July is held against.
SALE = {"name": "Sale", "from": "2025-05-05", "to": "2025-05-18"}
CUSTOMERS = 60


def orders(factors: dict[dt.date, float]) -> str:
    """Everybody buys once in ten days, for so many times the money from a day on."""
    random = np.random.default_rng(1)
    rows = []
    for day in range(-140, 65):
        date = BEFORE + dt.timedelta(days=day)
        factor = next((by for since, by in reversed(factors.items()) if date >= since), 1.0)
        for customer in range(day % 10, CUSTOMERS, 10):
            amount = random.lognormal(3, 0.6) * factor
            rows.append(f"{day}-{customer},1,c{customer:03d},{date} 10:00:00,p1,bread,1,{amount:.2f}\n")
    return HEADER + "".join(rows)


def told(place: Path, factors: dict[dt.date, float]) -> dict[dt.date, list[Finding]]:
    """Alerts about what customers spend in 30 days, by run."""
    (place / "orders.csv").write_text(orders(factors))
    tree = small_workspace() | {"calendar": {"seasons": [SALE]}}
    (place / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    found = {}
    for day in (BEFORE, AFTER, OVER):
        with open_run(load_workspace(place), as_of=day, known_as_of=None, output=place / "out", is_scratch=True) as run:
            compute(run)
            write_events(run)
            measure_overlap.fn(run)
            measure_drift.fn(run)
            found[day] = [one for one in findings_of(run) if one.kind == "drift" and one.subject == "net_30d_amount"]
    return found


def test_it_is_an_alarm_when_the_season_is_over(tmp_path: Path) -> None:
    found = told(tmp_path, {dt.date(2025, 5, 12): 1.5})
    assert found[AFTER] == []
    (alarm,) = found[OVER]
    assert (alarm.severity, alarm.since) == ("critical", BEFORE)
    assert alarm.message.startswith(f"Since {BEFORE}: net_30d_amount shifted up by ")


def test_a_season_that_came_and_went_is_none(tmp_path: Path) -> None:
    assert told(tmp_path, {dt.date(2025, 5, 5): 1.5, dt.date(2025, 5, 19): 1.0})[OVER] == []
