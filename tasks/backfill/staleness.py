"""Why a published date would come out otherwise today: definitions, code, and the dates before it.

Owns: what a published run was made from, and which of that has changed. Does not own late data
(`tasks/ingest/late.py`), which needs the rows.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tasks.config.workspace import Workspace
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.provenance import code_version, own_files
from tasks.warehouse.results import earlier_digest

Kind = Literal["data", "definition", "code", "history", "follows"]
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
class Basis:
    """What a run was made from, or was last found to hold by.

    Attributes:
        publication: the run.
        known_as_of: what was loaded later was hidden from it; None: nothing was.
        said: its workspace and own files; None where an older version did not keep them.
        loads: numbers of the loads that it saw; None likewise.
        earlier_sha256: digest of the results before it; None likewise.
    """

    publication: Publication
    known_as_of: dt.datetime | None
    code: str
    said: Mapping[str, Any] | None
    loads: tuple[int, ...] | None
    earlier_sha256: str | None


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


def bases(warehouse: Warehouse, listed: Iterable[Publication]) -> list[Basis]:
    """What runs were made from; of one that was confirmed since, what it was confirmed by."""
    if "confirms_run_id" not in dict(warehouse.columns("SELECT * FROM ops.run")):
        # An older version wrote the folder, and it is only read now.
        return [_basis(item, None, "unknown", None, None, None) for item in listed]
    rows = warehouse.rows(
        "SELECT coalesce(confirms_run_id, run_id), known_as_of, code_version, workspace_json, load_numbers,"
        " earlier_sha256 FROM ops.run"
        " WHERE status_name IN ('published', 'computed', 'confirmed') AND run_id IS NOT NULL ORDER BY started_at"
    )
    newest = {run_id: values for run_id, *values in rows}
    return [_basis(item, *newest.get(item.run_id, (None, "unknown", None, None, None))) for item in listed]


def _basis(
    publication: Publication,
    known_as_of: dt.datetime | None,
    code: str,
    said: str | None,
    loads: list[int] | None,
    earlier: str | None,
) -> Basis:
    whole = None if said is None else json.loads(said)
    return Basis(publication, known_as_of, code, whole, None if loads is None else tuple(loads), earlier)


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
    reasons += [Reason("definition", text) for text in _changed_definitions(basis.said, workspace)]
    if basis.earlier_sha256 != earlier_digest(warehouse, earlier):
        reasons.append(Reason("history", "an earlier date was added, or published anew with another result, since"))
    return reasons


def is_told_by_rows(reasons: Iterable[Reason]) -> bool:
    """Whether it can be seen in the rows of a run if these reasons have changed anything.

    A version of this project, and a workspace's own model of a published table, may change how rows are shown.
    """
    return not any(reason.kind == "code" or "sql/published/" in reason.text for reason in reasons)


def _changed_definitions(said: Mapping[str, Any], workspace: Workspace) -> list[str]:
    then, now = said["workspace"], json.loads(json.dumps(workspace.said()))
    texts = [
        f"the section {key} changed"
        for key in sorted({*then, *now} - {*_WITHOUT_ROWS, "segmentations"})
        if then.get(key) != now.get(key)
    ]
    texts += _changed_segmentations(then.get("segmentations", {}), now["segmentations"])
    if _of_sources(then) != _of_sources(now):
        texts.append("entities or privacy classes of sources changed")
    files, files_now = said["own_files"], own_files(workspace)
    return texts + [
        f"the model sql/{name} changed"
        for name in sorted({*files, *files_now})
        if name.endswith(".sql") and files.get(name) != files_now.get(name)
    ]


def _changed_segmentations(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    texts = [f"the segmentation {name} is new" for name in now if name not in then]
    texts += [f"the segmentation {name} is gone" for name in then if name not in now]
    return texts + [
        f"the definition of the segmentation {name} changed" for name in now if name in then and then[name] != now[name]
    ]


def _of_sources(said: Mapping[str, Any]) -> list[Any]:
    return sorted(
        [name, *(source.get(part) for part in _OF_SOURCES)] for name, source in said.get("sources", {}).items()
    )
