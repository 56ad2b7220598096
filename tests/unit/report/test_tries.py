"""The report says which numbers of segments were tried, and why one was chosen."""

from __future__ import annotations

from pathlib import Path

from tasks.report.data import collect
from tasks.report.page import render
from tasks.warehouse import tables
from tests.unit.report.made_story import standard_run

_TRIED = """
    SELECT * FROM (VALUES
        ('region', 2, false, 'not chosen: Jaccard 0.60 < 0.75', 0.91, NULL),
        ('region', 3, true, 'chosen: 3 segments with gaps between them', 0.97, 0.25)
    ) AS t (segmentation_id, k_count, is_chosen, verdict, prediction_strength_share, least_share)
"""


def test_tries_stand_below_their_segmentation(tmp_path: Path) -> None:
    run = standard_run(tmp_path, customers=100)
    assert "How the number of segments was chosen" not in render(collect(run))
    tables.write_rows(run, "monitoring.k_choice", _TRIED)
    data = collect(run)
    region = next(item for item in data.segmentations if item.segmentation_id == "region")
    assert [(item.k, item.is_chosen, item.gap) for item in region.tries] == [(2, False, None), (3, True, None)]
    page = render(data)
    assert page.count("How the number of segments was chosen") == 1
    assert "not chosen: Jaccard 0.60 &lt; 0.75" in page
    assert '<td class="number">25.0%</td>' in page
