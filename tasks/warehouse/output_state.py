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
    published = warehouse.rows(
        "SELECT key_fingerprint, max(publication.as_of_date) FROM ops.publication AS publication"
        " JOIN ops.run AS run USING (run_id) WHERE key_fingerprint IS DISTINCT FROM $fingerprint GROUP BY 1 LIMIT 1",
        {"fingerprint": key_fingerprint},
    )
    if not published:
        return
    (other, as_of), *_ = published
    now = "plain" if key_fingerprint is None else f"pseudonyms under key {key_fingerprint}"
    then = "plain" if other is None else f"pseudonyms under key {other}"
    raise WorkspaceError(
        f"privacy: customer ids would be {now}; those published here as of {as_of} are {then}"
        " (keys are told by their fingerprints)",
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
