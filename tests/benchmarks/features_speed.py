"""What the features of a million customers cost, beside their SQL alone.

    python -m tests.benchmarks.features_speed [--customers 1000000] [--memory-limit 4GB]

One company's order lines are loaded and staged once. Then two processes build the same features from a copy each: `room`,
as a run does it (what a model may read is proved, protected columns are masked, each theme is proved to have one row a
customer, rows are kept by run), and `bare`, the same SELECTs as tables in one DuckDB connection. Memory is the peak
resident size of the process. Trust ratios, and of those that of processor time: other programs take their share of the
clock.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import yaml

from tasks.config.loading import load_workspace
from tasks.features.build import build_all
from tasks.warehouse.build import models_of_run
from tasks.warehouse.run import open_run
from tests.benchmarks.corridor import LINES_PER_CUSTOMER, make_lines, measure, write_workspace
from tests.staged import ingest_and_stage

_AS_OF = dt.date(2025, 6, 30)
_WINDOWS = [30, 90, 180, 365]


def _prepare(folder: Path, customers: int, limit: str) -> None:
    """The staged company, and the SELECTs of its features."""
    lines = folder / "lines.parquet"
    make_lines(lines, customers * LINES_PER_CUSTOMER)
    write_workspace(folder / "workspace", lines)
    file = folder / "workspace" / "resegment.yaml"
    tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    tree |= {"features": {"windows": _WINDOWS}, "engine": {"memory_limit": limit, "incremental": False}}
    file.write_text(yaml.safe_dump(tree), encoding="utf-8")
    space = load_workspace(file.parent)
    with open_run(space, as_of=_AS_OF, known_as_of=None, output=folder / "staged") as run:
        ingest_and_stage(run)
        selects = {model.table: model.sql for model in models_of_run(run, "features")}
    (folder / "selects.json").write_text(json.dumps(selects), encoding="utf-8")
    lines.unlink()
    for side in ("room", "bare"):
        shutil.copytree(folder / "staged", folder / side)


@contextmanager
def _timed() -> Iterator[dict[str, float]]:
    found: dict[str, float] = {}
    clock, processor = time.monotonic(), time.process_time()
    yield found
    found |= {"wall": time.monotonic() - clock, "processor": time.process_time() - processor}


def _room(folder: Path) -> dict[str, float]:
    space = load_workspace(folder / "workspace")
    with open_run(space, as_of=_AS_OF, known_as_of=None, output=folder / "room") as run:
        run.identify()
        with _timed() as found:
            build_all(run)
    return found


def _bare(folder: Path, limit: str) -> dict[str, float]:
    selects = json.loads((folder / "selects.json").read_text(encoding="utf-8"))
    file = folder / "bare" / "warehouse.duckdb"
    with duckdb.connect(file, config={"memory_limit": limit}) as connection:
        with _timed() as found:
            for table, select in selects.items():
                connection.execute(f"CREATE TABLE bare_{table} AS {select}")
        counted = [
            len(connection.execute(f"DESCRIBE bare_{table}").fetchall()) - 1  # without the customer's id
            for table in selects
        ]
    return found | {"features": sum(counted)}


def _compare(customers: int, limit: str, folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.features_speed",
        "--memory-limit",
        limit,
        "--folder",
        str(folder),
    ]
    measure([*command, "--customers", str(customers), "--side", "prepare"], folder)
    found = {}
    for side in ("bare", "room"):
        measured = measure([*command, "--side", side], folder)
        found[side] = json.loads(measured.output) | {"peak": measured.peak_mb}
    bare, room = found["bare"], found["room"]
    sys.stdout.write(
        f"{customers:,} customers, {customers * LINES_PER_CUSTOMER:,} lines, {bare['features']:.0f} features,"
        f" memory_limit {limit}\n\n| | room | bare SQL | ratio |\n|---|---:|---:|---:|\n"
    )
    for name, unit in (("wall", "s"), ("processor", "s"), ("peak", "MB")):
        sys.stdout.write(
            f"| {name}, {unit} | {room[name]:,.1f} | {bare[name]:,.1f} | {room[name] / bare[name]:.2f} |\n"
        )


def main() -> None:
    """Prepare once, measure both sides, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--memory-limit", default="4GB")
    parser.add_argument("--side", choices=["prepare", "room", "bare"])
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.side is None:
        with tempfile.TemporaryDirectory(prefix="resegment-bench-") as folder:
            _compare(options.customers, options.memory_limit, Path(folder))
    elif options.side == "prepare":
        _prepare(options.folder, options.customers, options.memory_limit)
    else:
        found = _room(options.folder) if options.side == "room" else _bare(options.folder, options.memory_limit)
        sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
