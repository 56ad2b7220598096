"""Which segmentations count as redrawn between two runs."""

from __future__ import annotations

import datetime as dt

import pytest

from tasks.drift.redrawn import redrawn_since
from tasks.drift.references import Reference
from tasks.warehouse.ledger import Publication
from tests.workspaces import MakeWorkspace, OpenRun, small_workspace

THEN = Publication(dt.date(2025, 5, 31), "0" * 16)
ALL = {"kind": "projected", "basis": "value", "of": "buying", "features": ["age_years"], "min_confidence": 0.5}
BUYING = {"kind": "clusters", "basis": "value", "features": ["order_count"], "k": {"min": 2, "max": 3}}


@pytest.mark.parametrize(
    ("noted", "redrawn"),
    [
        ([("of_all", "refit")], set()),
        ([("buying", "refit")], {"buying"}),
        ([("buying", "refit"), ("of_all", "refit")], {"buying", "of_all"}),
        ([("buying", "definition"), ("of_all", "refit")], {"buying", "of_all"}),
        ([("of_all", "definition")], {"of_all"}),
        ([("buying", "ranks")], set()),
    ],
)
def test_a_projection_is_redrawn_with_what_it_projects(
    make_workspace: MakeWorkspace, opened: OpenRun, noted: list[tuple[str, str]], redrawn: set[str]
) -> None:
    """It is learnt anew by every run, which is no news; of other segments it is another projection."""
    space = make_workspace(tree=small_workspace() | {"segmentations": {"buying": BUYING, "of_all": ALL}})
    with opened(space) as run:
        run.run_id = "1" * 16
        run.warehouse.execute("CREATE SCHEMA IF NOT EXISTS segments")
        run.warehouse.execute(
            "CREATE TABLE segments.redrawn (run_id VARCHAR, segmentation_id VARCHAR, what_name VARCHAR, is_asked BOOLEAN)"
        )
        for name, what in noted:
            run.warehouse.execute(
                "INSERT INTO segments.redrawn VALUES ($run, $name, $what, true)",
                {"run": run.run_id, "name": name, "what": what},
            )
        found = {kind: redrawn_since(run, Reference(kind, THEN)) for kind in ("previous", "window")}
    assert found["window"].apart == redrawn
    # The model of the run before is asked whatever it projects.
    assert found["previous"].as_before == {name for name, what in noted if what != "ranks"}
    assert not found["previous"].apart | found["window"].as_before
    # Of ranks the mix is compared as it is; who is in a segment, by the cuts of the run before.
    ranks = {name for name, what in noted if what == "ranks"}
    assert found["previous"].by_ranks == ranks
    assert ("membership_before" in found["previous"].members()) == bool(found["previous"].as_before | ranks)
    assert not found["window"].by_ranks
