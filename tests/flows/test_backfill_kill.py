"""`kill -9` in the middle of a backfill: what is published stays whole, and no finished date is computed again.

A few moments; `tests/benchmarks/backfill_kills.py` takes as many as are asked for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_killed_backfills_go_on_without_repeating_a_date() -> None:
    done = subprocess.run(
        [sys.executable, REPOSITORY / "tests" / "benchmarks" / "backfill_kills.py", "3", "1"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert (counts["kills"], counts["repeated"]) == (3, 0)
    assert counts["dates"] >= counts["backfills"] > 0
