"""What is known of a segmentation when it is judged: plain figures, whoever computed them.

Owns: the shape of the figures and of a finding. Does not own computing them (`measure.py`) or
judging them (`mistakes_*.py`).
Counts are customers, shares are 0-1; a figure that is not known, or withheld, is None.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from tasks.audit.contrast import Contrast
from tasks.audit.proportions import ShareChange
from tasks.audit.steadiness import Stability
from tasks.config.audit import FindingName

Severity = Literal["warning", "note"]
#: Themes of features that say who or where people are, and nothing of what they do.
DEMOGRAPHIC_THEMES = frozenset({"customer_demographics", "customer_geography"})


@dataclass(frozen=True, slots=True)
class Rival:
    """The segment of the same segmentation that is nearest.

    Attributes:
        segment_id: which.
        distance: in standard deviations.
        kind: `model`: between means of the model's features; `profile`: root mean square over all profiled features.
    """

    segment_id: str
    distance: float
    kind: Literal["model", "profile"]


@dataclass(frozen=True, slots=True)
class Split:
    """The feature that goes with a KPI most, among customers who are the same to the segmentation.

    Attributes:
        feature: its name.
        kpi: the KPI.
        correlation: Spearman's, −1 to 1.
    """

    feature: str
    kpi: str
    correlation: float


@dataclass(frozen=True, slots=True)
class Reach:
    """Who of a segment may be written to: on its treatment's channel, or where it has none on any."""

    channel: str | None
    consented: int
    undecided: int


@dataclass(frozen=True, slots=True)
class OrderRate:
    """How many customers order, that a test is planned with.

    Attributes:
        share: of them (0-1).
        days: in how long.
        is_own: of the customers who were in the segment that many days ago, those who have ordered since; else of all
            of the segmentation, in the last days.
    """

    share: float
    days: int
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentFacts:
    """The figures of one segment.

    Attributes:
        is_suppressed: figures beyond sizes would tell of a small group (as in `monitoring.kpi`).
        kept_share: share of its customers who were in it at the previous run.
        jaccard: bootstrap Jaccard; clusters only.
        silhouette: mean silhouette; clusters only.
        is_remainder: it is of all who meet no rule: that it is small, or mixed, is no mistake.
        rate: how many of its customers order by themselves.
        detectable_lift: smallest rise of it that a test of the segment can see; None: none at all, or withheld.
        contrasts: beside the rest, one a KPI.
        traits: most distinguishing features with their effects, in words.
        split: what would divide it best, where it is spread as widely as all.
    """

    segment_id: str
    name: str
    since: dt.date | None
    size: int
    share: float
    entered: int | None = None
    left: int | None = None
    is_suppressed: bool = False
    is_remainder: bool = False
    previous_share: float | None = None
    change: ShareChange | None = None
    common_count: int | None = None
    kept_share: float | None = None
    jaccard: Stability | None = None
    silhouette: float | None = None
    rival: Rival | None = None
    rate: OrderRate | None = None
    detectable_lift: float | None = None
    reach: Reach | None = None
    contrasts: tuple[Contrast, ...] = ()
    traits: str | None = None
    split: Split | None = None

    @property
    def strongest(self) -> Contrast | None:
        """The KPI in which it stands out most."""
        return max(self.contrasts, key=lambda one: abs(one.effect), default=None)

    @property
    def narrowest(self) -> Contrast | None:
        """The KPI in which it is spread least."""
        return min(self.contrasts, key=lambda one: one.spread_ratio, default=None)


@dataclass(frozen=True, slots=True)
class FeatureFacts:
    """A feature that a segmentation divides by.

    Attributes:
        name: of the feature.
        theme: its table without the schema.
        known_share: of the customers who could be divided, those whose value is known; None where there are none.
        instead: a feature of the same theme that is known of most of them.
        instead_share: of how many.
        moves_by_itself: whatever customers do, its values grow or follow the world around.
        windowed: the same over some days, which does not.
    """

    name: str
    theme: str
    known_share: float | None
    instead: str | None = None
    instead_share: float | None = None
    moves_by_itself: bool = False
    windowed: str | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """How much a segmentation said at a date: explained share by KPI, and of how many customers."""

    as_of: dt.date
    customers: int
    explained: dict[str, float]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model that was learnt.

    Attributes:
        kind: of the segmentation.
        trained: the day it was learnt from.
        error: mean squared distance of customers to the centre of their cluster today; None for other kinds.
        error_at_fit: the same on that day.
        refit_days: how often it is learnt anew; 0: at every run; None: never.
        quantiles: shares of customers below the limits that are learnt.
    """

    kind: str
    trained: dt.date
    error: float | None = None
    error_at_fit: float | None = None
    refit_days: int | None = None
    quantiles: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two segments that share customers; from `monitoring.overlap`."""

    segment_id: str
    other_id: str
    size: int
    other_size: int
    both: int
    jaccard: float
    relation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationFacts:
    """All figures of one segmentation.

    Attributes:
        fit: how much it says of each KPI today; none where a customer may be in several segments.
        earlier: the same at the oldest run with the same definitions and model.
        pairs: of its segments with those of others or each other, redundant or nested.
        split: what goes with a KPI most among all its customers, beyond who and where they are.
        refusal: why the data gave nothing to divide by; None where they did.
    """

    segmentation_id: str
    name: str
    kind: str
    as_of: dt.date
    customers: int
    segments: tuple[SegmentFacts, ...]
    is_multiple: bool = False
    features: tuple[FeatureFacts, ...] = ()
    fit: Fit | None = None
    earlier: Fit | None = None
    model: ModelFacts | None = None
    pairs: tuple[Pair, ...] = ()
    split: Split | None = None
    names: dict[str, str] = field(default_factory=dict)
    refusal: str | None = None

    @property
    def filled(self) -> tuple[SegmentFacts, ...]:
        """Segments with customers in them."""
        return tuple(segment for segment in self.segments if segment.size)

    def name_of(self, segment_id: str) -> str:
        """A segment's name and id, for a sentence."""
        return f"{self.names.get(segment_id, segment_id)} ({segment_id})"


@dataclass(frozen=True, slots=True)
class Finding:
    """A known mistake that a segmentation makes.

    Attributes:
        segment_id: None where it is one of the whole segmentation.
        other_id: the other segment of a pair, or the one to merge with.
        evidence: the figures in words.
        advice: what to do, in words.
        figure: the one that was judged.
        threshold: what it was held against.
        accepted_because: why it is left; None: it is open.
    """

    segmentation_id: str
    segment_id: str | None
    name: FindingName
    severity: Severity
    evidence: str
    advice: str
    figure: float | None = None
    threshold: float | None = None
    other_id: str | None = None
    accepted_because: str | None = None
