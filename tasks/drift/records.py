"""The rows this room hands on: a score says what was measured, a verdict adds how it is judged.

Owns: the shape of `DriftScore` and `DriftVerdict`. Does not own: the table they are written to (`tasks/warehouse`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from tasks.config.drift import SubjectKind

SnapshotKind = Literal["paired", "two_sample"]
FeatureType = Literal[
    "continuous", "zero_inflated", "categorical", "segment_mix", "flow_rates", "mean", "association", "joint"
]
Aspect = Literal[
    "value",
    "shape",
    "zero_share",
    "null_share",
    "mix",
    "flow",
    "profile",
    "kpi",
    "flow_rate",
    "association",
    "reconstruction",
]
EffectName = Literal["probit_d", "cohen_h", "w", "sd", "relative_change", "cramers_v", "standardised_difference"]
Verdict = Literal["drift", "no_material_drift", "inconclusive"]
Level = Literal["none", "notice", "alarm"]


class MeanErrors(NamedTuple):
    """How sure two means of partly the same customers are."""

    reference_variance: float
    current_variance: float
    covariance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftScore:
    """One test of one subject: figures only, no judgement.

    Attributes:
        subject_kind: a feature; the mix of one segmentation; the size of one segment; how a model fits; what a segment
            is (profile), what it is worth (kpi) and where its customers go (flow); how two segmentations hang together
            (relation), and how features go together (joint).
        subject_name: the feature, segmentation or segment.
        part_name: of a profile or KPI the feature; of a relation the other segmentation; else None.
        feature_type: how the column was treated.
        snapshot_kind: `paired` on the customers of both snapshots, or `two_sample`.
        test_name: such as `mann_whitney`.
        aspect: what the test looks at: the value, its shape, the share of zeros or nulls, the mix, or its flows.
        statistic: of the test; None where the data allow no test.
        p_value: two-sided; None where the data allow no test.
        margin_p_value: for tests of symmetry of the changes (Wilcoxon, sign, Bowker): p of the hypothesis that the two
            distributions are the same. The judge takes the larger of the two.
        degrees_of_freedom: of the statistic (1 for a signed effect).
        effect_name: `probit_d`, `cohen_h` (signed), `w` (not negative, bias-corrected), `sd` (signed, in standard
            deviations of all customers), `relative_change` (signed, of the former mean), `cramers_v` (signed change),
            `standardised_difference` (signed, of errors over their standard deviation).
        effect_size: in the unit of `effect_name`; None where undefined.
        effect_scale: effect that adds one unit of noncentrality (for a signed effect: its standard error).
        effect_floor: effect per unit of noncentrality below which too few customers changed to see anything.
        reference_count: customers in the reference snapshot.
        current_count: customers in the current snapshot.
        common_count: customers in both; None where the two are periods, not snapshots.
        entered_count: customers only in the current snapshot; None likewise.
        left_count: customers only in the reference snapshot; None likewise.
        reference_value_count: values of the reference that entered the test.
        current_value_count: values of the current snapshot that entered the test.
        psi: population stability index, bias-corrected, not below 0.
        psi_p_value: p of PSI = 0.
        psi_alarm_p_value: p of PSI no larger than a shift of `alarm_effect` gives (non-central).
        wasserstein_iqr: first Wasserstein distance over the reference's interquartile range (numeric only).
        total_variation: half the sum of absolute share changes (categories only).
        level_name: the level that stands out most by the policy's two limits (categories); `zero` or `null` (shares);
            the features that changed most (joint).
        level_reference_share: its share in the reference (0-1).
        level_change: its change of share (-1 to 1).
        largest_level_name: the level with the largest absolute change of share (categories only).
        largest_level_change: its change of share (-1 to 1).
        reference_mean: of a KPI, per customer of the segment, or the former Cramér's V of a relation.
        current_mean: the same now.
        mean_errors: of a KPI, how sure the two means are, of which the effect is a ratio.
    """

    subject_kind: SubjectKind
    subject_name: str
    part_name: str | None = None
    feature_type: FeatureType
    snapshot_kind: SnapshotKind
    test_name: str
    aspect: Aspect
    statistic: float | None
    p_value: float | None
    margin_p_value: float | None = None
    degrees_of_freedom: int = 1
    effect_name: EffectName
    effect_size: float | None
    effect_scale: float | None
    effect_floor: float = 0.0
    reference_count: int
    current_count: int
    common_count: int | None
    entered_count: int | None
    left_count: int | None
    reference_value_count: int
    current_value_count: int
    psi: float | None = None
    psi_p_value: float | None = None
    psi_alarm_p_value: float | None = None
    wasserstein_iqr: float | None = None
    total_variation: float | None = None
    level_name: str | None = None
    level_reference_share: float | None = None
    level_change: float | None = None
    largest_level_name: str | None = None
    largest_level_change: float | None = None
    reference_mean: float | None = None
    current_mean: float | None = None
    mean_errors: MeanErrors | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftVerdict(DriftScore):
    """A score and how the policy judges it.

    Attributes:
        p_adjusted: Holm-adjusted over all tests of the run; None where there was no test.
        q_value: Benjamini-Hochberg-adjusted; to rank by, not to judge by.
        is_significant: whether `p_adjusted` is within the family-wise error rate.
        minimum_detectable_effect: the smallest effect found with the policy's power by this test at this n, in the
            unit of `effect_name`; None where there was no test.
        effect_low: lower end of the effect's 95 % interval; None where it has none.
        effect_high: upper end.
        notice_threshold: effect from which this subject is noticed.
        alarm_threshold: effect from which this subject alarms.
        verdict: `drift`, `no_material_drift` or `inconclusive`.
        level: `none`, `notice` or `alarm`; not `none` only where the verdict is `drift`.
        sentence: the judgement in plain words.
        is_seasonal: whether it was lowered, because the same period a year ago changed alike.
    """

    p_adjusted: float | None
    q_value: float | None
    is_significant: bool
    minimum_detectable_effect: float | None
    notice_threshold: float
    alarm_threshold: float
    verdict: Verdict
    level: Level
    sentence: str
    is_seasonal: bool = False
    effect_low: float | None = None
    effect_high: float | None = None

    def as_notice(self, reason: str) -> DriftVerdict:
        """An alarm that is none after all, with the reason as the end of its sentence."""
        said = self.sentence.replace(": alarm.", f": no more than a notice, for {reason}.")
        return replace(self, level="notice", sentence=said)
