"""Clusters inside a segment have other customers where that one is defined otherwise: these moved by the edit."""

from __future__ import annotations

import pytest

from tests.unit.segments.made_runs import compute, orders, shop
from tests.unit.segments.test_divide_clusters import BOUGHT, JULY, JUNE, WORTH, high
from tests.workspaces import MakeWorkspace, OpenRun

pytestmark = pytest.mark.usefixtures("few_features")


def test_whoever_left_the_segment_around_it_by_an_edit_left_it_by_that(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(make_workspace(tree=shop(worth=WORTH, among_high=high()), orders=orders(BOUGHT)), JUNE) as run:
        compute(run)
    edited = shop(worth={**WORTH, "at": [500, 5_000]}, among_high=high())
    with opened(make_workspace(tree=edited, orders=orders(BOUGHT)), JULY) as run:
        compute(run)
        told = run.warehouse.rows(
            "SELECT segmentation_id, change_name, why_name, count(*) FROM monitoring.change WHERE run_id = $run"
            " GROUP BY ALL ORDER BY ALL",
            {"run": run.run_id},
        )
    assert told == [("among_high", "left", "definition", 70), ("worth", "moved", "definition", 70)]
