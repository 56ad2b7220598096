"""What a definition of the run before says of today's customers.

Owns: asking old rules, ranks, models and projections, as they stand in the dictionary and the registry, and when they
cannot be asked. Does not own which definitions changed (`before.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from tasks.config.resolving import Rule
from tasks.config.segmentations import RfmSegmentation
from tasks.segments.before_projected import Side, members_by_projection, members_of
from tasks.segments.cluster import ClusterModel
from tasks.segments.cluster_model import assign_members
from tasks.segments.division import OTHERWISE
from tasks.segments.rfm import members_by_fixed_cuts, rfm_select
from tasks.segments.rules import members_by_rules
from tasks.segments.stored_model import CLUSTERS, stored_model
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.ledger import Publication
from tasks.warehouse.reading import columns_read
from tasks.warehouse.run import Run

#: A temporary table: where old definitions that were asked already put customers.
WAITING = "waiting_before"


class CannotTell(Exception):  # noqa: N818 - never leaves the module
    """The old definition has no answer for today's customers."""


@dataclass(frozen=True, slots=True)
class Old:
    """The definition of one segmentation at the run before."""

    run: Run
    catalogue: Catalogue
    previous: Publication
    name: str
    kind: str | None
    what: str
    remade: frozenset[str]

    def rows(self, columns: Sequence[str]) -> list[tuple[str, ...]]:
        """Columns of the definitions that were in use, as they were tried."""
        return self.run.warehouse.rows(
            f"SELECT {', '.join(columns)} FROM segments.definition WHERE run_id = $run_id"
            " AND segmentation_id = $name AND status_name = 'active' ORDER BY segment_no",
            {"run_id": self.previous.run_id, "name": self.name},
        )

    def customers(self, run_id: str, features: Sequence[str] | None = None) -> str:
        """SQL for a FROM: the customers of a run who were to be divided, with some features, or with all."""
        ((population, *_), *_) = self.rows(["population_text"])
        if not population:
            return self.catalogue.relation(run_id, features)
        self.refuse_unlike(columns_read([population]))
        asked = None if features is None else {*features, *columns_read([population])}
        return f"(SELECT * FROM {self.catalogue.relation(run_id, asked)} WHERE ({population}))"

    def refuse_unlike(self, features: Iterable[str]) -> None:
        """Refuse to ask for what is not what it was.

        Raises:
            CannotTell: one of the features is gone, or is computed in another way.
        """
        if gone := sorted(set(features) - self.catalogue.features.keys() - {KEY}):
            raise CannotTell(f"it asks for what is not there any more: {', '.join(gone)}")
        if remade := sorted(set(features) & self.remade):
            raise CannotTell(f"it asks for what is computed in another way by now: {', '.join(remade)}")

    @property
    def asked(self) -> dict[str, object]:
        """What was asked of the segmentation."""
        found: dict[str, object] = json.loads(self.rows(["asked_text"])[0][0])
        return found


def ruled(old: Old) -> str:
    """SQL of who would be where by old rules, cuts and values."""
    rows = old.rows(["segment_id", "rule_text", "is_multiple"])
    rules = [Rule(_key(segment), rule, "") for segment, rule, _ in rows if rule != OTHERWISE]
    others = [_key(segment) for segment, rule, _ in rows if rule == OTHERWISE]
    if any(is_multiple for *_, is_multiple in rows):
        return _ruled_one_by_one(old, rules, others)
    old.refuse_unlike(columns_read([rule.condition for rule in rules]))
    return members_by_rules(
        old.name,
        old.customers(old.run.run_id, sorted(columns_read([rule.condition for rule in rules]))),
        rules,
        others[0] if others else None,
    )


def _ruled_one_by_one(old: Old, rules: Sequence[Rule], others: Sequence[str]) -> str:
    """Of rules that each stand for themselves those that can be asked; who was by another one is where he was."""
    asked, reason = list[Rule](), ""
    for rule in rules:
        try:
            old.refuse_unlike(columns_read([rule.condition]))
            asked.append(rule)
        except CannotTell as error:
            reason = str(error)
    if not asked:
        raise CannotTell(reason)
    customers = old.customers(old.run.run_id, sorted(columns_read([rule.condition for rule in asked])))
    if len(asked) == len(rules):
        return members_by_rules(old.name, customers, rules, others[0] if others else None, match="any")
    told = {rule.key for rule in asked}
    left = [f"{old.name}.{key}" for key in (*(rule.key for rule in rules), *others) if key not in told]
    by_rule = members_by_rules(old.name, customers, asked, None, match="any")
    return f"SELECT segment_id, {KEY} FROM ({by_rule}) UNION ALL {_as_they_were(old, left)}"


