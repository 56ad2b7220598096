"""When attempts began and ended, whatever somebody does to the clock."""

from __future__ import annotations

import datetime as dt

import pytest

from tasks.warehouse import ledger
from tests.workspaces import MakeWorkspace, OpenRun

TIMES = "SELECT started_at, finished_at FROM ops.run ORDER BY started_at"


def test_no_attempt_ends_before_it_began(
    make_workspace: MakeWorkspace, opened: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    space, right = make_workspace(), ledger.utc_now()
    for clock in (right + dt.timedelta(days=364), right):
        monkeypatch.setattr(ledger, "utc_now", lambda clock=clock: clock)
        with opened(space):
            pass
    with opened(space) as run:
        (_, first), (second, ended), (third, _) = run.warehouse.rows(TIMES)
        # A decision that is made now comes after all of that.
        assert first < second < ended < third < ledger.moment(run.warehouse)
        assert ended - second < dt.timedelta(minutes=10)
