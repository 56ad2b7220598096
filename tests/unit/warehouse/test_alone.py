"""Who writes to an output folder waits for those who only read, and replaces no link."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tasks.config.errors import OutputError
from tasks.warehouse import alone as module
from tasks.warehouse.alone import alone
from tasks.warehouse.run import OutputPaths
from tests.workspaces import MakeWorkspace

_READS = "import sys, duckdb; held = duckdb.connect(sys.argv[1], read_only=True); print('held', flush=True); sys.stdin.read()"


def test_a_reader_is_waited_for(
    make_workspace: MakeWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody looks at the status when the run of the night is due: that is no reason for it to fail."""
    space, paths = make_workspace(), OutputPaths(tmp_path / "out")
    with alone(space, paths):
        pass
    with subprocess.Popen(
        [sys.executable, "-c", _READS, str(paths.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "held\n"
        with monkeypatch.context() as patch:
            patch.setattr(module, "READERS_SECONDS", 0.3)
            with pytest.raises(OutputError, match=f"is held by process {reader.pid}"), alone(space, paths):
                pytest.fail("was opened")
        caplog.clear()
        threading.Timer(0.3, reader.kill).start()
        with alone(space, paths) as warehouse:
            assert warehouse.is_open
    assert caplog.text.count(f"is held by process {reader.pid}, which writes or reads it; waiting") == 1


@pytest.mark.parametrize("name", ["warehouse.duckdb", "published"])
def test_what_is_replaced_whole_is_no_link(make_workspace: MakeWorkspace, tmp_path: Path, name: str) -> None:
    """The link would be replaced: its readers would see the old publication for ever, and the erased in the old file."""
    space, paths = make_workspace(), OutputPaths(tmp_path / "out")
    with alone(space, paths):
        pass
    paths.published.mkdir()
    (paths.root / name).rename(tmp_path / name)
    (paths.root / name).symlink_to(tmp_path / name)
    with pytest.raises(OutputError, match="is a link, and would be replaced") as caught, alone(space, paths):
        pytest.fail("was opened")
    assert caught.value.where == str(paths.root / name)


def test_the_output_folder_may_be_a_link(make_workspace: MakeWorkspace, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to("disk")
    with alone(make_workspace(), OutputPaths(tmp_path / "out")):
        pass
    assert (tmp_path / "disk" / "warehouse.duckdb").exists()
