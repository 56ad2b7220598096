"""Made segmentations for the figures of the audit: what is true of one, and its figures.

Used by `audit_worlds.py`, which says what is sound and what is a mistake. Values are drawn in memory, and go through the figures and the judgement that a
run goes through; only reading tables is left out.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from flows.cluster_space import _refit
from tasks.audit.contrast import Placed, scaled_ranks
from tasks.audit.facts import FeatureFacts, Fit, ModelFacts, OrderRate, Pair, Reach, SegmentationFacts
from tasks.audit.figures import Others, Steadiness, Values, explained, segment_facts
from tasks.audit.profiles import nearest_profiles
from tasks.audit.proportions import Memberships
from tasks.audit.splitting import best_split
from tasks.audit.steadiness import SAMPLE_ROWS, mean_error, separations, stability
from tasks.config.audit import AuditPolicy
from tasks.segments import kmeans

AS_OF = dt.date(2025, 6, 30)
EARLIER = dt.date(2024, 6, 30)
CUSTOMERS = 20_000
KPIS = ("orders", "net", "basket", "recency")
POLICY = AuditPolicy()
Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]


@dataclass
class World:
    """What is true of a made segmentation; a mistake is planted by changing it before `facts` draws.

    Attributes:
        seed: of all that is drawn.
        weights: share of each segment of its customers; 0: nobody is in it.
        apart: how far the means of neighbouring segments lie apart in a KPI, in standard deviations within.
        by_lot: segments whose customers are as all others are.
        lot_shift: by how many standard deviations of all these lie higher in one KPI.
        scattered: segments whose customers are spread more widely than all, around a mean of their own.
        apart_before: `apart`, a year ago.
        reached: share of customers who consented.
        unreached: segment of whom only few did.
        themes: of the features.
        known: of how many customers the features are known.
        moving: the features move by themselves, whatever customers do.
        has_model: the segments are clusters.
        cut: one cluster of the truth is cut in two in the model.
        gap: of two clusters alone: how far they lie apart, in standard deviations; None: six at least, of any number.
        scatter_now: of the clusters' customers today, 1 a year ago.
        quantiles: limits learnt anew.
        pair: relation of the first segment with another.
    """

    seed: int
    weights: list[float] = field(default_factory=list)
    apart: float = 1.0
    by_lot: tuple[int, ...] = ()
    lot_shift: float = 0.0
    scattered: tuple[int, ...] = ()
    apart_before: float | None = None
    reached: float = 0.6
    unreached: int | None = None
    themes: tuple[str, ...] = ("customer_basket", "customer_cadence")
    known: float = 0.95
    moving: bool = False
    has_model: bool = False
    cut: bool = False
    gap: float | None = None
    scatter_now: float = 1.0
    quantiles: tuple[float, ...] = ()
    pair: str | None = None

    def __post_init__(self) -> None:
        """Three to six segments, none of less than 10 %, where none are given."""
        self.rng = np.random.default_rng(self.seed)
        if not self.weights:
            count = int(self.rng.integers(3, 7))
            drawn = self.rng.dirichlet(np.full(count, 4.0))
            self.weights = list(0.1 + (1 - 0.1 * count) * drawn)
        self.places = {kpi: self.rng.permutation(len(self.weights)) for kpi in KPIS}

    @property
    def ids(self) -> list[str]:
        """Segment ids by position."""
        return [f"made.s{place:02d}" for place in range(len(self.weights))]


def facts(world: World) -> SegmentationFacts:
    """All figures of a made segmentation."""
    weights = np.array(world.weights)
    labels = world.rng.choice(len(weights), CUSTOMERS, p=weights / weights.sum())
    kpis = _kpis(world, labels, world.apart)
    hint = kpis["net"] + world.rng.normal(0, 1.5, CUSTOMERS)
    placed = Placed(np.arange(CUSTOMERS), labels, len(weights))
    values = Values(tuple(world.ids), placed, {name: scaled_ranks(column) for name, column in kpis.items()}, _rate())
    steadiness, model = _model(world) if world.has_model else (Steadiness({}, {}), None)
    if world.quantiles:
        model = ModelFacts("cuts", AS_OF, refit_days=30, quantiles=world.quantiles)
    others = _others(world, labels, kpis)

    def split(segment_id: str | None) -> Any:  # noqa: ANN401 - as `best_split` gives it
        chosen = np.flatnonzero(labels == world.ids.index(segment_id))[:3000] if segment_id else np.arange(3000)
        return best_split({kpi: column[chosen] for kpi, column in kpis.items()}, {"variety": hint[chosen]})

    earlier = None
    if world.apart_before is not None:
        before = _kpis(world, labels, world.apart_before)
        ranks = {name: scaled_ranks(column) for name, column in before.items()}
        earlier = Fit(EARLIER, CUSTOMERS, explained(replace(values, ranks=ranks)))
    return SegmentationFacts(
        segmentation_id="made",
        name="Made",
        kind="clusters" if world.has_model else "rules",
        as_of=AS_OF,
        customers=CUSTOMERS,
        segments=segment_facts(values, others, steadiness, split, POLICY),
        features=tuple(
            FeatureFacts(f"feature_{at}", theme, world.known, moves_by_itself=world.moving)
            for at, theme in enumerate(world.themes)
        ),
        fit=Fit(AS_OF, CUSTOMERS, explained(values)),
        earlier=earlier,
        model=model,
        pairs=_pairs(world, labels),
        split=split(None),
        names={segment: segment for segment in world.ids},
    )


def _rate() -> OrderRate:
    return OrderRate(0.3, 90, is_own=True)


def _kpis(world: World, labels: Ints, apart: float) -> dict[str, Floats]:
    """Each KPI has an order of segments, `apart` standard deviations from one to the next; skewed as money is."""
    found = {}
    for kpi in KPIS:
        values = apart * world.places[kpi][labels] + world.rng.normal(size=len(labels))
        for segment in world.by_lot:
            members = labels == segment
            shift = world.lot_shift * values[~members].std() if kpi == "net" else 0.0
            values[members] = shift + world.rng.choice(values[~members], int(members.sum()))
        for segment in world.scattered:
            members = labels == segment
            others = values[~members]
            values[members] = (
                others.mean() + 0.5 * others.std() + world.rng.normal(0, 1.5 * others.std(), members.sum())
            )
        found[kpi] = np.exp(0.5 * values)
    return found


def _others(world: World, labels: Ints, kpis: dict[str, Floats]) -> Others:
    sizes, reach, memberships, profiles = {}, {}, {}, []
    before = _moved(world, labels)
    for place, segment in enumerate(world.ids):
        inside = labels == place
        was = before == place
        size = int(inside.sum())
        sizes[segment] = {
            "customer_count": size,
            "customer_share": size / CUSTOMERS,
            "entered_count": int((inside & ~was).sum()),
            "left_count": int((was & ~inside).sum()),
            "is_suppressed": False,
        }
        share = 0.1 if place == world.unreached else world.reached
        consented = int(world.rng.binomial(size, share))
        reach[segment] = Reach(None, consented, int(world.rng.binomial(size - consented, 0.5)))
        came, went, stayed = int((inside & ~was).sum()), int((was & ~inside).sum()), int((inside & was).sum())
        memberships[segment] = Memberships(CUSTOMERS, CUSTOMERS, CUSTOMERS, int(was.sum()), size, came, went, stayed)
        for kpi, column in kpis.items():
            difference = (column[inside].mean() - column.mean()) / column.std() if size else None
            profiles.append(
                {
                    "segmentation_id": "made",
                    "segment_id": segment,
                    "feature_name": kpi,
                    "standardised_difference": difference,
                }
            )
    definitions = [
        {"segment_id": segment, "segment_name": segment, "since_date": EARLIER, "rule_text": "x > 1"}
        for segment in world.ids
    ]
    return Others(definitions, sizes, memberships, reach, {}, {}, nearest_profiles(profiles))


def _moved(world: World, labels: Ints) -> Ints:
    """Where customers were a month ago: 5 % of them elsewhere."""
    elsewhere = world.rng.random(len(labels)) < 0.05
    return np.where(elsewhere, world.rng.choice(labels, len(labels)), labels)


def _model(world: World) -> tuple[Steadiness, ModelFacts]:
    """A k-means model of clouds six standard deviations apart, a year old, and what it says of customers today."""
    clouds = max(len(world.weights) - world.cut, 1)
    centres = _centres(world, clouds)
    then = centres[world.rng.integers(0, clouds, SAMPLE_ROWS)] + world.rng.normal(size=(SAMPLE_ROWS, 4))
    fitted = kmeans.fit(then, len(world.weights), seed=world.seed)
    scatter = world.rng.normal(0, world.scatter_now, (SAMPLE_ROWS, 4))
    now = centres[world.rng.integers(0, clouds, SAMPLE_ROWS)] + scatter
    labels = kmeans.assign(now, fitted.centroids).own
    keys = [str(label) for label in labels]
    error = mean_error(now, keys, {str(place): centre for place, centre in enumerate(fitted.centroids)})
    steady = stability(now, labels, fitted.k, partial(_refit, fitted.k))
    return (
        Steadiness(steady, separations(now, labels)),
        ModelFacts("clusters", EARLIER, error, fitted.inertia / len(then)),
    )


def _centres(world: World, count: int) -> Floats:
    """Points in four dimensions, at least six apart, or two at the world's gap."""
    if world.gap is not None:
        return np.array([[0.0] * 4, [world.gap, 0.0, 0.0, 0.0]])
    found: list[Floats] = []
    while len(found) < count:
        candidate = world.rng.uniform(-9, 9, 4)
        if all(np.linalg.norm(candidate - other) >= 6 for other in found):
            found.append(candidate)
    return np.array(found)


def _pairs(world: World, labels: Ints) -> tuple[Pair, ...]:
    """The first segment beside another that holds nearly the same customers, or all of them and more; as counted."""
    from tasks.overlap.pairs import measure_pairs

    if world.pair is None:
        return ()
    first = labels == 0
    if world.pair == "redundant":
        second = np.where(world.rng.random(len(labels)) < 0.02, ~first, first)
    else:
        second = first | (world.rng.random(len(labels)) < 0.4)
    counts = [
        (("made.s00", "other.s00"), int((first & second).sum())),
        (("made.s00",), int((first & ~second).sum())),
        (("other.s00",), int((second & ~first).sum())),
    ]
    (found,) = measure_pairs([row for row in counts if row[1]], len(labels))
    return (
        Pair(
            found.segment_id_a,
            found.segment_id_b,
            found.size_a,
            found.size_b,
            found.intersection_count,
            found.jaccard,
            found.relation,
        ),
    )
