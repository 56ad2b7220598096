"""What rules mean: trees of conditions, `extends`, `except` and references, made into one SQL condition each.

Owns: the translation, and that every reference leads somewhere and none in a circle. Does not own the shape of
conditions (`conditions.py`), or whether the SQL in them can be computed (`tasks/segments/rules.py`).

A condition is TRUE, FALSE or, where it asks for what is not known, NULL; it *holds* where it is TRUE.

- `all`, `any` and `not` are AND, OR and NOT of SQL (Kleene's logic): `not` of what is unknown is unknown, and does not
  hold. "Not under 30" is said of those whose age is known.
- Being in a segment is never unknown: who is not in it, for whatever reason, is outside. In a segmentation of `first`
  match, being in a segment includes that no earlier rule holds; in any, that one is of its population.
- `except` leaves out those of whom the condition is known to hold: who has no age is not left out by "under 30".
- `extends` takes over the rule of a segment as it is written, not who is in it: neither the earlier rules nor the
  population of its segmentation.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tasks.config.conditions import AllOf, AnyOf, Condition, InSegment, NotOf, told, told_together
from tasks.config.errors import WorkspaceError
from tasks.config.segment import SegmentationBase
from tasks.config.segmentations import RuleSegment, RulesSegmentation

Path_ = tuple[str | int, ...]
#: Longer than anybody writes by hand: references to references double a text at every step.
LONGEST_RULE = 200_000
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is in a segment.

    Attributes:
        key: of the segment.
        condition: in SQL, over features; it holds where it is TRUE.
        told: the same as it is written in the workspace.
    """

    key: str
    condition: str
    told: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a segmentation says of customers, in SQL.

    Attributes:
        population: condition of who is segmented; None: everybody.
        rules: of its segments in their order; none where it is not of kind rules.
    """

    population: str | None
    rules: tuple[Rule, ...] = ()


def resolve(segmentations: Mapping[str, SegmentationBase], line_of: Callable[..., str]) -> dict[str, Resolved]:
    """Make SQL of every population and rule.

    Args:
        segmentations: by name.
        line_of: where a key of the workspace file stands.

    Raises:
        WorkspaceError: a reference leads nowhere, to a segment that has no rule, or in a circle; or a rule is too long.
    """
    resolver = _Resolver(segmentations, line_of)
    return {name: resolver.resolved(name) for name in segmentations}


def leaves(segmentations: Mapping[str, SegmentationBase]) -> Iterator[tuple[str, Path_]]:
    """Every SQL text in the conditions of the segmentations, with the path of keys that it stands at."""
    for name, segmentation in segmentations.items():
        place: Path_ = ("segmentations", name)
        if segmentation.population is not None:
            yield from _texts(segmentation.population, (*place, "population"))
        yield from _texts_of_list(segmentation.except_, (*place, "except"))
        if isinstance(segmentation, RulesSegmentation):
            for index, segment in enumerate(segmentation.segments):
                at: Path_ = (*place, "segments", index)
                if segment.when is not None:
                    yield from _texts(segment.when, (*at, "when"))
                yield from _texts_of_list(segment.except_, (*at, "except"))


def _texts(condition: Condition, path: Path_) -> Iterator[tuple[str, Path_]]:
    if isinstance(condition, str):
        yield condition, path
    elif isinstance(condition, AllOf):
        yield from _texts_of_list(condition.all, (*path, "all"))
    elif isinstance(condition, AnyOf):
        yield from _texts_of_list(condition.any, (*path, "any"))
    elif isinstance(condition, NotOf):
        yield from _texts(condition.not_, (*path, "not"))


def _texts_of_list(conditions: Sequence[Condition], path: Path_) -> Iterator[tuple[str, Path_]]:
    for index, condition in enumerate(conditions):
        yield from _texts(condition, (*path, index))


def conjunction(parts: Sequence[str]) -> str:
    """All of the SQL conditions."""
    return parts[0] if len(parts) == 1 else " AND ".join(f"({part})" for part in parts)


def _is_not_true(condition: str) -> str:
    return f"({condition}) IS NOT TRUE"


class _Resolver:
    """Keeps what has been resolved, and what is being resolved just now."""

    def __init__(self, segmentations: Mapping[str, SegmentationBase], line_of: Callable[..., str]) -> None:
        self._segmentations = segmentations
        self._line_of = line_of
        self._known: dict[tuple[str, str], str] = {}
        self._open: list[tuple[str, str]] = []
        self._rules = {name: kind for name, kind in segmentations.items() if isinstance(kind, RulesSegmentation)}

    def resolved(self, name: str) -> Resolved:
        segmentation = self._segmentations[name]
        parts = self._population(name, ("segmentations", name))
        listed = segmentation.segments if isinstance(segmentation, RulesSegmentation) else []
        rules = tuple(
            Rule(segment.id, self._rule(name, index, ("segmentations", name, "segments", index)), _told_rule(segment))
            for index, segment in enumerate(listed)
        )
        return Resolved(conjunction(parts) if parts else None, rules)

    def _population(self, name: str, asked_at: Path_) -> list[str]:
        """The conditions of a segmentation's population, its exceptions taken off."""
        segmentation, place = self._segmentations[name], ("segmentations", name)
        parts = []
        with self._entered(("the population of", name), asked_at):
            if segmentation.population is not None:
                parts.append(self._sql(segmentation.population, name, (*place, "population")))
            parts += self._exceptions(segmentation.except_, name, (*place, "except"))
        return parts

    def _rule(self, name: str, index: int, asked_at: Path_) -> str:
        """A segment's rule as it is written: what it extends, its own condition, its exceptions taken off."""
        segment = self._rules[name].segments[index]
        place = ("segmentations", name, "segments", index)
        known = ("the rule of", f"{name}.{segment.id}")
        if known not in self._known:
            parts = []
            with self._entered(known, asked_at):
                if segment.extends is not None:
                    parts.append(self._extended(segment.extends, name, (*place, "extends")))
                if segment.when is not None:
                    parts.append(self._sql(segment.when, name, (*place, "when")))
                parts += self._exceptions(segment.except_, name, (*place, "except"))
            self._known[known] = self._not_too_long(conjunction(parts), place)
        return self._known[known]

    def _extended(self, reference: str, inside: str, path: Path_) -> str:
        name, index = self._found(reference, inside, path)
        if index is None:
            raise WorkspaceError(
                f"{reference!r} is the segment of all others, which has no rule to extend",
                where=self._line_of(*path),
                hint=f"write `when: {{segment: {name}.{reference.rpartition('.')[2]}}}`",
            )
        return self._rule(name, index, path)

    def _membership(self, reference: str, inside: str, path: Path_) -> str:
        """That a customer is in a segment: of the population, its rule holds and, matching first, no earlier one."""
        name, index = self._found(reference, inside, path)
        segmentation = self._rules[name]
        segments = segmentation.segments
        known = ("being in", f"{name}.{'' if index is None else segments[index].id}")
        if known not in self._known:
            with self._entered(known, path):
                parts = self._population(name, path)
                parts += [self._rule(name, index, path)] if index is not None else []
                earlier = range(len(segments) if index is None else index * (segmentation.match == "first"))
                parts += [_is_not_true(self._rule(name, before, path)) for before in earlier]
            self._known[known] = self._not_too_long(conjunction(parts), path)
        return self._known[known]

    def _exceptions(self, conditions: Sequence[Condition], inside: str, path: Path_) -> list[str]:
        return [
            _is_not_true(self._sql(condition, inside, (*path, index))) for index, condition in enumerate(conditions)
        ]

    def _sql(self, condition: Condition, inside: str, path: Path_, *, is_asked_for_truth: bool = True) -> str:
        """A condition in SQL.

        Args:
            condition: what is written.
            inside: the segmentation that it stands in.
            path: where.
            is_asked_for_truth: only whether it holds matters, not whether it is FALSE or NULL where it does not.
                AND and OR hold the same whichever of the two their parts are, so nothing has to tell them apart.
        """
        asked = is_asked_for_truth
        if isinstance(condition, AllOf):
            parts = [
                self._sql(part, inside, (*path, "all", index), is_asked_for_truth=asked)
                for index, part in enumerate(condition.all)
            ]
            return conjunction(parts)
        if isinstance(condition, AnyOf):
            parts = [
                self._sql(part, inside, (*path, "any", index), is_asked_for_truth=asked)
                for index, part in enumerate(condition.any)
            ]
            return parts[0] if len(parts) == 1 else " OR ".join(f"({part})" for part in parts)
        if isinstance(condition, NotOf):
            return f"NOT ({self._sql(condition.not_, inside, (*path, 'not'), is_asked_for_truth=False)})"
        if isinstance(condition, InSegment):
            membership = self._membership(condition.segment, inside, (*path, "segment"))
            return membership if asked else f"({membership}) IS TRUE"
        return condition

    def _found(self, reference: str, inside: str, path: Path_) -> tuple[str, int | None]:
        """Name and position of a segment that is referred to; None is the position of `otherwise`."""
        first, dot, last = reference.partition(".")
        name, key = (first, last) if dot else (inside, first)
        if name in self._rules:
            keys = [segment.id for segment in self._rules[name].declared_segments]
            if key in keys:
                position = keys.index(key)
                return name, position if position < len(self._rules[name].segments) else None
        elif name in self._segmentations:
            kind = getattr(self._segmentations[name], "kind", "")
            raise WorkspaceError(
                f"{reference!r} is a segment of kind {kind}, expected one of kind rules",
                where=self._line_of(*path),
                hint="its members are known only when it has been computed: write the condition over features instead",
            )
        every = [f"{n}.{segment.id}" for n, kind in self._rules.items() for segment in kind.declared_segments]
        near = difflib.get_close_matches(f"{name}.{key}", every, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"segments of kind rules are {', '.join(every)}"
        raise WorkspaceError(f"there is no segment {name}.{key}", where=self._line_of(*path), hint=hint)

    @contextmanager
    def _entered(self, step: tuple[str, str], path: Path_) -> Iterator[None]:
        """Note what is being resolved, so that a circle is seen."""
        if step in self._open:
            circle = [*self._open[self._open.index(step) :], step]
            raise WorkspaceError(
                "rules refer to each other in a circle: " + " → ".join(" ".join(each) for each in circle),
                where=self._line_of(*path),
                hint="in a segmentation of first match, being in a segment asks for every earlier rule, too",
            )
        if len(self._open) >= _DEEPEST:
            raise WorkspaceError(
                f"rules refer to each other over more than {_DEEPEST} steps",
                where=self._line_of(*path),
                hint="write the condition out",
            )
        self._open.append(step)
        yield
        self._open.pop()

    def _not_too_long(self, condition: str, path: Path_) -> str:
        if len(condition) > LONGEST_RULE:
            raise WorkspaceError(
                f"written out, the rule has {len(condition):,} characters; {LONGEST_RULE:,} are allowed",
                where=self._line_of(*path),
                hint="it refers to segments that refer to many others: write the condition out",
            )
        return condition


def _told_rule(segment: RuleSegment) -> str:
    """A segment's rule as it is written, on one line."""
    extended = [f"the rule of {segment.extends}"] if segment.extends else []
    own = [segment.when] if segment.when is not None else []
    text = " AND ".join([*extended, *([told_together(own, " AND ", len(extended) + 1)] if own else [])])
    return text + (", except " + ", ".join(map(told, segment.except_)) if segment.except_ else "")
