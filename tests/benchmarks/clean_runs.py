"""How often checks stop a run, or warn, where nothing is wrong.

    python -m tests.benchmarks.clean_runs [--companies 27] [--dates 9] [--output docs/faults.md]

Generated companies of 300 to 2,000 customers, without planted defects, deliver their exports by day, by week or by
month, over months with and without Christmas; some close on holidays, some have weeks with half as many orders again,
and in May 2025 all of them raise their prices online. Each date is ingested, staged and turned into features, through
the gates on the way, as a run does it, and counts as published. Segments are left out: their checks are about our own
arithmetic, and drift has benchmarks of its own. Whatever a check says is a false alarm.
"""

from __future__ import annotations

import argparse
import datetime as dt
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import yaml
from scipy.stats import beta

from tasks.config.errors import GateFailed
from tasks.config.loading import load_workspace
from tasks.demo.generator import generate_demo
from tasks.features.build import build_all
from tasks.ingest.staging import build_staging
from tasks.ingest.tasks import identify_run, ingest_source
from tasks.quality.gate import run_checks
from tasks.warehouse import ledger
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run, open_run
from tests.benchmarks.clean_exports import Habits, clean
from tests.benchmarks.faults_page import write_clean
from tests.integration.corridor import EXAMPLES
from tests.integration.past_exports import write_past

#: How many days apart a company runs; None: at the end of every month.
RHYTHMS: dict[str, int | None] = {"daily": 1, "weekly": 7, "monthly": None}
#: The first as-of dates are drawn from these days: half a year of history comes before them.
_FIRST, _LAST = dt.date(2024, 7, 1), dt.date(2025, 6, 30)
#: Every third company runs over Christmas.
_BEFORE_CHRISTMAS = {"daily": dt.date(2024, 12, 22), "weekly": dt.date(2024, 11, 24), "monthly": dt.date(2024, 9, 30)}

Check = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Company:
    """One seed of the generator, and when and how it runs."""

    seed: int
    customers: int
    rhythm: str
    dates: tuple[dt.date, ...]
    habits: Habits


@dataclass(slots=True)
class Tally:
    """Runs, and of them those that a check failed in, by severity, table and meaning."""

    runs: Counter[str] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)
    warned: Counter[str] = field(default_factory=Counter)
    checks: Counter[Check] = field(default_factory=Counter)
    examples: dict[Check, str] = field(default_factory=dict)


def companies(count: int, dates: int, seed: int) -> Iterator[Company]:
    """So many companies, the three rhythms in turn."""
    random = np.random.default_rng(seed)
    rhythms = list(RHYTHMS)
    for number in range(count):
        rhythm = rhythms[number % len(rhythms)]
        first = _BEFORE_CHRISTMAS[rhythm] if number // len(rhythms) % 3 == 0 else None
        weeks = random.choice((_LAST - _FIRST).days // 7, 3, replace=False)
        habits = Habits(
            closes_on_holidays=bool(random.random() < 0.5),
            promotions=tuple(_FIRST + dt.timedelta(days=7 * int(week)) for week in weeks) if number % 2 else (),
        )
        yield Company(
            seed=seed * 1000 + number,
            customers=int(random.integers(300, 2001)),
            rhythm=rhythm,
            dates=tuple(_dates(rhythm, first, dates, random)),
            habits=habits,
        )


def _dates(rhythm: str, first: dt.date | None, count: int, random: np.random.Generator) -> Iterator[dt.date]:
    step = RHYTHMS[rhythm]
    length = (step or 31) * (count - 1)
    day = first or _FIRST + dt.timedelta(days=int(random.integers(0, max((_LAST - _FIRST).days - length, 1))))
    for _ in range(count):
        if step is None:
            day = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)
            yield day
            day += dt.timedelta(days=1)
        else:
            yield day
            day += dt.timedelta(days=step)


