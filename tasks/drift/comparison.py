"""One run against another: what is compared with which test, judged together.

Owns: the order of reading, measuring and judging. Does not own any of these.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tasks.config.drift import RECENT
from tasks.drift import reading
from tasks.drift.decision import measure_drift
from tasks.drift.declared_seasons import Compared, without_seasonal_alarm
from tasks.drift.families import Family, family_policies
from tasks.drift.filling import filling_windows, first_days, settling_features, without_alarm
from tasks.drift.flow_rates import measure_flow_rates
from tasks.drift.policy import DriftPolicy, EffectHistory, FeatureSpec
from tasks.drift.population import confirm_on_population, measure_population
from tasks.drift.reconstruction import measure_reconstruction
from tasks.drift.records import DriftScore, DriftVerdict
from tasks.drift.redrawn import Redrawn, redrawn_since, told_as_before
from tasks.drift.references import Reference
from tasks.drift.relations import measure_relations
from tasks.drift.rhythm import without_rhythm
from tasks.drift.season import Season, discount_season, judged_subjects
from tasks.drift.season_of_segments import Subject, discount_left
from tasks.drift.segment_reading import mix_pair, segment_pairs
from tasks.drift.segment_scores import measure_kpis, measure_profiles
from tasks.drift.settling import Settling, settling_windows, without_expected
from tasks.drift.snapshot_reading import common_count, customer_count
from tasks.drift.verdict import deciding_verdicts, judge_drift
from tasks.drift.views import Columns, View, views_of
from tasks.drift.year_before import left_of_segments
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.run import Run

#: References further away than the run before.
_FAR = frozenset({"window", "before_season"})
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
    columns: Columns
    views: Sequence[View]
    redrawn: Redrawn
    policy: DriftPolicy

    @property
    def days(self) -> int:
        return (self.run.as_of - self.reference.publication.as_of).days

    @property
    def seed(self) -> int:
        return self.run.workspace.drift.seed

    @property
    def specs(self) -> Mapping[str, FeatureSpec]:
        """Of all views."""
        return {name: spec for view in self.views for name, spec in view.specs.items()}


def compare(run: Run, reference: Reference, columns: Columns, policy: DriftPolicy) -> Comparison:
    """Compare this run with another: columns of all customers with each, segments with the previous run alone.

    Args:
        run: the present run.
        reference: the other.
        columns: what there is to compare.
        policy: the limits; the error rate is that of this comparison.
    """
    # Within a window mixes move by themselves: what was in no segment is in one, seasons begin and end.
    policy = dataclasses.replace(policy, mixes_by_history=reference.kind in _FAR)
    redrawn = redrawn_since(run, reference)
    found = views_of(run, reference.publication.run_id, run.run_id, columns, redrawn)
    views = [reading.comparable(run, reference.publication, view, redrawn) for view in found]
    job = _Job(run, reference, columns, views, redrawn, policy)
    young = (run.workspace, catalogue_of(run), job.specs, first_days(run.warehouse), reference.publication.as_of)
    filling = filling_windows(*young) | settling_features(*young)
    families: dict[Family, Sequence[DriftScore]] = {"snapshots": _of_columns(job, filling)}
    if reference.kind == "previous":
        families |= _of_segments(job)
    history = reading.effect_history(run, reference.kind)
    policies = family_policies(families, policy)
    judged = {name: judge_drift(families[name], own, history) for name, own in policies.items()}
    if "snapshots" in judged:
        judged["snapshots"] = _confirmed(job, judged["snapshots"], policies["snapshots"], history)
    judged, known = _held_against_year_before(job, families, judged, policies, history)
    judged = {
        name: without_alarm(verdicts, filling, run.workspace, policy, history) for name, verdicts in judged.items()
    }
    is_recent = reference.kind in RECENT
    # Before a season there may be no period as long to tell what settles by.
    settling = Settling(
        settling_windows(*young),
        reading.period_before(run, reference),
        is_recent and reference.kind != "before_season",
    )
    judged = {
        name: without_expected(verdicts, settling, run.workspace, policy, history) for name, verdicts in judged.items()
    }
    months = reading.months_before(run, reference) if _has_alarm(judged) else []
    judged = {name: without_rhythm(verdicts, months, policy, history) for name, verdicts in judged.items()}
    if is_recent:
        judged = _without_declared(job, judged, known)
    told = [verdict for name, verdicts in judged.items() for verdict in _worth_telling(name, verdicts)]
    told = told_as_before(told, redrawn, reference.publication.as_of)
    effects = [score for name in _OF_SEGMENTS for score in families.get(name, ())]
    return Comparison(reference, told, effects, sum(len(scores) for scores in families.values()))


def _has_alarm(judged: Mapping[Family, Sequence[DriftVerdict]]) -> bool:
    return any(verdict.level == "alarm" for verdicts in judged.values() for verdict in verdicts)


def _of_columns(job: _Job, filling: Collection[str]) -> list[DriftScore]:
    """Scores of columns, and of how those features go together that have seen enough history."""
    scores = []
    for view in job.views:
        settled = {name: spec for name, spec in view.specs.items() if name not in filling}
        both = (view.earlier, view.current)
        measured = [
            *measure_drift(*both, view.specs, job.days, job.policy, job.seed),
            *measure_reconstruction(*both, settled, job.policy, job.seed),
        ]
        scores += _of_everybody(job, measured) if view.is_sample else measured
    return scores


def _of_everybody(job: _Job, scores: Sequence[DriftScore]) -> list[DriftScore]:
    """Scores of a sample with the counts of all customers; how many values were tested stays what it is."""
    runs = (job.reference.publication.run_id, job.run.run_id)
    before, after = (customer_count(job.run, run_id) for run_id in runs)
    both = common_count(job.run, runs)
    return [
        dataclasses.replace(
            score,
            reference_count=before,
            current_count=after,
            common_count=both,
            entered_count=after - both,
            left_count=before - both,
        )
        for score in scores
    ]


def _of_segments(job: _Job) -> dict[Family, Sequence[DriftScore]]:
    run = job.run
    kpis = [
        name
        for window in run.workspace.features.windows
        for name in (f"net_{window}d_amount", f"order_{window}d_count")
        if name in job.specs
    ]
    runs = (job.reference.publication.run_id, run.run_id)
    segments = segment_pairs(run, runs, job.views, kpis, job.policy, job.redrawn)
    flows = reading.flows_of_periods(run)
    return {
        "profiles": measure_profiles(segments.profiles, job.specs),
        "kpis": measure_kpis(segments.kpis, kpis),
        "flows": measure_flow_rates(flows[-2], flows[-1], job.policy, job.seed, flows[:-2]) if flows else [],
        "relations": _relations(job),
    }


def _relations(job: _Job) -> list[DriftScore]:
    found = mix_pair(job.views, job.policy)
    return [] if found is None else measure_relations(*found, job.seed)


def _confirmed(
    job: _Job, verdicts: list[DriftVerdict], policy: DriftPolicy, history: EffectHistory
) -> list[DriftVerdict]:
    """Verdicts on columns, held against the whole population and against the season."""
    if any(verdict.snapshot_kind == "paired" and verdict.level != "none" for verdict in verdicts):
        population = [
            score
            for view in job.views
            for score in measure_population(view.earlier, view.current, view.specs, job.days, policy, job.seed)
        ]
        verdicts = confirm_on_population(verdicts, population, policy, history)
    if job.reference.kind not in RECENT or all(verdict.level == "none" for verdict in verdicts):
        return verdicts
    for season, view in itertools.product(_a_year_before(job), job.views):
        verdicts = discount_season(verdicts, (view.earlier, view.current), season, view.specs, policy, history)
    return verdicts


def _a_year_before(job: _Job) -> list[Season]:
    return reading.seasons_of(job.run, job.reference.publication, job.columns)


def _held_against_year_before(
    job: _Job,
    families: Mapping[Family, Sequence[DriftScore]],
    judged: Mapping[Family, list[DriftVerdict]],
    policies: Mapping[Family, DriftPolicy],
    history: EffectHistory,
) -> tuple[dict[Family, list[DriftVerdict]], dict[Family, Collection[Subject]]]:
    """The verdicts, those on segments lowered to what the season leaves, and what could be held against a year ago."""
    asked: dict[Family, list[DriftScore]] = {
        name: [score for score, verdict in zip(families[name], verdicts, strict=True) if verdict.level != "none"]
        for name, verdicts in judged.items()
        if name != "snapshots"
    }
    held = None
    if any(asked.values()):
        held = left_of_segments(job.run, job.reference.publication, job.columns, job.policy, asked)
    if held is None:
        return dict(judged), {}
    lowered = {
        name: discount_left((families[name], judged[name]), left, policies[name], history, held.label)
        for name, left in held.left.items()
        if left
    }
    return {**judged, **lowered}, {name: set(left) for name, left in held.left.items()}


def _without_declared(
    job: _Job, judged: Mapping[Family, list[DriftVerdict]], known: Mapping[Family, Collection[Subject]]
) -> dict[Family, list[DriftVerdict]]:
    """The verdicts without alarms of declared seasons; `known`: of segments, what is held against the year before."""
    run = job.run
    compared = Compared(run.workspace, catalogue_of(run), job.specs, job.reference.publication.as_of, run.as_of)
    is_alarmed = any(verdict.level == "alarm" for verdict in judged.get("snapshots", ()))
    seasons = _a_year_before(job) if run.workspace.calendar.seasons and is_alarmed else []
    columns = {subject for season in seasons for subject in judged_subjects(season, job.specs)}
    return {
        name: without_seasonal_alarm(verdicts, compared, columns if name == "snapshots" else known.get(name, ()))
        for name, verdicts in judged.items()
    }


def _worth_telling(family: Family, verdicts: Sequence[DriftVerdict]) -> Sequence[DriftVerdict]:
    """Of thousands of profiles and KPIs each segment's leading verdict, and whatever is worth a notice, or was."""
    if family not in _OF_SEGMENTS:
        return verdicts
    leading = {id(verdict) for verdict in deciding_verdicts(sorted(verdicts, key=_calm))}
    return [verdict for verdict in verdicts if verdict.level != "none" or verdict.is_seasonal or id(verdict) in leading]


def _calm(verdict: DriftVerdict) -> float:
    """The largest effect, in multiples of what would alarm, first."""
    return -abs(verdict.effect_size or 0.0) / verdict.alarm_threshold
