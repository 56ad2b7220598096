"""What must hold of an output folder before anything is written to it.

Owns: bringing the ledger up to what readers see, and refusing other identities of customers than those published there.
Does not own opening the folder (`run.py`).
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from pathlib import Path

from tasks.config.errors import WorkspaceError
from tasks.config.workspace import Workspace
from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.taking_back import LOST, WITHDRAWN

log = logging.getLogger("resegment.warehouse")


def refuse_other_identities(warehouse: Warehouse, workspace: Workspace, key_fingerprint: str | None) -> None:
    """Customers keep their ids as long as an output folder lives.

    Under another key everybody would have left and a stranger have entered in his place; and where ids were plain
    before, the history would go on showing them.
    """
    for other, as_of in _published_under(warehouse):
        if other != key_fingerprint:
            raise _other_identities(workspace, _ids(key_fingerprint), f"as of {as_of} are {_ids(other)}")


def refuse_where_told(warehouse: Warehouse, workspace: Workspace) -> None:
    """The same for who only looks, and needs no key: one that is not there is taken for the right one."""
    if not workspace.privacy.pseudonymise or workspace.privacy.key:
        refuse_other_identities(warehouse, workspace, workspace.key_fingerprint())
        return
    for other, as_of in _published_under(warehouse):
        if other is None:
            raise _other_identities(workspace, "pseudonyms", f"as of {as_of} are {_ids(other)}")


def _published_under(warehouse: Warehouse) -> list[tuple[str | None, dt.date]]:
    """Fingerprints of the keys that published dates were made with, None of plain ids; each with its newest date."""
    return warehouse.rows(
        "SELECT key_fingerprint, max(publication.as_of_date) FROM ops.publication AS publication"
        " JOIN ops.run AS run USING (run_id) GROUP BY 1 ORDER BY 2 DESC, 1"
    )


def _ids(key_fingerprint: str | None) -> str:
    return "plain" if key_fingerprint is None else f"pseudonyms under key {key_fingerprint}"


def _other_identities(workspace: Workspace, now: str, then: str) -> WorkspaceError:
    return WorkspaceError(
        f"privacy: customer ids would be {now}; those published here {then} (keys are told by their fingerprints)",
        where=workspace.line_of("privacy", "pseudonymise"),
        hint="set the policy and key of then, or give --output a new folder, where every customer begins anew",
    )


def repair(warehouse: Warehouse, manifest_path: Path) -> None:
    """Bring the ledger up to what readers see: a run or backfill killed right after the swap had no time to note it."""
    try:
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        # The warehouse is whole: a run, or `resegment rebuild`, publishes anew what it names.
        log.warning("%s cannot be read (%s); what is published is taken from the ledger", manifest_path, error)
        return
    known = set(ledger.publications(warehouse))
    lost = {
        run_id
        for (run_id,) in warehouse.rows(
            "SELECT run_id FROM ops.run GROUP BY 1 HAVING arg_max(status_name, started_at) IN ($lost, $withdrawn)",
            {"lost": LOST, "withdrawn": WITHDRAWN},
        )
    }
    for date, run_id in manifest["runs"].items():
        publication = Publication(dt.date.fromisoformat(date), run_id)
        if publication not in known and run_id not in lost:
            ledger.note_publication(warehouse, publication)
            ledger.note_published(warehouse, publication.run_id)
