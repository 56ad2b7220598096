"""One run against another: what is compared with which test, judged together.

Owns: the order of reading, measuring and judging. Does not own any of these.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.config.drift import RECENT
from tasks.drift import reading
from tasks.drift.columns import Snapshot
from tasks.drift.decision import measure_drift
from tasks.drift.declared_seasons import Compared, without_seasonal_alarm
from tasks.drift.families import Family, family_policies
from tasks.drift.filling import filling_windows, first_days, settling_features, without_alarm
from tasks.drift.flow_rates import measure_flow_rates
from tasks.drift.policy import DriftPolicy, EffectHistory, FeatureSpec
from tasks.drift.population import confirm_on_population, measure_population
from tasks.drift.reconstruction import measure_reconstruction
from tasks.drift.records import DriftScore, DriftVerdict
from tasks.drift.references import Reference
from tasks.drift.relations import measure_relations
from tasks.drift.season import Season, discount_season, judged_subjects
from tasks.drift.segment_scores import measure_kpis, measure_profiles
from tasks.drift.snapshots import SnapshotPair, pair_snapshots
from tasks.drift.verdict import deciding_verdicts, judge_drift
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.run import Run

_OF_SEGMENTS: tuple[Family, ...] = ("profiles", "kpis")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it.

    Attributes:
        reference: the other run.
        verdicts: those that are told: all but of profiles and KPIs, of which each segment's leading one and whatever is
            worth a notice are.
        effects: every score of profiles and KPIs, for the history of their effects.
        test_count: tests that were made.
    """

    reference: Reference
    verdicts: Sequence[DriftVerdict]
    effects: Sequence[DriftScore]
    test_count: int


@dataclass(frozen=True, slots=True)
class _Job:
    run: Run
    reference: Reference
    specs: Mapping[str, FeatureSpec]
    earlier: Snapshot
    current: Snapshot
    policy: DriftPolicy

    @property
    def days(self) -> int:
        return (self.run.as_of - self.reference.publication.as_of).days

    @property
    def seed(self) -> int:
        return self.run.workspace.drift.seed


def compare(
    run: Run,
    reference: Reference,
    specs: dict[str, FeatureSpec],
    current: Snapshot,
    policy: DriftPolicy,
) -> Comparison:
    """Compare this run with another: columns of all customers with each, segments with the previous run alone.

    Args:
        run: the present run.
        reference: the other.
        specs: columns to compare.
        current: snapshot of the present run.
        policy: the limits; the error rate is that of this comparison.
    """
    # Within a window mixes move by themselves: what was in no segment is in one, seasons begin and end.
    policy = dataclasses.replace(policy, mixes_by_history=reference.kind == "window")
    earlier = reading.snapshot(run, reference.publication.run_id, specs)
    known = reading.comparable(run, reference.publication, specs, earlier, current)
    job = _Job(run, reference, known, earlier, current, policy)
    young = (catalogue_of(run), known, first_days(run.warehouse), reference.publication.as_of)
    filling = filling_windows(*young) | settling_features(*young)
    settled = {name: spec for name, spec in known.items() if name not in filling}
    families: dict[Family, Sequence[DriftScore]] = {
        "snapshots": [
            *measure_drift(earlier, current, known, job.days, policy, job.seed),
            *measure_reconstruction(earlier, current, settled, policy, job.seed),
        ]
    }
    if reference.kind == "previous":
        pair = pair_snapshots(earlier, current, paired_common_share=policy.paired_common_share)
        families |= _of_segments(job, pair)
    history = reading.effect_history(run, reference.kind)
    policies = family_policies(families, policy)
    judged = {name: judge_drift(families[name], own, history) for name, own in policies.items()}
    if "snapshots" in judged:
        judged["snapshots"] = _confirmed(job, judged["snapshots"], policies["snapshots"], history)
    judged = {
        name: without_alarm(verdicts, filling, run.workspace, policy, history) for name, verdicts in judged.items()
    }
    if reference.kind in RECENT:
        judged = _without_declared(job, judged)
    told = [verdict for name, verdicts in judged.items() for verdict in _worth_telling(name, verdicts)]
    effects = [score for name in _OF_SEGMENTS for score in families.get(name, ())]
    return Comparison(reference, told, effects, sum(len(scores) for scores in families.values()))


def _of_segments(job: _Job, pair: SnapshotPair) -> dict[Family, Sequence[DriftScore]]:
    run = job.run
    segments = reading.segment_pair(run, job.reference.publication, pair)
    flows = reading.flows_of_periods(run)
    kpis = [
        name
        for window in run.workspace.features.windows
        for name in (f"net_{window}d_amount", f"order_{window}d_count")
        if name in job.specs
    ]
    mixes = [name for name, spec in job.specs.items() if spec.kind == "segment"]
    return {
        "profiles": measure_profiles(segments, job.specs),
        "kpis": measure_kpis(segments, kpis),
        "flows": measure_flow_rates(flows[-2], flows[-1], job.policy, job.seed, flows[:-2]) if flows else [],
        "relations": measure_relations(pair, mixes, job.seed),
    }


def _confirmed(
    job: _Job, verdicts: list[DriftVerdict], policy: DriftPolicy, history: EffectHistory
) -> list[DriftVerdict]:
    """Verdicts on columns, held against the whole population and against the season."""
    if any(verdict.snapshot_kind == "paired" and verdict.level != "none" for verdict in verdicts):
        population = measure_population(job.earlier, job.current, job.specs, job.days, policy, job.seed)
        verdicts = confirm_on_population(verdicts, population, policy, history)
    if job.reference.kind not in RECENT or all(verdict.level == "none" for verdict in verdicts):
        return verdicts
    season = _a_year_before(job)
    if season is None:
        return verdicts
    return discount_season(verdicts, (job.earlier, job.current), season, job.specs, policy, history)


def _a_year_before(job: _Job) -> Season | None:
    return reading.season_of(job.run, job.reference.publication, dict(job.specs))


def _without_declared(job: _Job, judged: Mapping[Family, list[DriftVerdict]]) -> dict[Family, list[DriftVerdict]]:
    """The verdicts without alarms of declared seasons; columns alone are held against the year before."""
    run = job.run
    compared = Compared(run.workspace, catalogue_of(run), job.specs, job.reference.publication.as_of, run.as_of)
    is_alarmed = any(verdict.level == "alarm" for verdict in judged.get("snapshots", ()))
    season = _a_year_before(job) if run.workspace.calendar.seasons and is_alarmed else None
    known = judged_subjects(season, job.specs) if season is not None else set[tuple[str, str | None]]()
    return {
        name: without_seasonal_alarm(verdicts, compared, known if name == "snapshots" else ())
        for name, verdicts in judged.items()
    }


def _worth_telling(family: Family, verdicts: Sequence[DriftVerdict]) -> Sequence[DriftVerdict]:
    """Of thousands of profiles and KPIs each segment's leading verdict, and whatever is worth a notice."""
    if family not in _OF_SEGMENTS:
        return verdicts
    leading = {id(verdict) for verdict in deciding_verdicts(sorted(verdicts, key=_calm))}
    return [verdict for verdict in verdicts if verdict.level != "none" or id(verdict) in leading]


def _calm(verdict: DriftVerdict) -> float:
    """The largest effect, in multiples of what would alarm, first."""
    return -abs(verdict.effect_size or 0.0) / verdict.alarm_threshold
