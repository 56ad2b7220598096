"""Checks between two refreshes, and the one screen that says how things stand."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.config.loading import load_workspace
from tasks.insight.status import read_status
from tasks.warehouse.run import OutputPaths
from tests.flows.test_cli import resegment, write
from tests.workspaces import ORDERS

BAD = ORDERS + "o9,1,anna,gestern,p1,bread,1,1.00\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that was run."""
    folder = tmp_path_factory.mktemp("workspace")
    write(folder)
    resegment("run", "--as-of", "2025-06-29", cwd=folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return Path(shutil.copytree(made, tmp_path / "workspace"))


def status_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(resegment("status", "--json", cwd=folder).stdout)
    return found


def published(folder: Path) -> dict[str, bytes]:
    files = sorted((folder / "out" / "published").rglob("*"))
    return {str(path): path.read_bytes() for path in files if path.is_file()}


def test_a_check_publishes_nothing_and_tells_what_is_wrong(folder: Path) -> None:
    before = published(folder)
    (folder / "orders.csv").write_text(BAD)
    done = resegment("check", "--as-of", "2025-06-30", cwd=folder, code=3)
    assert "no source has more unreadable rows than quality.max_quarantined_share allows" in done.stderr
    assert published(folder) == before
    found = status_of(folder)
    assert found["published_as_of"] == "2025-06-29"
    assert found["attempts"][0]["status_name"] == "gate_failed"
    assert "the last run (2025-06-30) was stopped by a quality gate, so this is the last good one" in found["sentence"]
    assert found["failed"][0].startswith("critical: ops.load: not so: no source has more unreadable rows")
    assert any(" critical, since 2025-06-30: ops.load: not so" in line for line in found["alerts"])
    assert found["waiting"] == ["1 row of orders in quarantine (`resegment quarantine list --source orders`)"]

    # What was loaded need not be loaded again, and what is mended is over.
    (folder / "orders.csv").write_text(ORDERS)
    done = resegment("check", "--as-of", "2025-06-30", "--json", cwd=folder)
    told = json.loads(done.stdout)
    assert told["as_of"] == "2025-06-30"
    tables = {table["table"]: table for table in told["tables"]}
    assert tables["ops.load"]["failed"] == []
    assert tables["staging.orders"]["passed"] > 5
    assert not any(name.startswith(("features.", "segments.", "monitoring.")) for name in tables)
    found = status_of(folder)
    assert found["attempts"][0]["status_name"] == "checked"
    assert "last good one" not in found["sentence"]
    assert not any("ops.load" in line for line in found["alerts"] + found["failed"])
    assert published(folder) == before

    # The refresh after it computes what it would have without it.
    resegment("run", "--as-of", "2025-06-30", cwd=folder)
    assert status_of(folder)["attempts"][0]["run_id"] == told["run_id"]
    table = resegment("check", "--as-of", "2025-06-30", "--quiet", cwd=folder).stdout
    assert table.splitlines()[0].split() == ["table", "passed", "failed", "not", "so"]


def test_one_screen_says_how_things_stand(folder: Path) -> None:
    with duckdb.connect(str(folder / "out" / "warehouse.duckdb")) as connection:
        connection.execute(
            "INSERT INTO ops.notification (notification_no, target_name, written_at)"
            " VALUES (901, 'chat', '2025-07-01 08:00:00'), (902, 'chat', '2025-07-02 08:00:00')"
        )
        connection.execute(
            "UPDATE ops.warehouse SET copy_problem = 'cannot write the copy of the warehouse: File exists';"
            "INSERT INTO ops.backfill (backfill_no, status_name, message) VALUES (7, 'waiting', 'too many would move'),"
            " (8, 'published', 'done')"
        )
        connection.execute(
            "INSERT INTO ops.alert_state (alert_no, kind_name, subject_name, severity_name, message, opened_as_of_date,"
            " acknowledged_at, acknowledged_by) VALUES (99, 'drift', 'x', 'critical', 'x has moved', '2025-06-30',"
            " '2025-07-01', 'eva')"
        )
    space, paths = load_workspace(folder, overrides=["alerts.stale_after_days=2"]), OutputPaths(folder / "out")
    fresh = read_status(space, paths, dt.date(2025, 7, 1))
    assert fresh.is_fresh is True
    assert "published as of 2025-06-29 (2 days old: fresh), " in fresh.sentence
    assert "(1 day old: fresh), " in read_status(space, paths, dt.date(2025, 6, 30)).sentence
    stale = read_status(space, paths, dt.date(2025, 7, 2))
    assert stale.is_fresh is False
    assert "(3 days old: too old, at most 2 were expected)" in stale.sentence
    assert "99 critical, since 2025-06-30: x has moved (known to eva)" in stale.alerts
    assert "backfill 7: too many would move (`resegment backfill show 7`)" in stale.waiting
    assert not any(line.startswith("backfill 8") for line in stale.waiting)
    assert (
        "the copy beside the warehouse: cannot write the copy of the warehouse: File exists (the next run tries again)"
        in stale.waiting
    )
    assert (
        "2 messages that chat has not taken, the oldest of 2025-07-01 08:00:00 (`resegment alerts list`)"
        in stale.waiting
    )
    newest = stale.attempts[0]
    assert newest["peak_mb"] > 50
    assert newest["slowest"].endswith(" s")
    shown = resegment("status", cwd=folder).stdout
    assert len(shown.splitlines()) < 40
    assert "waits  backfill 7: too many would move" in shown


def test_a_folder_of_an_older_version_is_told(tmp_path: Path) -> None:
    write(tmp_path)
    resegment("check", cwd=tmp_path)
    with duckdb.connect(str(tmp_path / "out" / "warehouse.duckdb")) as connection:
        connection.execute("DROP TABLE ops.step")
        connection.execute("UPDATE ops.warehouse SET schema_version = schema_version - 1")
    shown = resegment("status", cwd=tmp_path).stdout
    assert "the ledger cannot be read now: was written by an older version of resegment" in shown
    assert "`resegment run` brings it up to this version" in shown
