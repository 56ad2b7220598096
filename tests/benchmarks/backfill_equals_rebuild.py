"""Random sequences of loads, runs and backfills: is every published date in the end what a full rebuild gives?

Beside that, of each step: which dates `status --stale` marks, against those that a rebuild of that moment makes
otherwise. Run it with `python tests/benchmarks/backfill_equals_rebuild.py [SEQUENCES [FIRST_SEED]]`.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import sys
import tempfile
import time
from pathlib import Path

from flows.embedded import prepare_environment

prepare_environment()

from tests.flows.backfilled import MONTHS, World, differing, order_lines, without_checks  # noqa: E402

_BETWEEN = (dt.date(2025, 5, 15), dt.date(2025, 6, 15))


def step(draw: random.Random, world: World, known: dict[dt.date, int]) -> str:
    """One random thing that happens; returns what."""
    kind = draw.choice(("late", "late", "again", "future", "same", "definition", "run", "between", "known"))
    names = sorted({name for name, _ in world.deliveries})
    if kind in {"late", "future", "again"}:
        since = dt.date(2025, 6, 20) if kind == "future" else dt.date(2025, 1, 1)
        name = draw.choice(names) if kind == "again" else f"orders_{len(names)}.csv"
        text = order_lines(draw, draw.randint(1, 6), since=since, days=9 if kind == "future" else 180)
        if kind == "again":
            before = next(content for known_name, content in reversed(world.deliveries) if known_name == name)
            text = before + text.partition("\n")[2]
        world.deliver(name, text)
    elif kind == "same":
        name, content = world.deliveries[-1]
        world.deliver(f"orders_{len(names)}.csv", content + "o9999,1,c01,2025-06-30 23:00:00,p1,bread,1,1.50\n")
    elif kind == "definition":
        world.tree["segmentations"]["lifecycle"]["segments"][0]["when"] = f"tenure_days <= {draw.randint(10, 60)}"
    elif kind == "run":
        day = draw.choice(list(world.published()))
        world.run(day)
        known.pop(day, None)
    elif kind == "between":
        day = draw.choice(_BETWEEN)
        world.backfill(first=day, last=day, every="1d")
        known.pop(day, None)
    else:
        day, count = draw.choice(MONTHS), draw.randint(1, len(world.deliveries))
        world.backfill(first=day, last=day, known_as_of=world.loaded_at[count - 1])
        known[day] = count
    return kind


def sequence(seed: int, folder: Path) -> dict[str, int]:
    """One sequence; returns counts."""
    draw = random.Random(seed)  # noqa: S311 - a world, no secret
    world, known = World(folder / "world"), dict[dt.date, int]()
    world.deliver("orders_0.csv", order_lines(draw, 120))
    for day in MONTHS:
        world.run(day)
    counts = dict.fromkeys(
        ("steps", "dates", "differ", "marked", "missed", "marked_alike", "alike_follow", "unequal"), 0
    )
    done = []
    for _ in range(draw.randint(1, 3)):
        done.append(step(draw, world, known))
        counts["steps"] += 1
    marked = world.stale()
    truth = differing(world, world.rebuilt(folder / "then", known))
    counts["dates"] = len(world.published())
    counts["differ"], counts["marked"] = len(truth), len(marked)
    counts["missed"] = len(truth.keys() - marked.keys())
    counts["marked_alike"] = len(marked.keys() - truth.keys())
    counts["alike_follow"] = sum(marked[day].startswith("follows") for day in marked.keys() - truth.keys())
    world.backfill(is_stale=True)
    left = differing(world, _rebuilt(folder / "then", world))
    counts["unequal"] = len(left) + len(world.stale())
    _say(
        f"{seed} {done} {counts}"
        + (f" differ {truth} marked {marked}" if counts["missed"] else "")
        + (f" left {left}" if left else "")
    )
    return counts


def _rebuilt(folder: Path, world: World) -> World:
    other = World.__new__(World)
    other.folder, other.tree, other.deliveries, other.loaded_at = folder, world.tree, world.deliveries, []
    return other


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Print the counts of every sequence, and their sums."""
    count, first = (int(text) for text in (*sys.argv[1:], *("20", "0")[len(sys.argv) - 1 :]))
    logging.getLogger("resegment").setLevel(logging.ERROR)
    total: dict[str, int] = {}
    began = time.monotonic()
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory() as folder, without_checks():
            for name, number in sequence(seed, Path(folder)).items():
                total[name] = total.get(name, 0) + number
    _say(f"all {total} {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
