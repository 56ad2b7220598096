"""A run with one per cent new order lines beside a run of everything: seconds by room, in one session.

    python -m tests.benchmarks.daily_run [--lines 10000000] [--per-customer 20]

Three runs describe the same day: `full`, of all lines in a new folder; `daily`, of the last per cent in a folder that
has published the days before; and `daily, anew`, the same with `engine.incremental: false`. Each is a process of its
own. At the end what the daily ones have published is compared: it must be the same.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb
import polars as pl

from tests.benchmarks.corridor import LINES_PER_CUSTOMER, Measured, make_lines, measure, steps, write_workspace

_LAST_SHARE = 0.01
_TABLES = ("customer_segment", "segment_kpi", "segment_profile", "customer_treatment")


def split(folder: Path, count: int, per_customer: int) -> dt.date:
    """Lines of the days before and of the last days, in two files; returns the first of the last days."""
    whole = folder / "whole.parquet"
    make_lines(whole, count, per_customer=per_customer)
    frame = pl.read_parquet(whole)
    first: dt.date = frame["ordered_at"].sort()[int(count * (1 - _LAST_SHARE))].date()
    is_new = pl.col("ordered_at").dt.date() >= first
    frame.filter(~is_new).write_parquet(folder / "lines_1.parquet")
    frame.filter(is_new).write_parquet(folder / "lines_2.parquet")
    whole.unlink()
    return first


def run(workspace: Path, scratch: Path, *arguments: str) -> Measured:
    """`resegment run` in a process of its own."""
    command = [sys.executable, "-m", "flows.cli", "run", "--workspace", str(workspace), "--json", *arguments]
    return measure(command, scratch)


def same(first: Path, second: Path) -> bool:
    """Whether two outputs have published the same rows, but for the ids of runs."""
    with duckdb.connect() as connection:
        for position, output in enumerate((first, second)):
            connection.execute(f"ATTACH '{output}/published/published.duckdb' AS p{position} (READ_ONLY)")
        return all(
            connection.execute(
                f"SELECT count(*) FROM (SELECT * EXCLUDE (run_id) FROM p0.{table} WHERE as_of_date = DATE '2025-06-30'"
                f" EXCEPT SELECT * EXCLUDE (run_id) FROM p1.{table} WHERE as_of_date = DATE '2025-06-30')"
            ).fetchone()
            == (0,)
            for table in _TABLES
        )


def compare(count: int, per_customer: int, folder: Path) -> None:
    """Run all three, and print seconds by room."""
    first = split(folder, count, per_customer)
    workspace = folder / "workspace"
    write_workspace(workspace, folder / "lines_*.parquet")
    aside = folder / "aside.parquet"
    (folder / "lines_2.parquet").rename(aside)
    day_before = first - dt.timedelta(days=1)
    run(workspace, folder, "--as-of", day_before.isoformat(), "--output", str(folder / "daily"))
    aside.rename(folder / "lines_2.parquet")
    shutil.copytree(folder / "daily", folder / "anew")
    found = {
        "daily": run(workspace, folder, "--output", str(folder / "daily")),
        "daily, anew": run(workspace, folder, "--output", str(folder / "anew"), "--set", "engine.incremental=false"),
        "full": run(workspace, folder, "--output", str(folder / "full")),
    }
    rooms = {name: steps(measured.errors) for name, measured in found.items()}
    names = list(dict.fromkeys(room for spent in rooms.values() for room in spent))
    sys.stdout.write(f"{count:,} lines, {per_customer} a customer, of which {_LAST_SHARE:.0%} since {first}\n")
    sys.stdout.write("| run | " + " | ".join(names) + " | whole s | of full | processor s | of full | peak MB |\n")
    for name, measured in found.items():
        seconds = " | ".join(f"{rooms[name].get(room, 0.0):.1f}" for room in names)
        full = found["full"]
        figures = [
            f"{measured.seconds:.1f} | {measured.seconds / full.seconds:.2f}",
            f"{measured.processor_seconds:.1f} | {measured.processor_seconds / full.processor_seconds:.2f}",
            f"{measured.peak_mb:,.0f}",
        ]
        sys.stdout.write(f"| {name} | {seconds} | {' | '.join(figures)} |\n")
    sys.stdout.write(f"published alike: daily and anew {same(folder / 'daily', folder / 'anew')}\n")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--per-customer", type=int, default=LINES_PER_CUSTOMER, help="lines of a customer, on average")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="resegment-daily-") as folder:
        compare(given.lines, given.per_customer, Path(folder))


if __name__ == "__main__":
    main()
