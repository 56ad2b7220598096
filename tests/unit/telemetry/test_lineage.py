"""OpenLineage events of a run: what they say, and that a collector that does not take them stops nothing."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tasks.config.errors import GateFailed
from tasks.ingest.tasks import identify_run, ingest_source, stage
from tasks.quality.tasks import check
from tasks.telemetry.lineage import lineage_of
from tests.workspaces import ORDERS, MakeWorkspace, OpenRun


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """OpenLineage's client writes into the environment what it reads there under other names."""
    for name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
        monkeypatch.delenv(name)
    yield
    for name in [name for name in os.environ if name.startswith("OPENLINEAGE__")]:
        del os.environ[name]


def events_of(folder: Path) -> list[dict[str, Any]]:
    (path,) = (folder / "logs").glob("*.lineage.json")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_run_tells_what_its_steps_read_and_wrote(
    make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path
) -> None:
    space = make_workspace()
    with opened(space) as run:
        run.ends_as = "checked"
        with lineage_of(run, "check"):
            ingest_source.fn(run, "orders")
            identify_run.fn(run)
            check.fn(run, "raw")
            stage.fn(run)
        attempt = run.attempt_id
    events = events_of(tmp_path / "out")
    first, *between, last = events
    assert [first["eventType"], last["eventType"]] == ["START", "COMPLETE"]
    assert {first["run"]["runId"], last["run"]["runId"]} == {f"{attempt[:8]}-{attempt[8:12]}-{attempt[12:16]}-{attempt[16:20]}-{attempt[20:]}"}  # fmt: skip
    assert first["job"]["name"] == "small.check"
    assert first["run"]["facets"]["nominalTime"]["nominalStartTime"] == "2025-06-30T00:00:00+00:00"
    assert [one["name"] for one in last["inputs"]] == [str(space.resolve("orders.csv"))]
    ended = {one["job"]["name"]: one for one in between if one["eventType"] == "COMPLETE"}
    assert list(ended) == [
        "small.check.ingest_source_orders",
        "small.check.identify_run",
        "small.check.check_raw",
        "small.check.stage",
    ]
    assert len(between) == 2 * len(ended)
    loaded = ended["small.check.ingest_source_orders"]
    assert [one["name"] for one in loaded["inputs"] if one["namespace"] == "file"] == [str(space.resolve("orders.csv"))]
    (written,) = loaded["outputs"]
    assert written["name"] == "raw.orders__order_lines"
    assert written["namespace"] == f"duckdb://{(tmp_path / 'out' / 'warehouse.duckdb').resolve()}"
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == len(ORDERS.splitlines()) - 1
    assert loaded["run"]["facets"]["parent"]["run"]["runId"] == first["run"]["runId"]
    checked = {one["name"]: one for one in ended["small.check.check_raw"]["inputs"]}
    tests = checked["raw.order_lines"]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert {test["success"] for test in tests} == {True}
    assert "raw.order_lines" in {one["name"] for one in ended["small.check.stage"]["inputs"]}
    assert "staging.orders" in {one["name"] for one in ended["small.check.stage"]["outputs"]}


def test_how_a_run_fails_is_told(make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path) -> None:
    space = make_workspace(orders=ORDERS + "o9,1,anna,gestern,p1,bread,1,1.00\n")
    with pytest.raises(GateFailed), opened(space) as run, lineage_of(run, "check"):
        ingest_source.fn(run, "orders")
        identify_run.fn(run)
        check.fn(run, "raw")
    *_, step, last = events_of(tmp_path / "out")
    assert (step["eventType"], last["eventType"]) == ("FAIL", "FAIL")
    assert "1 critical check failed at the door raw" in last["run"]["facets"]["errorMessage"]["message"]
    with pytest.raises(KeyboardInterrupt), opened(make_workspace("output=other")) as run, lineage_of(run, "check"):
        raise KeyboardInterrupt


def test_it_can_be_switched_off(make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path) -> None:
    with opened(make_workspace("observe.lineage=false")) as run, lineage_of(run, "check"):
        identify_run.fn(run)
    assert not list((tmp_path / "out" / "logs").glob("*.lineage.json"))


@contextmanager
def collector(status: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A collector of lineage that answers every event with a status."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", got
        server.shutdown()
        thread.join()


def test_the_environment_says_where_events_go(
    make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collector(201) as (url, got):
        monkeypatch.setenv("OPENLINEAGE_URL", url)
        monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "shops")
        with opened(make_workspace()) as run:
            run.ends_as = "checked"
            with lineage_of(run, "check"):
                identify_run.fn(run)
    assert [(one["eventType"], one["job"]["namespace"], one["job"]["name"]) for one in got] == [
        ("START", "shops", "small.check"),
        ("START", "shops", "small.check.identify_run"),
        ("COMPLETE", "shops", "small.check.identify_run"),
        ("COMPLETE", "shops", "small.check"),
    ]
    assert not list((tmp_path / "out" / "logs").glob("*.lineage.json"))


def test_a_collector_that_takes_nothing_is_a_warning(
    make_workspace: MakeWorkspace,
    opened: OpenRun,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with collector(400) as (url, got):
        monkeypatch.setenv("OPENLINEAGE_URL", url)
        with caplog.at_level(logging.WARNING, logger="resegment"), opened(make_workspace()) as run:
            run.ends_as = "checked"
            with lineage_of(run, "check"):
                identify_run.fn(run)
                assert run.run_id
    assert len(got) == 1
    (told,) = [record.getMessage() for record in caplog.records if record.name == "resegment.telemetry"]
    assert told.startswith("lineage was not taken, no more is sent of this run: ")
