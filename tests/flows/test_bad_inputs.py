"""Every bad input ends in a clear message or a quarantined row, never in a traceback or a half-written table."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import duckdb
import pytest

from tests.flows.bad_inputs import CASES, BadInput, prepare, quarantine, run


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_input_is_told_or_quarantined(case: BadInput, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    prepare(folder, case)
    code, said = run(folder, case)
    assert code == case.code, said
    assert case.told in said
    assert "Traceback" not in said
    assert "internal error" not in said
    if code == 0:
        assert len(quarantine(folder)) == case.quarantined
    if case.name == "a key that comes twice":
        with duckdb.connect(str(folder / "out" / "warehouse.duckdb"), read_only=True) as connection:
            assert connection.execute("SELECT count(*) FROM raw.orders__order_lines").fetchone() == (406,)
            assert connection.execute("SELECT count(*) FROM staging.order_lines").fetchone() == (405,)
    assert (folder / "out" / "published" / "published.duckdb").exists() == (code == 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system can only be mounted by root")
def test_a_full_disk_is_told_and_leaves_the_publication(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        case = BadInput("a full disk", lambda _: None, 1, "", ("--output", str(disk / "out")))
        folder = tmp_path / "shop"
        prepare(folder, case)
        assert run(folder, case)[0] == 0
        before = (disk / "out" / "published" / "manifest.json").read_text()
        lines = "".join(f"n{n},1,c{n % 4000},2025-06-01 10:00:00,p{n:064d},bread,1,2.0\n" for n in range(300_000))
        with (folder / "orders.csv").open("a") as handle:
            handle.write(lines)
        code, said = run(folder, case)
        assert code == 1, said
        assert "space" in said.lower()
        assert "Traceback" not in said
        assert (disk / "out" / "published" / "manifest.json").read_text() == before
    finally:
        subprocess.run(["umount", str(disk)], check=True)
