"""A segmentation that gets another key is one that went and one that came: by an edit, and no customer changed."""

from __future__ import annotations

import pytest

from tasks.drift import reading
from tasks.drift.references import earlier_runs
from tasks.drift.views import columns_of, views_of
from tests.unit.insight.test_size_change import JULY, JUNE, SPENT, orders, rules, sums_and_changes
from tests.unit.segments.made_runs import compute, shop
from tests.workspaces import MakeWorkspace, OpenRun

pytestmark = pytest.mark.usefixtures("few_features")


def test_whoever_was_in_it_left_by_the_edit(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    delivered = orders(SPENT, without_july=True)
    with opened(make_workspace(tree=shop(value=rules(65)), orders=delivered), JUNE) as run:
        compute(run)
    with opened(make_workspace(tree=shop(worth=rules(65)), orders=delivered), JULY) as run:
        compute(run)
        reasons = run.warehouse.rows(
            "SELECT DISTINCT segmentation_id, change_name, why_name FROM monitoring.change WHERE run_id = $run"
            " ORDER BY ALL",
            {"run": run.run_id},
        )
        assert reasons == [("value", "left", "definition"), ("worth", "entered", "definition")]
        assert all(net == change for _, net, change in sums_and_changes(run))


def test_what_was_not_in_use_then_is_not_compared(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    """Everybody was in no segment of it: that is no mix which changed."""
    delivered = orders(SPENT, without_july=True)
    former = shop(value=rules(65), loose=rules(65, "any"))
    with opened(make_workspace(tree=former, orders=delivered), JUNE) as run:
        compute(run)
    present = shop(value=rules(65), worth=rules(65), loose=rules(65, "any"), many=rules(65, "any"))
    with opened(make_workspace(tree=present, orders=delivered), JULY) as run:
        compute(run)
        before = next(one for one in earlier_runs(run) if one.as_of == JUNE)
        (view,) = views_of(run, before.run_id, run.run_id, columns_of(run))
        compared = set(reading.comparable(run, before, view).specs)
        assert {"worth", "many.high", "many.loyal"} <= set(view.specs)
        assert {"value", "loose.high", "loose.loyal"} <= compared
        assert not compared & {"worth", "many.high", "many.loyal"}
