"""A customer at the newest published run: his features, and the history of his segments with the reason of each change.

Owns: both. It reads what runs wrote, so that it tells what is published and not what the workspace says by now. Does
not own why he is where he is (`tasks/segments/reasons`) or the words for changes (`change_words.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.config.errors import UsageError
from tasks.config.pseudonym import is_pseudonym, pseudonym
from tasks.config.workspace import Workspace
from tasks.insight.change_words import Cause, words_for
from tasks.insight.news import TABLE as NEWS
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import Warehouse, literal
from tasks.warehouse.ledger import Publication, publications
from tasks.warehouse.output_state import refuse_other_identities
from tasks.warehouse.reading import entities_of


@dataclass(frozen=True, slots=True)
class FeatureValue:
    """One feature of the customer."""

    name: str
    value: object
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of segment.

    Attributes:
        as_of_date: the day of the run that saw it.
        segmentation_id: the segmentation.
        from_segment_id: the segment until then; None: none, or the first run.
        segment_id: the segment from then on; None: none.
        why_name: see `monitoring.change`; `first_run` where nothing was published before.
        words: why, for a reader.
        reason: as the run told why he is in the segment.
    """

    as_of_date: dt.date
    segmentation_id: str
    from_segment_id: str | None
    segment_id: str | None
    why_name: str
    words: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to say of a customer whatever segment he is in."""

    customer_id: str
    as_of: str
    run_id: str
    features: list[FeatureValue] = field(default_factory=list)
    history: list[HistoryEntry] = field(default_factory=list)


def published_id(warehouse: Warehouse, workspace: Workspace, customer_id: str) -> str:
    """The id that a customer is published under, given that or the company's own.

    Raises:
        WorkspaceError: customers are published under pseudonyms, and the key that leads from an id to one is missing,
            or is another one than theirs.
    """
    if not workspace.privacy.pseudonymise or is_pseudonym(customer_id):
        return customer_id
    key = workspace.pseudonym_key()
    refuse_other_identities(warehouse, workspace, workspace.key_fingerprint())
    return customer_id if key is None else pseudonym(key, customer_id)


def newest_publication(warehouse: Warehouse) -> Publication:
    """The run that is explained.

    Raises:
        UsageError: nothing is published.
    """
    published = publications(warehouse)
    if not published:
        raise UsageError("nothing is published yet", hint="run `resegment run` first")
    return published[-1]


def known_of(
    warehouse: Warehouse,
    catalogue: Catalogue,
    current: Publication,
    customer_id: str,
    deciding: Mapping[str, Sequence[str]],
) -> Known:
    """Features and history of a customer of a published run.

    Args:
        warehouse: open.
        catalogue: the features there are.
        current: the run.
        customer_id: the customer.
        deciding: features that decide, by segmentation; the history is that of these segmentations.

    Raises:
        UsageError: the customer is not among the customers of that run.
    """
    features = _features(warehouse, catalogue, current, customer_id)
    history = _history(warehouse, catalogue, publications(warehouse), customer_id, deciding)
    return Known(customer_id, current.as_of.isoformat(), current.run_id, features, history)


def _features(warehouse: Warehouse, catalogue: Catalogue, current: Publication, customer_id: str) -> list[FeatureValue]:
    rows = _values(warehouse, catalogue, current.run_id, customer_id)
    if rows is None:
        raise UsageError(
            f"there is no customer {customer_id!r} as of {current.as_of}",
            hint="ids are written as in published.customer_segment; a customer of a later date is not seen yet",
        )
    return [FeatureValue(name, rows[name], column.unit, column.meaning) for name, column in catalogue.features.items()]


def _values(warehouse: Warehouse, catalogue: Catalogue, run_id: str, customer_id: str) -> dict[str, Any] | None:
    rows = warehouse.records(
        f"SELECT * FROM {catalogue.relation(run_id)} WHERE {KEY} = $customer", {"customer": customer_id}
    )
    return rows[0] if rows else None


def _history(
    warehouse: Warehouse,
    catalogue: Catalogue,
    published: list[Publication],
    customer_id: str,
    deciding: Mapping[str, Sequence[str]],
) -> list[HistoryEntry]:
    """By segmentation and date; of the first run, the segments that he was in."""
    found = _first(warehouse, published[0], customer_id)
    run_of = {item.as_of: item.run_id for item in published}
    values = {item.run_id: _values(warehouse, catalogue, item.run_id, customer_id) or {} for item in published}
    listed = ", ".join(literal(item.run_id) for item in published)
    for row in warehouse.records(
        f"SELECT * FROM monitoring.change WHERE customer_id = $customer AND run_id IN ({listed})",
        {"customer": customer_id},
    ):
        name, run_id = row["segmentation_id"], row["run_id"]
        features = deciding.get(name, ())
        cause = Cause(
            row["why_name"],
            _news(warehouse, run_id, customer_id, entities_of(catalogue, features)),
            _model(warehouse, run_id, name),
            values.get(run_of.get(row["previous_as_of_date"], ""), {}),
            values.get(run_id, {}),
            [catalogue.features[feature] for feature in features],
        )
        found.append(_entry(row, words_for(cause)))
    return sorted(
        (entry for entry in found if entry.segmentation_id in deciding),
        key=lambda entry: (entry.segmentation_id, entry.as_of_date, entry.segment_id or "", str(entry.from_segment_id)),
    )


def _entry(row: Mapping[str, Any], words: str) -> HistoryEntry:
    return HistoryEntry(
        row["as_of_date"],
        row["segmentation_id"],
        row["from_segment_id"],
        row["to_segment_id"],
        row["why_name"],
        words,
        row["to_reason"],
    )


def _first(warehouse: Warehouse, first: Publication, customer_id: str) -> list[HistoryEntry]:
    """The segments of the first run, before which nothing was published."""
    rows = warehouse.rows(
        "SELECT segmentation_id, segment_id, reason FROM segments.membership"
        " WHERE customer_id = $customer AND run_id = $run_id ORDER BY segment_id",
        {"customer": customer_id, "run_id": first.run_id},
    )
    return [
        HistoryEntry(first.as_of, name, None, segment, "first_run", "the first run", reason)
        for name, segment, reason in rows
    ]


def _news(warehouse: Warehouse, run_id: str, customer_id: str, heeded: Sequence[str]) -> list[dict[str, Any]]:
    if not warehouse.table_exists(NEWS):
        return []
    rows = warehouse.records(
        f"SELECT entity_name, news_name, event_count, first_date, last_date FROM {NEWS}"
        " WHERE run_id = $run_id AND customer_id = $customer ORDER BY entity_name, news_name",
        {"run_id": run_id, "customer": customer_id},
    )
    return [row for row in rows if row["entity_name"] in heeded]


def _model(warehouse: Warehouse, run_id: str, name: str) -> tuple[int, dt.date] | None:
    rows = warehouse.rows(
        "SELECT model_no, trained_as_of_date FROM segments.model WHERE run_id = $run_id AND segmentation_id = $name",
        {"run_id": run_id, "name": name},
    )
    return (rows[0][0], rows[0][1]) if rows else None
