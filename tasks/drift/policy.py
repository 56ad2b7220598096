"""What a caller sets: the features to compare, and the limits a change is judged by.

Owns: `FeatureSpec`, `DriftPolicy` and their defaults. Does not own: reading them from a file (`tasks/config`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Literal, NamedTuple

from tasks.config.drift import KIND_LIMITS, Limits, SubjectKind

FeatureKind = Literal["numeric", "category", "flag", "segment"]


class EffectKey(NamedTuple):
    """Names one series of past effects, one figure a run: a feature has several tests, each with its own effect.

    Of a segment and a feature there are a profile and a KPI by the same test, in different units.
    """

    subject_kind: SubjectKind
    subject_name: str
    test_name: str
    part_name: str | None = None


EffectHistory = Mapping[EffectKey, Sequence[float]]
"""Past run-to-run effect sizes (signed or not), oldest first, one a run, by `EffectKey`."""


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One column to compare.

    Attributes:
        name: the column in both frames.
        kind: `numeric`, `category`, `flag` (boolean), or `segment` (the membership column of one segmentation).
        is_calendar_driven: the value of *every* customer grows by one a day whatever he does (tenure in days). Paired
            snapshots then subtract the elapsed days. Recency is such a feature only until the customer buys again:
            subtracting leaves nothing but purchases, so a base that stops buying altogether would show *no* change.
        is_history: it looks at all history, and is missing as long as nothing has happened: that fewer values are
            missing is no drift, for history grows.
        subject_kind: what the column tells of.
        subject_name: of what it tells; default: the column.
        part_name: which part of that, where there are several.
    """

    name: str
    kind: FeatureKind
    is_calendar_driven: bool = False
    is_history: bool = False
    subject_kind: SubjectKind = "feature"
    subject_name: str | None = None
    part_name: str | None = None

    @property
    def is_of_segments(self) -> bool:
        """Whether it says in which segment somebody is."""
        return self.kind == "segment" or self.subject_kind == "segment_size"

    @property
    def is_of_members(self) -> bool:
        """Whether it is missing of those who are in no segment: how many those are is told of the mix alone."""
        return self.subject_kind == "fit"


@dataclass(frozen=True, slots=True)
class DriftPolicy:
    """The limits of the drift decision; what comes of the defaults: `docs/benchmarks-drift.md`.

    Attributes:
        family_wise_error_rate: Holm's level over all tests of a run (0-1).
        power: the probability with which the minimum detectable effect is detected (0-1).
        paired_common_share: customers in both snapshots as a share of the larger one, from which tests are paired.
        zero_inflated_share: pooled share of exact zeros from which a numeric feature counts as zero-inflated.
        notice_effect: standardised effect (probit-d, Cohen's h, w of the bins) that is worth a notice.
        alarm_effect: standardised effect that is worth an alarm, where the history does not ask for more.
        history_minimum_runs: number of past effects from which a feature's own history counts.
        history_multiple: an alarm must exceed this many robust standard deviations of the past effects.
        category_notice_w: w of a category that is worth a notice: half the alarm, as for numeric features.
        category_alarm_w: w of a category that is worth an alarm.
        mixes_by_history: whether an alarm about a mix needs a multiple of its own usual movement, as one about a number
            does, and enough past effects to know it: what is compared lies so far back that mixes move by themselves.
        level_change: a level that moves by this share (0.005 = half a percentage point) is worth a notice ...
        level_relative_change: ... and an alarm where that is also this part of its former share.
        bin_count: number of reference-quantile bins for shape and PSI.
        minimum_expected: levels and bins with a smaller expected count are merged.
        maximum_levels: the most common levels kept apart; the rest are merged.
        resamples: the most Monte Carlo draws for one p-value.
        change_tolerance: relative difference up to which two numbers of one customer are the same number (sums of
            floating-point amounts come out differently when their order differs).
        limits: of kinds of subjects that have limits of their own.
    """

    family_wise_error_rate: float = 0.01
    power: float = 0.8
    paired_common_share: float = 0.30
    zero_inflated_share: float = 0.10
    notice_effect: float = 0.05
    alarm_effect: float = 0.10
    history_minimum_runs: int = 8
    history_multiple: float = 4.0
    category_notice_w: float = 0.025
    category_alarm_w: float = 0.05
    mixes_by_history: bool = False
    level_change: float = 0.005
    level_relative_change: float = 0.10
    bin_count: int = 10
    minimum_expected: float = 5.0
    maximum_levels: int = 100
    resamples: int = 99_999
    change_tolerance: float = 1e-9
    limits: Mapping[SubjectKind, Limits] = field(default_factory=lambda: KIND_LIMITS)

    def deviations(self, asked: int) -> float:
        """How many standard errors are more than chance, where so many figures are asked: they share the error."""
        return NormalDist().inv_cdf(1 - self.family_wise_error_rate / (2 * max(asked, 1)))
