"""What thresholds and values cannot be learnt from, and what is said of it."""

from __future__ import annotations

import datetime as dt

import pytest

from tasks.config.errors import WorkspaceError
from tasks.segments.check import check_rules
from tasks.warehouse.catalogue import catalogue_of
from tests.unit.segments.made_runs import BOUGHT, LIKES, TIERS, compute, members, orders, shop
from tests.workspaces import MakeWorkspace, OpenRun

pytestmark = pytest.mark.usefixtures("few_features")

JUNE = dt.date(2025, 6, 30)


def test_values_of_what_nobody_has_are_refused(
    make_workspace: MakeWorkspace, opened: OpenRun, caplog: pytest.LogCaptureFixture
) -> None:
    tree = shop(likes=LIKES | {"feature": "education_name"})
    with opened(make_workspace(tree=tree, orders=orders(BOUGHT)), JUNE) as run:
        assert compute(run)["likes"] == "refused: education_name is known of nobody"
        assert set(members(run, "likes").values()) == {"likes.unknown"}
        refusals = run.warehouse.rows("SELECT run_id, segmentation_id, why_text FROM segments.refusal")
        assert refusals == [(run.run_id, "likes", "education_name is known of nobody")]
        alerts = run.warehouse.rows("SELECT kind_name, subject_name, message FROM ops.alert")
        assert alerts == [("segmentation", "likes", "likes has no segments: education_name is known of nobody")]
    # Also to whoever has asked for warnings only.
    (told,) = [record for record in caplog.records if "refused" in record.getMessage()]
    assert told.levelname == "WARNING"


def test_an_empty_population_is_told_from_what_is_not_known(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    nobody = {"population": "net_amount > 1000000"}
    with opened(
        make_workspace(tree=shop(likes=LIKES | nobody, tiers=TIERS | nobody), orders=orders(BOUGHT)), JUNE
    ) as run:
        told = compute(run)
    assert told["likes"] == told["tiers"] == "refused: nobody is in its population, net_amount > 1000000"


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (LIKES | {"feature": "net_amount"}, "the feature 'net_amount' is a number, expected a category"),
        (TIERS | {"feature": "top_category_name"}, "the feature 'top_category_name' is a category, expected a number"),
        (TIERS | {"feature": "net_amuont"}, "there is no feature 'net_amuont'"),
        (TIERS | {"treatments": {"lwo": {"offer": "x"}}}, "a treatment names no segment: 'lwo'"),
    ],
)
def test_features_that_a_kind_cannot_work_with_are_told(
    make_workspace: MakeWorkspace, opened: OpenRun, tree: dict[str, object], message: str
) -> None:
    space = make_workspace(tree=shop(x=tree))
    with opened(space) as run, pytest.raises(WorkspaceError) as caught:
        check_rules(space, catalogue_of(run))
    assert caught.value.message == message
    assert str(caught.value.where).startswith(str(space.directory / "resegment.yaml:"))
