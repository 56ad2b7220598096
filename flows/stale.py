"""Which published dates would come out otherwise today, and why.

Owns: putting together what the rooms know of that. Does not own what has changed in definitions and in the past
(`tasks/backfill/staleness.py`) or in the data (`tasks/ingest/late.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from tasks.backfill.staleness import Reason, StaleDate, changed_since
from tasks.config.workspace import Workspace
from tasks.ingest.late import late_rows
from tasks.ingest.renamed import former_names
from tasks.warehouse import ledger
from tasks.warehouse.basis import Basis, bases
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.loads import loads_seen
from tasks.warehouse.output_state import refuse_where_told
from tasks.warehouse.readers import nothing_was_run, opened_to_read
from tasks.warehouse.run import OutputPaths


def read_stale(space: Workspace, paths: OutputPaths) -> list[StaleDate]:
    """The stale dates of an output folder, which is only read; none where nothing is published.

    Files that are not loaded yet are not seen; `unseen_files.py` tells of them.

    Raises:
        OutputError: a run is writing.
    """
    if nothing_was_run(paths):
        return []
    with opened_to_read(paths) as warehouse:
        return stale_dates(warehouse, space) if warehouse.table_exists("ops.publication") else []


def stale_dates(warehouse: Warehouse, space: Workspace) -> list[StaleDate]:
    """Published dates whose result would be another, oldest first; those after the first of them follow it.

    Raises:
        WorkspaceError: customers would have other ids today, so that nothing published can be held against it.
    """
    refuse_where_told(warehouse, space)
    published = ledger.publications(warehouse)
    found: list[StaleDate] = []
    for basis in bases(warehouse, published):
        earlier = [item for item in published if item.as_of < basis.publication.as_of]
        reasons = reasons_of(warehouse, space, basis, earlier, basis.known_as_of)
        if not reasons and found:
            reasons = [Reason("follows", f"follows {found[0].as_of}, which is stale")]
        if reasons:
            found.append(StaleDate(basis.publication.as_of, basis.publication.run_id, tuple(reasons)))
    return found


def reasons_of(
    warehouse: Warehouse,
    space: Workspace,
    basis: Basis,
    earlier: Sequence[Publication],
    known_as_of: dt.datetime | None,
) -> list[Reason]:
    """Why a run would come out otherwise today.

    Args:
        warehouse: of the run.
        space: the workspace of today.
        basis: what the run was made from.
        earlier: what it would follow.
        known_as_of: what would be hidden from it.
    """
    reasons = changed_since(warehouse, space, basis, earlier)
    if basis.loads is not None:
        # One that is called otherwise by now, and not loaded by that name yet, is known by what it was called.
        former = former_names(warehouse, space)
        sources = {former.get(name, name): source for name, source in space.sources.items()}
        now = loads_seen(warehouse, sources, known_as_of)
        late = late_rows(warehouse, space, basis.publication.as_of, basis.loads, now)
        reasons += [Reason("data", one.sentence) for one in late]
    return reasons
