"""How many segments the data hold: the verdict on the scores of `k_criteria.py`.

Owns: the thresholds, the verdict on each number of clusters with its reasons, and the choice. Does not own: the scores
themselves, or whether a new number replaces the one in use (`identity.py`).

The choice has three outcomes, in the words of Dolnicar and Leisch (2010, *Marketing Letters* 21:83-101): *natural*
segments have gaps between them; *reproducible* ones cut a continuous cloud of customers, the same way every time; and
with neither there is one segment, and that is said plainly.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from tasks.config.errors import StatisticsError
from tasks.segments import k_criteria as score
from tasks.segments.matrix import sample_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from tasks.segments.kmeans import KMeansFit

    Floats = NDArray[np.float64]

Structure = Literal["natural", "reproducible", "none"]


@dataclass(frozen=True, slots=True)
class KPolicy:
    """Thresholds and effort of the choice.

    Attributes:
        k_min: least number of segments; above 1 it forces segments onto data that show none.
        k_max: largest number tried.
        accept: `reproducible` allows cuts through a continuous cloud; `natural` asks for gaps, and answers 1 otherwise.
        min_share: least share of customers a segment must hold.
        prediction_strength: least prediction strength plus its standard error (Tibshirani and Walther 2005: 0.8-0.9).
        jaccard: least mean bootstrap Jaccard of the weakest segment (Hennig 2007: stable from 0.75).
        separation: least depth of the shallowest valley between two segments. Two equal round clouds reach 0.4 when
            their centres are about 3.1 standard deviations apart.
        sample_rows: customers all criteria but separation look at (seeded sample).
        separation_rows: customers separation looks at.
        splits: halvings for prediction strength.
        resamples: bootstrap resamples for Jaccard.
        gap_references: reference data sets for the gap statistic.
        n_init: random starts of each fit.
    """

    k_min: int = 1
    k_max: int = 8
    accept: Literal["natural", "reproducible"] = "reproducible"
    min_share: float = 0.02
    prediction_strength: float = 0.8
    jaccard: float = 0.75
    separation: float = 0.4
    sample_rows: int = 3_000
    separation_rows: int = 20_000
    splits: int = 5
    resamples: int = 15
    gap_references: int = 8
    n_init: int = 3

    def for_present(self) -> KPolicy:
        """The thresholds for the number in use, which is given up only where it clearly fails.

        Strength 0.1 and Jaccard 0.15 lower, half the share: by default 0.7, 0.6 (below it Hennig would not trust a
        cluster) and 1 %. Otherwise a number on the edge is lost and found from week to week.
        """
        return replace(
            self,
            prediction_strength=self.prediction_strength - 0.1,
            jaccard=self.jaccard - 0.15,
            min_share=self.min_share / 2,
        )


@dataclass(frozen=True, slots=True)
class KCriteria:
    """The scores of one number of clusters.

    Attributes:
        k: number of clusters.
        inertia: sum of squared distances on the sample.
        gap: gap statistic.
        gap_error: its standard error.
        prediction_strength: mean over splits; 1 for k = 1.
        prediction_strength_error: its standard error over splits.
        jaccard: bootstrap Jaccard of the least stable cluster; 1 for k = 1.
        separation: depth of the shallowest valley; 0 for k = 1.
        min_share: share of the smallest cluster.
    """

    k: int
    inertia: float
    gap: float
    gap_error: float
    prediction_strength: float
    prediction_strength_error: float
    jaccard: float
    separation: float
    min_share: float

    def failures(self, policy: KPolicy, *, natural: bool) -> tuple[str, ...]:
        """Which thresholds are missed, in words; empty where the number is acceptable."""
        strength = self.prediction_strength + self.prediction_strength_error
        missed = [
            (
                strength < policy.prediction_strength,
                f"prediction strength {strength:.2f} < {policy.prediction_strength}",
            ),
            (self.jaccard < policy.jaccard, f"Jaccard {self.jaccard:.2f} < {policy.jaccard}"),
            (self.min_share < policy.min_share, f"smallest share {self.min_share:.1%} < {policy.min_share:.1%}"),
            (
                natural and self.separation < policy.separation,
                f"separation {self.separation:.2f} < {policy.separation}",
            ),
        ]
        return tuple(reason for failed, reason in missed if failed)


@dataclass(frozen=True, slots=True)
class KChoice:
    """The chosen number of segments, and everything it was chosen by.

    Attributes:
        k: the choice.
        structure: what the segments are.
        reason: one sentence for the reader.
        criteria: the scores for k = 1, 2, ...
        policy: the thresholds they were held against.
        rows: customers the criteria were computed on.
    """

    k: int
    structure: Structure
    reason: str
    criteria: tuple[KCriteria, ...]
    policy: KPolicy
    rows: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; `from_dict` gives back an equal choice."""
        return asdict(self) | {"criteria": [asdict(row) for row in self.criteria]}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> KChoice:
        """Read what `to_dict` wrote."""
        return cls(
            k=stored["k"],
            structure=stored["structure"],
            reason=stored["reason"],
            criteria=tuple(KCriteria(**row) for row in stored["criteria"]),
            policy=KPolicy(**stored["policy"]),
            rows=stored["rows"],
        )


