"""The list of the erased: what it knows, what it refuses, and that it outlives the warehouse."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.config.errors import OutputError, WorkspaceError
from tasks.config.pseudonym import fingerprint, pseudonym
from tasks.config.workspace import Workspace
from tasks.ingest.tasks import ingest_source
from tasks.plan.scratch import whole_copy
from tasks.warehouse import erasures, migrations
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.erasures import NOBODY, Erasure, erased_customers, hashed, key_of
from tasks.warehouse.run import OutputPaths
from tests.workspaces import MakeWorkspace, OpenRun, small_workspace


@pytest.fixture
def space(make_workspace: MakeWorkspace) -> Workspace:
    return make_workspace()


def noted(space: Workspace, folder: Path, customer: str, ended: str | None = "2026-01-02T00:00:00") -> Erasure:
    key = key_of(space, folder)
    one = Erasure(
        hashed(key, customer), fingerprint(key), "2026-01-01T00:00:00", ended, "dpo", "request 1", {"raw.t": 3}, 2
    )
    erasures.note(folder, [one])
    return one


def test_the_erased_are_told_and_nobody_is_named(space: Workspace, tmp_path: Path) -> None:
    assert erased_customers(space, tmp_path) is NOBODY
    assert NOBODY.among(["anna"]) == []
    one = noted(space, tmp_path, "anna")
    erased = erased_customers(space, tmp_path)
    assert erased.among(["ben", "anna", None, "Anna"]) == ["anna"]
    assert erased.only([]).among(["anna"]) == []
    assert erasures.read(tmp_path) == [one]
    text = (tmp_path / erasures.LIST_NAME).read_text() + (tmp_path / erasures.KEY_NAME).read_text()
    assert "anna" not in text
    for name in (erasures.LIST_NAME, erasures.KEY_NAME):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_folders_have_keys_of_their_own(space: Workspace, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    first, second = (noted(space, folder, "anna") for folder in folders)
    assert first.hash != second.hash
    assert key_of(space, folders[0]) == key_of(space, folders[0])


def test_pseudonymised_customers_are_hashed_with_that_key_and_as_something_else(
    make_workspace: MakeWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESEGMENT_PSEUDONYM_KEY", "k" * 32)
    tree = small_workspace() | {"privacy": {"pseudonymise": True, "key": "${RESEGMENT_PSEUDONYM_KEY}"}}
    space = make_workspace(tree=tree)
    one = noted(space, tmp_path, "anna")
    assert one.hash[:32] != pseudonym(b"k" * 32, "anna").removeprefix("p_")
    assert not (tmp_path / erasures.KEY_NAME).exists()
    assert erased_customers(space, tmp_path).among(["anna"]) == ["anna"]


def test_without_its_key_nothing_is_let_in(space: Workspace, tmp_path: Path) -> None:
    one = noted(space, tmp_path, "anna")
    (tmp_path / erasures.KEY_NAME).unlink()
    with pytest.raises(WorkspaceError, match=f"1 customer was erased here under key {one.key_fingerprint}"):
        erased_customers(space, tmp_path)
    (tmp_path / erasures.KEY_NAME).write_text("another")
    with pytest.raises(WorkspaceError, match="they would not be recognised"):
        erased_customers(space, tmp_path)


def test_a_line_cut_short_by_a_kill_is_none_and_one_that_is_damaged_is_told(space: Workspace, tmp_path: Path) -> None:
    one = noted(space, tmp_path, "anna")
    path = tmp_path / erasures.LIST_NAME
    path.write_text(path.read_text() + '{"hash": "half')
    assert erasures.read(tmp_path) == [one]
    other = noted(space, tmp_path, "ben")
    assert erasures.read(tmp_path) == [one, other]
    path.write_text("no line\n" + path.read_text())
    with pytest.raises(OutputError, match=r"erasures.jsonl, line 1: is not an erasure"):
        erasures.read(tmp_path)


def test_a_list_that_cannot_be_written_is_told(space: Workspace, tmp_path: Path) -> None:
    one = noted(space, tmp_path, "anna")
    with pytest.raises(OutputError, match="cannot write the list of erasures: No such file or directory"):
        erasures.note(tmp_path / "nowhere", [one])


def test_list_and_table_bring_each_other_up(space: Workspace, tmp_path: Path) -> None:
    begun = noted(space, tmp_path, "anna", ended=None)
    assert erasures.stopped(tmp_path) == [begun]
    ended = replace(begun, ended_at="2026-01-03T00:00:00")
    with Warehouse.open(None) as warehouse:
        migrations.migrate(warehouse)
        erasures.sync(warehouse, tmp_path)
        assert erasures.in_warehouse(warehouse) == [begun]
        erasures.keep(warehouse, ended)
        erasures.sync(warehouse, tmp_path)
        assert erasures.read(tmp_path) == [ended]
        assert erasures.stopped(tmp_path) == []
        (tmp_path / erasures.LIST_NAME).unlink()
        erasures.sync(warehouse, tmp_path)
        assert erasures.read(tmp_path) == [ended]
        erasures.end(warehouse, tmp_path, [begun], "2026-01-04")
        assert erasures.read(tmp_path) == erasures.in_warehouse(warehouse) == [replace(begun, ended_at="2026-01-04")]
        assert warehouse.rows("SELECT row_count, together_count FROM ops.erasure") == [(3, 2)]


def test_a_warehouse_that_is_older_than_the_list_has_it_all_to_do_again(space: Workspace, tmp_path: Path) -> None:
    one = noted(space, tmp_path, "anna")
    with Warehouse.open(None) as warehouse:
        migrations.migrate(warehouse)
        erasures.sync(warehouse, tmp_path)
        begun = replace(one, ended_at=None)
        assert erasures.in_warehouse(warehouse) == erasures.stopped(tmp_path) == [begun]
        erasures.sync(warehouse, tmp_path)
        assert len((tmp_path / erasures.LIST_NAME).read_text().splitlines()) == 2


def test_an_erasure_that_is_repeated_adds_up(space: Workspace, tmp_path: Path) -> None:
    first = noted(space, tmp_path, "anna")
    again = replace(first, begun_at="2026-02-01", ended_at="2026-02-02", by="x", reason="y", counts={"raw.t": 1})
    both = again.again(first)
    assert (both.begun_at, both.ended_at, both.by, both.reason) == (
        first.begun_at,
        "2026-02-02",
        "dpo",
        "request 1",
    )
    assert both.counts == {"raw.t": 4}


def test_another_folder_knows_them_too(space: Workspace, tmp_path: Path) -> None:
    noted(space, tmp_path, "anna")
    (tmp_path / "copy").mkdir()
    erasures.copy_to(tmp_path, tmp_path / "copy")
    assert erased_customers(space, tmp_path / "copy").among(["anna"]) == ["anna"]


def test_a_run_that_is_only_planned_leaves_them_out_too(
    make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path
) -> None:
    space = make_workspace()
    with opened(space):
        pass
    noted(space, tmp_path / "out", "anna")
    with whole_copy(space, OutputPaths(tmp_path / "out")) as folder:
        assert erased_customers(space, folder).among(["anna"]) == ["anna"]


def test_erasures_are_part_of_what_a_run_is(make_workspace: MakeWorkspace, opened: OpenRun, tmp_path: Path) -> None:
    space, ids = make_workspace(), []
    for is_erased in (False, False, True):
        if is_erased:
            noted(space, tmp_path / "out", "anna")
        with opened(space) as run:
            ingest_source.fn(run, "orders")
            run.identify()
            ids.append(run.run_id)
    assert ids[0] == ids[1] != ids[2]
