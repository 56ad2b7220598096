"""Named transitions: what became of each segment since the previous run.

Owns: `monitoring.segment_event`. Does not own the decision what a split or merge is (`transitions.py`), or what is told
of models (`model_events.py`) and of the dictionary (`dictionary_events.py`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import polars as pl

from tasks.insight.dictionary_events import dictionary_events
from tasks.insight.filled import by_more_than_chance
from tasks.insight.model_events import model_events
from tasks.insight.tracing import Flows, flows_of_emptied, flows_of_the_edit, told_flows
from tasks.insight.transitions import Transition, find_transitions
from tasks.warehouse import tables
from tasks.warehouse.run import Run

SCHEMA = {
    "segmentation_id": pl.String,
    "previous_as_of_date": pl.Date,
    "event_name": pl.String,
    "from_segment_ids": pl.String,
    "to_segment_ids": pl.String,
    "share": pl.Float64,
    "confidence_share": pl.Float64,
    "sentence": pl.String,
    "is_by_chance": pl.Boolean,
}
#: An event, and whether so few customers made it that it may be an accident.
_Told = tuple[Transition, bool]
_SO_FEW = " So few customers may be an accident."


def write_events(run: Run) -> list[str]:
    """Name the transitions of every segmentation; returns the sentences of those that are news.

    Segments split, merge, vanish and emerge when their definition changes or a model is replaced, and when one becomes
    empty or fills. While a definition stands, customers who walk from one segment to another are flows
    (`monitoring.transition`), however many walk together: "about to sleep vanished into hibernating" would be told
    every month. Where it changed, transitions are of what the change makes of today's customers. Customers of a cluster
    that stands where nobody stood are counted from where they were when the model before was learnt: until a refit
    finds them they are put into segments that they have nothing to do with. A transition that the bootstrap does not
    confirm is not written either: it may be an accident. So may a few customers be who are the first of a segment, or
    were its last; that is written, for no segment comes or goes in silence, and marked, so that nobody is called.
    """
    redrawn, taken_over = _redrawn(run), _taken_over(run)
    flows = _flows(run)
    compared = sum(len(_segments_of(walked)) for walked in flows.values())
    rows = [
        {
            "segmentation_id": name,
            "previous_as_of_date": run.previous.as_of if run.previous else None,
            "event_name": event.kind,
            "from_segment_ids": ",".join(event.parents) or None,
            "to_segment_ids": ",".join(event.children) or None,
            "share": _share(event),
            "confidence_share": event.support,
            "sentence": event.sentence + (_SO_FEW if is_by_chance else ""),
            "is_by_chance": is_by_chance,
        }
        for name, walked in flows.items()
        for event, is_by_chance in (
            _of_new(run, name, walked, taken_over, compared)
            if name in redrawn
            else _of_old(run, name, walked, compared)
        )
    ]
    rows += model_events(run)
    rows += dictionary_events(run, {segment for row in rows for segment in _named(row)})
    tables.write_frame(run, "monitoring.segment_event", pl.DataFrame(rows, schema=SCHEMA))
    return [str(row["sentence"]) for row in rows if row["event_name"] != "survive"]


def _named(row: Mapping[str, Any]) -> list[str]:
    return [segment for side in ("from_segment_ids", "to_segment_ids") for segment in (row[side] or "").split(",")]


def _of_old(run: Run, name: str, walked: Flows, compared: int) -> list[_Told]:
    """Transitions where the definitions are those of the run before: only what became empty or filled is news."""
    news = _emptied_or_filled(walked)
    # Of who fills a segment again it counts where he was at the run before, not that he was in it once.
    flows = flows_of_emptied(run, walked, name, news & _segments_then(walked))
    return _touching(news, by_more_than_chance(flows, news, compared), _confirmed(run, name, flows))


def _of_new(
    run: Run, name: str, walked: Flows, taken_over: Mapping[str, tuple[Mapping[str, Any], dt.date]], compared: int
) -> list[_Told]:
    """Transitions where definitions changed: what they did to customers, and what customers emptied or filled."""
    flows, since = told_flows(walked, name, *taken_over[name]) if name in taken_over else (walked, {})
    steps = flows_of_the_edit(run, name) if flows is walked else None
    if steps is None:
        return [(event, False) for event in _confirmed(run, name, flows, since)]
    did, edited = steps
    news = _emptied_or_filled(did) & _emptied_or_filled(walked)
    by_customers = _touching(news, by_more_than_chance(did, news, compared), _confirmed(run, name, did))
    return by_customers + [(event, False) for event in _confirmed(run, name, edited)]


def _confirmed(run: Run, name: str, flows: Flows, since: Mapping[str, dt.date] | None = None) -> list[Transition]:
    return [event for event in find_transitions(flows, apart=_apart(run, name), since=since) if event.confirmed]


def _touching(news: Collection[str], sure: Collection[str], events: Iterable[Transition]) -> list[_Told]:
    """The events of some segments; by chance are those of none that is sure."""
    about = [(event, {*event.parents, *event.children}) for event in events]
    return [(event, segments.isdisjoint(sure)) for event, segments in about if not segments.isdisjoint(news)]


def _redrawn(run: Run) -> set[str]:
    """Segmentations whose definitions in use are not those of the previous run."""
    return {
        name
        for (name,) in run.warehouse.rows(
            "SELECT segmentation_id FROM segments.definition"
            " WHERE status_name = 'active' AND run_id IN ($now, $then)"
            " GROUP BY segmentation_id, segment_id"
            " HAVING count(DISTINCT (coalesce(rule_text, ''), coalesce(population_text, ''))) > 1 OR count(*) = 1",
            {"now": run.run_id, "then": run.previous.run_id if run.previous else ""},
        )
    }


def _taken_over(run: Run) -> dict[str, tuple[Mapping[str, Any], dt.date]]:
    """Models that took over since the previous run, by segmentation, and when those before them were learnt.

    Those that somebody rolled back to are left out: what became of segments on the day of their fit is long past.
    """
    if run.previous is None or not run.warehouse.table_exists("segments.model_version"):
        return {}
    return {
        name: (json.loads(content), learnt)
        for name, content, learnt in run.warehouse.rows(
            "SELECT segmentation_id, present.model_json, past.trained_as_of_date FROM segments.model AS present"
            " JOIN segments.model AS past USING (segmentation_id)"
            " JOIN segments.model_version AS version USING (segmentation_id)"
            " WHERE present.run_id = $now AND past.run_id = $then AND present.model_no <> past.model_no"
            " AND version.run_id = $now AND version.model_no = present.model_no"
            " AND version.decision_name IS DISTINCT FROM 'rollback'",
            {"now": run.run_id, "then": run.previous.run_id},
        )
    }


def _emptied_or_filled(flows: Flows) -> set[str]:
    """Segments that had customers at one of the two runs only."""
    return _segments_then(flows) ^ {target for _, target in flows if target}


def _segments_then(flows: Flows) -> set[str]:
    return {source for source, _ in flows if source}


def _segments_of(flows: Flows) -> set[str]:
    return {segment for way in flows for segment in way if segment}


def _apart(run: Run, name: str) -> set[str]:
    """Segments that are no group of their own: noise, or who has no value, come and go without being born or dying."""
    segmentation = run.workspace.segmentations.get(name)
    key = segmentation.no_group_key if segmentation else None
    return set() if key is None else {f"{name}.{key}"}


def _share(event: Transition) -> float | None:
    """The smallest overlap that the event rests on."""
    return min(event.overlaps) if event.overlaps else None


def _flows(run: Run) -> dict[str, dict[tuple[str | None, str | None], int]]:
    """Customers by segment then and now, of each segmentation that puts a customer in one segment."""
    flows: dict[str, dict[tuple[str | None, str | None], int]] = defaultdict(dict)
    for name, source, target, count in run.warehouse.rows(
        "SELECT segmentation_id, from_segment_id, to_segment_id, customer_count FROM monitoring.transition"
        " WHERE run_id = $run_id ORDER BY ALL",
        {"run_id": run.run_id},
    ):
        if name in run.workspace.single_membership:
            flows[name][source, target] = count
    return flows
