"""`kill -9` at random moments of erasures: is what is published always whole, and does the same command end it?

Run it with `python tests/benchmarks/forget_kills.py [KILLS [SEED]]`. Erasures are processes of their own that begin where
libraries have been read. A customer is erased with as many kills as it takes, then the next one.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from flows.cli import run_command
from tests.flows.backfilled import without_checks
from tests.flows.forgotten import CUSTOMERS, DATES, places_of, rows_of, write_company
from tests.flows.killed_forget import erase

_TABLES = 19
_ERASURES = multiprocessing.get_context("forkserver")
_ERASURES.set_forkserver_preload(["tests.flows.ready_to_run"])


def ended(folder: Path, customer: str, seconds: float | None = None) -> bool:
    """Erase a customer, killed after some seconds; whether it ended by itself."""
    process = _ERASURES.Process(target=erase, args=(folder, customer))
    process.start()
    process.join(seconds)
    process.kill()
    process.join()
    return process.exitcode == 0


def kill_erasures(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill so many times; returns counts. Raises AssertionError where something is not whole or not gone."""
    draw = random.Random(seed)  # noqa: S311 - moments to kill at, no secret
    write_company(folder)
    with without_checks():
        for day in DATES:
            run_command(["run", "--quiet", "--as-of", day, "--workspace", str(folder)])
    assert ended(folder, "cust-00")
    began = time.monotonic()
    assert ended(folder, "cust-01")
    duration = time.monotonic() - began
    counts: Counter[str] = Counter()
    for number in range(2, CUSTOMERS):
        customer = f"cust-{number:02}"
        before = rows_of(folder / "out", without=customer)
        assert len(before) == (len(DATES) + 1) * _TABLES
        is_done = False
        while not is_done:
            killing = counts["kills"] < kills
            is_done = ended(folder, customer, draw.uniform(0, duration) if killing else None)
            counts["kills"] += not is_done
            assert rows_of(folder / "out", without=customer) == before
            listed = [json.loads(line) for line in (folder / "out" / "erasures.jsonl").read_text().splitlines()]
            counts["killed after it was noted"] += not is_done and listed[-1]["ended_at"] is None
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
