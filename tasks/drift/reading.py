"""What drift is measured on, beside snapshots: flows of a run and of those before it, and the effects of past runs.

Owns: their queries, and which columns of two runs can be compared. Does not own any statistic, which runs are compared
(`references.py`), or snapshots (`views.py`).
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from tasks.config.drift import RECENT, ReferenceKind
from tasks.drift.columns import filled_columns
from tasks.drift.flow_rates import Flows
from tasks.drift.policy import EffectHistory, EffectKey
from tasks.drift.redrawn import Redrawn, of_earlier_runs
from tasks.drift.references import Reference, a_year_before, are_alike, earlier_runs
from tasks.drift.rhythm import LONGEST_DAYS, MONTHS, MonthBefore, months_earlier
from tasks.drift.season import Season
from tasks.drift.settling import PeriodBefore
from tasks.drift.views import Columns, View, views_of
from tasks.warehouse.connection import literal
from tasks.warehouse.ledger import Publication
from tasks.warehouse.remade import remade_features
from tasks.warehouse.run import Run

_KNOWN_PERIODS = 52
"""Periods of which flows tell how much they differ by themselves: a year of weeks."""

_TRANSITIONS = (
    "SELECT run_id, segmentation_id, from_segment_id, to_segment_id, CAST(customer_count AS BIGINT) AS customer_count"
    " FROM monitoring.transition WHERE list_contains($run_ids, run_id) AND from_segment_id IS NOT NULL"
)
#: Cuts by rank move between two runs, a new model draws its segments otherwise, and both take many customers along at
#: once: of those segmentations the flows are what customers did under the cuts or the model of the run before.
_FLOWS = f"""
WITH transition AS ({_TRANSITIONS}),

redrawn AS (
    SELECT run_id, segmentation_id, what_name, is_asked FROM segments.redrawn WHERE list_contains($run_ids, run_id)
),

as_before AS (
    SELECT DISTINCT run_id, segmentation_id FROM redrawn WHERE what_name IN ('ranks', 'refit') AND is_asked
),

moved AS (
    SELECT run_id, segmentation_id, from_segment_id, to_segment_id, count(*) AS customer_count
    FROM monitoring.change_step
    SEMI JOIN as_before USING (run_id, segmentation_id)
    WHERE step_no = 1 AND from_segment_id IS NOT NULL
    GROUP BY ALL
),

members AS (
    SELECT run_id, segmentation_id, from_segment_id, sum(customer_count) AS customer_count
    FROM transition
    SEMI JOIN as_before USING (run_id, segmentation_id)
    GROUP BY ALL
),

stayed AS (
    SELECT members.run_id, members.segmentation_id, members.from_segment_id,
        CAST(any_value(members.customer_count) - coalesce(sum(moved.customer_count), 0) AS BIGINT) AS customer_count
    FROM members
    LEFT JOIN moved ON members.run_id = moved.run_id AND members.from_segment_id = moved.from_segment_id
    GROUP BY ALL
)