def _as_they_were(old: Old, segments: Sequence[str]) -> str:
    """Who was in some segments, if he is a customer still, and of new customers who is."""
    now, then = (old.catalogue.relation(run_id, ()) for run_id in (old.run.run_id, old.previous.run_id))
    listed = ", ".join(map(literal, segments))
    rows = f"SELECT segment_id, {KEY} FROM segments.membership WHERE segment_id IN ({listed}) AND run_id = "
    return (
        f"SELECT * FROM ({rows}{literal(old.previous.run_id)}) SEMI JOIN {now} AS today USING ({KEY})"
        f" UNION ALL SELECT * FROM ({rows}{literal(old.run.run_id)}) ANTI JOIN {then} AS before USING ({KEY})"
    )


def scored(old: Old) -> str:
    """By the old ranges; where these are still asked for, by the old cuts, too."""
    asked = old.asked
    named = [{**part, "name": part["id"]} for part in asked["segments"]]  # type: ignore[attr-defined]
    segmentation = RfmSegmentation.model_validate({**asked, "basis": "value", "segments": named})
    measures = [segmentation.recency, segmentation.frequency, segmentation.monetary]
    old.refuse_unlike(measures)
    today = _set_aside(old, "today_before", old.run.run_id, measures)
    if old.what != "ranks":
        return rfm_select(old.name, segmentation, today)
    reference = _set_aside(old, "reference_before", old.previous.run_id, measures)
    return members_by_fixed_cuts(old.name, segmentation, today, reference)


def _set_aside(old: Old, table: str, run_id: str, features: Sequence[str]) -> str:
    """A temporary table of customers: they are asked about nine times, each time a join of all themes otherwise."""
    columns = ", ".join(map(identifier, dict.fromkeys([KEY, *features])))
    old.run.warehouse.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {columns} FROM {old.customers(run_id, features)}"
    )
    return table


def cluster_members(old: Old) -> pl.DataFrame:
    """By the model that was in use, from where everybody was."""
    stored = stored_model(old.run, old.name, CLUSTERS)
    if stored is None:
        raise CannotTell("nothing was learnt then")
    model = ClusterModel.from_json(stored.content)
    features = sorted({*model.transform.names, *model.transform.dropped})
    old.refuse_unlike(features)
    customers, inside = old.customers(old.run.run_id, features), old.asked.get("inside")
    if inside is not None:
        customers = f"(SELECT * FROM {customers} WHERE {KEY} IN ({_members_around(old, str(inside))}))"
    warehouse = old.run.warehouse
    columns = ", ".join(map(identifier, [KEY, *features]))
    where = warehouse.frame(
        f"SELECT {KEY}, split_part(segment_id, '.', 2) AS segment_key FROM segments.membership"
        f" WHERE run_id = $run_id AND segmentation_id = $name ORDER BY {KEY}",
        {"run_id": old.previous.run_id, "name": old.name},
    )
    return assign_members(model, warehouse.frame(f"SELECT {columns} FROM {customers} ORDER BY {KEY}"), where)


def _members_around(old: Old, segment: str) -> str:
    """Who would be in the segment that others lie inside; where it was redrawn, by its own definition of before."""
    name = segment.partition(".")[0]
    waiting = f"SELECT segment_id, {KEY} FROM {WAITING} WHERE segmentation_id = {literal(name)}"
    source = waiting
    if not old.run.warehouse.value(f"SELECT count(*) FROM ({waiting})"):
        source = f"SELECT segment_id, {KEY} FROM segments.membership WHERE run_id = {literal(old.run.run_id)}"
    return f"SELECT {KEY} FROM ({source}) WHERE segment_id = {literal(segment)}"


def projected(old: Old) -> pl.DataFrame:
    """By the projection that was in use, of whom the old definition of what it is learnt from says nothing."""
    run, asked = old.run, old.asked
    features, source = sorted(asked["features"]), str(asked["of"])  # type: ignore[call-overload]
    old.refuse_unlike(features)
    stored = stored_model(run, old.name, "projected")
    if stored is None or source not in run.workspace.segmentations:
        raise CannotTell("what it was learnt from is not there any more")
    then, now = (
        Side(old.customers(run_id, features), members_of(source, run_id))
        for run_id in (old.previous.run_id, run.run_id)
    )
    waiting = f"SELECT {KEY}, segment_id FROM {WAITING} WHERE segmentation_id = {literal(source)}"
    if run.warehouse.value(f"SELECT count(*) FROM ({waiting})"):
        now = Side(now.customers, waiting)
    is_worth = stored.content["worth"] is not None
    held = members_of(old.name, old.previous.run_id)
    return members_by_projection(run.warehouse, old.name, asked, then, now, held, is_worth=is_worth)


def _key(segment_id: str) -> str:
    return segment_id.split(".", 1)[1]
