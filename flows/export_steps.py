"""What is held of a customer, put together: rows of every table, and why he is in his segments.

Owns: which parts there are. Does not own finding his rows (`tasks/erasure`) or the reasons (`tasks/segments/reasons`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

from tasks.config.workspace import Workspace
from tasks.erasure.holdings import kept_rows_of, mark
from tasks.erasure.person import person_of, unknown, words_of
from tasks.erasure.reading import held_of, known_ids
from tasks.ingest.whose import customers_in_quarantine
from tasks.insight.explain import newest_publication
from tasks.segments.reasons.standing import standings
from tasks.segments.reasons.why import why_in
from tasks.warehouse.catalogue import Catalogue, feature_models
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import publications
from tasks.warehouse.output_state import refuse_other_identities
from tasks.warehouse.readers import opened_to_read
from tasks.warehouse.run import OutputPaths, Run


def everything_of(space: Workspace, folder: Path, asked: str) -> dict[str, Any]:
    """Everything that is held of a customer.

    Returns:
        `customer`: his ids; `reasons`: why he is in each of his segments as of the newest published date; and by each
        table's name his rows, those of every load and date among them.

    Raises:
        UsageError: nothing has been run, or nothing is held of him.
        WorkspaceError: the key of the pseudonyms is missing, or another one than that of what is published.
        DamageError: the warehouse is damaged, gone or older than its copy.
        OutputError: a run is writing.
    """
    paths = OutputPaths(folder)
    with opened_to_read(paths) as warehouse:
        refuse_other_identities(warehouse, space, space.key_fingerprint())
        run = Run(space, warehouse, paths, dt.date.max, None)
        person = person_of(warehouse, space, asked)
        in_quarantine = customers_in_quarantine(run)
        mark(warehouse, [person], kept_rows_of(warehouse, [person], (), in_quarantine))
        if (known_ids(warehouse) | set(in_quarantine.values())).isdisjoint(person.ids):
            raise unknown([asked])
        words = words_of(warehouse, space, [person])
        mark(warehouse, [person], kept_rows_of(warehouse, [person], words.telling, in_quarantine))
        held: dict[str, Any] = {
            "customer": {"customer_id": person.own_id, "published_id": person.published_id},
            "reasons": _reasons(space, warehouse, person.published_id),
        }
        return held | held_of(warehouse)


def _reasons(space: Workspace, warehouse: Warehouse, published_id: str) -> list[dict[str, Any]]:
    """Why he is in his segments; none where nothing is published, or he is no customer of the newest date."""
    if not publications(warehouse):
        return []
    current = newest_publication(warehouse)
    if not warehouse.rows(
        "SELECT 1 FROM segments.membership WHERE run_id = $run AND customer_id = $customer LIMIT 1",
        {"run": current.run_id, "customer": published_id},
    ):
        return []
    catalogue = Catalogue(feature_models(space, current.as_of))
    found = standings(warehouse, catalogue, current, published_id, None)
    return [{"segmentation": one.name, **dataclasses.asdict(why_in(one))} for one in found]
