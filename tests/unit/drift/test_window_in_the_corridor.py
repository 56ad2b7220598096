"""Weekly runs of a small shop whose prices rise once: what no week shows is told beside the run of a window ago."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.drift.tasks import measure_drift
from tasks.insight.events import write_events
from tasks.notify.findings import Finding, findings_of
from tasks.overlap.tasks import measure_overlap
from tasks.warehouse.run import open_run
from tests.unit.segments.made_runs import HEADER, compute
from tests.workspaces import small_workspace

FIRST = dt.date(2025, 5, 4)
WEEKS = 5
CUSTOMERS = 60


def orders() -> str:
    """Everybody buys once in ten days, and for more money from the day after the first run on."""
    random = np.random.default_rng(1)
    rows = []
    for day in range(-70, 7 * WEEKS):
        date = FIRST + dt.timedelta(days=day)
        for customer in range(day % 10, CUSTOMERS, 10):
            amount = random.lognormal(3, 0.6) * (1.5 if day > 0 else 1)
            rows.append(f"{day}-{customer},1,c{customer:03d},{date} 10:00:00,p1,bread,1,{amount:.2f}\n")
    return HEADER + "".join(rows)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[dt.date, list[Finding]]:
    """Alarms of drift of each week."""
    place = tmp_path_factory.mktemp("weeks")
    (place / "orders.csv").write_text(orders())
    (place / "resegment.yaml").write_text(yaml.safe_dump(small_workspace(), sort_keys=False))
    found = {}
    for week in range(WEEKS):
        day = FIRST + dt.timedelta(weeks=week)
        with open_run(load_workspace(place), as_of=day, known_as_of=None, output=place / "out", is_scratch=True) as run:
            compute(run)
            write_events(run)
            measure_overlap.fn(run)
            measure_drift.fn(run)
            found[day] = [one for one in findings_of(run) if one.kind == "drift"]
    return found


def test_what_no_week_shows_is_told_since_a_window_ago(told: dict[dt.date, list[Finding]]) -> None:
    days = list(told)
    assert not any(one.subject == "net_30d_amount" for day in days[:-1] for one in told[day])
    (alarm,) = (one for one in told[days[-1]] if one.subject == "net_30d_amount")
    assert (alarm.severity, alarm.since) == ("critical", FIRST)
    assert alarm.message.startswith(f"Since {FIRST}: net_30d_amount shifted up by ")


def test_each_subject_is_one_finding(told: dict[dt.date, list[Finding]]) -> None:
    for found in told.values():
        subjects = [one.subject for one in found]
        assert len(subjects) == len(set(subjects))
