"""Files are found and read by their very names, whatever is in these."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from tasks.config.errors import SourceError
from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tasks.ingest.discovery import find_files
from tasks.ingest.mapping import parse_mapping
from tasks.ingest.tasks import ingest_source
from tests.workspaces import ORDERS, OpenRun, small_workspace

_HEADER = ORDERS.splitlines()[0]
#: Names that readers, glob or formatting take for patterns.
_NAMES = ("orders[1].csv", "orders[!2].csv", "orde?s1.csv", "orders*.csv", "orders 100% {s}.csv")


def _workspace(folder: Path, path: str) -> Workspace:
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(("orders1.csv", "orders3.csv", "orders10.csv", *_NAMES)):
        (folder / name).write_text(f"{_HEADER}\n{name},{number},anna,2025-06-01 10:00:00,p1,bread,2,1.50\n")
    tree = small_workspace()
    tree["sources"]["orders"]["path"] = path  # type: ignore[index]
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    return load_workspace(folder)


@pytest.fixture(params=["shop", "shop [new]*? 20 %"], ids=["folder", "folder like a pattern"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    # A folder beside it that would match it, with files of the same names.
    _workspace(tmp_path / "shop n", "orders1.csv")
    return tmp_path / str(request.param)


def test_of_each_file_its_own_rows_are_read(folder: Path, opened: OpenRun) -> None:
    with opened(_workspace(folder, "*.csv")) as run:
        assert ingest_source.fn(run, "orders") == 3 + len(_NAMES)
        assert (
            run.warehouse.rows(
                "SELECT order_id, file_name FROM raw.orders__order_lines JOIN ops.load USING (load_no)"
                " WHERE order_id <> file_name"
            )
            == []
        )
        assert run.warehouse.value("SELECT count(DISTINCT order_id) FROM raw.orders__order_lines") == 3 + len(_NAMES)


def test_a_name_may_be_written_as_it_is(folder: Path) -> None:
    workspace = _workspace(folder, "orders[1].csv")
    assert [file.name for file in find_files(workspace, parse_mapping(workspace, "orders"))] == ["orders[1].csv"]


def test_a_pattern_is_one_below_the_folder(folder: Path) -> None:
    workspace = _workspace(folder, "orders[13].csv")
    assert [file.name for file in find_files(workspace, parse_mapping(workspace, "orders"))] == [
        "orders1.csv",
        "orders3.csv",
    ]
    workspace = _workspace(folder, str(folder.parent / "shop n" / "orders1?.csv"))
    assert [file.path.name for file in find_files(workspace, parse_mapping(workspace, "orders"))] == ["orders10.csv"]
    workspace = _workspace(folder, "nothing[13].csv")
    with pytest.raises(SourceError, match="no file matches"):
        find_files(workspace, parse_mapping(workspace, "orders"))


@pytest.mark.parametrize("path", ["*/*.csv", "**/*.csv", "shut/orders?.csv", "open/../shut/*.csv"])
def test_a_folder_that_may_not_be_read_is_told_and_not_taken_for_empty(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = _workspace(tmp_path / "shop", path)
    for name in ("open", "shut"):
        _workspace(workspace.directory / name, "*.csv")
    find_files(workspace, parse_mapping(workspace, "orders"))
    real = os.access
    # Root, who may run this, may read whatever it is.
    monkeypatch.setattr("os.access", lambda place, mode: Path(place).name != "shut" and real(place, mode))
    with pytest.raises(SourceError, match=r"shut: cannot look for files: Permission denied"):
        find_files(workspace, parse_mapping(workspace, "orders"))
