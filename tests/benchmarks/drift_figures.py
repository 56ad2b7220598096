"""How often the drift decision is wrong, and how often it finds what is there, beside two usual methods.

Run from the repository: `PYTHONPATH=. python tests/benchmarks/drift_figures.py [--scale 1.0] [--output FILE]`.
Prints a Markdown table of counts with 95 % Wilson intervals; `--scale` multiplies all repetitions, `--output` also
writes the page. Not a pytest module.

Peers, on the same data: two-sample Kolmogorov-Smirnov and chi-square tests with Bonferroni at 5 % over the features,
PSI above 0.1 on reference deciles or levels in any feature, and Evidently and NannyML with their defaults, where
`make peers` has installed them.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from drift_population import CATEGORIES, SPECS
from drift_scenarios import Scenario, Snapshots, scenarios
from intervals import wilson
from peers import Pair, Peer, installed, version
from scipy.stats import chi2_contingency, ks_2samp

from tasks.drift.decision import measure_drift
from tasks.drift.policy import DriftPolicy, EffectKey
from tasks.drift.verdict import effect_key, judge_drift

POLICY = DriftPolicy()
HISTORY_RUNS = 12
BONFERRONI = 0.05
RULE_OF_THUMB_PSI = 0.1
PEER_REPETITIONS = 200
"""The peers are run on the first of these repetitions: their figures need no more, and they take longer than ours."""
TOOL_REPETITIONS = {"evidently": 100, "nannyml": 30}
MOST_ROWS = 1_000_000
"""Rows over all repetitions that a tool is asked about in a scenario."""

History = dict[EffectKey, list[float]]


@dataclass
class Tally:
    """How many repetitions each method flagged."""

    repetitions: int = 0
    peer_repetitions: int = 0
    drift: int = 0
    alarm: int = 0
    tests: int = 0
    thumb: int = 0
    tools: dict[str, int] = field(default_factory=dict)
    tool_repetitions: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    history: History = field(default_factory=dict)


def run(scenario: Scenario, scale: float, seed: int, tools: Mapping[str, Peer]) -> Tally:
    """Repeat one scenario."""
    tally = Tally()
    warm_up = HISTORY_RUNS if scenario.has_history else 0
    for repetition in range(warm_up + max(round(scenario.repetitions * scale), 1)):
        random = np.random.default_rng((seed, repetition))
        snapshots = scenario.make(scenario.size, random)
        started = time.perf_counter()
        scores = measure_drift(*snapshots, SPECS, 0, POLICY, seed=repetition)
        verdicts = judge_drift(scores, POLICY, tally.history)
        elapsed = time.perf_counter() - started
        if scenario.has_history:
            for key, effect in ((effect_key(score), score.effect_size) for score in scores):
                tally.history[key] = [*tally.history.get(key, []), effect or 0.0][-HISTORY_RUNS:]
        if repetition < warm_up:
            continue
        mine = [one for one in verdicts if scenario.subject in (None, one.subject_name)]
        tally.repetitions += 1
        tally.seconds += elapsed
        tally.drift += any(one.verdict == "drift" for one in mine)
        tally.alarm += any(one.level == "alarm" for one in mine)
        if tally.peer_repetitions < PEER_REPETITIONS:
            flagged_by_tests, flagged_by_thumb = peers(snapshots)
            tally.peer_repetitions += 1
            tally.tests += _hits(flagged_by_tests, scenario.subject)
            tally.thumb += _hits(flagged_by_thumb, scenario.subject)
        _ask_tools(tally, scenario, snapshots, tools)
    return tally


def _ask_tools(tally: Tally, scenario: Scenario, snapshots: Snapshots, tools: Mapping[str, Peer]) -> None:
    for name, tool in tools.items():
        asked = tally.tool_repetitions.get(name, 0)
        if asked < min(TOOL_REPETITIONS[name], max(MOST_ROWS // scenario.size, 1)):
            tally.tool_repetitions[name] = asked + 1
            hit = _hits(tool.flagged(Pair(*snapshots), list(SPECS)), scenario.subject)
            tally.tools[name] = tally.tools.get(name, 0) + hit


def _hits(flagged: set[str], subject: str | None) -> bool:
    return bool(flagged) if subject is None else subject in flagged


def peers(snapshots: Snapshots) -> tuple[set[str], set[str]]:
    """Features flagged by KS / chi-square with Bonferroni, and by PSI above 0.1."""
    by_tests, by_thumb = set(), set()
    for name in SPECS:
        before, now = snapshots.reference[name], snapshots.current[name]
        if name in CATEGORIES:
            counts = before.value_counts().join(now.value_counts(), on=name, how="full", coalesce=True).fill_null(0)
            table = counts.sort(name).select(pl.exclude(name)).to_numpy().T
            p_value = chi2_contingency(table).pvalue
        else:
            old, new = before.to_numpy(), now.to_numpy()
            p_value = ks_2samp(old, new, method="asymp").pvalue
            edges = np.unique(np.quantile(old, np.linspace(0.1, 0.9, 9)))
            table = np.array([np.bincount(np.searchsorted(edges, x), minlength=edges.size + 1) for x in (old, new)])
        if p_value <= BONFERRONI / len(SPECS):
            by_tests.add(name)
        p, q = (np.maximum(row, 0.5) / row.sum() for row in table)
        if np.sum((q - p) * np.log(q / p)) > RULE_OF_THUMB_PSI:
            by_thumb.add(name)
    return by_tests, by_thumb


def _cell(hits: int, repetitions: int) -> str:
    if not repetitions:
        return "not run"
    low, high = wilson(hits, repetitions)
    return f"{hits}/{repetitions} = {100 * hits / repetitions:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def _outcome(scenario: Scenario, tally: Tally) -> str:
    hits = tally.alarm if scenario.counts_alarms else tally.drift
    rate = hits / tally.repetitions
    low, high = wilson(hits, tally.repetitions)
    is_false_alarm = scenario.subject is None
    asked = f"{'≤' if is_false_alarm else '≥'}{100 * scenario.target:.0f} %"
    is_met = rate <= scenario.target if is_false_alarm else rate >= scenario.target
    is_open = low <= scenario.target <= high
    kind = " of alarms" if scenario.counts_alarms else ""
    answer = ("yes" if is_met else "**no**") + (", interval open" if is_open else "")
    return f"{asked}{kind} | {answer}"


PREFACE = """# Drift: how often it is wrong, and how often it finds what is there

