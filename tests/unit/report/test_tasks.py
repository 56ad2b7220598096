"""The thin task, without Prefect's engine."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tasks.report.tasks import write_report
from tests.unit.report.made_story import stopped_run


def test_the_task_writes_the_page_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = stopped_run(tmp_path)
    with caplog.at_level(logging.INFO, logger="resegment.report"):
        path = write_report.fn(run)
    assert path == str(tmp_path / "report" / "index.html")
    assert "This run was stopped by a quality gate" in Path(path).read_text(encoding="utf-8")
    assert f"report (gate_failed): {path}" in caplog.text
    assert "the newest order is no older than 3 days" in Path(path).with_name("checks.html").read_text(encoding="utf-8")


def test_the_reason_that_the_flow_knows_is_told(tmp_path: Path) -> None:
    path = write_report.fn(stopped_run(tmp_path), stopped_by="3 critical checks failed")
    assert "The run stopped: 3 critical checks failed" in Path(path).read_text(encoding="utf-8")
