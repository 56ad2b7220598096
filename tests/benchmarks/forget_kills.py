"""`kill -9` at random moments of erasures: is what is published always whole, and does the same command end it?

Run it with `python tests/benchmarks/forget_kills.py [KILLS [SEED]]`. Each erasure is a fork of one process, so that
libraries are imported once. A customer is erased with as many kills as it takes, then the next one.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from flows.embedded import prepare_environment

prepare_environment()

from flows.cli import run_command  # noqa: E402
from flows.forget_steps import forget  # noqa: E402
from tasks.config.loading import load_workspace  # noqa: E402
from tests.benchmarks.forks import ended  # noqa: E402
from tests.flows.backfilled import without_checks  # noqa: E402
from tests.flows.forgotten import DATES, places_of, rows_of, write_company  # noqa: E402

_TABLES = 19


def apart(action: str, folder: Path, customer: str = "", seconds: float | None = None) -> bool:
    """Publish or erase in a fork, killed after some seconds; whether it ended by itself."""

    def act() -> None:
        if action == "run":
            with without_checks():
                for day in DATES:
                    run_command(["run", "--quiet", "--as-of", day, "--workspace", str(folder)])
        else:
            forget(load_workspace(folder), folder / "out", [customer], by="test", reason="request 1")

    return ended(act, seconds)


def kill_erasures(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill so many times; returns counts. Raises AssertionError where something is not whole or not gone."""
    draw = random.Random(seed)  # noqa: S311 - moments to kill at, no secret
    write_company(folder)
    apart("run", folder)
    began = time.monotonic()
    assert apart("forget", folder, "cust-00")
    duration = time.monotonic() - began
    counts: Counter[str] = Counter()
    for number in range(1, 40):
        customer = f"cust-{number:02}"
        before = rows_of(folder / "out", without=customer)
        assert len(before) == (len(DATES) + 1) * _TABLES
        is_done = False
        while not is_done:
            killing = counts["kills"] < kills
            is_done = apart("forget", folder, customer, draw.uniform(0, 1.1 * duration) if killing else None)
            counts["kills"] += not is_done
            assert rows_of(folder / "out", without=customer) == before
            lines = (folder / "out" / "erasures.jsonl").read_text().splitlines()
            counts["noted_only" if not is_done and json.loads(lines[-1])["ended_at"] is None else "other"] += 1
        assert places_of(folder / "out", (customer,)) == []
        counts["erased"] += 1
        if counts["kills"] >= kills:
            break
    return dict(counts)


def main() -> None:
    """Print the counts."""
    kills, seed = (int(text) for text in (*sys.argv[1:], *("60", "0")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        counts = kill_erasures(Path(folder), kills, seed)
        sys.stdout.write(json.dumps(counts | {"seconds": round(time.monotonic() - began)}) + "\n")


if __name__ == "__main__":
    main()
