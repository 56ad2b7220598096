"""The tables of the audit: a health card a segment, how much a segmentation says, the findings.

Owns: `monitoring.segment_health`, `monitoring.segmentation_fit`, `monitoring.audit_finding`. Their columns are
described where they are published (`sql/published`). Does not own the figures or the judgement.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl

from tasks.audit.facts import Finding, SegmentationFacts, SegmentFacts
from tasks.audit.read import FIT_TABLE
from tasks.audit.verdict import verdict_on
from tasks.config.audit import AuditPolicy
from tasks.warehouse import tables
from tasks.warehouse.run import Run

HEALTH = {
    "segmentation_id": pl.String,
    "segment_id": pl.String,
    "since_date": pl.Date,
    "age_days": pl.Int64,
    "customer_count": pl.Int64,
    "customer_share": pl.Float64,
    "previous_share": pl.Float64,
    "share_change": pl.Float64,
    "share_change_low": pl.Float64,
    "share_change_high": pl.Float64,
    "common_count": pl.Int64,
    "entered_count": pl.Int64,
    "left_count": pl.Int64,
    "kept_share": pl.Float64,
    "jaccard_share": pl.Float64,
    "jaccard_low_share": pl.Float64,
    "jaccard_high_share": pl.Float64,
    "silhouette": pl.Float64,
    "rival_segment_id": pl.String,
    "rival_distance": pl.Float64,
    "rival_kind": pl.String,
    "is_viable": pl.Boolean,
    "order_share": pl.Float64,
    "order_days": pl.Int64,
    "is_own_order_share": pl.Boolean,
    "detectable_lift_share": pl.Float64,
    "channel_name": pl.String,
    "reachable_count": pl.Int64,
    "reachable_share": pl.Float64,
    "distinct_kpi_name": pl.String,
    "distinct_effect": pl.Float64,
    "distinct_p_adjusted": pl.Float64,
    "narrow_kpi_name": pl.String,
    "spread_ratio": pl.Float64,
    "traits": pl.String,
    "verdict_name": pl.String,
    "is_suppressed": pl.Boolean,
}
FIT = {
    "segmentation_id": pl.String,
    "kpi_name": pl.String,
    "segment_count": pl.Int64,
    "customer_count": pl.Int64,
    "explained_share": pl.Float64,
    "trained_date": pl.Date,
    "error": pl.Float64,
    "error_at_fit": pl.Float64,
    "definition_sha256": pl.String,
}
FINDING = {
    "finding_no": pl.Int64,
    "segmentation_id": pl.String,
    "segment_id": pl.String,
    "finding_name": pl.String,
    "severity_name": pl.String,
    "evidence": pl.String,
    "advice": pl.String,
    "figure": pl.Float64,
    "threshold": pl.Float64,
    "other_segment_id": pl.String,
    "is_accepted": pl.Boolean,
    "accepted_because": pl.String,
}


def write_audit(
    run: Run, measured: Sequence[SegmentationFacts], digests: Mapping[str, str], findings: Sequence[Finding]
) -> None:
    """Write the three tables of a run."""
    policy = run.workspace.audit
    cards = [_card(facts, segment, run.as_of, findings, policy) for facts in measured for segment in facts.segments]
    tables.write_frame(run, "monitoring.segment_health", pl.DataFrame(cards, schema=HEALTH))
    fits = [row for facts in measured for row in _fits(facts, digests[facts.segmentation_id])]
    tables.write_frame(run, FIT_TABLE, pl.DataFrame(fits, schema=FIT))
    rows = [_finding(number, finding) for number, finding in enumerate(findings, 1)]
    tables.write_frame(run, "monitoring.audit_finding", pl.DataFrame(rows, schema=FINDING))


def _card(
    facts: SegmentationFacts,
    segment: SegmentFacts,
    as_of: dt.date,
    findings: Sequence[Finding],
    policy: AuditPolicy,
) -> dict[str, object]:
    change, jaccard, rival, reach = segment.change, segment.jaccard, segment.rival, segment.reach
    strongest, narrowest = segment.strongest, segment.narrowest
    return {
        "segmentation_id": facts.segmentation_id,
        "segment_id": segment.segment_id,
        "since_date": segment.since,
        "age_days": (as_of - segment.since).days if segment.since else None,
        "customer_count": segment.size,
        "customer_share": segment.share,
        "previous_share": segment.previous_share,
        "share_change": change.change if change else None,
        "share_change_low": change.low if change else None,
        "share_change_high": change.high if change else None,
        "common_count": segment.common_count,
        "entered_count": segment.entered,
        "left_count": segment.left,
        "kept_share": segment.kept_share,
        "jaccard_share": jaccard.mean if jaccard else None,
        "jaccard_low_share": jaccard.low if jaccard else None,
        "jaccard_high_share": jaccard.high if jaccard else None,
        "silhouette": segment.silhouette,
        "rival_segment_id": rival.segment_id if rival else None,
        "rival_distance": rival.distance if rival else None,
        "rival_kind": rival.kind if rival else None,
        "is_viable": segment.size >= policy.min_count and segment.share >= policy.min_share,
        "order_share": segment.rate.share if segment.rate else None,
        "order_days": segment.rate.days if segment.rate else None,
        "is_own_order_share": segment.rate.is_own if segment.rate else None,
        "detectable_lift_share": segment.detectable_lift,
        "channel_name": reach.channel if reach else None,
        "reachable_count": reach.consented if reach else None,
        "reachable_share": round(reach.consented / segment.size, 6) if reach and segment.size else None,
        "distinct_kpi_name": strongest.kpi if strongest else None,
        "distinct_effect": strongest.effect if strongest else None,
        "distinct_p_adjusted": strongest.p_adjusted if strongest else None,
        "narrow_kpi_name": narrowest.kpi if narrowest else None,
        "spread_ratio": narrowest.spread_ratio if narrowest else None,
        "traits": segment.traits,
        "verdict_name": verdict_on(segment.segment_id, findings),
        "is_suppressed": segment.is_suppressed,
    }


def _fits(facts: SegmentationFacts, digest: str) -> list[dict[str, object]]:
    model = facts.model
    return [
        {
            "segmentation_id": facts.segmentation_id,
            "kpi_name": kpi,
            "segment_count": len(facts.filled),
            "customer_count": facts.customers,
            "explained_share": share,
            "trained_date": model.trained if model and model.refit_days != 0 else None,
            "error": model.error if model else None,
            "error_at_fit": model.error_at_fit if model else None,
            "definition_sha256": digest,
        }
        for kpi, share in sorted(facts.fit.explained.items() if facts.fit else ())
    ]


def _finding(number: int, finding: Finding) -> dict[str, object]:
    return {
        "finding_no": number,
        "segmentation_id": finding.segmentation_id,
        "segment_id": finding.segment_id,
        "finding_name": finding.name,
        "severity_name": finding.severity,
        "evidence": finding.evidence,
        "advice": finding.advice,
        "figure": finding.figure,
        "threshold": finding.threshold,
        "other_segment_id": finding.other_id,
        "is_accepted": finding.accepted_because is not None,
        "accepted_because": finding.accepted_because,
    }
