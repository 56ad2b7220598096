"""Checks of treatments before anything runs: they name what is there, and no two provably contradict each other.

Owns: those checks. Does not own what a treatment may say (`tasks/config/treatment.py`), or contradictions that only the
data show (`tasks/overlap/conflicts.py`).

Two treatments contradict each other where a customer would be told two messages or two prices on one channel on one
day, and nothing says which goes first. That customers are in both segments is provable of segments of kind rules: where
the conditions of one are among those of the other, everyone in the other is in both; where two segments of a
segmentation of every match have rules that do not exclude each other, customers can be. The first is an error whatever
the priorities are, unless one of the two goes first; the second where both state the same priority.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from tasks.config.errors import WorkspaceError
from tasks.config.segmentations import RulesSegmentation
from tasks.config.treatment import Treatment, meet_in_time
from tasks.config.workspace import Workspace
from tasks.segments.conjuncts import conjuncts, exclude_each_other


@dataclass(frozen=True, slots=True)
class _Planned:
    """A treatment that somebody gets."""

    segmentation: str
    key: str
    treatment: Treatment

    @property
    def segment_id(self) -> str:
        return f"{self.segmentation}.{self.key}"


def check_treatments(workspace: Workspace) -> None:
    """Prove that treatments, exclusions, priorities and caps name what is there, and find contradictions.

    Raises:
        WorkspaceError: one of them does not, or two treatments contradict each other; the line is told.
    """
    for name in workspace.segmentations:
        _known_treatments(workspace, name)
    for place, segment_id in enumerate(workspace.contacts.priorities):
        _known_segment(workspace, segment_id, workspace.line_of("contacts", "priorities", place))
    _known_channels(workspace)
    planned = list(_planned(workspace))
    parts = _Parts(workspace)
    for one, other in combinations(planned, 2):
        why = _contradiction(workspace, parts, one, other)
        if why is not None:
            raise WorkspaceError(
                why,
                where=workspace.line_of("segmentations", other.segmentation, "treatments", other.key),
                hint="give one of them a lower `priority` or list them in contacts.priorities, exclude one segment from"
                " the other's treatment, or give them windows that do not meet",
            )


def _known_treatments(workspace: Workspace, name: str) -> None:
    segmentation = workspace.segmentations[name]
    known = {segment.id for segment in segmentation.declared_segments}
    for key, treatment in segmentation.treatments.items():
        if known and key not in known:
            raise WorkspaceError(
                f"a treatment names no segment: {key!r}",
                where=workspace.line_of("segmentations", name, "treatments", key),
                hint=f"the segments are {', '.join(sorted(known))}",
            )
        for index, excluded in enumerate(treatment.exclude):
            full = excluded if "." in excluded else f"{name}.{excluded}"
            where = workspace.line_of("segmentations", name, "treatments", key, "exclude", index)
            if full == f"{name}.{key}":
                raise WorkspaceError(
                    f"the treatment of {full} excludes its own segment, so that nobody would get it",
                    where=where,
                    hint="leave the exclusion out, or the treatment",
                )
            _known_segment(workspace, full, where)


def _known_segment(workspace: Workspace, segment_id: str, where: str) -> None:
    """Segments that are found in the data cannot be known; their segmentation can."""
    name, _, key = segment_id.partition(".")
    segmentations = workspace.segmentations
    known = {segment.id for segment in segmentations[name].declared_segments} if name in segmentations else {""}
    if not known or key in known:
        return
    every = [f"{one}.{segment.id}" for one, kind in segmentations.items() for segment in kind.declared_segments]
    near = difflib.get_close_matches(segment_id, every, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"segmentations are {', '.join(segmentations)}"
    raise WorkspaceError(f"there is no segment {segment_id}", where=where, hint=hint)


def _known_channels(workspace: Workspace) -> None:
    """A cap on a channel that nobody is treated on limits nothing, and looks as if it did."""
    used = {planned.treatment.channel_key or "" for planned in _planned(workspace)}
    for index, cap in enumerate(workspace.contacts.caps):
        if cap.channel_key is not None and cap.channel_key not in used:
            near = difflib.get_close_matches(cap.channel_key, used, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"treatments use {', '.join(sorted(used)) or 'none'}"
            raise WorkspaceError(
                f"no treatment uses the channel {cap.channel!r} that contacts are capped on",
                where=workspace.line_of("contacts", "caps", index, "channel"),
                hint=hint,
            )


def _planned(workspace: Workspace) -> Iterator[_Planned]:
    for name, segmentation in workspace.segmentations.items():
        for key, treatment in segmentation.treatments.items():
            if treatment.channel_key is not None:
                yield _Planned(name, key, treatment)


def _contradiction(workspace: Workspace, parts: _Parts, one: _Planned, other: _Planned) -> str | None:
    """What two treatments contradict each other in; None: it cannot be proved that they do."""
    a, b = one.treatment, other.treatment
    if a.channel_key != b.channel_key or not meet_in_time(a, b) or _goes_first(workspace, one, other):
        return None
    if _excludes(one, other) or _excludes(other, one):
        return None
    told = [
        f"two {what}: {mine} and {theirs}"
        for what, mine, theirs in (("prices", a.price, b.price), ("messages", a.message, b.message))
        if mine is not None and theirs is not None and mine != theirs
    ]
    if not told:
        return None
    shared = parts.shared(one, other)
    if shared is None and a.priority is not None and parts.can_share(one, other):
        shared = f"a customer can be in both, and both have priority {a.priority}"
    if shared is None:
        return None
    return (
        f"the treatments of {one.segment_id} and {other.segment_id} contradict each other on {b.channel}:"
        f" {' and '.join(told)}; {shared}"
    )


def _goes_first(workspace: Workspace, one: _Planned, other: _Planned) -> bool:
    """Whether something says which of the two goes first."""
    places = [workspace.contacts.place(planned.segment_id) for planned in (one, other)]
    return places[0] != places[1] or one.treatment.priority != other.treatment.priority


def _excludes(one: _Planned, other: _Planned) -> bool:
    """Whether members of the other do not get the one's treatment."""
    names = {key if "." in key else f"{one.segmentation}.{key}" for key in one.treatment.exclude}
    return other.segment_id in names


