"""What the first line of `resegment status` says of what is published."""

from __future__ import annotations

import datetime as dt
import json

from tasks.insight.status import read_status
from tasks.warehouse import ledger
from tasks.warehouse.ledger import Publication
from tests.workspaces import AS_OF, MakeWorkspace, OpenRun


def test_a_day_that_has_not_begun_and_a_manifest_that_is_gone(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace("alerts.stale_after_days=2")
    with opened(space) as run:
        paths = run.paths
    assert read_status(space, paths, AS_OF).sentence == "nothing is published yet"
    with opened(space) as run:
        ledger.note_publication(run.warehouse, Publication(AS_OF, "r1"))
    sentence = read_status(space, paths, AS_OF).sentence
    assert sentence == "published/manifest.json is gone: `resegment rebuild` publishes again what was"
    paths.published.mkdir()
    paths.manifest.write_text(json.dumps({"as_of_date": str(AS_OF), "runs": {str(AS_OF): "r1"}}))
    found = read_status(space, paths, AS_OF)
    assert (found.sentence, found.is_fresh) == ("published as of 2025-06-30 (0 days old: fresh), 1 date in all", True)
    found = read_status(space, paths, AS_OF - dt.timedelta(days=1))
    assert "a day that has not begun: did the clock run ahead? `resegment withdraw 2025-06-30`" in found.sentence
    assert found.is_fresh is False
