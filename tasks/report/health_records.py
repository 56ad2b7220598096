"""What a report says of the health of segments and the audit of segmentations, as plain records.

Owns: the shape of these records. Does not own: reading them (`read_health.py`), or the figures (`tasks/audit`).
Counts are customers, shares 0-1; a figure that is not known or withheld is None.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HealthCard:
    """One segment; the columns of `monitoring.segment_health`, described where they are published."""

    segmentation_id: str
    segment_id: str
    age_days: int | None
    customer_count: int
    customer_share: float
    previous_share: float | None
    share_change: float | None
    share_change_low: float | None
    share_change_high: float | None
    entered_count: int | None
    left_count: int | None
    kept_share: float | None
    jaccard_share: float | None
    jaccard_low_share: float | None
    jaccard_high_share: float | None
    silhouette: float | None
    rival_segment_id: str | None
    rival_distance: float | None
    is_viable: bool | None
    order_share: float | None
    order_days: int | None
    is_own_order_share: bool | None
    detectable_lift_share: float | None
    channel_name: str | None
    reachable_count: int | None
    reachable_share: float | None
    distinct_kpi_name: str | None
    distinct_effect: float | None
    distinct_p_adjusted: float | None
    traits: str | None
    verdict_name: str
    is_suppressed: bool | None


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One known mistake of a segmentation."""

    segmentation_id: str
    segment_id: str | None
    finding_name: str
    severity_name: str
    evidence: str
    advice: str
    is_accepted: bool
    accepted_because: str | None

    @property
    def title(self) -> str:
        """Its name as words."""
        return self.finding_name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Health:
    """Cards and findings of one segmentation, each in the order in which they are shown."""

    cards: tuple[HealthCard, ...]
    findings: tuple[AuditFinding, ...]

    @property
    def unaccepted(self) -> tuple[AuditFinding, ...]:
        """Findings that nobody has accepted."""
        return tuple(finding for finding in self.findings if not finding.is_accepted)

    @property
    def accepted(self) -> tuple[AuditFinding, ...]:
        """Findings that the workspace leaves as they are."""
        return tuple(finding for finding in self.findings if finding.is_accepted)

    @property
    def warnings(self) -> tuple[AuditFinding, ...]:
        """The graver of those that nobody has accepted."""
        return tuple(finding for finding in self.unaccepted if finding.severity_name == "warning")
