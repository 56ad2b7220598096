"""`deploy/automations.yaml` on a real Prefect server: it takes all of them, and one goes off when an alert opens."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.schemas.automations import AutomationCore

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def test_an_alert_sets_off_its_automation_and_a_warning_does_not(prefect_url: str) -> None:
    said = yaml.safe_load((DEPLOY / "automations.yaml").read_text("utf-8"))["automations"]
    with SyncPrefectClient(prefect_url) as client:
        made = {one["name"]: client.create_automation(AutomationCore.model_validate(one)) for one in said}
    warning, critical = (_emit(prefect_url, severity) for severity in ("warning", "critical"))
    set_off = _set_off(prefect_url, made["resegment critical alert"])
    assert critical in set_off
    assert warning not in set_off


def _emit(url: str, severity: str) -> str:
    """An event as `tasks/notify/tasks.py` sends it; returns its id."""
    event = {
        "id": str(uuid4()),
        "occurred": dt.datetime.now(dt.UTC).isoformat(),
        "event": "resegment.alert.opened",
        "resource": {
            "prefect.resource.id": "resegment.alert.shop.drift.order_count",
            "prefect.resource.name": "drift: order_count",
            "resegment.severity": severity,
        },
    }
    httpx.post(f"{url}/events", json=[event]).raise_for_status()
    return str(event["id"])


def _set_off(url: str, automation: UUID) -> str:
    """What the server says of an automation that went off, as text; it names the event that did it."""
    asked = {
        "filter": {
            "event": {"name": ["prefect.automation.triggered"]},
            "resource": {"id": [f"prefect.automation.{automation}"]},
        }
    }
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = httpx.post(f"{url}/events/filter", json=asked).raise_for_status()
        if found.json()["events"]:
            return found.text
        time.sleep(0.3)
    pytest.fail("the automation did not go off")
