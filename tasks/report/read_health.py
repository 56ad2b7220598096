"""Reading health cards and the findings of the audit.

Owns: their queries. Does not own: the figures or the judgement (`tasks/audit`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from tasks.report.health_records import AuditFinding, Health, HealthCard
from tasks.report.reader import RunReader

_CARD = tuple(field.name for field in fields(HealthCard))
_FINDING = tuple(field.name for field in fields(AuditFinding))


def health(reader: RunReader, order: Sequence[str]) -> Mapping[str, Health]:
    """Cards and findings by segmentation; empty where the run was not audited.

    Args:
        reader: of the run.
        order: ids of all segments in the order in which cards are shown.
    """
    cards = [HealthCard(**row) for row in reader.of_run("monitoring.segment_health", _CARD, order_by="segment_id")]
    findings = [
        AuditFinding(**row) for row in reader.of_run("monitoring.audit_finding", _FINDING, order_by="finding_no")
    ]
    rank = {segment: place for place, segment in enumerate(order)}
    cards.sort(key=lambda card: rank.get(card.segment_id, len(rank)))
    # One that was refused has no segments: it has the finding that says so alone.
    names = dict.fromkeys([*(card.segmentation_id for card in cards), *(one.segmentation_id for one in findings)])
    return {
        name: Health(
            tuple(card for card in cards if card.segmentation_id == name),
            tuple(finding for finding in findings if finding.segmentation_id == name),
        )
        for name in names
    }
