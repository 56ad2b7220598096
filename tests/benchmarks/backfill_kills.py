"""`kill -9` at random moments of backfills: is what is published always whole, and is no finished date repeated?

Run it with `python tests/benchmarks/backfill_kills.py [KILLS [SEED]]`. Each attempt is a fork of one process, so that
libraries are imported once; DuckDB is opened in the forks alone.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from flows.embedded import prepare_environment

prepare_environment()

import duckdb  # noqa: E402

from tests.flows.backfilled import MONTHS, World, order_lines, without_checks  # noqa: E402

#: Published before the first kill.
_DATES = MONTHS[1:]
_WHEN = ("2025-04-03", "2025-05-10", "2025-05-20", "2025-06-05")


def apart(action: str, world: World, seconds: float | None = None) -> bool:
    """Do something in a fork, killed after some seconds; whether it ended by itself."""
    child = os.fork()
    if child == 0:
        os.close(1)
        os.open(os.devnull, os.O_WRONLY)
        code = 1
        try:
            with without_checks():
                if action == "run":
                    for day in _DATES:
                        world.run(day)
                else:
                    world.backfill(is_stale=True)
            code = 0
        finally:
            os._exit(code)
    end = time.monotonic() + (seconds or 3600)
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if status:
                message = f"the fork ended with {status}"
                raise RuntimeError(message)
            return True
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def assert_whole(published: Path) -> dict[str, str]:
    """The tables agree with the manifest, and every date has its partitions, of the run that the manifest names."""
    manifest = json.loads((published / "manifest.json").read_text())
    runs: dict[str, str] = manifest["runs"]
    assert set(runs) == {day.isoformat() for day in _DATES}
    with duckdb.connect(str(published / "published.duckdb"), read_only=True) as connection:
        told = connection.execute("SELECT CAST(as_of_date AS VARCHAR), run_id FROM run").fetchall()
        assert dict(told) == runs
        tables = [
            name for (name,) in connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        ]
        for day, run_id in runs.items():
            for table in tables:
                assert (published / table / f"as_of_date={day}" / "part-0.parquet").exists()
            found = connection.execute(
                f"SELECT DISTINCT run_id FROM '{published}/customer_segment/as_of_date={day}/*.parquet'"
            ).fetchall()
            assert found == [(run_id,)]
    return runs


def kill_backfills(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill so many times, beginning a new backfill wherever one was done; returns counts."""
    draw = random.Random(seed)  # noqa: S311 - moments to kill at, no secret
    world = World(folder / "world")
    began = time.monotonic()
    (world.folder / "orders_0.csv").write_text(order_lines(draw, 120))
    apart("run", world)
    per_date = (time.monotonic() - began) / len(_DATES)
    counts = dict.fromkeys(("kills", "backfills", "dates", "repeated", "swaps_seen"), 0)
    while counts["kills"] < kills:
        late = f"late{counts['backfills']},1,c{draw.randrange(30):02},{draw.choice(_WHEN)} 10:00:00,p1,bread,1,9.50\n"
        header = order_lines(draw, 0)
        (world.folder / f"orders_{counts['backfills'] + 1}.csv").write_text(header + late)
        before = assert_whole(world.output / "published")
        is_done = False
        while not is_done:
            killing = counts["kills"] < kills
            is_done = apart("backfill", world, draw.uniform(0, 1.7 * per_date) if killing else None)
            counts["kills"] += not is_done
            now = assert_whole(world.output / "published")
            # All dates at once: never some of them.
            changed = {day for day in now if now[day] != before[day]}
            counts["swaps_seen"] += bool(changed) and not is_done
        counts["backfills"] += 1
        with duckdb.connect(str(world.output / "warehouse.duckdb"), read_only=True) as connection:
            rows = connection.execute(
                "SELECT d.as_of_date, count(r.attempt_id), any_value(d.status_name) FROM ops.backfill_date AS d"
                " JOIN ops.backfill AS b USING (backfill_no) LEFT JOIN ops.run AS r ON r.as_of_date = d.as_of_date"
                " AND r.started_at >= b.started_at AND r.status_name IN ('published', 'computed', 'confirmed')"
                " WHERE backfill_no = (SELECT max(backfill_no) FROM ops.backfill) GROUP BY ALL"
            ).fetchall()
            status = connection.execute(
                "SELECT status_name FROM ops.backfill ORDER BY backfill_no DESC LIMIT 1"
            ).fetchone()
        assert status == ("published",), status
        counts["dates"] += sum(count > 0 for _, count, _ in rows)
        counts["repeated"] += sum(count > 1 for _, count, _ in rows)
    return counts


def main() -> None:
    """Print the counts."""
    kills, seed = (int(text) for text in (*sys.argv[1:], *("100", "0")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        counts = kill_backfills(Path(folder), kills, seed)
        sys.stdout.write(json.dumps(counts | {"seconds": round(time.monotonic() - began)}) + "\n")


if __name__ == "__main__":
    main()
