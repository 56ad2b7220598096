"""Why a published date would come out otherwise today: definitions, code, and the dates before it.

Owns: which of what a published run was made from (`tasks/warehouse/basis.py`) has changed. Does not own late data
(`tasks/ingest/late.py`), which needs the rows.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tasks.config.workspace import Workspace
from tasks.warehouse.basis import Basis
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.edits import edited_sections, edited_segmentations
from tasks.warehouse.ledger import Publication
from tasks.warehouse.provenance import code_version, own_files
from tasks.warehouse.results import earlier_digest

#: A definition is another by the workspace, a default by the program.
Kind = Literal["data", "definition", "default", "code", "history", "follows"]
#: Sections that decide of no row: who is told what, which checks stop a run, how files are read (what comes of that is
#: another load).
_WITHOUT_ROWS = ("name", "description", "quality", "sources")
#: Of a source, what is seen by more than its rows.
_OF_SOURCES = ("entity", "privacy")


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that has changed since a run."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class StaleDate:
    """A published date whose result would be another today."""

    as_of: dt.date
    run_id: str
    reasons: tuple[Reason, ...]

    @property
    def text(self) -> str:
        """The reasons in a sentence."""
        return "; ".join(reason.text for reason in self.reasons)


def changed_since(
    warehouse: Warehouse, workspace: Workspace, basis: Basis, earlier: Sequence[Publication]
) -> list[Reason]:
    """Why a run would come out otherwise, but for late data.

    Args:
        warehouse: of the run.
        workspace: of today.
        basis: what the run was made from.
        earlier: what is published of earlier dates today, or will be.
    """
    if basis.said is None or basis.loads is None or basis.earlier_sha256 is None:
        return [Reason("code", "made by an earlier version, which did not keep what it was made from")]
    reasons = []
    if basis.code != code_version():
        reasons.append(Reason("code", f"made by version {basis.code} of resegment, this is {code_version()}"))
    reasons += _changed_definitions(basis.said, workspace)
    if basis.earlier_sha256 != earlier_digest(warehouse, earlier):
        reasons.append(Reason("history", "an earlier date was added, or published anew with another result, since"))
    return reasons


def is_told_by_rows(reasons: Iterable[Reason]) -> bool:
    """Whether it can be seen in the rows of a run if these reasons have changed anything.

    A version of this project, and a workspace's own model of a published table, may change how rows are shown.
    """
    return not any(reason.kind == "code" or "sql/published/" in reason.text for reason in reasons)


def _changed_definitions(said: Mapping[str, Any], workspace: Workspace) -> list[Reason]:
    edits = edited_sections(said, workspace, without=_WITHOUT_ROWS) + edited_segmentations(said, workspace)
    reasons = [Reason("definition" if edit.is_own else "default", edit.text) for edit in edits]
    then, now = said["workspace"].get("sources", {}), workspace.said()["sources"]
    if _of_sources(then, now) != _of_sources(now, then):
        reasons.append(Reason("definition", "entities or privacy classes of sources changed"))
    files, files_now = said["own_files"], own_files(workspace)
    return reasons + [
        Reason("definition", f"the model sql/{name} changed")
        for name in sorted({*files, *files_now})
        if name.endswith(".sql") and files.get(name) != files_now.get(name)
    ]


def _of_sources(sources: Mapping[str, Any], others: Mapping[str, Any]) -> list[str]:
    """What of each source is seen by more than its rows; of one that the other side has not got its name is nothing.

    So a source that is called otherwise by now is none that went and one that came.
    """
    return sorted(
        json.dumps([name if name in others else None, *(source.get(part) for part in _OF_SOURCES)], sort_keys=True)
        for name, source in sources.items()
    )
