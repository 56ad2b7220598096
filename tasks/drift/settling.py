"""What customers of a young company do by themselves: they grow older together, and the period before tells how fast.

Owns: which features that moves, though their windows are full, and what an alarm about one is worth. Does not own
windows that are not full, and features of all history (`filling.py`).

Who has ever bought stays a customer. At the start most of them came at about the same time, and from
month to month more of them have not bought of late: the share of those without an order in 30 days rises from none to
what it will be, whatever anybody does. Windows that are longer than he has been there fill: what he bought in 90 days
rises. That is told, and calls nobody. So the change of a period is held against that of the period before it, as a
season is against that of the year before: the naive forecast with drift (Hyndman & Athanasopoulos 2021, Forecasting:
Principles and Practice, section 5.2). What settles moves by less each time; what goes beyond by more than chance, and
by what is worth an alarm, is something else, and so is what goes the other way.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tasks.config.workspace import Workspace
from tasks.drift.filling import SETTLED_DAYS, late_entity, made_of
from tasks.drift.policy import DriftPolicy, EffectHistory, EffectKey
from tasks.drift.records import DriftVerdict
from tasks.drift.verdict import effect_key, materiality
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.reading import features_of

_WINDOWS = 3
"""Windows, and no more than a year, after which most customers have been there longer than one of them."""
_SEEMING = 0.05
"""Of a single test: a movement of a feature that may be behind one of segments."""
#: What follows from windows alone: of other figures of segments their own usual movement tells.
_KINDS = frozenset({"feature", "segment_mix", "segment_size"})


@dataclass(frozen=True, slots=True)
class PeriodBefore:
    """The period that ended where the present one begins.

    Attributes:
        label: the period in words.
        effects: what it changed.
    """

    label: str | None = None
    effects: Mapping[EffectKey, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settling:
    """Features whose windows are full, of customers most of whom have come within a few of them.

    Attributes:
        features: the entity that each is made of, and the day of the first row of it.
        before: the period before.
        is_recent: whether the comparison is with a run of late. With the first run of all what grew since is compared
            again by each run; an event was told by the run that saw it first.
    """

    features: Mapping[str, tuple[str, dt.date]]
    before: PeriodBefore
    is_recent: bool = True


def settling_windows(
    workspace: Workspace, catalogue: Catalogue, names: Iterable[str], first: Mapping[str, dt.date], as_of: dt.date
) -> dict[str, tuple[str, dt.date]]:
    """The features with a window, of those named, that are made of events of which there are not three windows yet.

    Arguments as of `filling_windows`.
    """
    late = {
        name: late_entity(made_of(workspace, catalogue, name), min(_WINDOWS * days, SETTLED_DAYS), first, as_of)
        for name in names
        if name in catalogue.features and (days := catalogue.features[name].window_days)
    }
    return {name: begun for name, begun in late.items() if begun is not None}


def without_expected(
    verdicts: Sequence[DriftVerdict],
    settling: Settling,
    workspace: Workspace,
    policy: DriftPolicy,
    history: EffectHistory,
) -> list[DriftVerdict]:
    """The verdicts, where an alarm about what settles is a notice unless it goes beyond the period before.

    Where no period before is known, nothing tells how much is of growing older: of late the alarm stands, for it may be
    true, and says what may be behind it.

    Args:
        verdicts: of one comparison.
        settling: what settles.
        workspace: tells which segments are made of it.
        policy: the limits that the verdicts were judged by.
        history: past effects, likewise.
    """
    less = {verdict.subject_name for verdict in verdicts if _is_fall(verdict)} & settling.features.keys()
    behind = {
        name: settling.features[feature]
        for name in workspace.segmentations
        for feature in sorted(features_of(workspace, name) & less)[:1]
    }
    begun = {
        at: first
        for at, verdict in enumerate(verdicts)
        if verdict.level == "alarm"
        and verdict.subject_kind in _KINDS
        and (first := settling.features.get(verdict.subject_name) or behind.get(verdict.subject_name.partition(".")[0]))
    }
    deviations = policy.deviations(len(begun))
    told = list(verdicts)
    for at, first in begun.items():
        expected = settling.before.effects.get(effect_key(told[at]))
        if expected is None and settling.is_recent:
            told[at] = dataclasses.replace(told[at], sentence=f"{told[at].sentence} It may be that {_older(*first)}.")
        elif expected is None:
            told[at] = told[at].as_notice(_older(*first))
        elif materiality(beyond(told[at], expected, deviations), policy, history) != "alarm":
            told[at] = told[at].as_notice(f"{_older(*first)}, and from {settling.before.label} it changed likewise")
    return told


def _is_fall(verdict: DriftVerdict) -> bool:
    """Whether customers seem to do less of a feature: effects of mixes have no direction, and follow from that."""
    size = verdict.effect_size or 0.0
    is_less = size < 0 if verdict.aspect == "value" else verdict.aspect == "zero_share" and size > 0
    return is_less and verdict.p_value is not None and verdict.p_value <= _SEEMING


def _older(entity: str, first: dt.date) -> str:
    return f"customers grow older together where {entity} go back no further than to {first}"


def beyond(verdict: DriftVerdict, expected: float, deviations: float) -> DriftVerdict:
    """The verdict with what its effect has beyond an expected one; none of it where chance does as much to both."""
    size = verdict.effect_size or 0.0
    # Of the other direction nothing was expected.
    left = math.copysign(max(abs(size) - abs(expected), 0.0), size) if size * expected > 0 else size
    error = math.sqrt(2) * (verdict.effect_scale or 0.0)
    sure = left if abs(left) >= deviations * error else 0.0
    return dataclasses.replace(verdict, effect_size=sure, level_change=None, largest_level_change=None)
