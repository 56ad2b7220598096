"""A backfill that is to be held, on a real Prefect server: it pauses, and goes on as somebody answers."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName

from tests.flows.backfilled import World, order_lines

REPOSITORY = Path(__file__).resolve().parents[2]
#: A program of its own: Prefect's threads that talk to a server do not end with a flow.
_PROGRAM = """
import datetime as dt, json, sys
from flows.embedded import prepare_environment
prepare_environment()
from flows.backfill import backfill
from tests.flows.backfilled import MONTHS, without_checks
with without_checks():
    done = backfill(
        workspace=sys.argv[1], from_date=MONTHS[-1], to_date=MONTHS[-1], every="1mo", hold=True, poll_seconds=1
    )
print(json.dumps(done))
"""


def test_a_backfill_waits_for_an_answer(tmp_path: Path, prefect_url: str) -> None:
    world = World(tmp_path / "world")
    (world.folder / "orders_0.csv").write_text(order_lines(random.Random(5), 60))  # noqa: S311 - a world, no secret
    assert world.space
    manifest = world.output / "published" / "manifest.json"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PREFECT_API_URL": prefect_url, "HOME": str(tmp_path)}
    environment.pop("PREFECT_HOME", None)
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, world.folder],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with SyncPrefectClient(prefect_url) as client:
            waiting = _paused(client, process)
            assert not manifest.exists()
            client.resume_flow_run(waiting, run_input={"decision": "accept", "by": "anna", "because": "looked at it"})
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, err
    told = json.loads(out.splitlines()[-1])
    assert told["status"] == "published"
    assert list(json.loads(manifest.read_text())["runs"]) == ["2025-06-30"]


def _paused(client: SyncPrefectClient, process: subprocess.Popen[str]) -> UUID:
    """The flow run once it waits."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        for run in client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=["backfill"]))):
            if run.state is not None and run.state.is_paused():
                return run.id
        time.sleep(0.2)
    process.kill()
    pytest.fail(f"no backfill waits for an answer: {process.communicate()[1]}")
