"""The report says how well segments of respondents can be given to the others, and that they were not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tasks.report.data import ReportData, collect
from tasks.report.findings import findings
from tasks.report.page import render
from tasks.warehouse import tables
from tests.unit.report.made_story import standard_run

WORTH = {
    "coverage": [
        {"confidence": 0.5, "share": 1.0, "accuracy": 0.81},
        {"confidence": 0.9, "share": 0.0, "accuracy": None},
    ]
}


def reported(folder: Path, worth: dict[str, Any] | None, said: str) -> ReportData:
    run = standard_run(folder, customers=100)
    content = json.dumps({"kind": "projected", "of": "mind", "worth": worth})
    tables.write_rows(
        run,
        "segments.model",
        f"SELECT 'region' AS segmentation_id, 1 AS model_no, '{content}' AS model_json, '{said}' AS decision"
        " UNION ALL SELECT 'rfm', 1, '{}', 'first model'",
    )
    return collect(run)


def test_what_a_projection_is_worth_stands_below_its_segments(tmp_path: Path) -> None:
    data = reported(tmp_path, WORTH, "finds the segment of 81% of 700 respondents")
    assert [item.segmentation_id for item in data.segmentations if item.projection] == ["region"]
    page = render(data)
    assert "Segments of <code>mind</code>, given to others: finds the segment of 81% of 700 respondents." in page
    assert '<th scope="row" class="number">50%</th><td class="number">100.0%</td><td class="number">81.0%</td>' in page
    assert "not projected" not in page


def test_a_projection_that_is_refused_is_something_to_look_at(tmp_path: Path) -> None:
    data = reported(tmp_path, None, "only respondents: the features do not tell the segments apart")
    (told,) = [finding.text for finding in findings(data) if "only respondents" in finding.text]
    assert told == "Region: only respondents: the features do not tell the segments apart."
    page = render(data)
    assert "▲ not projected" in page
    assert "How often such a segment is right" not in page
