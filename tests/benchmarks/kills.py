"""`kill -9` at random moments of every stage: is what is published whole, and does the next run make good on all of it?

Each round kills one stage a few times in the same folder, then lets it end, and compares with a folder in which nothing
was killed: published files byte by byte, rows of `raw`, the ledger's loads and publications, and the copy. Run it with
`python tests/benchmarks/kills.py [KILLS [SEED]]`; it prints a table.
"""

from __future__ import annotations

import hashlib
import logging
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.embedded import prepare_environment

prepare_environment()

import duckdb  # noqa: E402

from flows.rebuild import look, rebuild  # noqa: E402
from tests.flows.backfilled import MONTHS, World, order_lines  # noqa: E402
from tests.flows.killed import Moment, apart, assert_whole  # noqa: E402

_PUBLISHED, _NEXT = MONTHS[:2], MONTHS[2]
_LATE = "late{},1,c{:02},2025-04-{:02} 10:00:00,p1,bread,3,9.50\n"


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of what a run does.

    Attributes:
        begins: the function whose call begins it.
        begin: what stands in the folder before.
        work: what is killed, and done again until it ends.
    """

    begins: str
    begin: Callable[[World], object]
    work: Callable[[World], object]


def _nothing(world: World) -> None:
    del world


def _late_file(world: World) -> None:
    text = order_lines(random.Random(3), 0) + "".join(_LATE.format(n, n, n + 3) for n in range(20))  # noqa: S311 - no secret
    (world.folder / "orders_8.csv").write_text(text)


def _without_warehouse(world: World) -> None:
    (world.output / "warehouse.duckdb").unlink()
    shutil.rmtree(world.output / "published" / "segment")


def _run(world: World) -> None:
    world.run(_NEXT)


def _backfill(world: World) -> None:
    world.backfill(is_stale=True)


def _rebuild(world: World) -> None:
    rebuild(str(world.folder))


STAGES = {
    "ingest": Stage("flows.refresh:gather", _nothing, _run),
    "compute": Stage("flows.refresh:compute", _nothing, _run),
    "publish": Stage("flows.refresh:build_candidate", _nothing, _run),
    "copy": Stage("tasks.warehouse.alone:_copy", _nothing, _run),
    "backfill": Stage("flows.backfill_steps:_compute", _late_file, _backfill),
    "backfill, publishing": Stage("flows.backfill_steps:_publish", _late_file, _backfill),
    "rebuild": Stage("flows.rebuild:_restored", _without_warehouse, _rebuild),
}


def state_of(world: World) -> dict[str, Any]:
    """What must be the same whether anything was killed or not."""
    published = world.output / "published"
    files = {
        str(path.relative_to(published)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(published.rglob("*.parquet"))
    }
    with duckdb.connect(str(world.output / "warehouse.duckdb"), read_only=True) as connection:
        rows = {
            name: connection.execute(sql).fetchall()
            for name, sql in (
                ("raw", "SELECT * EXCLUDE (loaded_at) FROM raw.orders__order_lines ORDER BY ALL"),
                ("loads", "SELECT load_id, load_no, file_name, rows_loaded_count FROM ops.load ORDER BY ALL"),
                ("deliveries", "SELECT delivery_no, file_name, load_id FROM ops.delivery ORDER BY ALL"),
                ("publications", "SELECT as_of_date, run_id FROM ops.publication ORDER BY ALL"),
                ("memberships", "SELECT * FROM segments.membership ORDER BY ALL"),
            )
        }
    return {"files": files, **rows}


def _copied(world: World, folder: Path) -> World:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(world.folder, folder)
    other = World.__new__(World)
    other.folder, other.tree, other.deliveries, other.loaded_at = folder, world.tree, [], []
    return other


def _base(folder: Path, draw: random.Random) -> World:
    """Two published dates, and two files that are not loaded yet."""
    world = World(folder)
    (folder / "orders_0.csv").write_text(order_lines(draw, 150))

    def first_runs() -> None:
        for day in _PUBLISHED:
            world.run(day)

    apart(first_runs)
    for number in (1, 2):
        (folder / f"orders_{number}.csv").write_text(order_lines(draw, 600))
    return world


def kill_stage(base: World, folder: Path, stage: Stage, kills: int, draw: random.Random) -> dict[str, int]:
    """Kill a stage so many times; returns counts."""
    control = _copied(base, folder / "control")
    stage.begin(control)
    began = time.monotonic()
    apart(lambda: stage.work(control))
    seconds = max(0.05, time.monotonic() - began - _seconds_before(base, folder, stage))
    unkilled = state_of(control)
    counts = dict.fromkeys(("kills", "rounds", "ended_before", "torn", "other_than_unkilled", "not_whole_after"), 0)
    while counts["kills"] < kills:
        world = _copied(base, folder / "world")
        stage.begin(world)
        has_ended = False
        for _ in range(min(draw.randint(1, 6), kills - counts["kills"])):
            has_ended = apart(lambda: stage.work(world), Moment(draw.uniform(0, seconds), stage.begins))  # noqa: B023 - called here
            counts["ended_before"] += has_ended
            counts["kills"] += not has_ended
            if stage is not STAGES["rebuild"]:
                counts["torn"] += not _is_whole(world)
            if has_ended:
                break
        if not has_ended:
            apart(lambda: stage.work(world))  # noqa: B023 - likewise
        counts["rounds"] += 1
        counts["other_than_unkilled"] += state_of(world) != unkilled
        found = look(world.space, world.output)
        counts["not_whole_after"] += found["warehouse"] is not None or bool(found["published"]) or not _is_whole(world)
    return counts


def _seconds_before(base: World, folder: Path, stage: Stage) -> float:
    """How long it takes until the stage begins."""
    world = _copied(base, folder / "world")
    stage.begin(world)
    began = time.monotonic()
    apart(lambda: stage.work(world), Moment(0, stage.begins))
    return time.monotonic() - began


def _is_whole(world: World) -> bool:
    try:
        assert_whole(world.output / "published")
    except (AssertionError, OSError, ValueError, duckdb.Error) as error:
        sys.stderr.write(f"{error!r}\n")
        return False
    return True


def kill_all(folder: Path, kills: int, seed: int) -> dict[str, dict[str, int]]:
    """Kill each stage about equally often; returns counts by stage."""
    draw = random.Random(seed)  # noqa: S311 - moments to kill at, no secret
    base = _base(folder / "base", draw)
    shares = [kills // len(STAGES) + (place < kills % len(STAGES)) for place in range(len(STAGES))]
    found = {}
    for (name, stage), share in zip(STAGES.items(), shares, strict=True):
        if share:
            found[name] = kill_stage(base, folder, stage, share, draw)
            sys.stderr.write(f"{name} {found[name]}\n")
    return found


def main() -> None:
    """Print the counts as Markdown."""
    kills, seed = (int(text) for text in (*sys.argv[1:], *("210", "0")[len(sys.argv) - 1 :]))
    logging.getLogger("resegment").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        found = kill_all(Path(folder), kills, seed)
    names = list(next(iter(found.values())))
    lines = ["| stage | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    lines += [
        f"| {stage} | " + " | ".join(str(counts[name]) for name in names) + " |" for stage, counts in found.items()
    ]
    total = {name: sum(counts[name] for counts in found.values()) for name in names}
    lines.append("| all | " + " | ".join(str(total[name]) for name in names) + " |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
