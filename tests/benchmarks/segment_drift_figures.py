"""How often drift of segments' profiles, KPIs, flows and relations is wrong, and how often it finds what is there.

    PYTHONPATH=. python tests/benchmarks/segment_drift_figures.py [--scale 1.0] [--output FILE]

On the population of the drift figures: panels of which 5 % are like others now. Segments are the four lifecycle stages,
which customers enter and leave as they change. Not a pytest module.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from drift_population import SPECS, Population
from intervals import wilson

from tasks.drift.families import Family, family_policies
from tasks.drift.flow_rates import measure_flow_rates
from tasks.drift.policy import DriftPolicy, FeatureSpec
from tasks.drift.records import DriftScore, DriftVerdict
from tasks.drift.relations import measure_relations
from tasks.drift.segment_means import Members
from tasks.drift.segment_scores import SegmentPair, measure_kpis, measure_profiles
from tasks.drift.snapshots import SnapshotPair, pair_snapshots
from tasks.drift.verdict import judge_drift

CHANGED = 0.05
STAGE, REGION = "lifecycle", "region"
KPIS = ("monetary_90_amount", "frequency_90_count")
FEATURES = {name: spec for name, spec in SPECS.items() if name != STAGE}
HEADER = (
    "| scenario | n | runs | named: | share (95 %) | target | met | s per run |\n|---|---:|---:|---|---|---|---|---:|"
)
PREFACE = """# Drift of segments: how often it is wrong, and how often it finds what is there

Written by `tests/benchmarks/segment_drift_figures.py`. Counts of runs, shares, and 95 % Wilson intervals.

- Panels: the same customers in all snapshots, of whom 5 % become like others from each to the next. Segments are the
  four lifecycle stages of the population of [the drift figures](benchmarks-drift.md): 10 to 40 % of the customers each.
- A run judges profiles (11 features, categories by level), two KPIs of each segment, where the customers of each segment
  went against the period before, and the relation of stages and regions, all at once, with their shares of a
  family-wise error of 1 %. Features and mixes, which have the other half in a run of the pipeline, are left out and
  leave their share to these: so the figures are of twice the error rate that a run of the pipeline allows these kinds.
- *Named* counts runs in which anything is named that did not change (no drift), or what did (drift).
- Segments of 20 members or fewer are not tested; those of 50 are in the first row.

