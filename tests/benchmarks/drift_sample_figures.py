"""What a sample of many customers finds beside all of them: false alarms, power, and verdicts that differ.

Run as `PYTHONPATH=. python tests/benchmarks/drift_sample_figures.py [--customers N] [--seeds N] [--output FILE]`. The
sample is that of a run (`drift.enough_customers`), drawn by the condition that a run uses. Not a pytest module.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import polars as pl
from drift_population import SPECS
from drift_scenarios import Maker, Snapshots, iid, lapse, level_share, panel, panel_wobble, shift
from intervals import wilson

from tasks.config.drift import DriftPolicy as Settings
from tasks.drift import sampling
from tasks.drift.decision import measure_drift
from tasks.drift.policy import DriftPolicy
from tasks.drift.verdict import judge_drift

SCENARIOS: dict[str, tuple[Maker, str | None]] = {
    "no drift, others": (iid, None),
    "no drift, panel": (panel, None),
    "0.03 sd wobble, panel, without history": (panel_wobble, None),
    "0.05 sd, money, others": (shift("monetary_amount", 0.05), "monetary_amount"),
    "0.1 sd, count with 50 % zeros, others": (shift("frequency_90_count", 0.1), "frequency_90_count"),
    "0.2 sd, count with 89 % zeros, panel": (shift("complaint_count", 0.2, is_panel=True), "complaint_count"),
    "category 10 → 11 %, others": (level_share("new", 0.11), "lifecycle"),
    "0.4 % of customers lapse, panel": (lapse(0.01), "lifecycle"),
    "2 % of customers lapse, panel": (lapse(0.05), "lifecycle"),
}
_LEVELS = ("none", "notice", "alarm")


class Found(NamedTuple):
    """The gravest level of what is looked at, and the seconds it took."""

    level: str
    seconds: float


def sample(frame: pl.DataFrame, times: int) -> pl.DataFrame:
    """The customers whom a run would draw."""
    with duckdb.connect() as connection:
        connection.register("customer", frame.to_arrow())
        return connection.sql(f"SELECT * FROM customer WHERE {sampling.drawn(times)}").pl()


def judge(snapshots: Snapshots, subject: str | None, seed: int) -> Found:
    """Compare and judge two snapshots."""
    started = time.perf_counter()
    verdicts = judge_drift(measure_drift(*snapshots, SPECS, 0, DriftPolicy(), seed), DriftPolicy())
    levels = [one.level for one in verdicts if subject in (None, one.subject_name)]
    return Found(max(levels, key=_LEVELS.index), time.perf_counter() - started)


def row(name: str, customers: int, seeds: int, times: int) -> str:
    """One scenario."""
    make, subject = SCENARIOS[name]
    counts: dict[str, Counter[str]] = {"all": Counter(), "sample": Counter()}
    seconds = dict.fromkeys(counts, 0.0)
    differ = 0
    for seed in range(seeds):
        whole = make(customers, np.random.default_rng((20261127, seed)))
        few = Snapshots(*(sample(frame, times) for frame in whole))
        found = {"all": judge(whole, subject, seed), "sample": judge(few, subject, seed)}
        for side, one in found.items():
            counts[side][one.level] += 1
            seconds[side] += one.seconds
        differ += found["all"].level != found["sample"].level
        sys.stderr.write(f"{name}, {seed}: {found}\n")
    told = [
        f"{_share(count[level] + (count['alarm'] if level == 'notice' else 0), seeds)}"
        for level in ("notice", "alarm")
        for count in counts.values()
    ]
    return f"| {name} | {' | '.join(told)} | {_share(differ, seeds)} | {seconds['all'] / seconds['sample']:.1f} |"


def _share(count: int, of: int) -> str:
    low, high = wilson(count, of)
    return f"{count}/{of} ({100 * low:.0f}–{100 * high:.0f} %)"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--customers", type=int, default=400_000)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    enough = Settings().enough_customers
    times = sampling.halvings(given.customers, enough)
    columns = [f"{level}, {side}" for level in ("notice or alarm", "alarm") for side in ("all", "sample")]
    columns += ["verdicts differ", "seconds, all over sample"]
    page = [
        "# Drift on a sample of many customers, beside all of them",
        "",
        f"Written by `tests/benchmarks/drift_sample_figures.py`: {given.customers:,} customers in each snapshot, of whom",
        f"`drift.enough_customers` ({enough:,}) leaves one of {2**times}; {given.seeds} seeds; 95 % Wilson intervals. The",
        "customers and features are those of [the drift figures](benchmarks-drift.md). Without drift a run counts where any",
        "feature is named. *Others*: no customer is in both snapshots.",
        "",
        f"| scenario | {' | '.join(columns)} |",
        "|---|---|---|---|---|---|---:|",
        *(row(name, given.customers, given.seeds, times) for name in SCENARIOS),
    ]
    text = "\n".join(page) + "\n"
    sys.stdout.write(text)
    if given.output:
        given.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
