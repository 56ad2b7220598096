"""The whole corridor beside a bare script on the same order lines, in one session: seconds, peak memory, ratios.

Run by `make bench`, or `python tests/benchmarks/corridor.py --lines 1000000`. Each side runs in a process of its own and
is measured by the system (`wait4`): wall seconds and the largest resident size.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import yaml

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
MEMORY = "4GB"
LINES_PER_CUSTOMER = 20
LINES_PER_ORDER = 4
_STEP = re.compile(r"^\s*(?P<seconds>\d+\.\d) s\s+(?P<room>\w+)\s+(?P<text>.*)$")


@dataclass(frozen=True)
class Measured:
    """One process: wall and processor seconds, peak resident megabytes, what it printed."""

    seconds: float
    processor_seconds: float
    peak_mb: float
    output: str
    errors: str


def make_lines(path: Path, count: int, *, per_customer: int = LINES_PER_CUSTOMER) -> None:
    """Order lines as Parquet: lognormal customers, 18 months, nine categories, three countries."""
    rng = np.random.default_rng(20250630)
    customers = max(count // per_customer, 1)
    orders = count // LINES_PER_ORDER
    weight = rng.lognormal(0.0, 0.8, customers)
    buyer = rng.choice(customers, orders, p=weight / weight.sum())
    start = np.datetime64("2024-01-01T00:00:00")
    seconds = (rng.beta(1.3, 1.0, orders) * 546 * 86_400).astype("timedelta64[s]")
    row = np.repeat(np.arange(orders), LINES_PER_ORDER)
    product = rng.zipf(1.3, len(row)) % 5000
    frame = pl.DataFrame(
        {
            "order_id": pl.Series(row).cast(pl.String),
            "line_id": pl.Series(np.arange(len(row)) % LINES_PER_ORDER).cast(pl.String),
            "customer_id": pl.Series(buyer[row]).cast(pl.String),
            "ordered_at": (start + seconds).astype("datetime64[us]")[row],
            "product_id": pl.Series(product).cast(pl.String),
            "category_name": pl.Series(product % 9).cast(pl.String),
            "quantity": np.where(rng.random(len(row)) < 0.03, -1, rng.integers(1, 6, len(row))),
            "unit_price": np.round(rng.lognormal(2.0, 0.8, len(row)), 2),
            "channel_name": pl.Series(np.array(["web", "app", "store"])[rng.integers(0, 3, orders)][row]),
            "country_name": pl.Series(np.array(["DE", "AT", "NL"])[buyer % 3][row]),
        }
    )
    frame.sort("ordered_at", "order_id", "line_id").write_parquet(path)


def write_workspace(folder: Path, lines: Path) -> None:
    """A workspace of the segmentations that the bare script has too."""
    columns = {name: name for name in ("order_id", "line_id", "customer_id", "ordered_at", "product_id", "quantity")}
    columns |= {name: name for name in ("category_name", "channel_name", "country_name")}
    rules = [("new", "tenure_days <= 30"), ("active", "recency_days <= 60"), ("cooling", "recency_days <= 120")]
    places = [(code.lower(), f"country_name = '{code}'") for code in ("DE", "AT", "NL")]
    tree = {
        "name": "benchmark",
        "as_of": "2025-06-30",
        "engine": {"memory_limit": MEMORY},
        "sources": {
            "lines": {
                "entity": "order_lines",
                "format": "parquet",
                "path": str(lines),
                "columns": columns | {"unit_price_amount": "unit_price"},
            }
        },
        "segmentations": {
            "rfm": {"kind": "rfm", "basis": "value"},
            "lifecycle": {
                "kind": "rules",
                "basis": "lifecycle",
                "segments": [{"id": key, "name": key, "when": when} for key, when in rules],
                "otherwise": {"id": "lapsed", "name": "lapsed"},
            },
            "country": {
                "kind": "rules",
                "basis": "geographic",
                "segments": [{"id": key, "name": key, "when": when} for key, when in places],
                "otherwise": {"id": "unknown", "name": "unknown"},
            },
            "buying": {
                "kind": "clusters",
                "basis": "behavioural",
                "features": [
                    "recency_days",
                    "order_count",
                    "net_amount",
                    "average_order_amount",
                    "product_count",
                    "units_per_order",
                ],
            },
        },
    }
    folder.mkdir()
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")


def measure(arguments: list[str], scratch: Path) -> Measured:
    """Run a command and ask the system what it took."""
    with (scratch / "out").open("w+") as out, (scratch / "err").open("w+") as err:
        started = time.monotonic()
        process = subprocess.Popen(arguments, stdout=out, stderr=err, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = [Path(handle.name).read_text(encoding="utf-8") for handle in (out, err)]
    if process.returncode:
        sys.exit(f"{arguments} ended with {process.returncode}:\n{texts[1]}")
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, *texts)


def steps(progress: str) -> dict[str, float]:
    """Seconds by room, from the progress lines; a room's time ends with its last line."""
    spent: dict[str, float] = {}
    last = 0.0
    for line in progress.splitlines():
        match = _STEP.match(line)
        if match:
            staging = match["room"] == "ingest" and match["text"].startswith("staging.")
            room = "staging" if staging else match["room"]
            spent[room] = spent.get(room, 0.0) + float(match["seconds"]) - last
            last = float(match["seconds"])
    return spent


def compare(count: int, scratch: Path) -> list[list[str]]:
    """One row of the table, and the steps of both sides to standard error."""
    lines = scratch / f"lines_{count}.parquet"
    # In a process of its own: Linux counts a child's resident size from the size of the process that started it.
    maker = multiprocessing.get_context("spawn").Process(target=make_lines, args=(lines, count))
    maker.start()
    maker.join()
    workspace = scratch / f"workspace_{count}"
    write_workspace(workspace, lines)
    ours = measure([sys.executable, "-m", "flows.cli", "run", "--workspace", str(workspace), "--json"], scratch)
    k = sum(segment["segmentation"] == "buying" for segment in json.loads(ours.output)["segments"])
    database = scratch / f"bare_{count}.duckdb"
    bare = measure([sys.executable, str(HERE / "bare_corridor.py"), str(lines), str(database), MEMORY, str(k)], scratch)
    ours_steps, bare_steps = steps(ours.errors), json.loads(bare.output)
    sys.stderr.write(f"{count:,} lines, k={k}\n  corridor {ours_steps}\n  bare     {bare_steps}\n")
    features = ours_steps.get("features", 0.0)
    return [
        [
            f"{count:,}",
            f"{ours.seconds:.1f}",
            f"{bare.seconds:.1f}",
            f"{ours.seconds / bare.seconds:.2f}",
            f"{features:.1f}",
            f"{bare_steps['features']:.1f}",
            f"{features / bare_steps['features']:.2f}",
            f"{ours.peak_mb:,.0f}",
            f"{bare.peak_mb:,.0f}",
            f"{ours.peak_mb / bare.peak_mb:.2f}",
        ]
    ]


def main() -> None:
    """Measure each size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="*", default=[20_000, 1_000_000, 10_000_000])
    options = parser.parse_args()
    header = [
        "order lines",
        "whole s",
        "bare s",
        "ratio",
        "features s",
        "bare s",
        "ratio",
        "peak MB",
        "bare MB",
        "ratio",
    ]
    rows = []
    with tempfile.TemporaryDirectory(prefix="resegment-bench-") as folder:
        for count in options.lines:
            rows += compare(count, Path(folder))
    for row in (header, ["---:"] * len(header), *rows):
        sys.stdout.write("| " + " | ".join(row) + " |\n")


if __name__ == "__main__":
    main()
