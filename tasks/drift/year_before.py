"""The same segments in the same period a year ago, measured as they are in the present one.

Owns: which segments can be held against a year ago, and the reading and measuring of those. Does not own what is left
of a change (`season_of_segments.py`), or which runs are a year apart (`references.py`).

A segment is the same where its segmentation was not redrawn since (`redrawn.py`), by an edit or another model. Of a
projection, which is learnt anew by every run, there is none.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from tasks.config.projected import ProjectedSegmentation
from tasks.drift import reading
from tasks.drift.columns import filled_columns
from tasks.drift.families import Family
from tasks.drift.filling import filling_windows, first_days
from tasks.drift.policy import DriftPolicy
from tasks.drift.records import DriftScore
from tasks.drift.redrawn import Redrawn, redrawn_since
from tasks.drift.references import Reference, a_year_before, earlier_runs
from tasks.drift.relations import measure_relations
from tasks.drift.season_of_segments import Left, effects_left, flows_left
from tasks.drift.segment_reading import mix_pair, segment_pairs
from tasks.drift.segment_scores import measure_kpis, measure_profiles
from tasks.drift.views import Columns, View, views_of
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.connection import literal
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run

_Scores = Mapping[Family, Sequence[DriftScore]]


class HeldAgainst(NamedTuple):
    """What was held against a year ago.

    Attributes:
        label: the period a year ago, in words.
        left: what is left, by family.
    """

    label: str
    left: Mapping[Family, Left]


def left_of_segments(
    run: Run, since: Publication, columns: Columns, policy: DriftPolicy, asked: _Scores
) -> HeldAgainst | None:
    """Hold changes of segments since an earlier run against those of a year ago; None where no two runs are like it.

    Args:
        run: the present run.
        since: the earlier one.
        columns: of the present run.
        policy: the limits.
        asked: scores to hold against a year ago, by family; only what they are about is measured.
    """
    period = a_year_before(run, since)
    if period is None:
        return None
    start, later = (publication.run_id for publication in period)
    same = _same_segmentations(run, {start, later, since.run_id, run.run_id})
    wanted = {name: [score for score in scores if _segmentations(score) <= same] for name, scores in asked.items()}
    views = [_known(run, view, period[0].as_of) for view in views_of(run, start, later, columns)]
    measured = _measured(run, (start, later), views, policy, wanted)
    left: dict[Family, Left] = {name: effects_left(wanted[name], measured[name]) for name in measured}
    return HeldAgainst(
        f"from {period[0].as_of} to {period[1].as_of}", left | {"flows": _flows_left(run, asked.get("flows", ()))}
    )


def _measured(
    run: Run, runs: tuple[str, str], views: Sequence[View], policy: DriftPolicy, wanted: _Scores
) -> dict[Family, list[DriftScore]]:
    measured: dict[Family, list[DriftScore]] = {}
    kpis = sorted({str(score.part_name) for score in wanted.get("kpis", ())} & _names(views))
    # Of a category a profile names the level, too.
    profiled = {str(score.part_name).partition(" = ")[0] for score in wanted.get("profiles", ())}
    specs = {name: spec for view in views for name, spec in view.specs.items() if name in profiled}
    if kpis or specs:
        pairs = segment_pairs(run, runs, views, kpis, policy, Redrawn(runs[1]))
        measured |= {"kpis": measure_kpis(pairs.kpis, kpis), "profiles": measure_profiles(pairs.profiles, specs)}
    mixes = {name for score in wanted.get("relations", ()) for name in _segmentations(score)}
    if mixes and (found := mix_pair(views, policy)) is not None:
        pair, names = found
        among = [name for name in names if name in mixes]
        measured["relations"] = measure_relations(pair, among, run.workspace.drift.seed)
    return measured


def _flows_left(run: Run, asked: Sequence[DriftScore]) -> Left:
    present = reading.flows_of_periods(run) if asked else None
    year_before = reading.flows_a_year_before(run) if present else None
    if present is None or year_before is None:
        return {}
    same = _same_segmentations(run, year_before.run_ids)
    wanted = [score for score in asked if _segmentations(score) <= same]
    return flows_left(wanted, (present[-2], present[-1]), year_before.flows)


def _known(run: Run, view: View, since: dt.date) -> View:
    """The columns that tell of a season: what was not filled then grew by itself, whatever customers did."""
    known = filled_columns(view.earlier) & filled_columns(view.current)
    growing = filling_windows(run.workspace, catalogue_of(run), view.specs, first_days(run.warehouse), since)
    specs = {name: spec for name, spec in view.specs.items() if name in known and name not in growing}
    return dataclasses.replace(view, specs=specs)


def _names(views: Sequence[View]) -> set[str]:
    return {name for view in views for name in view.specs}


def _segmentations(score: DriftScore) -> set[str]:
    """Those that a score is about."""
    if score.subject_kind == "relation":
        return {score.subject_name, str(score.part_name)}
    return {score.subject_name.partition(".")[0]}


def _same_segmentations(run: Run, run_ids: Collection[str]) -> set[str]:
    """Segmentations that were in use at some runs, and that none from the first of these to the present one redrew."""
    first = next(one for one in earlier_runs(run) if one.run_id in run_ids)
    redrawn = redrawn_since(run, Reference("season", first)).apart
    listed = ", ".join(map(literal, sorted(run_ids)))
    in_use = run.warehouse.rows(
        f"SELECT segmentation_id FROM segments.definition WHERE run_id IN ({listed}) AND status_name = 'active'"
        f" GROUP BY segmentation_id HAVING count(DISTINCT run_id) = {len(set(run_ids))}"
    )
    return {
        name
        for (name,) in in_use
        if name not in redrawn and not isinstance(run.workspace.segmentations.get(name), ProjectedSegmentation)
    }
