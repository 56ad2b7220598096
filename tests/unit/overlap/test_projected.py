"""A segment that is projected holds those that it was learnt on: that is no finding."""

from __future__ import annotations

from pathlib import Path

from tasks.drift.tasks import measure_drift
from tasks.insight.events import write_events
from tasks.notify.findings import findings_of
from tasks.overlap.tasks import measure_overlap
from tasks.report.read_overlap import overlap
from tasks.report.reader import RunReader
from tests.unit.segments.made_runs import compute
from tests.unit.segments.test_divide_projected import workspace
from tests.workspaces import OpenRun


def test_that_a_projection_holds_its_respondents_alerts_nobody(tmp_path: Path, opened: OpenRun) -> None:
    # Nobody is placed as surely as that: those who answered are the only ones in its segments.
    with opened(workspace(tmp_path / "w", min_confidence=0.999)) as run:
        compute(run)
        write_events(run)
        measure_overlap.fn(run)
        measure_drift.fn(run)
        rows = run.warehouse.rows(
            "SELECT segment_id_a, segment_id_b FROM monitoring.overlap WHERE relation_name = 'redundant' ORDER BY ALL"
        )
        assert rows == [("everyone.poor", "means.poor"), ("everyone.rich", "means.rich")]
        assert [finding.message for finding in findings_of(run) if finding.kind == "overlap"] == []
        shown = overlap(RunReader(run), [])
        assert shown is None or shown.notable == ()
