"""What the steps of a run took: measured, kept in the ledger, written into the run's own log."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from tasks.config.errors import OutputError
from tasks.warehouse import run_log
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.memory import peak_memory
from tasks.warehouse.run import Run
from tasks.warehouse.steps import recorded
from tests.workspaces import MakeWorkspace, OpenRun

MEBIBYTE = 1 << 20
log = logging.getLogger("resegment.somewhere")


@recorded
def fill_table(run: Run, name: str) -> int:
    time.sleep(0.05)
    run.warehouse.execute("CREATE TABLE staging.made AS SELECT 1 AS a UNION ALL SELECT 2")
    run.warehouse.value("SELECT count(*) FROM staging.made")
    run.warehouse.value("SELECT count(*) FROM ops.run")
    log.warning("%s is odd", name)
    return 5


@recorded
def break_down(run: Run) -> None:
    del run
    raise ValueError("anna@example.com is no number")


def lines_of(folder: Path) -> list[dict[str, Any]]:
    (path,) = sorted((folder / "logs").glob("*.jsonl"))
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_step_is_measured_and_kept(make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path) -> None:
    with opened(make_workspace()) as run:
        assert fill_table(run, "orders") == 5
        (step,) = run.steps
        run_id = run.attempt_id
    assert step.title == "fill table orders"
    assert step.seconds >= 0.05
    assert step.processor_seconds < step.seconds
    assert (step.read, step.written, step.rows, step.error) == (("staging.made",), (("staging.made", 2),), 2, None)
    with Warehouse.open(tmp_path / "out" / "warehouse.duckdb", read_only=True) as warehouse:
        kept = warehouse.records("SELECT * FROM ops.step")
    assert [(row["attempt_id"], row["step_no"], row["subject_name"], row["row_count"]) for row in kept] == [
        (run_id, 1, "orders", 2)
    ]
    assert kept[0]["written_tables"] == ["staging.made"]
    lines = lines_of(tmp_path / "out")
    assert {line["attempt_id"] for line in lines} == {run_id}
    assert [line.get("event") or line["message"] for line in lines] == [
        "step started",
        "orders is odd",
        "step ended",
        "run ended",
    ]
    assert lines[1] | {"level": "warning", "room": "somewhere"} == lines[1]
    assert lines[2] | {"rows": 2, "seconds": step.seconds, "peak_bytes": step.peak_bytes} == lines[2]
    assert lines[3]["status"] == "published"


def test_a_step_that_fails_is_kept_without_values(
    make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="anna"), opened(make_workspace()) as run:
        break_down(run)
    ended = lines_of(tmp_path / "out")[1:]
    assert [(line["level"], line["error" if "step" in line else "message"]) for line in ended] == [
        ("error", f"ValueError at {Path(__file__).name}:{break_down.__wrapped__.__code__.co_firstlineno + 3}"),  # type: ignore[attr-defined]
    ] * 2
    assert "anna" not in (tmp_path / "out" / "logs").glob("*.jsonl").__next__().read_text("utf-8")
    with Warehouse.open(tmp_path / "out" / "warehouse.duckdb", read_only=True) as warehouse:
        assert warehouse.value("SELECT error_message FROM ops.step").startswith("ValueError at ")


def test_old_logs_make_room(make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path) -> None:
    space = make_workspace("observe.logs_kept=2")
    folder = tmp_path / "out" / "logs"
    folder.mkdir(parents=True)
    for name in ("20200101T000000-a.jsonl", "20200101T000000-a.lineage.json", "20200102T000000-b.jsonl"):
        (folder / name).write_text("")
    with opened(space):
        pass
    left = sorted(path.name for path in folder.iterdir())
    assert left[0] == "20200102T000000-b.jsonl"
    assert len({name.partition(".")[0] for name in left}) == 2


def test_a_folder_that_takes_no_log_is_told(make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "logs").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="cannot write the log of the run"), opened(make_workspace()):
        pass


def test_who_wants_to_hear_less_still_does(
    make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    monkeypatch.setattr(logging.root, "handlers", [Listener()])
    monkeypatch.setattr(logging.getLogger("resegment"), "level", logging.WARNING)
    log.manager._clear_cache()  # type: ignore[attr-defined]
    with opened(make_workspace()):
        log.info("all is well")
        log.warning("all is not so well")
    assert heard == ["all is not so well"]
    assert logging.root.handlers[0].filters == []
    assert [line["message"] for line in lines_of(tmp_path / "out")[:2]] == ["all is well", "all is not so well"]


def test_a_full_disk_stops_no_run_by_its_log() -> None:
    class Someone:
        attempt: dict[str, object] = {"attempt_id": "a"}  # noqa: RUF012 - a stand-in

    written = run_log.RunLog(Path("/dev/full"), Someone())
    written.note(message="x")
    with pytest.raises(OSError, match="No space"):
        written._file.flush()
    written.close()
    assert written._file.closed


def test_memory_is_measured_where_it_is_held() -> None:
    with peak_memory() as small:
        pass
    if small.bytes is None:
        pytest.skip("this system does not tell what a process holds")
    with peak_memory() as large:
        held = bytearray(200 * MEBIBYTE)
        held[::4096] = b"x" * len(held[::4096])
        time.sleep(0.1)
        del held
    with peak_memory() as after:
        pass
    assert large.bytes is not None
    assert large.bytes - small.bytes > 150 * MEBIBYTE
    assert after.bytes is not None
    assert large.bytes - after.bytes > 150 * MEBIBYTE
