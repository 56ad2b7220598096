"""A source whose path is another one: its files are the same files, and what cannot be told of is told."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.config.workspace import Workspace
from tasks.ingest.discovery import find_files
from tasks.ingest.late import late_rows
from tasks.ingest.mapping import parse_mapping
from tasks.ingest.tasks import ingest_source
from tasks.warehouse.loads import loads_seen
from tests.workspaces import AS_OF, ORDERS, MakeWorkspace, OpenRun, small_workspace

Elsewhere = Callable[..., Workspace]
_HEADER = ORDERS.splitlines()[0]
_MOVED = "is read elsewhere, and 1 file that was loaded before lies where it reads no more, such as"


def lines(*orders: str) -> str:
    return "\n".join([_HEADER, *(f"{order},1,anna,2025-06-01 10:00:00,p1,bread,2,1.50" for order in orders)]) + "\n"


@pytest.fixture
def elsewhere(tmp_path: Path, make_workspace: MakeWorkspace) -> Elsewhere:
    """A workspace that reads `*.csv` of a folder outside of it, made with the files given."""

    def of(folder: str, files: dict[str, str] | None = None, **said: object) -> Workspace:
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        for name, text in (files or {}).items():
            (place / name).write_text(text)
        tree: dict[str, Any] = small_workspace()
        tree["sources"]["orders"] |= {"path": str(place / "*.csv"), **said}
        return make_workspace(tree=tree)

    return of


def counted(space: Workspace, opened: OpenRun) -> list[str]:
    """Numbers of the orders that count, each as often as it does, after what is new was loaded."""
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        numbers = [number for _, number, *_ in loads_seen(run.warehouse, space.sources, None)]
        rows = run.warehouse.rows(
            "SELECT order_id FROM raw.orders__order_lines WHERE list_contains($numbers, load_no) ORDER BY 1",
            {"numbers": numbers},
        )
    return [order for (order,) in rows]


def test_a_corrected_file_replaces_the_one_that_moved(
    tmp_path: Path, elsewhere: Elsewhere, opened: OpenRun, caplog: pytest.LogCaptureFixture
) -> None:
    first = elsewhere("exports", {"a.csv": lines("a1", "a2"), "b.csv": lines("b1")})
    assert counted(first, opened) == ["a1", "a2", "b1"]
    # One was put away before, and counts all the same.
    (tmp_path / "exports" / "b.csv").unlink()
    (tmp_path / "exports").rename(tmp_path / "moved")
    with caplog.at_level(logging.WARNING, "resegment.ingest"):
        moved = elsewhere("moved")
        assert counted(moved, opened) == ["a1", "a2", "b1"]
        assert f"{_MOVED} {tmp_path}/exports/b.csv: that goes on counting" in caplog.text
        with opened(moved) as run:
            then, now = ([(*load,) for load in loads_seen(run.warehouse, one.sources, None)] for one in (first, moved))
            assert late_rows(run.warehouse, moved, AS_OF, [number for _, number, *_ in then], now) == []
        caplog.clear()
        assert counted(elsewhere("moved", {"a.csv": lines("a2", "a3")}), opened) == ["a2", "a3", "b1"]
        assert "is read elsewhere" not in caplog.text
        # And back.
        assert counted(elsewhere("exports", {"a.csv": lines("a2", "a3")}), opened) == ["a2", "a3", "b1"]
        assert counted(elsewhere("exports", {"a.csv": lines("a4")}), opened) == ["a4", "b1"]


def test_another_content_elsewhere_is_told_once(
    tmp_path: Path, elsewhere: Elsewhere, opened: OpenRun, caplog: pytest.LogCaptureFixture
) -> None:
    assert counted(elsewhere("2025", {"a.csv": lines("a1")}), opened) == ["a1"]
    for text, times in ((lines("a2"), 1), (lines("a2", "a3"), 1)):
        with caplog.at_level(logging.WARNING, "resegment.ingest"):
            found = counted(elsewhere("2026", {"a.csv": text}), opened)
        assert found[0] == "a1"
        assert caplog.text.count(f"{_MOVED} {tmp_path}/2025/a.csv") == times


def test_versions_that_add_up_are_no_moved_files(
    elsewhere: Elsewhere, opened: OpenRun, caplog: pytest.LogCaptureFixture
) -> None:
    assert counted(elsewhere("2025", {"a.csv": lines("a1")}, versions="add"), opened) == ["a1"]
    with caplog.at_level(logging.WARNING, "resegment.ingest"):
        files = {"a.csv": lines("a1"), "b.csv": lines("b1")}
        assert counted(elsewhere("2026", files, versions="add"), opened) == ["a1", "b1"]
    assert "elsewhere" not in caplog.text


def test_a_file_that_is_put_away_and_sent_again_by_another_name_stays(
    tmp_path: Path, elsewhere: Elsewhere, opened: OpenRun
) -> None:
    """The second day's export held the first day's rows, and is corrected: those of the first day are not taken away."""
    assert counted(elsewhere("exports", {"monday.csv": lines("m1")}), opened) == ["m1"]
    (tmp_path / "exports" / "monday.csv").unlink()
    assert counted(elsewhere("exports", {"tuesday.csv": lines("m1")}), opened) == ["m1"]
    assert counted(elsewhere("exports", {"tuesday.csv": lines("t1")}), opened) == ["m1", "t1"]


def test_what_a_link_leads_to_is_a_version_of_one_file(
    tmp_path: Path, make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    tree: dict[str, Any] = small_workspace()
    tree["sources"]["orders"]["path"] = str(tmp_path / "exports" / "latest" / "*.csv")
    space = make_workspace(tree=tree)
    latest = tmp_path / "exports" / "latest"
    for day, text in (("monday", lines("a1", "a2")), ("tuesday", lines("a2", "a3"))):
        (tmp_path / "exports" / day).mkdir(parents=True)
        (tmp_path / "exports" / day / "all.csv").write_text(text)
        latest.unlink(missing_ok=True)
        latest.symlink_to(day)
        (file,) = find_files(space, parse_mapping(space, "orders"))
        assert (file.name, file.path) == (str(latest / "all.csv"), tmp_path / "exports" / day / "all.csv")
        found = counted(space, opened)
    assert found == ["a2", "a3"]


def test_the_folder_of_the_workspace_may_be_said_by_a_link(
    tmp_path: Path, make_workspace: MakeWorkspace, opened: OpenRun, caplog: pytest.LogCaptureFixture
) -> None:
    tree: dict[str, Any] = small_workspace()
    tree["sources"]["orders"]["path"] = os.path.relpath(tmp_path / "link" / "orders.csv", tmp_path / "workspace")
    (tmp_path / "link").symlink_to("workspace")
    space = make_workspace(tree=tree, orders=lines("a1"))
    with caplog.at_level(logging.WARNING, "resegment.ingest"):
        for text in (lines("a1"), lines("a2")):
            (space.directory / "orders.csv").write_text(text)
            (file,) = find_files(space, parse_mapping(space, "orders"))
            assert file.name == "orders.csv"
            found = counted(space, opened)
    assert found == ["a2"]
    assert "elsewhere" not in caplog.text
