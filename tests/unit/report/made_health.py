"""Health cards and findings made by hand, as the room `audit` writes them."""

from __future__ import annotations

from typing import Any

import polars as pl

from tasks.audit.write import FINDING, HEALTH
from tasks.warehouse import tables
from tasks.warehouse.run import Run
from tests.unit.report.made_run import Names, segment_id


def card(segment: str, place: int = 0, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """The card of a segment; clusters have a Jaccard, others what they kept."""
    segmentation = segment.partition(".")[0]
    is_cluster = segmentation == "clusters"
    row: dict[str, Any] = {
        "segmentation_id": segmentation,
        "segment_id": segment,
        "age_days": 30 + place,
        "customer_count": 100 + 10 * place,
        "customer_share": 0.2,
        "share_change": 0.012 - 0.005 * place,
        "share_change_low": 0.002 - 0.005 * place,
        "share_change_high": 0.022 - 0.005 * place,
        "entered_count": 12,
        "left_count": 7,
        "kept_share": 0.85,
        "jaccard_share": 0.82 if is_cluster else None,
        "jaccard_low_share": 0.7 if is_cluster else None,
        "jaccard_high_share": 0.93 if is_cluster else None,
        "silhouette": 0.31 if is_cluster else None,
        "rival_segment_id": segment_id(segmentation, 1 - min(place, 1)),
        "rival_distance": 1.25,
        "is_viable": place != 1,
        "order_share": 0.43,
        "order_days": 61,
        "is_own_order_share": True,
        "detectable_lift_share": 0.135,
        "channel_name": "email",
        "reachable_count": 55,
        "reachable_share": 0.55,
        "distinct_kpi_name": "net_365d_amount",
        "distinct_effect": 0.8 - 0.5 * place,
        "distinct_p_adjusted": 0.001,
        "traits": "order_count +1.20; <i>country</i> = Îles & more +0.80",
        "verdict_name": ("sound", "unsound", "watch")[place % 3],
        "is_suppressed": False,
    }
    return dict.fromkeys(HEALTH) | row | changes


def finding(number: int, segment: str | None, name: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """An open warning on a segment, or on `region` as a whole."""
    row: dict[str, Any] = {
        "finding_no": number,
        "segmentation_id": (segment or "region").partition(".")[0],
        "segment_id": segment,
        "finding_name": name,
        "severity_name": "warning",
        "evidence": f"evidence {number}",
        "advice": f"advice {number}",
        "is_accepted": False,
    }
    return dict.fromkeys(FINDING) | row | changes


def write_health(run: Run, names: Names) -> None:
    """A card for every segment, and a few findings on the first segmentations there are."""
    cards = [
        card(segment_id(key, place), place) for key, (_, _, listed) in names.items() for place in range(len(listed))
    ]
    tables.write_frame(run, "monitoring.segment_health", pl.DataFrame(cards, schema=HEALTH))
    first = next(iter(names))
    findings = [
        finding(1, segment_id(first, 1), "small_segment"),
        finding(2, segment_id(first, 0), "too_small_for_test", severity_name="note"),
        finding(3, segment_id(first, 2), "not_reachable", is_accepted=True, accepted_because="asked in <b>May</b>"),
    ]
    if "region" in names:
        findings.append(finding(4, None, "demographic_only"))
        # One that was refused has no segment, and so no card.
        findings.append(finding(5, None, "too_few_segments", segmentation_id="habits"))
    tables.write_frame(run, "monitoring.audit_finding", pl.DataFrame(findings, schema=FINDING))
