"""Runs whose orders lie in a real PostgreSQL database: connections that drop, kills, and what needs no database."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml

from flows.cli import run_command
from tasks.ingest.postgres import Stream
from tasks.ingest.tasks import pull_source
from tests.flows.backfilled import without_checks
from tests.postgres_server import Server
from tests.unit.ingest.made_database import COLUMNS, add, make_table, workspace_of

#: Large enough to come in several batches.
ROWS = 400_000
_LARGE = (
    "SELECT 'o' || g AS id, 1 AS line, 'c' || g % 1000 AS customer, timestamptz '2025-06-01 10:00' AS at,"
    " repeat('p', 100) AS product, 1 + g % 3 AS units, numeric '1.50' AS price"
    f" FROM generate_series(1, {ROWS}) g"
)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull_source, "retry_delay_seconds", [0.0])


@pytest.fixture
def folder(tmp_path: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRM_URL", postgres.url)
    make_table(postgres)
    return write(tmp_path, workspace_of())


def write(folder: Path, tree: dict[str, Any]) -> Path:
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    return folder


def command(folder: Path, *words: str) -> int:
    with without_checks():
        return run_command([*words, "--workspace", str(folder)])


def checked(folder: Path, day: str) -> int:
    """A look at the source alone."""
    return run_command(["check", "--quiet", "--as-of", day, "--workspace", str(folder)])


def asked(folder: Path, sql: str, file: str = "warehouse.duckdb") -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "out" / file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def cut(server: Server, monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Have the server end the connection after the first batch, so many times; lists batches that came, by try."""
    batches: list[int] = []
    real = Stream._read

    def read(self: Stream, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        batches.append(0)
        for batch in real(self, schema):
            batches[-1] += 1
            if batches[-1] == 1 and len(batches) <= times:
                assert server.terminate() == 1
            yield batch

    monkeypatch.setattr(Stream, "_read", read)
    return batches


def test_a_connection_that_drops_in_the_middle_loses_and_doubles_nothing(
    folder: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, workspace_of(query=_LARGE))
    batches = cut(postgres, monkeypatch, 2)
    assert command(folder, "run", "--quiet") == 0
    assert len(batches) == 3
    assert batches[-1] > 2
    assert asked(
        folder, "SELECT count(*), count(DISTINCT order_id), sum(quantity)::INT FROM raw.orders__order_lines"
    ) == [(ROWS, ROWS, sum(1 + number % 3 for number in range(1, ROWS + 1)))]
    assert asked(
        folder, "SELECT count(*), count(*) FILTER (error_message IS NULL) FROM ops.step WHERE step_name = 'pull source'"
    ) == [(3, 1)]


def test_a_database_that_stays_away_fails_the_run_and_the_next_repairs(
    folder: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(folder, "run", "--quiet", "--as-of", "2025-06-29") == 0
    before = asked(folder, "SELECT as_of_date, run_id FROM run", "published/published.duckdb")
    write(folder, workspace_of(query=_LARGE))
    with monkeypatch.context() as patch:
        batches = cut(postgres, patch, 99)
        assert command(folder, "run", "--quiet") == 1
    assert len(batches) == 4
    said = capsys.readouterr().err
    # Which of the two it is depends on whether the server's last word comes before the end of the connection.
    assert re.search("server closed the connection unexpectedly|terminating connection", said)
    assert "what is published stays" in said
    assert postgres.password not in said
    assert asked(folder, "SELECT as_of_date, run_id FROM run", "published/published.duckdb") == before
    assert asked(folder, "SELECT count(*) FROM raw.orders__order_lines") == [(3,)]
    assert not list((folder / "out" / ".pulled").iterdir())
    assert command(folder, "run", "--quiet") == 0
    assert asked(folder, "SELECT count(*) FROM raw.order_lines") == [(ROWS,)]


def test_a_database_that_is_not_there_is_told_and_what_needs_it_not_goes_on(
    folder: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(folder, "run", "--quiet", "--as-of", "2025-06-29") == 0
    monkeypatch.setenv("CRM_URL", f"postgresql://postgres:{postgres.password}@127.0.0.1:1/crm")
    assert command(folder, "run", "--quiet") == 1
    said = capsys.readouterr().err
    assert "cannot read the database 127.0.0.1:1/crm" in said
    assert "Connection refused" in said
    monkeypatch.delenv("CRM_URL")
    assert command(folder, "run", "--quiet") == 1
    assert "the environment variable CRM_URL is not set" in capsys.readouterr().err
    for words in (["validate"], ["status"], ["backfill", "--stale", "--dry-run"]):
        assert command(folder, *words) == 0
    assert "databases are pulled when it begins" in capsys.readouterr().out
    tree = workspace_of()
    tree["segmentations"]["lifecycle"]["segments"][0]["when"] = "tenure_days <= 60"
    tree["features"] = {"windows": [30, 90]}
    write(folder, tree)
    capsys.readouterr()
    assert command(folder, "plan", "--json") == 0
    planned = json.loads(capsys.readouterr().out)
    assert "no database is asked: orders as loaded before" in " ".join(planned["limits"])


def test_a_killed_run_leaves_no_rows_behind_and_the_next_succeeds(folder: Path) -> None:
    write(folder, workspace_of(query=_LARGE.replace(str(ROWS), str(10 * ROWS))))
    pulled = folder / "out" / ".pulled" / "crm:orders"
    program = f"from flows.cli import main; main(['run', '--quiet', '--workspace', {str(folder)!r}])"
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while not pulled.parent.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert pulled.parent.exists()
    write(folder, workspace_of(query=_LARGE))
    assert command(folder, "run", "--quiet") == 0
    assert not list(pulled.parent.iterdir())
    assert asked(folder, "SELECT count(*) FROM raw.orders__order_lines") == [(ROWS,)]
    assert asked(folder, "SELECT status_name FROM ops.run ORDER BY started_at") == [("killed",), ("published",)]


def test_checks_hold_of_a_source_that_is_read_since_the_last_pull(folder: Path, postgres: Server) -> None:
    write(folder, workspace_of(query='SELECT * FROM "order line"', since="changed", max_age_days=5))
    for day in range(28, 31):
        at = f"2025-06-{day} 09:00+00"
        for number in range(5):
            add(postgres, f"d{day}-{number}", 1, "anna", at, "p1", 1, "2", at)
        assert checked(folder, f"2025-06-{day}") == 0, day
    assert asked(folder, "SELECT count(*) FROM raw.order_lines") == [(3 + 3 * 5,)]
    assert (
        asked(
            folder,
            "SELECT DISTINCT expectation_name FROM ops.check_result WHERE NOT is_success"
            " AND expectation_name LIKE '%files%'",
        )
        == []
    )
    add(postgres, "x", 1, "him", "2025-06-30 09:00+00", "p1", 1, "2", "2025-06-30 09:00+00")
    assert command(folder, "run", "--quiet", "--as-of", "2025-06-30") == 0
    assert command(folder, "forget", "him", "--yes", "--reason", "asked for") == 0
    assert checked(folder, "2025-06-30") == 0
    assert asked(folder, "SELECT count(*) FROM raw.order_lines WHERE customer_id = 'him'") == [(0,)]
    assert checked(folder, "2025-07-20") == 3


def test_lineage_names_the_tables(folder: Path) -> None:
    write(folder, workspace_of(query='WITH mine AS (SELECT * FROM "order line") SELECT * FROM mine', columns=COLUMNS))
    assert command(folder, "run", "--quiet") == 0
    (path,) = (folder / "out" / "logs").glob("*.lineage.json")
    inputs = {
        (one["namespace"].rpartition(":")[0], one["name"])
        for line in path.read_text("utf-8").splitlines()
        for one in json.loads(line)["inputs"]
    }
    assert ("postgres://127.0.0.1", "postgres.public.order line") in inputs
    assert not [one for one in inputs if one[1].endswith(".mine")]
