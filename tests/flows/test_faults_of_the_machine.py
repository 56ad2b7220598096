"""Faults of the machine: a full disk, a folder that cannot be written, a clock that is put back, little memory.

The first two need a file system of their own, which only root can mount.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tasks.config.errors import OutputError
from tasks.config.loading import load_workspace
from tasks.ingest.tasks import ingest_source
from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.loads import loads_seen
from tasks.warehouse.run import open_ledger
from tests.flows.backfilled import MONTHS, World, order_lines, without_checks
from tests.flows.killed import assert_whole
from tests.flows.test_cli import resegment
from tests.workspaces import ORDERS, small_workspace

_MIB = 2**20
_FIRST, _SECOND = MONTHS[:2]


def _mount(*options: str) -> bool:
    if os.getuid() != 0 or shutil.which("mount") is None:
        return False
    return subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A workspace with one published date, whose output lies on a small disk."""
    world = World(tmp_path_factory.mktemp("disk") / "world")
    world.output.mkdir()
    if not _mount("-t", "tmpfs", "-o", "size=64m", "tmpfs", str(world.output)):
        pytest.skip("a file system of its own can only be mounted by root, where that is allowed")
    try:
        (world.folder / "orders_0.csv").write_text(order_lines(random.Random(11), 120))  # noqa: S311 - a world
        assert world.space
        with without_checks():
            world.run(_FIRST)
        yield world
    finally:
        subprocess.run(["umount", str(world.output)], check=True)


def test_a_full_disk_stops_a_run_and_the_next_one_makes_good(disk: World) -> None:
    before = assert_whole(disk.output / "published")
    filler = disk.output / "filler"
    free = shutil.disk_usage(disk.output).free
    filler.write_bytes(b"\0" * (free - _MIB // 2))
    with without_checks():
        told = resegment("run", "--as-of", str(_SECOND), "--quiet", cwd=disk.folder, code=1).stderr
    assert "No space left" in told or "disk is full" in told
    assert "→" in told
    assert assert_whole(disk.output / "published") == before
    filler.unlink()
    with without_checks():
        resegment("run", "--as-of", str(_SECOND), "--quiet", cwd=disk.folder)
    assert set(assert_whole(disk.output / "published")) == {str(_FIRST), str(_SECOND)}
    assert "nothing to do" in resegment("rebuild", cwd=disk.folder).stdout


def test_a_folder_that_can_only_be_read_is_told_and_read(disk: World) -> None:
    before = assert_whole(disk.output / "published")
    assert _mount("-o", "remount,ro", str(disk.output))
    try:
        told = resegment("run", "--as-of", str(_SECOND), "--quiet", cwd=disk.folder, code=1).stderr
        assert "cannot write the output folder: Read-only file system" in told
        assert str(disk.output) in told
        assert assert_whole(disk.output / "published") == before
        assert "published as of" in resegment("status", cwd=disk.folder).stdout
    finally:
        assert _mount("-o", "remount,rw", str(disk.output))


def test_a_file_loaded_after_the_clock_was_put_back_is_the_newer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "resegment.yaml").write_text(yaml.safe_dump(small_workspace(), sort_keys=False))
    space = load_workspace(tmp_path)
    noon = dt.datetime(2026, 3, 1, 12)
    seen = []
    for now, text in ((noon, ORDERS), (noon - dt.timedelta(hours=2), ORDERS + "o9,1,ben,2025-06-27,p1,bread,1,2.0\n")):
        (tmp_path / "orders.csv").write_text(text)
        monkeypatch.setattr(ledger, "utc_now", lambda now=now: now)
        with open_ledger(space, tmp_path / "out", is_new=True) as run:
            ingest_source.fn(run, "orders")
            seen = loads_seen(run.warehouse, space.sources, None)
            # Moments that the clock does not tell apart follow each other by a microsecond: load, then delivery.
            at_noon = loads_seen(run.warehouse, space.sources, noon + dt.timedelta(microseconds=1))
            first, *later = run.warehouse.rows("SELECT load_no, loaded_at FROM ops.load ORDER BY loaded_at")
    # The corrected file counts, and whoever asks what was known at noon still gets the first one.
    assert [number for _, number, *_ in seen] == [2]
    assert [number for _, number, *_ in at_noon] == [1]
    assert first == (1, noon)
    assert [number for number, _ in later] == [2]
    assert "was it put back?" in caplog.text


def test_little_memory_spills_into_the_output_folder_and_leaves_nothing(tmp_path: Path) -> None:
    rows = "SELECT range AS number, md5(range::VARCHAR) AS text FROM range(500_000)"
    spill = tmp_path / ".spill"
    with Warehouse.open(tmp_path / "warehouse.duckdb", memory_limit="32MB", threads=1) as warehouse:
        warehouse.execute(f"CREATE TABLE sorted AS SELECT * FROM ({rows}) ORDER BY text")
        assert list(spill.iterdir())
        assert warehouse.value("SELECT count(DISTINCT text) FROM sorted") == 500_000
    assert [path.name for path in tmp_path.iterdir()] == ["warehouse.duckdb"]


def test_what_a_killed_run_spilled_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "resegment.yaml").write_text(yaml.safe_dump(small_workspace(), sort_keys=False))
    left = tmp_path / "out" / ".spill" / "duckdb_temp_1_0_storage_DEFAULT-0.tmp"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"anna@example.com")
    with open_ledger(load_workspace(tmp_path), tmp_path / "out", is_new=True):
        assert not left.exists()


def test_too_little_memory_says_what_to_raise(tmp_path: Path) -> None:
    with (
        Warehouse.open(tmp_path / "warehouse.duckdb", memory_limit="8MB", threads=1) as warehouse,
        pytest.raises(OutputError, match=r"ran out of memory or disk(.|\n)*raise engine.memory_limit"),
    ):
        warehouse.value("SELECT len(string_agg(md5(range::VARCHAR), ',')) FROM range(2_000_000)")
