"""Killing what is done in a process of its own, at a moment of a stage, and whether what is published is whole then.

Forks of one process, so that libraries are imported once; DuckDB is opened in the forks alone.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb

from tests.flows.backfilled import without_checks

#: A fork that takes longer hangs.
_HANGS_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill: so many seconds after a stage began.

    Attributes:
        seconds: after that.
        stage: the function that begins it, as ``package.module:name``; empty: the fork itself.
    """

    seconds: float
    stage: str = ""


def apart(work: Callable[[], object], moment: Moment | None = None) -> bool:
    """Do something in a fork, killed at a moment; whether it ended by itself before.

    Raises:
        RuntimeError: it failed.
    """
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 1
        try:
            with without_checks(), ExitStack() as stack:
                if moment and moment.stage:
                    _tell_of(moment.stage, tell, stack)
                else:
                    os.write(tell, b".")
                work()
            code = 0
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            os._exit(code)
    os.close(tell)
    try:
        # End of file where it ended before the stage.
        select.select([told], [], [], _HANGS_SECONDS)
        if moment and os.read(told, 1) and not _ends_within(child, moment.seconds):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return False
        if not moment and not _ends_within(child, _HANGS_SECONDS):
            os.kill(child, signal.SIGKILL)
    finally:
        os.close(told)
    _reap(child)
    return True


def _tell_of(stage: str, descriptor: int, stack: ExitStack) -> None:
    """Have the first call of a function told to the parent."""
    place = stage.replace(":", ".")
    module, name = stage.split(":")
    real: Callable[..., Any] = getattr(__import__(module, fromlist=[name]), name)

    def telling(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - passed on
        os.write(descriptor, b".")
        return real(*arguments, **named)

    stack.enter_context(mock.patch(place, telling))


_STATUS: dict[int, int] = {}


def _ends_within(child: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            _STATUS[child] = status
            return True
        time.sleep(0.002)
    return False


def _reap(child: int) -> None:
    status = _STATUS.pop(child) if child in _STATUS else os.waitpid(child, 0)[1]
    if status:
        message = f"the fork ended with {status}"
        raise RuntimeError(message)


def assert_whole(published: Path) -> dict[str, str]:
    """The tables agree with the manifest, and every date has its partitions, of the run that the manifest names.

    Returns:
        The runs of the manifest by date.
    """
    manifest = json.loads((published / "manifest.json").read_text())
    runs: dict[str, str] = manifest["runs"]
    with duckdb.connect(str(published / "published.duckdb"), read_only=True) as connection:
        told = connection.execute("SELECT CAST(as_of_date AS VARCHAR), run_id FROM run").fetchall()
        assert dict(told) == runs
        tables = [
            name for (name,) in connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        ]
        newest = manifest["as_of_date"]
        for table in tables:
            assert {path.name.removeprefix("as_of_date=") for path in (published / table).iterdir()} == set(runs)
            for day, run_id in runs.items():
                file = published / table / f"as_of_date={day}" / "part-0.parquet"
                found = connection.execute(f"SELECT DISTINCT run_id FROM '{file}'").fetchall()
                assert found in ([], [(run_id,)]), (file, found)
            last = f"{published}/{table}/as_of_date={newest}/*.parquet"
            count, partition = (
                connection.execute(f"SELECT count(*) FROM {relation} WHERE as_of_date = '{newest}'").fetchone()
                for relation in (table, f"'{last}'")
            )
            assert count == partition, table
    return runs
