"""The figures that the design asks for beside what was measured, on one page, from the pages of the benchmarks.

Run as `python -m tests.benchmarks.figures_page [--pages docs] [--output docs/benchmarks.md]`, after the benchmarks
themselves (`make bench-stats`). Measures nothing. Not a pytest module.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.intervals import wilson

Row = dict[str, str]
Judge = Callable[[str], str]


@dataclass(frozen=True)
class Figure:
    """One figure of the design, and where it was measured.

    Attributes:
        name: what is asked.
        target: as the design has it.
        section: heading of the part of the page; empty: its first table.
        rows: what the first column of a row begins with.
        columns: heading of our column, then of the peers that are told.
        judge: whether our cell meets the target; None: the page says so itself.
    """

    name: str
    target: str
    section: str
    rows: str
    columns: Sequence[str]
    judge: Judge | None = None


class Measured(NamedTuple):
    """A row of a page, as it is told."""

    case: str
    cells: list[str]
    met: str


def at_most(percent: float, worst: float | None = None) -> Judge:
    """A share of at most so much, and at worst."""

    def judge(cell: str) -> str:
        found = percents(cell)
        return _answer(found[0] <= percent and (worst is None or found[-1] <= worst), cell, [percent])

    return judge


def at_least(*percent: float) -> Judge:
    """Shares of at least so much, one after the other."""

    def judge(cell: str) -> str:
        is_met = all(found >= least for found, least in zip(percents(cell), percent, strict=False))
        return _answer(is_met, cell, percent)

    return judge


def index_of(least: float) -> Judge:
    """An index of at least so much."""
    return lambda cell: _answer(float(cell.split(",")[0]) >= least, "", [])


def ratio_of(most: float) -> Judge:
    """A ratio of at most so much."""
    return lambda cell: _answer(float(cell) <= most, "", [])


def _answer(is_met: bool, cell: str, percent: Sequence[float]) -> str:
    """Whether a target is met, and whether the counts of the cell can tell."""
    counts = [(int(hits), int(total)) for hits, total in re.findall(r"(\d+)/(\d+)", cell)]
    intervals = [(wilson(*count), target / 100) for count, target in zip(counts, percent, strict=False)]
    is_open = any(low <= target <= high for (low, high), target in intervals)
    return ("yes" if is_met else "**no**") + (", interval open" if is_open else "")


def percents(cell: str) -> list[float]:
    """Percentages of a cell that are no ends of an interval."""
    return [float(number) for number in re.findall(r"(-?[\d.]+) %", re.sub(r"\([^)]*\)", "", cell))]


_DRIFT = ("resegment: drift", "KS / χ² + Bonferroni 5 %", "PSI > 0.1", "Evidently", "NannyML")
_ALARM = ("resegment: alarm", *_DRIFT[1:])
_NEW = ("classifier p <= 1 %", "HDBSCAN: Jaccard >= 0.5")
_WEEKS = "Labels over time, where nothing happened"
_LABELS = ("this", "refit, n_init 10, Hungarian")

DRIFT = [
    Figure("a run without drift names any", "≤1 %", "", "no drift, iid", _DRIFT),
    Figure("the same for a panel", "≤1 %", "", "no drift, panel", _DRIFT),
    Figure("alarms under a wobble of 0.03 sd, with history", "≤1 %", "", "0.03 sd wobble", _ALARM),
    Figure("0.2 sd in one feature is found", "≥99 %", "", "0.2 sd", _DRIFT),
    Figure("0.1 sd is noticed", "≥95 %", "", "0.1 sd", _DRIFT),
    Figure("a category changes by a tenth", "≥95 %", "", "category", _DRIFT),
    Figure("2 % of the customers lapse", "≥95 %", "", "2 %", _DRIFT),
]
EMERGENCE = [
    Figure(
        "a run without a new group names one", "≤1 %", "No new group", "", ("either", "classifier p <= 1 %", "HDBSCAN")
    ),
    Figure(
        "a strong group of 2 %", "≥95 % with Jaccard ≥0.85", "A new group of 2 %", "strong", ("Jaccard >= 0.85", *_NEW)
    ),
    Figure(
        "a moderate group of 2 %",
        "≥90 % with Jaccard ≥0.5 (panel)",
        "A new group of 2 %",
        "moderate",
        ("Jaccard >= 0.5", *_NEW),
    ),
]
KNOWN = "Known number of segments behind lognormal measures"
CLUSTERS = [
    Figure("churn of unchanged customers, same data", "0", _WEEKS, "churn, same data", _LABELS, at_most(0, 0)),
    Figure("churn, 5 % changed", "≤0.5 %, worst ≤2 %", _WEEKS, "churn of the unchanged", _LABELS, at_most(0.5, 2)),
    Figure(
        "ARI with the run before, 5 % changed, all customers",
        "≥0.98",
        _WEEKS,
        "ARI with the week before, all customers",
        _LABELS,
        index_of(0.98),
    ),
    Figure(
        "the same, unchanged customers", "≥0.98", _WEEKS, "ARI with the week before, unchanged", _LABELS, index_of(0.98)
    ),
    Figure("spurious transitions", "≤1 %", _WEEKS, "weeks with a spurious", _LABELS, at_most(1)),
    Figure(
        "true transitions named right, k not given",
        "≥95 %",
        "Transitions that did happen, k not given",
        "",
        ("named right",),
        at_least(95),
    ),
    Figure(
        "the same, lived week by week",
        "≥95 %",
        "The same, as runs would live it",
        "",
        ("named right", "named right, by the run before"),
        at_least(95),
    ),
    Figure("k exact ; within one", "≥85 % ; ≥95 %", KNOWN, "**all", ("this", "prediction strength"), at_least(85, 95)),
    Figure(
        "k = 1 recognised, where segments must be natural",
        "≥95 %",
        "No structure",
        "**all clouds**",
        ("k = 1 with `natural`", "k = 1 by prediction strength"),
        at_least(95),
    ),
    Figure(
        "k = 1 recognised, by default",
        "≥95 %",
        "No structure",
        "**all clouds**",
        ("k = 1 by default", "k = 1 by prediction strength"),
        at_least(95),
    ),
    Figure(
        "k exact on labelled public sets",
        "≥52 %, stretch 60 %",
        "Labelled public sets",
        "**exact",
        ("kmeans", "k by prediction strength"),
        at_least(52),
    ),
]
SPEED = [
    Figure(
        "time over that of bare DuckDB, a million customers", "≤2", "", "", ("ratio", "processor ratio"), ratio_of(2.0)
    ),
]
PARTS = [
    ("Drift", "benchmarks-drift.md", DRIFT),
    ("Drift of many customers", "benchmarks-drift-speed.md", SPEED),
    ("Emerging segments", "benchmarks-emergence.md", EMERGENCE),
    ("Labels, transitions and the number of segments", "benchmarks-clusters.md", CLUSTERS),
]

PREFACE = """# Figures