class _Parts:
    """The conditions that membership in a segment of kind rules is made of."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[str, frozenset[str] | None] = {}

    def _of(self, planned: _Planned) -> frozenset[str] | None:
        """None: it is no segment with a rule."""
        if planned.segment_id not in self._known:
            self._known[planned.segment_id] = self._read(planned)
        return self._known[planned.segment_id]

    def _read(self, planned: _Planned) -> frozenset[str] | None:
        segmentation = self._workspace.segmentations[planned.segmentation]
        resolved = self._workspace.resolved[planned.segmentation]
        keys = [rule.key for rule in resolved.rules]
        if not isinstance(segmentation, RulesSegmentation) or planned.key not in keys:
            return None
        at = keys.index(planned.key)
        found = conjuncts(resolved.rules[at].condition)
        if resolved.population:
            found |= conjuncts(resolved.population)
        if segmentation.match == "first":
            found |= {f"not before: {rule.condition}" for rule in resolved.rules[:at]}
        return found

    def _is_multiple(self, planned: _Planned) -> bool:
        return self._workspace.segmentations[planned.segmentation].is_multiple

    def shared(self, one: _Planned, other: _Planned) -> str | None:
        """Why customers of one are in the other for certain; None: it cannot be told."""
        mine, theirs = self._of(one), self._of(other)
        is_apart = one.segmentation == other.segmentation and not self._is_multiple(one)
        if mine is None or theirs is None or is_apart:
            return None
        if mine == theirs:
            return "both have the same rule"
        if mine < theirs:
            return f"everyone in {other.segment_id} is in {one.segment_id}"
        return f"everyone in {one.segment_id} is in {other.segment_id}" if theirs < mine else None

    def can_share(self, one: _Planned, other: _Planned) -> bool:
        """Whether a customer can be in both by the way the segmentation divides."""
        mine, theirs = self._of(one), self._of(other)
        return (
            one.segmentation == other.segmentation
            and self._is_multiple(one)
            and mine is not None
            and theirs is not None
            and not exclude_each_other(mine, theirs)
        )
