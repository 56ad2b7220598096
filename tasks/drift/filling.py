"""What a feature tells of a history that has only begun moves by itself, until there is enough of it.

Owns: which features these are at a date, and what a change of one is worth. Does not own the verdicts (`verdict.py`).

In a company whose orders begin in January, the orders of the last 365 days grow every week of that year whatever
customers do. Shares of all that a customer ever did grow up in that time, too: nobody has bought anything twice in the
first week, and nobody can have been away for longer than the data reach back. The movement is real, it is told, and it
is nobody's alarm: until it is known from enough runs how much a figure moves by itself, so that what goes far beyond
that is something else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tasks.config.workspace import Workspace
from tasks.drift.policy import DriftPolicy, EffectHistory
from tasks.drift.records import DriftVerdict
from tasks.drift.verdict import usual_movement
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.connection import Warehouse, identifier, literal
from tasks.warehouse.reading import PROFILE, entities_of, events, features_of

#: Features of a profile that orders tell: always, or where no source has that column of `customers`.
_OF_ORDERS = {"is_multi_country": None, "country_name": "country_name"}
#: What is said of a customer takes the place of what was said before: no history grows in the newest of it.
_NEWEST_WORD = ["enrichments"]
SETTLED_DAYS = 365
"""Of history, from which on features of all of it are no longer young: they have seen each season once."""


@dataclass(frozen=True, slots=True)
class Filling:
    """A feature that has not seen enough history yet.

    Attributes:
        feature: its name.
        days: the length of its window, which is not full; None: it has none, and looks at all history.
        entity: whose rows it counts.
        first: the day of the first of them.
    """

    feature: str
    days: int | None
    entity: str
    first: dt.date

    @property
    def reason(self) -> str:
        """Why its change is nobody's alarm, as the end of a sentence."""
        if self.days is None:
            return f"{self.feature} settles in the first year of {self.entity}, and they begin on {self.first}"
        return f"the {self.days} days of {self.feature} reach before the first {self.entity}, of {self.first}"


def first_days(warehouse: Warehouse) -> dict[str, dt.date]:
    """The day of the first row of each entity of events; without those that have none."""
    firsts = (
        f"SELECT {literal(entity.name)}, min(CAST({identifier(str(entity.event_time))} AS DATE)) FROM"
        f" staging.{identifier(entity.name)}"
        for entity in events()
    )
    return {name: day for name, day in warehouse.rows(" UNION ALL ".join(firsts)) if day is not None}


def filling_windows(
    workspace: Workspace, catalogue: Catalogue, names: Iterable[str], first: Mapping[str, dt.date], as_of: dt.date
) -> dict[str, Filling]:
    """The features, of those named, whose window reaches before the first row of what they are made of.

    Args:
        workspace: of the features.
        catalogue: of the features.
        names: of features.
        first: the day of the first row, by entity.
        as_of: the earlier of the two dates that are compared.
    """
    windows = {name: catalogue.features[name].window_days for name in names if name in catalogue.features}
    late = {
        name: late_entity(made_of(workspace, catalogue, name), days, first, as_of)
        for name, days in windows.items()
        if days
    }
    return {name: Filling(name, windows[name], *begun) for name, begun in late.items() if begun is not None}


def settling_features(
    workspace: Workspace, catalogue: Catalogue, names: Iterable[str], first: Mapping[str, dt.date], as_of: dt.date
) -> dict[str, Filling]:
    """The features without a window, of those named, that are made of events of which there is no year yet.

    Not what providers say of a customer: that all of it is another number than last week is no growing older.

    Arguments as of `filling_windows`.
    """
    late = {
        name: late_entity(made_of(workspace, catalogue, name), SETTLED_DAYS, first, as_of)
        for name in names
        if name in catalogue.features
        and is_of_all_history(workspace, catalogue, name)
        and made_of(workspace, catalogue, name) != _NEWEST_WORD
    }
    return {name: Filling(name, None, *begun) for name, begun in late.items() if begun is not None}


def is_of_all_history(workspace: Workspace, catalogue: Catalogue, name: str) -> bool:
    """Whether a feature looks at everything that a customer ever did."""
    return catalogue.features[name].window_days is None and PROFILE not in made_of(workspace, catalogue, name)


def made_of(workspace: Workspace, catalogue: Catalogue, name: str) -> list[str]:
    """The entities that a feature is made of in this workspace."""
    if name in _OF_ORDERS and _OF_ORDERS[name] not in {
        column for source in workspace.sources.values() if source.entity == "customers" for column in source.columns
    }:
        return ["order_lines"]
    return entities_of(catalogue, [name])


def late_entity(
    entities: Iterable[str], days: int, first: Mapping[str, dt.date], as_of: dt.date
) -> tuple[str, dt.date] | None:
    """Of entities the one that began last, with its first day, if that is too late for so many days.

    Args:
        entities: names.
        days: up to `as_of`, with it.
        first: the day of the first row, by entity; one without rows is never late.
        as_of: the last day.
    """
    begins = as_of - dt.timedelta(days=days - 1)
    late = {entity: first[entity] for entity in entities if first.get(entity, begins) > begins}
    return max(late.items(), key=lambda one: (one[1], one[0])) if late else None


def without_alarm(
    verdicts: Sequence[DriftVerdict],
    filling: Mapping[str, Filling],
    workspace: Workspace,
    policy: DriftPolicy,
    history: EffectHistory,
) -> list[DriftVerdict]:
    """The verdicts, where an alarm about a feature that is filling, or about segments made of one, is a notice.

    About a feature it stays one where its threshold rests on how much the same figure moved before (`usual_movement`).
    Segments jump: a border that moves with a growing history passes many customers of one value at once. Other figures
    of such a segment move with those who come and go by that, so that they wait for their usual movement, too.

    Args:
        verdicts: of one comparison.
        filling: the features, by name.
        workspace: tells which segments are made of them.
        policy: the limits that the verdicts were judged by.
        history: past effects, likewise.
    """
    if not filling or all(verdict.level != "alarm" for verdict in verdicts):
        return list(verdicts)
    behind = {
        name: filling[feature]
        for name in workspace.segmentations
        for feature in sorted(features_of(workspace, name) & filling.keys())[:1]
    }
    return [
        _lowered(
            verdict, _behind(verdict, filling, behind, is_known=usual_movement(verdict, policy, history) is not None)
        )
        for verdict in verdicts
    ]


def _behind(
    verdict: DriftVerdict, filling: Mapping[str, Filling], segmentations: Mapping[str, Filling], *, is_known: bool
) -> Filling | None:
    """What keeps a verdict from being an alarm: its feature, else that of the segmentation that it is about.

    Nothing does of a feature, or of another figure of a segment, of which it `is_known` how much it moves by itself.
    """
    if verdict.subject_kind == "feature" and is_known:
        return None
    for name in (verdict.part_name, verdict.subject_name):
        if name is not None and name in filling:
            return filling[name]
    if verdict.subject_kind in {"feature", "joint"} or (verdict.subject_kind in {"profile", "kpi"} and is_known):
        return None
    names = (verdict.subject_name.partition(".")[0], (verdict.part_name or "").partition(".")[0])
    return next((segmentations[name] for name in names if name in segmentations), None)


def _lowered(verdict: DriftVerdict, filling: Filling | None) -> DriftVerdict:
    if filling is None or verdict.level != "alarm":
        return verdict
    return verdict.as_notice(filling.reason)