"""


@dataclass(frozen=True)
class Scenario:
    """What changes between the second and the third snapshot, and what must be named of it."""

    name: str
    size: int
    runs: int
    change: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    wanted: tuple[str, str, str | None] | None = None
    target: float = 0.01


def snapshots(scenario: Scenario, random: np.random.Generator) -> list[pl.DataFrame]:
    """Three snapshots of one panel."""
    population = Population.draw(scenario.size, random)
    frames = []
    for _ in range(3):
        frames.append(population.frame())
        population = population.with_changed(CHANGED, random)
    if scenario.change is not None:
        frames[2] = scenario.change(frames[2])
    return frames


def judged(frames: list[pl.DataFrame]) -> list[DriftVerdict]:
    """All verdicts of one run that are worth a notice."""
    policy = DriftPolicy()
    before, now = (pair_snapshots(*frames[at : at + 2], paired_common_share=0.3) for at in (0, 1))
    stages = sorted(frames[1].get_column(STAGE).unique().to_list())
    segments = SegmentPair(now, stages, _members(now.reference, stages), _members(now.current, stages))
    mixes = {name: FeatureSpec(name, "segment") for name in (STAGE, REGION)}
    families: dict[Family, list[DriftScore]] = {
        "profiles": measure_profiles(segments, FEATURES),
        "kpis": measure_kpis(segments, KPIS),
        "flows": measure_flow_rates(_flows(before), _flows(now), policy, 0),
        "relations": measure_relations(now, list(mixes), 0),
    }
    return [
        verdict
        for name, own in family_policies(families, policy).items()
        for verdict in judge_drift(families[name], own)
        if verdict.level != "none"
    ]


def _members(frame: pl.DataFrame, stages: list[str]) -> Members:
    place = {stage: number for number, stage in enumerate(stages)}
    numbers = frame.get_column(STAGE).replace_strict(place, return_dtype=pl.Int64)
    return Members(np.arange(frame.height), numbers.to_numpy())


def _flows(pair: SnapshotPair) -> dict[str, dict[str | None, int]]:
    then, now = pair.reference.get_column(STAGE), pair.current.get_column(STAGE)
    flows: dict[str, dict[str | None, int]] = {}
    for source, target, count in pl.DataFrame({"then": then, "now": now}).group_by("then", "now").len().iter_rows():
        flows.setdefault(source, {})[target] = count
    return flows


def _spends_more(frame: pl.DataFrame) -> pl.DataFrame:
    is_active = pl.col(STAGE) == "active"
    return frame.with_columns(
        monetary_90_amount=pl.col("monetary_90_amount") * pl.when(is_active).then(1.5).otherwise(1.0)
    )


def _lapses(frame: pl.DataFrame) -> pl.DataFrame:
    """One in ten of those who are cooling lapses."""
    number = pl.col("customer_id").cast(pl.Int64)
    goes = (pl.col(STAGE) == "cooling") & (number % 10 == 0)
    return frame.with_columns(pl.when(goes).then(pl.lit("lapsed")).otherwise(STAGE).alias(STAGE))


def _gathers(frame: pl.DataFrame) -> pl.DataFrame:
    """Half of the new customers come from one region."""
    number = pl.col("customer_id").cast(pl.Int64)
    comes = (pl.col(STAGE) == "new") & (number % 2 == 0)
    return frame.with_columns(pl.when(comes).then(pl.lit("region 07")).otherwise(REGION).alias(REGION))


def scenarios() -> list[Scenario]:
    """No drift at four sizes, then a drift of each kind."""
    quiet = [Scenario("no drift", size, runs) for size, runs in ((500, 1000), (2_000, 1000), (20_000, 200))]
    return [
        *quiet,
        Scenario(
            "active customers spend half as much again", 2_000, 300, _spends_more, ("kpi", "active", KPIS[0]), 0.95
        ),
        Scenario("the same", 20_000, 100, _spends_more, ("kpi", "active", KPIS[0]), 0.95),
        Scenario("one in ten of the cooling lapses", 2_000, 300, _lapses, ("flow", "cooling", None), 0.95),
        Scenario("the same", 20_000, 100, _lapses, ("flow", "cooling", None), 0.95),
        Scenario(
            "half of the new come from one region", 2_000, 300, _gathers, ("profile", "new", "region = region 07"), 0.95
        ),
        Scenario("the same", 2_000, 300, _gathers, ("relation", STAGE, REGION), 0.95),
    ]


def row(scenario: Scenario, scale: float, seed: int) -> str:
    """Repeat one scenario; returns its line of the table."""
    runs = max(round(scenario.runs * scale), 1)
    hits, started = 0, time.perf_counter()
    for repetition in range(runs):
        found = judged(snapshots(scenario, np.random.default_rng((seed, repetition))))
        named = {(one.subject_kind, one.subject_name, one.part_name) for one in found}
        hits += scenario.wanted in named if scenario.wanted else bool(named)
    seconds = (time.perf_counter() - started) / runs
    low, high = wilson(hits, runs)
    rate = hits / runs
    is_met = rate >= scenario.target if scenario.wanted else rate <= scenario.target
    sign = "≥" if scenario.wanted else "≤"
    answer = ("yes" if is_met else "**no**") + (", interval open" if low <= scenario.target <= high else "")
    named_as = " ".join(part for part in scenario.wanted if part) if scenario.wanted else "anything"
    share = f"{hits}/{runs} = {100 * rate:.1f} % ({100 * low:.1f}–{100 * high:.1f})"
    return (
        f"| {scenario.name} | {scenario.size:,} | {runs} | {named_as} | {share} | {sign}{100 * scenario.target:.0f} %"
        f" | {answer} | {seconds:.3f} |"
    )


def main() -> None:
    """Run all scenarios and print the table as it grows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies all repetitions")
    parser.add_argument("--seed", type=int, default=20_261_126)
    parser.add_argument("--output", type=Path, help="also write the page to this file")
    options = parser.parse_args()
    lines = [HEADER]
    for number, scenario in enumerate(scenarios()):
        lines.append(row(scenario, options.scale, options.seed + number))
        sys.stdout.write(f"{lines[-1]}\n")
        sys.stdout.flush()
    if options.output:
        options.output.write_text(PREFACE + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
