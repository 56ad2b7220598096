"""Sources in a real PostgreSQL database: nothing lost, nothing doubled, whatever changes between two pulls."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tasks.config.workspace import Workspace
from tasks.ingest.tasks import ingest_source, pull_source
from tasks.warehouse import ledger, pulls
from tasks.warehouse.run import Run
from tests.postgres_server import Server
from tests.unit.ingest.made_database import QUERY, ROWS, SINCE, add, load, seen, staged, workspace_of
from tests.workspaces import MakeWorkspace, OpenRun

RAW = "raw.orders__order_lines"


def names(run: Run) -> list[tuple[str, int]]:
    return run.warehouse.rows("SELECT file_name, rows_loaded_count FROM ops.load ORDER BY load_no")


def space_of(make_workspace: MakeWorkspace, **source: Any) -> Workspace:  # noqa: ANN401 - YAML
    return make_workspace(tree=workspace_of(**source))


@pytest.mark.usefixtures("database")
def test_rows_of_a_query_become_rows_of_an_entity_and_nothing_is_left_beside_them(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(space_of(make_workspace)) as run:
        assert load(run) == 1
        assert names(run) == [("crm:orders", len(ROWS))]
        assert [row[:4] for row in staged(run)] == [
            ("o1", "1", "anna", dt.datetime(2025, 6, 1, 10)),
            ("o1", "2", "anna", dt.datetime(2025, 6, 1, 10)),
            # As text with its zone, it would be two hours later.
            ("o2", "1", "ben", dt.datetime(2025, 6, 20, 18, 30)),
        ]
        assert not list(run.paths.pulled.iterdir())


def test_the_same_rows_in_another_order_are_nothing_new(
    database: Server, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    space = space_of(make_workspace)
    with opened(space) as run:
        load(run)
        database.run('DELETE FROM "order line"')
        for row in reversed(ROWS):
            add(database, *row)
        assert load(run) == 0
        assert len(names(run)) == 1


def test_a_changed_table_replaces_what_it_was(database: Server, make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = space_of(make_workspace)
    with opened(space) as run:
        load(run)
        before = ledger.utc_now()
        database.run("""DELETE FROM "order line" WHERE id = 'o2'""")
        load(run)
        assert seen(run) == [("o1", "1", 2.0), ("o1", "2", 1.0)]
    with opened(space, known_as_of=before) as run:
        assert len(seen(run)) == len(ROWS)


def test_what_was_before_comes_back_with_its_rows(
    database: Server, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(space_of(make_workspace)) as run:
        load(run)
        database.run("""DELETE FROM "order line" WHERE id = 'o2'""")
        load(run)
        add(database, *ROWS[2])
        assert load(run) == 0
        assert len(seen(run)) == len(ROWS)


def test_later_pulls_hold_what_has_changed_alone(
    database: Server, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    space = space_of(make_workspace, **SINCE)
    with opened(space) as run:
        load(run)
        assert load(run) == 0
        add(database, "o3", 1, "anna", "2025-06-21 09:00+00", "p1", 1, "2", "2025-06-21 09:00+00")
        database.run("""UPDATE "order line" SET units = 3, changed = '2025-06-21 09:00+00' WHERE line = 2""")
        assert load(run) == 1
        assert names(run) == [("crm:orders", 3), ("crm:orders #2", 2)]
        assert [(row[0], row[1], row[4]) for row in staged(run)] == [
            ("o1", "1", 2.0),
            ("o1", "2", 3.0),
            ("o2", "1", 4.0),
            ("o3", "1", 1.0),
        ]


def test_rows_in_quarantine_are_not_quarantined_again_with_each_pull(
    database: Server, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(space_of(make_workspace, **SINCE)) as run:
        add(database, "o3", 1, "anna", "2025-06-20 09:00+00", "p1", "NaN", "2", "2025-06-20 18:31+00")
        add(database, "o4", 1, "anna", "infinity", "p1", 1, "2", "2025-06-20 18:31+00")
        for _ in range(3):
            load(run)
        assert run.warehouse.rows("SELECT column_name, count(*) FROM ops.quarantine GROUP BY ALL ORDER BY 1") == [
            ("ordered_at", 1),
            ("quantity", 1),
        ]


@pytest.mark.parametrize(
    "edit",
    [
        {"columns": workspace_of()["sources"]["orders"]["columns"] | {"channel_name": "'web'"}},
        {"query": QUERY + " WHERE true"},
    ],
    ids=["mapping", "query"],
)
def test_what_is_read_otherwise_is_read_whole_and_takes_the_place_of_all_before(
    edit: dict[str, Any], database: Server, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(space_of(make_workspace, **SINCE)) as run:
        load(run)
        add(database, "o3", 1, "anna", "2025-06-21 09:00+00", "p1", 1, "2", "2025-06-21 09:00+00")
        load(run)
        database.run("""DELETE FROM "order line" WHERE id = 'o1'""")
    with opened(space_of(make_workspace, **(SINCE | edit))) as run:
        load(run)
        assert names(run)[-1] == ("crm:orders", 2)
        assert [row[0] for row in seen(run)] == ["o2", "o3"]
        add(database, "o5", 1, "anna", "2025-06-21 09:00+00", "p1", 1, "2", "2025-06-21 09:00+00")
        load(run)
        assert [row[0] for row in seen(run)] == ["o2", "o3", "o5"]


def test_after_a_load_is_lost_all_rows_are_read_again(
    database: Server, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(space_of(make_workspace, **SINCE)) as run:
        load(run)
        add(database, "o3", 1, "anna", "2025-06-21 09:00+00", "p1", 1, "2", "2025-06-21 09:00+00")
        load(run)
        pulls.begin_anew(run.warehouse, "orders")
        assert load(run) == 1
        assert names(run)[-1] == ("crm:orders", 4)
        assert [row[0] for row in seen(run)] == ["o1", "o1", "o2", "o3"]


def test_without_digests_rows_are_loaded_twice_and_staged_once(
    database: Server, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(space_of(make_workspace, **SINCE)) as run:
        load(run)
        before = staged(run)
        pulls.forget_rows(run.warehouse)
        add(database, "o2", 2, "ben", "2025-06-20 18:30+00", "p2", 1, "2", "2025-06-20 18:31+00")
        load(run)
        assert names(run)[-1] == ("crm:orders #2", 2)
        assert len(staged(run)) == len(before) + 1


def test_another_database_of_that_name_is_read_whole(
    database: Server, make_workspace: MakeWorkspace, opened: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(space_of(make_workspace, **SINCE)) as run:
        load(run)
        monkeypatch.setenv("CRM_URL", database.url.replace("127.0.0.1", "localhost"))
        database.run("""DELETE FROM "order line" WHERE id = 'o1'""")
        load(run)
        assert names(run)[-1] == ("crm:orders", 1)
        assert [row[0] for row in seen(run)] == ["o2"]


@pytest.mark.usefixtures("database")
def test_a_source_that_moves_from_files_to_a_database_has_its_rows_once(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    with opened(make_workspace()) as run:
        ingest_source.fn(run, "orders")
        assert len(seen(run)) == 5
    with opened(space_of(make_workspace)) as run:
        # Before anything of it is pulled, what is known of the source are its files: a plan says so.
        assert len(seen(run)) == 5
        load(run)
        assert len(seen(run)) == len(ROWS)
    with opened(make_workspace()) as run:
        assert len(seen(run)) == 5


@pytest.mark.parametrize("kind", ["timestamp", "date"])
def test_times_without_a_zone_and_days_can_be_asked_for(
    kind: str, database: Server, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    query = QUERY.replace("changed", f'changed::{kind} AS "Last ""Change"')
    with opened(space_of(make_workspace, query=query, since='Last "Change')) as run:
        load(run)
        add(database, "o3", 1, "anna", "2025-06-20 09:00+00", "p1", 1, "2", "2025-06-20 00:30+00")
        assert load(run) == 1
        assert names(run)[-1][1] == 1


def test_threads_and_memory_change_no_byte(database: Server, make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    database.run(
        """INSERT INTO "order line" SELECT 'x' || g, g % 7, 'c' || g % 1000, '2025-01-01'::timestamptz + g * interval"""
        " '1 minute', 'p' || g % 50, 1, g % 100, now() FROM generate_series(1, 300000) g"
    )
    found = set()
    for threads, order in ((1, "ASC"), (4, "DESC")):
        tree = workspace_of(query=f"{QUERY} ORDER BY id {order}", max_age_days=threads)
        space = make_workspace(f"engine.threads={threads}", "engine.memory_limit=512MB", tree=tree)
        with opened(space) as run:
            pulled_file = pull_source.fn(run, "orders")
            assert pulled_file is not None
            found.add(pulled_file.sha256)
    assert len(found) == 1


@pytest.mark.usefixtures("database")
def test_decisions_are_carried_over_also_where_nothing_came(
    make_workspace: MakeWorkspace, opened: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A run may have been killed between its load and that.
    carried: list[str] = []
    with opened(space_of(make_workspace, since="changed")) as run:
        load(run)
        monkeypatch.setattr("tasks.ingest.tasks.carry_over", lambda _run, name, _files: carried.append(name))
        assert load(run) == 0
    assert carried == ["orders"]
