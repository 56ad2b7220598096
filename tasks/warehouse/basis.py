"""What a run was made from, or was last found to hold by.

Owns: reading that from `ops.run`: the loads, the workspace, the version and the results before it. A backfill computes
a date anew, and what comes out as it is published is *confirmed*: the run stays, by what the newer attempt saw. So
whoever asks what a published run knew asks here, and not the attempt that once made it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication

#: Of a run that the ledger does not know.
_UNKNOWN = (None, "unknown", None, None, None, None)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a run was made from, or was last found to hold by.

    Attributes:
        publication: the run.
        known_as_of: what was loaded later was hidden from it; None: nothing was.
        said: its workspace and own files; None where an older version did not keep them.
        loads: numbers of the loads that it saw; None likewise.
        earlier_sha256: digest of the results before it; None likewise.
        finished_at: when it was made; None where nothing is known of it.
    """

    publication: Publication
    known_as_of: dt.datetime | None
    code: str
    said: Mapping[str, Any] | None
    loads: tuple[int, ...] | None
    earlier_sha256: str | None
    finished_at: dt.datetime | None = None


def bases(warehouse: Warehouse, listed: Iterable[Publication], table: str = "ops.run") -> list[Basis]:
    """What runs were made from; of one that was confirmed since, what it was confirmed by.

    Args:
        warehouse: may be open for reading only.
        listed: the runs.
        table: the ledger of runs, which may be that of a warehouse beside this one.
    """
    wanted = list(listed)
    if "confirms_run_id" not in dict(warehouse.columns(f"SELECT * FROM {table}")):
        # An older version wrote the folder, and it is only read now.
        return [_basis(item, *_UNKNOWN) for item in wanted]
    rows = warehouse.rows(
        "SELECT coalesce(confirms_run_id, run_id) AS held_id, known_as_of, code_version, workspace_json, load_numbers,"
        f" earlier_sha256, finished_at FROM {table}"
        # One that published and failed after it, say at its report, is published all the same.
        " WHERE (status_name IN ('published', 'computed', 'confirmed') OR result_sha256 IS NOT NULL)"
        " AND list_contains($wanted, held_id) ORDER BY started_at",
        {"wanted": [item.run_id for item in wanted]},
    )
    newest = {run_id: values for run_id, *values in rows}
    return [_basis(item, *newest.get(item.run_id, _UNKNOWN)) for item in wanted]


def _basis(
    publication: Publication,
    known_as_of: dt.datetime | None,
    code: str,
    said: str | None,
    loads: list[int] | None,
    earlier: str | None,
    finished_at: dt.datetime | None,
) -> Basis:
    whole, numbers = None if said is None else json.loads(said), None if loads is None else tuple(loads)
    return Basis(publication, known_as_of, code, whole, numbers, earlier, finished_at)
