"""Windows that reach before the first data: what a feature counts in them grows by itself until they are full.

Owns: which features these are at a date, and what a change of one is worth. Does not own the verdicts (`verdict.py`).

In a company whose orders begin in January, the orders of the last 365 days grow every week of that year whatever
customers do. The growth is real, it is told, and it is nobody's alarm.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tasks.config.workspace import Workspace
from tasks.drift.records import DriftVerdict
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.reading import entities_of, events, features_of


@dataclass(frozen=True, slots=True)
class Filling:
    """A feature whose window is not full.

    Attributes:
        feature: its name.
        days: the window's length.
        entity: whose rows it counts.
        first: the day of the first of them.
    """

    feature: str
    days: int
    entity: str
    first: dt.date


def first_days(warehouse: Warehouse) -> dict[str, dt.date]:
    """The day of the first row of each entity of events; without those that have none."""
    firsts = (
        f"SELECT {literal(entity.name)}, min(CAST({identifier(str(entity.event_time))} AS DATE)) FROM"
        f" staging.{identifier(entity.name)}"
        for entity in events()
    )
    return {name: day for name, day in warehouse.rows(" UNION ALL ".join(firsts)) if day is not None}


def filling_windows(
    catalogue: Catalogue, names: Iterable[str], first: Mapping[str, dt.date], as_of: dt.date
) -> dict[str, Filling]:
    """The features, of those named, whose window reaches before the first row of what they are made of.

    Args:
        catalogue: of the features.
        names: of features.
        first: the day of the first row, by entity.
        as_of: the earlier of the two dates that are compared.
    """
    found = {}
    for name in names:
        days = catalogue.features[name].window_days if name in catalogue.features else None
        if days is None:
            continue
        begins = as_of - dt.timedelta(days=days - 1)
        late = {
            entity: first[entity] for entity in entities_of(catalogue, [name]) if first.get(entity, begins) > begins
        }
        if late:
            entity = max(late, key=lambda one: (late[one], one))
            found[name] = Filling(name, days, entity, late[entity])
    return found


def without_alarm(
    verdicts: Sequence[DriftVerdict], filling: Mapping[str, Filling], workspace: Workspace
) -> list[DriftVerdict]:
    """The verdicts, where an alarm about a feature that is filling, or about segments made of one, is a notice."""
    if not filling or all(verdict.level != "alarm" for verdict in verdicts):
        return list(verdicts)
    behind = {
        name: filling[feature]
        for name in workspace.segmentations
        for feature in sorted(features_of(workspace, name) & filling.keys())[:1]
    }
    return [_lowered(verdict, _behind(verdict, filling, behind)) for verdict in verdicts]


def _behind(
    verdict: DriftVerdict, filling: Mapping[str, Filling], segmentations: Mapping[str, Filling]
) -> Filling | None:
    """The window that a verdict hangs on: of its feature, else of the segmentation that it is about."""
    for name in (verdict.part_name, verdict.subject_name):
        if name is not None and name in filling:
            return filling[name]
    if verdict.subject_kind in {"feature", "profile", "kpi", "joint"}:
        return None
    names = (verdict.subject_name.partition(".")[0], (verdict.part_name or "").partition(".")[0])
    return next((segmentations[name] for name in names if name in segmentations), None)


def _lowered(verdict: DriftVerdict, window: Filling | None) -> DriftVerdict:
    if window is None or verdict.level != "alarm":
        return verdict
    reason = f"the {window.days} days of {window.feature} reach before the first {window.entity}, of {window.first}"
    said = verdict.sentence.replace(": alarm.", f": no more than a notice, for {reason}.")
    return dataclasses.replace(verdict, level="notice", sentence=said)
