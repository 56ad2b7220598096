"""`kill -9` after any step of an erasure: readers have all of a publication, and the same ids or the next run end it."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import signal
from pathlib import Path

import duckdb

from flows.cli import run_command
from tasks.config.loading import load_workspace
from tasks.warehouse.run import open_ledger
from tests.flows.backfilled import without_checks
from tests.flows.forgotten import HIM, NEXT, places_of, rows_of
from tests.flows.killed_forget import STEPS, forget_and_die

_ERASURES = multiprocessing.get_context("forkserver")
_ERASURES.set_forkserver_preload(["tests.flows.ready_to_run"])


def killed(folder: Path, after: str) -> None:
    """An erasure that is killed after a step."""
    process = _ERASURES.Process(target=forget_and_die, args=(folder, HIM, after))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL, after


def published(folder: Path) -> tuple[bool, bool]:
    """Whether he is in the partitions that are published, and in the file."""
    others = rows_of(folder / "out")
    everybody = rows_of(folder / "out", without="nobody")
    assert len(others) == 3 * 19
    return tuple(  # type: ignore[return-value]
        any(len(everybody[name]) > len(others[name]) for name in others if name.endswith(".parquet") == is_file)
        for is_file in (True, False)
    )


def test_a_killed_erasure_is_ended_by_the_next_run(company: Path, tmp_path: Path) -> None:
    folder = tmp_path / "company"
    shutil.copytree(company, folder)
    before = rows_of(folder / "out")
    *steps, _ = STEPS
    for step in steps:
        killed(folder, step)
        assert rows_of(folder / "out") == before, step
        # All of the publication or nothing of it.
        in_files, in_database = published(folder)
        assert in_files == in_database == (step in steps[:2]), step
        (listed,) = [json.loads(line) for line in (folder / "out" / "erasures.jsonl").read_text().splitlines()][-1:]
        assert listed["ended_at"] is None
    with without_checks():
        assert run_command(["run", "--quiet", "--as-of", NEXT, "--workspace", str(folder)]) == 0
    assert places_of(folder / "out") == []
    after = rows_of(folder / "out")
    assert {name: after[name] for name in before if name.endswith(".parquet")} == {
        name: rows for name, rows in before.items() if name.endswith(".parquet")
    }
    with duckdb.connect(str(folder / "out" / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute(
            "SELECT count(*), count(ended_at), any_value(reason) FROM ops.erasure"
        ).fetchall() == [(1, 1, "request 1")]


def test_one_that_was_killed_after_the_last_exchange_has_ended(company: Path, tmp_path: Path) -> None:
    folder = tmp_path / "company"
    shutil.copytree(company, folder)
    *_, last = STEPS
    killed(folder, last)
    assert places_of(folder / "out") == []
    # Whoever writes next.
    with open_ledger(load_workspace(folder), folder / "out"):
        pass
    listed = json.loads((folder / "out" / "erasures.jsonl").read_text().splitlines()[-1])
    assert listed["ended_at"] is not None
