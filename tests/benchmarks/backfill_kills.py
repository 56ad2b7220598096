"""`kill -9` at random moments of backfills: is what is published always whole, and is no finished date repeated?

Run it with `python tests/benchmarks/backfill_kills.py [KILLS [SEED]]`. Kills of every other stage are in
`kills.py`; here each backfill is killed until it is done.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from pathlib import Path

from flows.embedded import prepare_environment

prepare_environment()

import duckdb  # noqa: E402

from tests.flows.backfilled import MONTHS, World, order_lines  # noqa: E402
from tests.flows.killed import Moment, apart, assert_whole  # noqa: E402

#: Published before the first kill.
_DATES = MONTHS[1:]
_WHEN = ("2025-04-03", "2025-05-10", "2025-05-20", "2025-06-05")


def _first_runs(world: World) -> None:
    for day in _DATES:
        world.run(day)


def _published(world: World) -> dict[str, str]:
    runs = assert_whole(world.output / "published")
    assert set(runs) == {day.isoformat() for day in _DATES}
    return runs


def kill_backfills(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill so many times, beginning a new backfill wherever one was done; returns counts."""
    draw = random.Random(seed)  # noqa: S311 - moments to kill at, no secret
    world = World(folder / "world")
    began = time.monotonic()
    (world.folder / "orders_0.csv").write_text(order_lines(draw, 120))
    apart(lambda: _first_runs(world))
    per_date = (time.monotonic() - began) / len(_DATES)
    counts = dict.fromkeys(("kills", "backfills", "dates", "repeated", "swaps_seen"), 0)
    while counts["kills"] < kills:
        late = f"late{counts['backfills']},1,c{draw.randrange(30):02},{draw.choice(_WHEN)} 10:00:00,p1,bread,1,9.50\n"
        header = order_lines(draw, 0)
        (world.folder / f"orders_{counts['backfills'] + 1}.csv").write_text(header + late)
        before = _published(world)
        is_done = False
        while not is_done:
            killing = counts["kills"] < kills
            moment = Moment(draw.uniform(0, 1.7 * per_date)) if killing else None
            is_done = apart(lambda: world.backfill(is_stale=True), moment)
            counts["kills"] += not is_done
            now = _published(world)
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