def choose_k(x: Floats, policy: KPolicy, *, seed: int, present_k: int | None = None) -> KChoice:
    """Score every number of clusters up to `policy.k_max`, and choose.

    Args:
        x: standardised matrix, shape (rows, features), ordered by customer id.
        policy: thresholds and effort.
        seed: seed of samples, splits and starts.
        present_k: number of segments in use. A continuous cloud has no true number, so the present one stays for as
            long as it is acceptable; gaps between segments overrule it.

    Raises:
        StatisticsError: the policy asks for more segments than there are different customers.
    """
    if not 1 <= policy.k_min <= policy.k_max:
        raise StatisticsError(
            f"k_min {policy.k_min} and k_max {policy.k_max} leave no number of clusters to try",
            hint="set 1 <= k_min <= k_max",
        )
    rows = x[sample_rows(len(x), policy.sample_rows, seed)]
    criteria = score_all(x, rows, policy, seed)
    return decide(criteria, policy, rows=len(rows), present_k=present_k)


def score_all(x: Floats, rows: Floats, policy: KPolicy, seed: int) -> tuple[KCriteria, ...]:
    """Criteria for k = 1..k_max, on the sample `rows` of `x`; fewer where the rows have too few different values."""
    path = score.fit_path(rows, policy.k_max, seed=seed, n_init=policy.n_init + 2)
    if len(path) < policy.k_min:
        raise StatisticsError(
            f"k_min is {policy.k_min}, but the data hold only {len(path)} different customers",
            hint="lower k_min, or add features that tell customers apart",
        )
    gap, gap_error = score.gap_statistic(rows, path, seed=seed, references=policy.gap_references)
    strength, strength_error = score.prediction_strength(
        rows, len(path), seed=seed, splits=policy.splits, n_init=policy.n_init
    )
    wide = x[sample_rows(len(x), policy.separation_rows, seed)]
    return tuple(
        KCriteria(
            k=fitted.k,
            inertia=_tidy(fitted.inertia),
            gap=_tidy(gap[i]),
            gap_error=_tidy(gap_error[i]),
            prediction_strength=_tidy(strength[i]),
            prediction_strength_error=_tidy(strength_error[i]),
            jaccard=_tidy(_least_jaccard(rows, fitted, policy, seed)),
            separation=_tidy(score.separation(wide, fitted.centroids)),
            min_share=_tidy(fitted.sizes.min() / len(rows)),
        )
        for i, fitted in enumerate(path)
    )


def _least_jaccard(rows: Floats, fitted: KMeansFit, policy: KPolicy, seed: int) -> float:
    if fitted.k == 1:
        return 1.0
    found = score.bootstrap_jaccard(
        rows, fitted.labels, fitted.k, seed=seed, resamples=policy.resamples, n_init=1, starts=[fitted.centroids]
    )
    return float(found.min())


def gate_says_one(criteria: tuple[KCriteria, ...], policy: KPolicy) -> bool:
    """Whether the gap statistic says one cluster and prediction strength alone says two at most."""
    if len(criteria) == 1:
        return True
    gap_says_one = criteria[0].gap >= criteria[1].gap - criteria[1].gap_error
    strong = [
        row.k
        for row in criteria
        if row.prediction_strength + row.prediction_strength_error >= policy.prediction_strength
    ]
    return gap_says_one and max(strong) <= 2  # noqa: PLR2004 - the rule itself


def decide(criteria: tuple[KCriteria, ...], policy: KPolicy, *, rows: int, present_k: int | None = None) -> KChoice:
    """The verdict on criteria that are known; arguments as in `choose_k` and `KChoice`."""
    tried = [row for row in criteria if row.k >= max(policy.k_min, 2)]
    natural = [row.k for row in tried if not row.failures(policy, natural=True)]
    stable = [row.k for row in tried if not row.failures(policy, natural=False)]
    if natural:
        k = max(natural)
        return KChoice(k, "natural", f"{k} segments with gaps between them", criteria, policy, rows)
    stays = any(row.k == present_k and not row.failures(policy.for_present(), natural=False) for row in tried)
    gated = policy.k_min == 1 and not stays and gate_says_one(criteria, policy)
    if (stable or stays) and policy.accept == "reproducible" and not gated:
        k = present_k if present_k is not None and stays else max(stable)
        reason = (
            f"customers form one continuous cloud without gaps; {k} segments cut it the same way on every half and "
            f"resample of the data{', and are in use' if stays else ''}"
        )
        return KChoice(k, "reproducible", reason, criteria, policy, rows)
    if policy.k_min > 1:
        in_range = present_k is not None and policy.k_min <= present_k <= criteria[-1].k
        k = present_k if present_k is not None and in_range else policy.k_min
        asked = f"no structure found; {k} segments {'are in use' if in_range else 'were asked for by k_min'}"
        return KChoice(k, "none", asked, criteria, policy, rows)
    return KChoice(1, "none", f"no structure found: {_why_none(tried, policy)}", criteria, policy, rows)


def _why_none(tried: list[KCriteria], policy: KPolicy) -> str:
    if not tried:
        return "customers differ in too few ways to be divided"
    first = tried[0]
    missed = first.failures(policy, natural=policy.accept == "natural")
    if missed:
        return f"already {first.k} segments fail ({', '.join(missed)})"
    return f"{first.k} segments explain no more than they would of customers spread evenly (gap statistic)"


def _tidy(value: float) -> float:
    """Six digits: what is printed, and the same from memory and from JSON."""
    return float(f"{float(value):.6g}") + 0.0