def run_company(company: Company, folder: Path, tally: Tally) -> None:
    """Generate a company and run its dates one after the other."""
    full, workspace = folder / "full", folder / "company"
    generate_demo(full, customers=company.customers, seed=company.seed)
    clean(full, company.habits)
    tree = yaml.safe_load((EXAMPLES / "demo" / "resegment.yaml").read_text(encoding="utf-8"))
    del tree["generate"], tree["sources"]["takings"]
    workspace.mkdir()
    (workspace / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    space = load_workspace(workspace)
    for date in company.dates:
        write_past(full, workspace / "data", date + dt.timedelta(days=1))
        tally.runs[company.rhythm] += 1
        try:
            with open_run(space, as_of=date, known_as_of=None, output=workspace / "out") as run:
                _pass(run, tally, company)
                ledger.note_publication(run.warehouse, Publication(date, run.run_id))
        except GateFailed as stop:
            tally.stops[company.rhythm] += 1
            _tell(f"stopped: {company.rhythm} {date}, {company.customers} customers: {stop.message}")


def _pass(run: Run, tally: Tally, company: Company) -> None:
    """The corridor up to the features; what failed is counted, whether the run goes on or not."""
    try:
        for source in run.workspace.sources:
            ingest_source.fn(run, source)
        identify_run.fn(run)
        run_checks(run, "raw")
        build_staging(run)
        run_checks(run, "staging")
        build_all(run)
        run_checks(run, "features")
    finally:
        failed = run.warehouse.rows(
            "SELECT severity_name, table_name, meaning, coalesce(example_values, observed_value)"
            " FROM ops.check_result WHERE attempt_id = $attempt AND NOT is_success",
            {"attempt": run.attempt_id},
        )
        for severity, table, meaning, example in failed:
            check = (severity, table, meaning)
            tally.checks[check] += 1
            tally.examples.setdefault(check, str(example))
            _tell(
                f"{severity}: {company.rhythm} {run.as_of}, {company.customers} customers: {table}: {meaning}: {example}"
            )
        tally.warned[company.rhythm] += any(severity == "warning" for severity, *_ in failed)


def interval(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Clopper & Pearson, Biometrika 26, 1934, p. 404)."""
    low = float(beta.ppf(0.025, hits, of - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, of - hits)) if hits < of else 1.0
    return low, high


def share(hits: int, of: int) -> str:
    """Counts, per cent and interval."""
    low, high = interval(hits, of)
    return f"{hits} of {of} = {100 * hits / of:.1f} % (95 %: {100 * low:.1f}–{100 * high:.1f} %)"


def page(tally: Tally, count: int) -> str:
    """The section of the page."""
    all_runs = tally.runs.total()
    lines = [
        f"{all_runs} runs of {count} companies (300 to 2,000 customers), without planted defects, by day, week and month,",
        "over a year with Christmas, closed holidays, promotions and a rise in prices. Every failure is a false one.",
        "Intervals are Clopper–Pearson; runs of one company are not independent, so they are too narrow rather than too",
        "wide. The warnings about prices and meal kits in May 2025 tell of the launch of that category in the demo's story:",
        "the change is real, and counts as false here because no row is wrong.",
        "",
        "| runs | false stops | runs with a false warning |",
        "|---|---|---|",
        *(
            f"| {rhythm} | {share(tally.stops[rhythm], runs)} | {share(tally.warned[rhythm], runs)} |"
            for rhythm, runs in sorted(tally.runs.items())
        ),
        f"| all | {share(tally.stops.total(), all_runs)} | {share(tally.warned.total(), all_runs)} |",
        "",
    ]
    if tally.checks:
        lines += ["| check | severity | runs | the first time |", "|---|---|---|---|"]
        lines += [
            f"| {table}: {meaning} | {severity} | {share(count, all_runs)} | {tally.examples[severity, table, meaning][:160]} |"
            for (severity, table, meaning), count in tally.checks.most_common()
        ]
    return "\n".join(lines) + "\n"


def _tell(line: str) -> None:
    sys.stderr.write(" ".join(line.split())[:400] + "\n")
    sys.stderr.flush()


def main() -> int:
    """Run all companies, print the figures, write the page; exit code 1 where more than 1 % of the runs were stopped."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--companies", type=int, default=27)
    parser.add_argument("--dates", type=int, default=9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, help="the page whose section is written anew")
    given = parser.parse_args()
    logging.getLogger("resegment").setLevel(logging.ERROR)
    tally = Tally()
    for company in companies(given.companies, given.dates, given.seed):
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="resegment-clean-") as folder:
            run_company(company, Path(folder), tally)
        _tell(
            f"{company.customers} customers, {company.rhythm} {company.dates[0]} to {company.dates[-1]}:"
            f" {time.monotonic() - started:.0f} s; {tally.stops.total()} of {tally.runs.total()} runs stopped so far"
        )
    text = page(tally, given.companies)
    sys.stdout.write(text)
    if given.output:
        write_clean(given.output, text)
    return int(tally.stops.total() > 0.01 * tally.runs.total())


if __name__ == "__main__":
    sys.exit(main())