SELECT * FROM transition ANTI JOIN redrawn USING (run_id, segmentation_id)
UNION ALL
SELECT * FROM moved
UNION ALL
SELECT run_id, segmentation_id, from_segment_id, from_segment_id, customer_count FROM stayed WHERE customer_count > 0
"""


def comparable(run: Run, reference: Publication, view: View, redrawn: Redrawn | None = None) -> View:
    """The columns that both runs know: what the earlier one did not have yet has nothing to be compared with.

    Of a segmentation that was not in use then everybody was in no segment, and of a segment nobody in it: that is not
    known by values. How well a model fits is compared only while it is the same model, and a segmentation that was
    redrawn only where the definition of before can be asked. A feature of which the SQL was edited is another one.
    """
    same = {
        name
        for (name,) in run.warehouse.rows(
            "SELECT segmentation_id FROM segments.model WHERE run_id IN ($now, $then) GROUP BY segmentation_id"
            " HAVING count(*) = 2 AND count(DISTINCT (model_no, trained_as_of_date)) = 1",
            {"now": run.run_id, "then": reference.run_id},
        )
    }
    in_use = {
        name
        for ids in run.warehouse.rows(
            "SELECT segmentation_id, segment_id FROM segments.definition"
            " WHERE run_id = $then AND status_name = 'active'",
            {"then": reference.run_id},
        )
        for name in ids
    }
    remade = remade_features(run, reference.run_id)
    filled = filled_columns(view.earlier) & filled_columns(view.current)
    known = {
        name: spec
        for name, spec in view.specs.items()
        if name in filled
        and name not in remade
        and (spec.subject_kind != "fit" or spec.subject_name in same)
        and (name in in_use or not spec.is_of_segments)
        and (redrawn is None or not redrawn.is_apart(spec))
    }
    return dataclasses.replace(view, specs=known)


def flows_of_periods(run: Run) -> list[Flows] | None:
    """Flows of the present period, last, and of those before that are about as long; None where the last one is not.

    Of segmentations that were redrawn between the runs there are none: customers moved because of that. Those by ranks
    are redrawn in every run; of them the flows are under the cuts of the run before.
    """
    earlier = earlier_runs(run)
    if len(earlier) <= 1:
        return None
    present = (run.as_of - earlier[-1].as_of).days
    alike = [
        later.run_id
        for start, later in itertools.pairwise(earlier)
        if are_alike(present, (later.as_of - start.as_of).days)
    ][-_KNOWN_PERIODS:]
    if not alike or alike[-1] != earlier[-1].run_id:
        return None
    flows = _flows(run, [*alike, run.run_id])
    return [flows[run_id] for run_id in (*alike, run.run_id)]


class YearOldFlows(NamedTuple):
    """Flows of the same period a year ago.

    Attributes:
        flows: of the period before that one, and of that one.
        run_ids: of the runs at the ends of these periods, and of the present ones.
    """

    flows: tuple[Flows, Flows]
    run_ids: list[str]


def flows_a_year_before(run: Run) -> YearOldFlows | None:
    """Flows of the present period and of the one before as they were a year ago; None where no runs were so far apart.

    Flows are kept of the periods between runs, so that these have to be as long as the present one.
    """
    earlier = earlier_runs(run)
    period = a_year_before(run, earlier[-1]) if len(earlier) > 1 else None
    at = earlier.index(period[1]) if period else 0
    if at <= 1:
        return None
    ends = earlier[at - 2 : at + 1]
    present = (run.as_of - earlier[-1].as_of).days
    if not all(are_alike(present, (end.as_of - start.as_of).days) for start, end in itertools.pairwise(ends)):
        return None
    ids = [one.run_id for one in ends]
    found = _flows(run, ids[1:])
    return YearOldFlows((found[ids[1]], found[ids[2]]), [*ids, *(one.run_id for one in earlier[-2:]), run.run_id])


def _flows(run: Run, run_ids: list[str]) -> Mapping[str, Flows]:
    """Flows of runs, by their ids."""
    found: dict[str, dict[str, dict[str | None, int]]] = {run_id: defaultdict(dict) for run_id in run_ids}
    query = _FLOWS if run.warehouse.table_exists("segments.redrawn") else _TRANSITIONS
    for run_id, name, source, target, count in run.warehouse.rows(f"{query} ORDER BY ALL", {"run_ids": run_ids}):
        if name in run.workspace.single_membership:
            found[run_id][source][target] = count
    return found


def seasons_of(run: Run, since: Publication, columns: Columns) -> list[Season]:
    """The period since a run a year ago, a view at a time; none where history does not reach so far, or had no such."""
    period = a_year_before(run, since)
    if period is None:
        return []
    start, later = period
    label = f"from {start.as_of} to {later.as_of}"
    redrawn = of_earlier_runs(run, start, later)
    kept = Columns(*({name: spec for name, spec in part.items() if not redrawn.is_apart(spec)} for part in columns))
    return [Season(view.earlier, view.current, label) for view in views_of(run, start.run_id, later.run_id, kept)]


def effect_history(run: Run, kind: ReferenceKind) -> EffectHistory:
    """Effects that earlier published runs measured, oldest first; of segments from the table that keeps all of them.

    A season is over once a year: how customers move across one by themselves is told by how they move within a window.
    """
    kind = "window" if kind == "before_season" else kind
    history: dict[EffectKey, list[float]] = defaultdict(list)
    listed = ", ".join(literal(item.run_id) for item in earlier_runs(run))
    for table, chosen in _EFFECTS.items():
        if not listed or not run.warehouse.table_exists(table):
            continue
        present = {name for name, _ in run.warehouse.columns(f"SELECT * FROM {table}")}
        part = "part_name" if "part_name" in present else "NULL::VARCHAR"
        for of, subject, test, named, size in run.warehouse.rows(
            f"SELECT subject_kind, subject_name, test_name, {part} AS part, effect_size FROM {table}"
            f" WHERE run_id IN ({listed}) AND reference_kind = $kind AND effect_size IS NOT NULL AND {chosen}"
            " ORDER BY as_of_date, subject_kind, subject_name, test_name, part, effect_size",
            {"kind": kind},
        ):
            history[EffectKey(of, subject, test, named)].append(size)
    return history


def period_before(run: Run, reference: Reference) -> PeriodBefore:
    """What the run that this one is compared with measured of an equally long period; nothing where it did not."""
    then = reference.publication
    if reference.kind not in RECENT or not run.warehouse.table_exists("monitoring.drift"):
        return PeriodBefore()
    rows = run.warehouse.rows(
        "SELECT reference_as_of_date, subject_kind, subject_name, test_name, part_name, effect_size"
        " FROM monitoring.drift WHERE run_id = $then AND reference_kind = $kind AND effect_size IS NOT NULL"
        " ORDER BY ALL",
        {"then": then.run_id, "kind": reference.kind},
    )
    since = rows[0][0] if rows else None
    if since is None or not are_alike((run.as_of - then.as_of).days, (then.as_of - since).days):
        return PeriodBefore()
    return PeriodBefore(f"{since} to {then.as_of}", {EffectKey(*key): size for _, *key, size in rows})


def months_before(run: Run, reference: Reference) -> list[MonthBefore]:
    """The same days of the months before, as runs saw them; those without runs as far apart are left out.

    Where runs are a week apart the same days lie in two periods.
    """
    days = (run.as_of - reference.publication.as_of).days
    if reference.kind != "previous" or days > LONGEST_DAYS:
        return []
    periods = [
        (start, later)
        for start, later in itertools.pairwise(earlier_runs(run))
        if are_alike(days, (later.as_of - start.as_of).days)
    ]
    found = []
    for months in MONTHS:
        since, until = (months_earlier(day, months) for day in (reference.publication.as_of, run.as_of))
        around = [(start, later) for start, later in periods if start.as_of < until and later.as_of > since]
        if around:
            effects = [_effects_of(run, later) for _, later in around]
            found.append(MonthBefore(around[0][0].as_of, around[-1][1].as_of, effects))
    return found


def _effects_of(run: Run, publication: Publication) -> dict[EffectKey, float]:
    """What a run measured against the one before it."""
    parts = [
        "SELECT subject_kind, subject_name, test_name, part_name, effect_size"
        f" FROM {table} WHERE run_id = $run_id AND reference_kind = 'previous' AND effect_size IS NOT NULL AND {chosen}"
        for table, chosen in _EFFECTS.items()
        if run.warehouse.table_exists(table)
    ]
    rows = run.warehouse.rows(" UNION ALL ".join(parts), {"run_id": publication.run_id}) if parts else []
    return {EffectKey(*key): size for *key, size in rows}


#: Tables that keep effects, with the condition on their rows.
_EFFECTS = {"monitoring.drift": "subject_kind NOT IN ('profile', 'kpi')", "monitoring.segment_effect": "true"}
