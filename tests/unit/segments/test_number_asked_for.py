"""Another number of segments is another definition: clusters that do not meet it are learnt anew, others go on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tasks.config.errors import UsageError
from tasks.segments.challenge import decide
from tasks.warehouse.run import open_newest
from tests.unit.segments.made_runs import compute, model, orders, shop
from tests.workspaces import MakeWorkspace, OpenRun

pytestmark = pytest.mark.usefixtures("few_features")

DAYS = [dt.date(2025, 7, day) for day in (1, 2, 3)]
BOUGHT = {
    f"{group}{number:02d}": ("2025-06-10", "bread", amount + number % 7)
    for group, amount in {"a": 10, "b": 1_000}.items()
    for number in range(60)
}


def groups(**asked: object) -> dict[str, Any]:
    features = ["average_order_amount", "net_30d_amount"]
    return shop(groups={"kind": "clusters", "basis": "value", "features": features, **asked})


def lived(make: MakeWorkspace, opened: OpenRun, *asked: dict[str, Any]) -> list[tuple[str, int]]:
    """What is said of the clusters of each day, and the number of the model that is in use."""
    told = []
    for day, said in zip(DAYS, asked, strict=False):
        with opened(make(tree=groups(**said), orders=orders(BOUGHT)), day) as run:
            told.append((compute(run)["groups"], model(run, "groups")[0]))
    return told


def test_clusters_that_do_not_meet_the_number_asked_for_are_learnt_anew(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    asked = [{"k": {"max": 2}}, {"k": {"min": 3, "max": 5}}, {"k": {"min": 2, "max": 8}}]
    first, second, third = lived(make_workspace, opened, *asked)
    assert first == ("2 clusters, with gaps between them; first model", 1)
    assert second[1] == 2
    assert "the segmentation's k changed, so the champion cannot be compared" in second[0]
    # What lies within another range goes on.
    assert (third[0].endswith("model of 2025-07-02 goes on"), third[1]) == (True, 2)


def test_clusters_that_are_no_answer_any_more_cannot_be_rolled_back_to(
    make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path
) -> None:
    asked: list[dict[str, Any]] = [{"k": {"max": 2}}, {"k": {"min": 3, "max": 5}}]
    lived(make_workspace, opened, *asked)
    workspace = make_workspace(tree=groups(**asked[-1]), orders=orders(BOUGHT))
    with (
        open_newest(workspace, tmp_path / "out") as run,
        pytest.raises(UsageError, match="learnt for another definition than the workspace has now"),
    ):
        decide(run, "groups", 1, "rollback", by="anna", because="two were enough")


def test_what_counts_as_segments_is_part_of_it(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    told = lived(make_workspace, opened, {"accept": "reproducible"}, {"accept": "natural"}, {"accept": "natural"})
    assert "the segmentation's accept changed" in told[1][0]
    assert [number for _, number in told] == [1, 2, 2]
