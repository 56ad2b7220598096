"""The audit section of a workspace: from when on something counts as a mistake, and what the company accepts.

Owns: the names of the findings, the thresholds and what is accepted. Does not own how a mistake is found
(`tasks/audit`).
"""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from tasks.config.features import Key, Strict, Text

FindingName = Literal[
    "demographic_only",
    "too_many_segments",
    "too_few_segments",
    "empty_segment",
    "small_segment",
    "dominant_segment",
    "stale",
    "pinned_sizes",
    "moves_by_itself",
    "unstable_segment",
    "redundant_segment",
    "nested_segment",
    "heterogeneous_segment",
    "not_distinct",
    "not_reachable",
    "not_measurable",
    "too_small_for_test",
]
FINDING_NAMES: tuple[str, ...] = get_args(FindingName)
Share = float


class AcceptedFinding(Strict):
    """A finding that the company knows of and leaves as it is; it is counted, and shown as accepted."""

    segmentation: Key = Field(description="whose finding it is")
    segment: Key | None = Field(default=None, description="its id without the segmentation's; null: of the whole")
    finding: FindingName = Field(description="as `resegment audit` calls it")
    because: Text = Field(description="why it is left, for whoever reads the audit")


class AuditPolicy(Strict):
    """From when on the audit of a segmentation calls something a mistake (see how-to/read-the-audit.md)."""

    kpis: list[Text] | None = Field(
        default=None,
        min_length=1,
        description="numeric features that segments should differ in; null: orders of about 90 days, net amount of the"
        " longest window, average order, recency",
    )
    min_segments: int = Field(default=2, ge=1, description="fewer with customers in them divide nobody")
    max_segments: int = Field(default=12, ge=2, description="more are not worked with")
    min_count: int = Field(default=50, ge=1, description="a segment of fewer customers is small")
    min_share: Share = Field(default=0.01, ge=0, lt=1, description="so is one of a smaller share of the segmentation")
    max_share: Share = Field(default=0.8, gt=0, le=1, description="a segment with more of them leaves little to divide")
    min_effect: float = Field(
        default=0.2, gt=0, description="least difference of a segment from the rest in a KPI that matters (probit-d)"
    )
    max_spread_ratio: float = Field(
        default=0.95, gt=0, description="spread within a segment over that of all from which it is no smaller"
    )
    min_explained_share: Share = Field(
        default=0.01, ge=0, lt=1, description="of a KPI's variance, below which a segmentation says nothing of it"
    )
    min_reachable_share: Share = Field(
        default=0.2, ge=0, le=1, description="of a segment's customers who consented, below which it is not reachable"
    )
    min_known_share: Share = Field(
        default=0.5,
        ge=0,
        le=1,
        description="of customers whose value of a feature is known, below which it is no basis",
    )
    max_detectable_lift: Share = Field(
        default=0.1,
        gt=0,
        le=1,
        description="of the order rate; a segment whose test sees only larger ones is too small",
    )
    min_stability: Share = Field(
        default=0.6, ge=0, le=1, description="mean bootstrap Jaccard of a cluster; below 0.6 it is not to be trusted"
    )
    stale_days: int = Field(default=180, ge=1, description="a definition or model younger than this is not stale")
    max_fit_loss: Share = Field(
        default=0.2, gt=0, lt=1, description="loss of fit since then, as a share of it, from which it is stale"
    )
    accepted: list[AcceptedFinding] = Field(default_factory=list, description="findings that are left as they are")
