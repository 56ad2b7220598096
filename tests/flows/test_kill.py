"""`kill -9` at any moment: what was published stays whole, and the next run succeeds by itself."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import duckdb
import yaml

from tests.flows.killed import assert_whole
from tests.workspaces import small_workspace

KILLS = 6
#: Runs are processes of their own that begin where the libraries have been read: while they are, nothing is written.
_RUNS = multiprocessing.get_context("forkserver")
_RUNS.set_forkserver_preload(["tests.flows.ready_to_run"])


def _run(folder: Path, as_of: str) -> None:
    from flows.cli import main

    os.chdir(folder)
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    main(["run", "--quiet", "--as-of", as_of])


def _has_all() -> None:
    """Whether what takes long to read was read before the process began."""
    sys.exit(not {"great_expectations", "prefect", "flows.refresh"} <= sys.modules.keys())


def start(folder: Path, as_of: str) -> BaseProcess:
    process = _RUNS.Process(target=_run, args=(folder, as_of))
    process.start()
    return process


def exit_code(process: BaseProcess, seconds: float) -> int | None:
    process.join(seconds)
    return process.exitcode


def assert_published(published: Path, dates: set[str]) -> None:
    """The first date alone or both, whole, with every table of the contract."""
    assert set(assert_whole(published)) in ({"2025-05-31"}, dates)
    with duckdb.connect(str(published / "published.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchone() == (19,)


def test_a_killed_run_leaves_the_publication_whole_and_the_next_succeeds(tmp_path: Path) -> None:
    rows = "".join(
        f"o{n},1,c{n % 200},2025-0{1 + n % 6}-{1 + n % 28:02d} 10:00:00,p{n % 9},k{n % 4},{1 + n % 3},{1 + n % 7}.50\n"
        for n in range(2000)
    )
    (tmp_path / "orders.csv").write_text("order,line,customer,at,product,category,units,price\n" + rows)
    (tmp_path / "resegment.yaml").write_text(yaml.safe_dump(small_workspace(), sort_keys=False))
    published = tmp_path / "out" / "published"
    dates = {"2025-05-31", "2025-06-30"}

    ready = _RUNS.Process(target=_has_all)
    ready.start()
    assert exit_code(ready, 300) == 0
    started = time.monotonic()
    first = start(tmp_path, "2025-05-31")
    assert exit_code(first, 300) == 0
    duration = time.monotonic() - started
    assert_published(published, dates)

    draw = random.Random(20250630)  # noqa: S311 - moments to kill at, no secret
    for number in range(KILLS):
        process = start(tmp_path, "2025-06-30")
        # One moment in each part of a run, so that every stage is met.
        time.sleep(duration * (number + draw.random()) / KILLS)
        process.kill()
        assert exit_code(process, 60) in {-signal.SIGKILL, 0}
        assert_published(published, dates)

    last = start(tmp_path, "2025-06-30")
    assert exit_code(last, 300) == 0
    assert_published(published, dates)
    with duckdb.connect(str(tmp_path / "out" / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM raw.orders__order_lines").fetchone() == (2000,)
        ended = connection.execute("SELECT status_name FROM ops.run ORDER BY started_at").fetchall()
    assert ended[0] == ended[-1] == ("published",)
    assert ("killed",) in ended
