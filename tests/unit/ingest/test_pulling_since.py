"""What pulls since a mark read: rows that come late, equal ones, changes back and forth, times of the future."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.postgres_server import Server
from tests.unit.ingest.made_database import ROWS, SINCE, add, load, seen, staged, workspace_of
from tests.workspaces import MakeWorkspace, OpenRun


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param("2025-06-20 18:31+00", id="at the very newest time"),
        pytest.param("2025-06-20 17:31:00+00", id="committed late, just within the overlap"),
        pytest.param(None, id="without a time"),
        pytest.param("infinity", id="for ever"),
    ],
)
def test_rows_that_come_late_are_not_lost_and_not_doubled(
    changed: str | None, database: Server, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(make_workspace(tree=workspace_of(**SINCE))) as run:
        load(run)
        add(database, "o3", 1, "anna", "2025-06-20 09:00+00", "p1", 1, "2", changed)
        assert load(run) == 1
        assert load(run) == 0
        assert seen(run) == [("o1", "1", 2.0), ("o1", "2", 1.0), ("o2", "1", 4.0), ("o3", "1", 1.0)]


def test_equal_rows_count_as_often_as_they_are_there(
    database: Server, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(make_workspace(tree=workspace_of(**SINCE))) as run:
        load(run)
        for _ in range(2):
            add(database, *ROWS[2])
        load(run)
        assert load(run) == 0
        assert [row[0] for row in seen(run)] == ["o1", "o1", "o2", "o2", "o2"]


def test_a_value_that_goes_and_comes_back_is_the_newest_again(
    database: Server, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(make_workspace(tree=workspace_of(**SINCE))) as run:
        load(run)
        for units in (9, 4, 9, 4):
            database.run(f"""UPDATE "order line" SET units = {units} WHERE id = 'o2'""")
            assert load(run) == 1
        assert [row[4] for row in staged(run) if row[0] == "o2"] == [4.0]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(f"{dt.datetime.now(dt.UTC)}", id="as it happens"),
        pytest.param("2025-06-21 09:00+00", id="long after, into a table that is fed by another system"),
    ],
)
def test_one_time_of_the_future_hides_nothing(
    changed: str, database: Server, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(make_workspace(tree=workspace_of(**SINCE))) as run:
        add(database, "o8", 1, "anna", "2025-06-20 09:00+00", "p1", 1, "2", "2099-01-01 00:00+00")
        load(run)
        add(database, "o9", 1, "anna", "2025-06-20 09:00+00", "p1", 1, "2", changed)
        assert load(run) == 1
        assert load(run) == 0
        assert [row[0] for row in seen(run)] == ["o1", "o1", "o2", "o8", "o9"]


def test_times_of_the_future_alone_hide_nothing(
    database: Server, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(make_workspace(tree=workspace_of(**SINCE))) as run:
        database.run("""UPDATE "order line" SET changed = '2099-01-01 00:00+00'""")
        load(run)
        add(database, "o9", 1, "anna", "2025-06-20 09:00+00", "p1", 1, "2", "2025-06-21 09:00+00")
        assert load(run) == 1
        assert load(run) == 0
        assert [row[0] for row in seen(run)] == ["o1", "o1", "o2", "o9"]
