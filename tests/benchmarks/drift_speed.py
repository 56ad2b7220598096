"""Time and memory of the drift of a million customers with fifty features, beside bare statements of DuckDB.

Run as `python -m tests.benchmarks.drift_speed [--customers N] [--features N] [--output FILE]`. Each measurement is a
process of its own, on one file of two snapshots; the best of two counts. Not a pytest module.

*Bare* computes the same histograms and sums and judges nothing: the deciles of every number in the reference, then per
feature the counts of its bins (panel: of pairs of bins of the same customer), of levels, zeros, nulls, rises and falls,
and the sums of both snapshots. *Whole* is ours with both snapshots read at once.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import duckdb

from tasks.drift import columns
from tasks.drift.columns import stored_snapshot
from tasks.drift.decision import measure_drift
from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.verdict import judge_drift
from tasks.warehouse.connection import Warehouse

LIMIT = "1GB"
THREADS = 2
REPEATS = 2


class Cost(NamedTuple):
    """What one process took."""

    seconds: float
    processor_seconds: float
    megabytes: float


def make(path: Path, customers: int, features: int) -> None:
    """Two snapshots; in `same` a twentieth of the customers are like others now, in `other` nobody is the same.

    Of ten features four are amounts, four are counts (of which half are mostly zero) and two are categories.
    """
    with duckdb.connect(str(path)) as connection:
        connection.execute("SELECT setseed(0.5)")
        drawn = ", ".join(f"{_drawn(number)} AS x{number}" for number in range(features))
        connection.execute("SET threads = 1")
        for table in ("reference", "fresh"):
            connection.execute(
                f"CREATE TABLE {table} AS SELECT printf('c%08d', i) AS customer_id, {drawn} FROM range({customers}) r (i)"
            )
        names = [f"x{number}" for number in range(features)]
        mixed = ", ".join(f"if(random() < 0.05, f.{name}, r.{name}) AS {name}" for name in names)
        connection.execute(
            f"CREATE TABLE same AS SELECT customer_id, {mixed} FROM reference r JOIN fresh f USING (customer_id)"
            " ORDER BY customer_id"
        )
        connection.execute("CREATE TABLE other AS SELECT * REPLACE ('d' || customer_id AS customer_id) FROM fresh")
        connection.execute("DROP TABLE fresh")


def _drawn(number: int) -> str:
    normal = "sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())"
    if is_category(number):
        return f"'level ' || least(floor(abs({normal}) * 4), 11)::INTEGER"
    if number % 10 < 4:
        return f"round(exp(4 + {normal}), 2)"
    return f"greatest(floor(exp({normal})) - {number % 2}, 0)"


def is_category(number: int) -> bool:
    """Whether a feature is one."""
    return number % 10 >= 8


def bare(path: Path, current: str, features: int) -> None:
    """Histograms and sums in DuckDB alone."""
    with duckdb.connect(str(path), read_only=True, config={"memory_limit": LIMIT, "threads": THREADS}) as connection:
        numbers = [f"x{number}" for number in range(features) if not is_category(number)]
        asked = ", ".join(f"quantile_cont({name}, [{', '.join(f'0.{d}' for d in range(1, 10))}])" for name in numbers)
        row = connection.execute(f"SELECT {asked} FROM reference").fetchone() or ()
        deciles = dict(zip(numbers, row, strict=True))
        for number in range(features):
            name = f"x{number}"
            for statement in _statements(name, deciles.get(name), current):
                connection.execute(statement).fetchall()


def _statements(name: str, edges: list[float] | None, current: str) -> list[str]:
    def binned(alias: str) -> str:
        if edges is None:
            return f"{alias}.{name}"
        cases = " ".join(f"WHEN {alias}.{name} < {edge} THEN {at}" for at, edge in enumerate(sorted(set(edges))))
        return f"CASE {cases} ELSE 9 END"

    if current == "same":
        sums = "" if edges is None else f", sign(n.{name} - r.{name}), sum(r.{name}), sum(n.{name})"
        zeros = "" if edges is None else f", count_if(r.{name} = 0), count_if(n.{name} = 0)"
        group = "GROUP BY 1, 2" if edges is None else "GROUP BY 1, 2, 3"
        return [
            (
                f"SELECT {binned('r')}, {binned('n')}{sums}, count(*), count(r.{name}), count(n.{name}){zeros}"
                f" FROM reference r JOIN same n USING (customer_id) {group}"
            )
        ]
    sums = "" if edges is None else f", sum(t.{name}), count_if(t.{name} = 0)"
    return [
        f"SELECT {binned('t')}, count(*), count(t.{name}){sums} FROM {table} t GROUP BY 1"
        for table in ("reference", "other")
    ]


def ours(path: Path, current: str, features: int) -> None:
    """All scores and verdicts, from the stored snapshots."""
    specs = {
        name: FeatureSpec(name, "category" if is_category(number) else "numeric")
        for number, name in ((number, f"x{number}") for number in range(features))
    }
    with Warehouse.open(path, memory_limit=LIMIT, threads=THREADS) as warehouse:
        old, new = (
            stored_snapshot(
                warehouse, table, f"SELECT customer_id, {', '.join(specs)} FROM {table} ORDER BY customer_id"
            )
            for table in ("reference", current)
        )
        policy = DriftPolicy()
        judged = judge_drift(measure_drift(old, new, specs, 0, policy, 0), policy)
    if len({verdict.subject_name for verdict in judged}) != features:
        sys.exit("not every feature was judged")


def measured(path: Path, what: str, current: str, features: int) -> Cost:
    """The best of some processes."""
    command = [sys.executable, "-m", "tests.benchmarks.drift_speed", "--part", what, "--current", current]
    command += ["--database", str(path), "--features", str(features)]
    found = [Cost(*json.loads(subprocess.check_output(command, text=True))) for _ in range(REPEATS)]
    return min(found)


def part(options: argparse.Namespace) -> None:
    """Measure this process."""
    if options.part == "whole":
        columns.MOST_VALUES = 10**12
    importlib.import_module("scipy.stats")
    started, processor = time.perf_counter(), time.process_time()
    (bare if options.part == "bare" else ours)(options.database, options.current, options.features)
    spent = time.perf_counter() - started, time.process_time() - processor
    cost = Cost(*spent, peak_megabytes())
    sys.stdout.write(json.dumps(cost))


def peak_megabytes() -> float:
    """Peak of this process; `getrusage` would count that of the process which started it, too."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def page(customers: int, features: int) -> str:
    """Measure everything."""
    lines = [
        (
            "| snapshots | features | bare | drift | ratio | bare, processor | drift, processor | processor ratio"
            " | bare, peak memory | drift, peak memory | whole, peak memory |"
        ),
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshots.duckdb"
        make(path, customers, features)
        for current, words in (("same", "the same customers"), ("other", "other customers")):
            for count in (features // 5, features):
                cost = {what: measured(path, what, current, count) for what in ("bare", "ours", "whole")}
                one, two = cost["bare"], cost["ours"]
                lines.append(
                    f"| {words} | {count} | {one.seconds:.1f} s | {two.seconds:.1f} s | {two.seconds / one.seconds:.2f}"
                    f" | {one.processor_seconds:.1f} s | {two.processor_seconds:.1f} s"
                    f" | {two.processor_seconds / one.processor_seconds:.2f} | {one.megabytes:,.0f} MB"
                    f" | {two.megabytes:,.0f} MB | {cost['whole'].megabytes:,.0f} MB |"
                )
                sys.stdout.write(f"{lines[-1]}\n")
                sys.stdout.flush()
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, or be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=50)
    parser.add_argument("--output", type=Path, help="also write the page to this file")
    parser.add_argument("--part", choices=("bare", "ours", "whole"), help=argparse.SUPPRESS)
    parser.add_argument("--current", default="same", help=argparse.SUPPRESS)
    parser.add_argument("--database", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        part(options)
        return
    text = page(options.customers, options.features)
    if options.output:
        preface = f"""# Drift of many customers: time and memory

Written by `python -m tests.benchmarks.drift_speed`: {options.customers:,} customers, {THREADS} threads, DuckDB limited to
{LIMIT}. *Bare* are statements of DuckDB that compute the same histograms and sums, and judge nothing; *drift* computes
every score and verdict, reading a column at a time; *whole* the same with both snapshots read at once. The best of
{REPEATS} runs; the target is a ratio of at most 2.

"""
        options.output.write_text(preface + text, encoding="utf-8")


if __name__ == "__main__":
    main()
