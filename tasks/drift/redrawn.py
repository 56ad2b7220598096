"""What an edit or a new model drew otherwise between two runs: whose segments are compared, and under which rules.

Owns: that choice, where memberships are read accordingly, and its words. Does not own what was redrawn, or where the
definitions of the run before would put today's customers (`tasks/segments/before.py`).

A threshold that somebody lowers fills a segment, and a refit moves customers: no customer did anything. Against the run
before, such a segmentation is therefore compared by the definition and model of then, which tell what customers did in
the same week. Where these cannot be asked any more, and against runs further back, there is nothing to compare.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tasks.config.projected import ProjectedSegmentation
from tasks.drift.policy import FeatureSpec
from tasks.drift.records import DriftVerdict
from tasks.drift.references import Reference
from tasks.warehouse.connection import literal
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run

_TABLE = "segments.redrawn"
_COLUMNS = "run_id, segmentation_id, segment_id, customer_id"
#: Subjects that are figures of who is in a segment.
_OF_MEMBERS = frozenset({"profile", "kpi"})


@dataclass(frozen=True, slots=True)
class Redrawn:
    """Segmentations that two runs draw otherwise.

    Attributes:
        run_id: the later run.
        as_before: of the later run those count who would be in each segment by the definition of the earlier one.
        apart: they are not compared.
        by_ranks: their cuts are others in every run, and part customers in fifths again. Mixes are compared as they
            are; of what segments are and are worth those count who would be in each by the cuts of the earlier run.
    """

    run_id: str
    as_before: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()
    by_ranks: frozenset[str] = frozenset()

    def is_before(self, spec: FeatureSpec) -> bool:
        """Whether a column of segments is that of the definition of before."""
        return spec.is_of_segments and spec.name.partition(".")[0] in self.as_before

    def is_apart(self, spec: FeatureSpec) -> bool:
        """Whether a column of segments is not compared."""
        return spec.is_of_segments and spec.name.partition(".")[0] in self.apart

    def members(self) -> str:
        """SQL for a FROM: who is in which segment at any run; at the later one as `as_before` and `by_ranks` say."""
        before = self.as_before | self.by_ranks
        if not before:
            return "segments.membership"
        names = ", ".join(map(literal, sorted(before)))
        later = f"run_id = {literal(self.run_id)} AND segmentation_id IN ({names})"
        return (
            f"(SELECT {_COLUMNS} FROM segments.membership WHERE NOT ({later})"
            f" UNION ALL SELECT {_COLUMNS} FROM segments.membership_before WHERE {later})"
        )


def redrawn_since(run: Run, reference: Reference) -> Redrawn:
    """What was redrawn at this run, and at those between it and an earlier one.

    A projection is learnt anew by every run, and its model of before is asked as any other: customers of whom little is
    known stand together at the border of what is confident enough, and cross it together. Against runs further back it
    is compared as it is while what it projects stays.
    """
    between = [item.run_id for item in run.earlier() if item.as_of > reference.publication.as_of]
    found = _noted(run, [*between, run.run_id])
    if reference.kind != "previous":
        return Redrawn(run.run_id, apart=found.drawn)
    return Redrawn(run.run_id, found.asked, found.drawn - found.asked, found.ranks)


def of_earlier_runs(run: Run, since: Publication, until: Publication) -> Redrawn:
    """What was redrawn between two runs before this one; none of it is compared."""
    between = [item.run_id for item in run.earlier() if since.as_of < item.as_of <= until.as_of]
    return Redrawn(until.run_id, apart=_noted(run, between).drawn)


class _Noted(NamedTuple):
    """What runs drew otherwise than the run before each.

    Attributes:
        asked: segmentations of which the definitions and models of before could be asked.
        drawn: those that are others now; not a projection that was learnt anew of the same segments.
        ranks: those by ranks of which the cuts of before could be asked.
    """

    asked: frozenset[str]
    drawn: frozenset[str]
    ranks: frozenset[str]


def _noted(run: Run, run_ids: Sequence[str]) -> _Noted:
    if not run.warehouse.table_exists(_TABLE):
        return _Noted(frozenset(), frozenset(), frozenset())
    found = run.warehouse.rows(
        "SELECT segmentation_id, bool_and(is_asked), bool_or(what_name = 'definition'), bool_and(what_name = 'ranks')"
        f" FROM {_TABLE} WHERE list_contains($run_ids, run_id) GROUP BY segmentation_id ORDER BY segmentation_id",
        {"run_ids": list(run_ids)},
    )
    rows = [row for row in found if not row[-1]]
    drawn = {name for name, _, is_edited, _ in rows if is_edited or not _projects(run, name)}
    while follow := {name for name, *_ in rows if _projects(run, name) in drawn} - drawn:
        drawn |= follow
    asked, ranks = (
        frozenset(name for name, is_asked, _, is_ranks in found if is_asked and is_ranks == wanted)
        for wanted in (False, True)
    )
    return _Noted(asked, frozenset(drawn), ranks)


def _projects(run: Run, name: str) -> str | None:
    """What a projection projects."""
    segmentation = run.workspace.segmentations.get(name)
    return segmentation.of if isinstance(segmentation, ProjectedSegmentation) else None


def told_as_before(verdicts: Sequence[DriftVerdict], redrawn: Redrawn, since: dt.date) -> list[DriftVerdict]:
    """The verdicts; those about what was redrawn say by which definition they hold, for it is not the published one."""
    by_model = f" This is by the definition and model of {since}, changed since."
    told = []
    for verdict in verdicts:
        said = by_model if _is_about(verdict, redrawn.as_before) else ""
        if verdict.subject_kind in _OF_MEMBERS and _is_about(verdict, redrawn.by_ranks):
            said = f" This is by the cuts of {since}."
        told.append(dataclasses.replace(verdict, sentence=verdict.sentence + said))
    return told


def _is_about(verdict: DriftVerdict, names: frozenset[str]) -> bool:
    if verdict.subject_kind in {"segment_mix", "segment_size", *_OF_MEMBERS}:
        return verdict.subject_name.partition(".")[0] in names
    return verdict.subject_kind == "relation" and not names.isdisjoint({verdict.subject_name, verdict.part_name})