Written by `python -m tests.benchmarks.figures_page` from the pages of the benchmarks, which `make bench-stats` writes
first. What is asked of the statistics, what was measured on how many repetitions, and other tools on the same data. A
target that was missed is marked. Intervals are of 95 % (Wilson); where a page says "interval open", so few repetitions
cannot tell on which side of the target the true share lies.

- [Drift](benchmarks-drift.md): how snapshots are made, and how the peers are asked
- [Drift of segments](benchmarks-segment-drift.md): profiles, KPIs, flows, relations
- [Drift of many customers](benchmarks-drift-speed.md): time and memory
- [Emerging segments](benchmarks-emergence.md)
- [Clusters](benchmarks-clusters.md); [identity over many runs](benchmarks-identity.md) of the demo and of Online Retail
- [Audit](benchmarks-audit.md), [predictions](benchmarks-predict.md), [comments](benchmarks-comments.md),
  [projection](benchmarks-projection.md), [privacy](benchmarks-privacy.md), [faults](faults.md), [speed](benchmarks-speed.md)
"""


def tables(text: str) -> dict[str, list[Row]]:
    """Rows of the first table below each heading, by heading; the first table of a page is also that of ""."""
    found: dict[str, list[Row]] = {}
    heading, head = "", []
    for line in text.splitlines():
        if line.startswith("#"):
            heading, head = line.strip("# "), []
        elif line.startswith("|"):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not head:
                head = cells
                rows: list[Row] = []
                found.setdefault("", rows)
                found.setdefault(heading, rows)
            elif set(line) - set("|-: "):
                rows.append(dict(zip(head, cells, strict=False)))
    return found


def measured(figure: Figure, rows: Sequence[Row]) -> list[Measured]:
    """The rows of a page that tell of a figure."""
    told = []
    for row in rows:
        cells = list(row.values())
        names = [cell for cell in cells[:2] if cell.startswith(figure.rows)]
        if not names or figure.columns[0] not in row:
            continue
        case = ", ".join(cell for cell in (cells[0], names[0] if names[0] != cells[0] else "") if cell)
        size = f", n = {row['n']}" if "n" in row else f", {row['features']} features" if "features" in row else ""
        ours = row[figure.columns[0]]
        met = row.get("met", "") if figure.judge is None else figure.judge(ours)
        told.append(Measured(f"{case}{size}".replace("**", ""), [row.get(name, "") for name in figure.columns], met))
    return told


def page(folder: Path) -> str:
    """The whole page.

    Raises:
        SystemExit: a figure is on no page.
    """
    lines, missed = [PREFACE], []
    for heading, name, figures in PARTS:
        path = folder / name
        if not path.exists():
            sys.exit(f"{path} is not there: run the benchmark that writes it (see the Makefile, bench-stats)")
        known = tables(path.read_text(encoding="utf-8"))
        lines.append(f"## {heading}\n")
        peers: Sequence[str] = ()
        for figure in figures:
            told = measured(figure, known.get(figure.section, []))
            if not told:
                sys.exit(f"{path} has no row of {figure.name!r}")
            if figure.columns[1:] != peers or figure is figures[0]:
                peers = figure.columns[1:]
                head = ["figure", "case", "target", "resegment", *peers, "met"]
                lines += ["", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
            for one in told:
                lines.append(f"| {figure.name} | {one.case} | {figure.target} | {' | '.join(one.cells)} | {one.met} |")
                missed += [f"{figure.name} ({one.case})"] if "**no**" in one.met else []
        lines.append(f"\n[How this was measured]({name})\n")
    lines.append("## Missed\n")
    lines += [f"- {what}" for what in missed] or ["Nothing."]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=Path("docs"))
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks.md"))
    options = parser.parse_args()
    options.output.write_text(page(options.pages), encoding="utf-8")


if __name__ == "__main__":
    main()
