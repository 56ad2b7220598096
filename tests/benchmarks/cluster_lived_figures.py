"""Are transitions named right where weeks of assigning come between the event and the refit that finds it.

Used by `cluster_figures.py`.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Literal

import polars as pl

from tasks.insight.tracing import Flows
from tasks.insight.transitions import find_transitions
from tasks.segments.cluster_model import ClusterModel, ClusterSpec, assign_members, fit_champion, refit_challenger
from tasks.segments.new_ground import LearntFrom
from tests.benchmarks.cluster_page import EFFORT, Row, share
from tests.benchmarks.cluster_panel import FATES, Fate, SegmentedPanel

LIVED: tuple[Fate | Literal["influx"], ...] = (*FATES, "influx")
CHANGED = 0.02
#: Any day: which one it is matters to what is said alone.
DAY = dt.date(2025, 6, 30)
ROWS = 3_000
#: Weeks over which it happens, and after which a refit is due.
WEEKS, EVERY = 4, 4


@dataclass
class Life:
    """A segmentation over weeks: what was told, and the customers' segments at the end."""

    told: list[str]
    named: list[set[str]]
    members: pl.DataFrame


def lived(repetitions: int) -> list[Row]:
    """Five fates that come about within four weeks, with weekly runs and monthly refits of which two must win."""
    rows: list[Row] = []
    for fate in LIVED:
        cells = [fate]
        for traces in (True, False):
            right, kept, seen = 0, 0, Counter[str]()
            for seed in range(repetitions):
                panel = SegmentedPanel([6, LIVED.index(fate), seed], k=4 + seed % 2, rows=ROWS)
                spec = ClusterSpec(panel.features, k_max=8, seed=seed, effort=EFFORT)
                start, truth = fit_champion(panel.frame(), spec), panel.labels.copy()
                first = assign_members(start, panel.frame())
                life, concerned = _live(panel, start, spec, fate, traces=traces)
                right += life.told == ["emerge" if fate == "influx" else fate] and _expected(
                    fate, concerned, life, panel, first, truth
                )
                kept += _ids_stay(first, life.members, panel, truth)
                seen[" + ".join(life.told) or "nothing"] += 1
            cells += [share(right, repetitions), share(kept, repetitions)]
            cells.append(", ".join(f"{what} {count}" for what, count in seen.most_common()))
        rows.append(tuple(cells))
    return rows


def _live(
    panel: SegmentedPanel, model: ClusterModel, spec: ClusterSpec, fate: Fate | Literal["influx"], *, traces: bool
) -> tuple[Life, set[int]]:
    """Twelve weeks: four in which it happens, and eight after; a run each week, a refit every fourth."""
    learnt = panel.frame()
    were = members = assign_members(model, learnt)
    life, concerned = Life([], [], members), set[int]()
    remains = panel.fate_in_steps(fate, WEEKS)
    for week in range(1, 3 * WEEKS + 1):
        panel.change(CHANGED)
        if week <= WEEKS:
            concerned = next(remains)
        frame, adopted, old_model = panel.frame(), False, model
        if week % EVERY == 0:
            learnt_from = LearntFrom(DAY, learnt) if traces else None
            outcome = refit_challenger(model, frame, spec, life.members, model.names, learnt_from=learnt_from)
            model, adopted = outcome.model, outcome.adopted
        before, life.members = life.members, assign_members(model, frame, life.members)
        if adopted:
            learnt, were = frame, life.members
        kept = assign_members(old_model, frame, before) if adopted and traces else before
        _tell(life, before, (were if traces else before, kept), model if adopted else None)
    return life, concerned


def _tell(
    life: Life, before: pl.DataFrame, earlier: tuple[pl.DataFrame, pl.DataFrame], taken_over: ClusterModel | None
) -> None:
    """As a run does (`tasks/insight/events.py`); `earlier`: where customers were when the model was learnt, and are by it."""
    were, kept = earlier
    keys = [set(one["segment_key"]) for one in (before, life.members)]
    news = keys[0] ^ keys[1]
    emptied = were.filter(pl.col("segment_key").is_in(news & keys[0])).join(life.members, on="customer_id", how="semi")
    old = pl.coalesce("learnt", "old")
    # Of a new model, what it makes of customers; whoever came since comes from nowhere.
    past = before if taken_over is None else kept.join(before, on="customer_id", how="semi")
    pairs = (
        past.select("customer_id", old="segment_key")
        .join(life.members, on="customer_id", how="full", coalesce=True)
        .join(emptied.select("customer_id", learnt="segment_key"), on="customer_id", how="left")
    )
    counted = pairs.group_by(old if taken_over is None else "old", "segment_key").len().iter_rows()
    flows: Flows = {(was, here): count for was, here, count in counted}
    if taken_over is not None and taken_over.origins:
        flows = {(flow.came_from, flow.went_to): flow.customers for flow in taken_over.origins.flows}
    for event in find_transitions(flows):
        if event.kind != "survive" and event.confirmed and (taken_over or news & {*event.parents, *event.children}):
            life.told.append(event.kind)
            life.named.append(set(event.children if event.kind == "emerge" else event.parents))


def _expected(
    fate: str, concerned: set[int], life: Life, panel: SegmentedPanel, first: pl.DataFrame, truth: object
) -> bool:
    """Whether the segments that were named are those that it happened to."""
    side, labels = (life.members, panel.labels) if fate in {"emerge", "influx"} else (first, truth)
    return life.named == [{side["segment_key"].filter(pl.Series(labels == one)).mode().sort()[0] for one in concerned}]


def _ids_stay(first: pl.DataFrame, last: pl.DataFrame, panel: SegmentedPanel, truth: object) -> bool:
    """Whether customers who are what they were are called what they were, of every true segment that still has them."""
    both = first.select("customer_id", then="segment_key").join(
        last.select("customer_id", now="segment_key"), on="customer_id"
    )
    both = both.with_columns(was=pl.Series(truth), now_is=pl.Series(panel.labels[: first.height]))
    same = both.filter(pl.col("was") == pl.col("now_is"))
    by_segment = same.group_by("was").agg((pl.col("then") == pl.col("now")).mean().alias("share"))
    return bool((by_segment["share"] >= 0.9).all())