Written by `tests/benchmarks/drift_figures.py`. Counts of runs, shares, and 95 % Wilson intervals.

- A run compares 12 features (10 numeric: money, counts with 35-89 % zeros, days; 2 categorical with 4 and 12 levels).
  Without drift it counts where *any* feature is named; with drift, where the feature that drifts is.
- *iid*: different customers in both snapshots. *Panel*: the same customers, 5 % of them like others now.
- A shift of 0.2 sd is 0.2 standard deviations of the normal score behind the feature; for a count that is mostly zero
  far less of it can be seen, whatever the method.
- *drift* is a verdict at any level, *alarm* one at the upper level. A shift that lies just on the limit of an alarm
  (0.1 sd; 10 -> 11 %) comes out on either side of it by chance; the target is that it is noticed.
- Under the wobble a notice is right where a feature did move by more than 0.05 sd; the target is that none alarms.
- Peers on the same data: Kolmogorov-Smirnov or chi-square, two-sample, Bonferroni at 5 % over the features; PSI above
  0.1; and with their defaults Evidently (a test up to 1,000 rows, a distance above) and NannyML (Jensen-Shannon
  distance in ten chunks of the current snapshot, outside mean and three standard deviations of ten of the reference).
  They are asked about the first runs only, and about no more than a million customers.
- Features are judged at the whole family-wise error of 1 % here. In a run that also compares segments they have half of
  it, the others [the other half](benchmarks-segment-drift.md).
- "interval open" says that so few runs cannot tell which side of the target the true share lies on.

"""

HEADER = (
    "| scenario | n | runs | resegment: drift | resegment: alarm | KS / χ² + Bonferroni 5 % | PSI > 0.1 | Evidently "
    "| NannyML | target | met | s per run |\n|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def row(scenario: Scenario, tally: Tally) -> str:
    """Format one line of the table."""
    ours = " | ".join(_cell(hits, tally.repetitions) for hits in (tally.drift, tally.alarm))
    others = " | ".join(
        [_cell(hits, tally.peer_repetitions) for hits in (tally.tests, tally.thumb)]
        + [_cell(tally.tools.get(name, 0), tally.tool_repetitions.get(name, 0)) for name in TOOL_REPETITIONS]
    )
    what = f"{scenario.name} | {scenario.size:,} | {tally.repetitions}"
    return f"| {what} | {ours} | {others} | {_outcome(scenario, tally)} | {tally.seconds / tally.repetitions:.3f} |"


def page(lines: list[str]) -> str:
    """Put the preface before the table, and after it what missed its target."""
    missed = [", n = ".join(line.strip("| ").split(" | ")[:2]) for line in lines if "**no**" in line]
    asked = ", ".join(f"{name} {version(name)}" for name in installed()) or "none of the tools was installed"
    closing = f"Missed: {'; '.join(missed) or 'nothing'}. Measured beside: {asked}."
    return PREFACE + "\n".join([*lines, "", closing]) + "\n"


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Run all scenarios and print the table as it grows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies all repetitions")
    parser.add_argument("--seed", type=int, default=20_260_101)
    parser.add_argument("--only", default="", help="run the scenarios whose name holds this text")
    parser.add_argument("--output", type=Path, help="also write the page to this file")
    options = parser.parse_args()
    lines = [HEADER]
    _print(HEADER)
    with contextlib.ExitStack() as stack:
        tools = {name: stack.enter_context(Peer(name)) for name in installed()}
        for number, scenario in enumerate(scenarios()):
            if options.only not in scenario.name:
                continue
            lines.append(row(scenario, run(scenario, options.scale, options.seed + number, tools)))
            _print(lines[-1])
    if options.output:
        options.output.write_text(page(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
