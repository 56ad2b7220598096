"""How many segments the data hold: the verdict on the scores of `k_criteria.py`.

Owns: the verdict on each number of clusters with its reasons, and the choice. Does not own: the scores and thresholds
themselves (`k_policy.py`), or whether a new number replaces the one in use (`identity.py`).

The choice has three outcomes, in the words of Dolnicar and Leisch (2010, *Marketing Letters* 21:83-101): *natural*
segments have gaps between them; *reproducible* ones cut a continuous cloud of customers, the same way every time; and
with neither there is one segment, and that is said plainly.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from tasks.config.errors import StatisticsError
from tasks.segments import k_criteria as score
from tasks.segments.k_policy import KCriteria, KPolicy, tidy
from tasks.segments.matrix import sample_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from tasks.segments.kmeans import KMeansFit

    Floats = NDArray[np.float64]

Structure = Literal["natural", "reproducible", "none"]


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
        """Plain JSON types; `from_dict` gives back an equal choice. Verdicts are for readers: they follow from it."""
        rows = [asdict(row) | {"verdict": self.verdict_on(row)} for row in self.criteria]
        return asdict(self) | {"criteria": rows}

    def verdict_on(self, row: KCriteria) -> str:
        """Why a number was chosen or not, in words."""
        if row.k == self.k:
            return f"chosen: {self.reason}"
        missed = row.failures(self.policy, natural=self.structure == "natural" or self.policy.accept == "natural")
        if row.k == 1:
            return "not chosen: there are segments" if self.structure != "none" else "not chosen: k.min asks for more"
        if row.k < self.policy.k_min:
            return f"not chosen: fewer than k.min {self.policy.k_min}"
        if missed:
            return f"not chosen: {', '.join(missed)}"
        return f"not chosen: {'a larger number is as good' if row.k < self.k else 'no better than the one in use'}"

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> KChoice:
        """Read what `to_dict` wrote."""
        return cls(
            k=stored["k"],
            structure=stored["structure"],
            reason=stored["reason"],
            criteria=tuple(
                KCriteria(**{key: value for key, value in row.items() if key != "verdict"})
                for row in stored["criteria"]
            ),
            policy=KPolicy(**stored["policy"]),
            rows=stored["rows"],
        )


def choose_k(
    x: Floats, policy: KPolicy, *, seed: int, present_k: int | None = None, spread: Floats | None = None
) -> KChoice:
    """Score every number of clusters up to `policy.k_max`, and choose.

    Args:
        x: standardised matrix, shape (rows, features), ordered by customer id.
        policy: thresholds and effort.
        seed: seed of samples, splits and starts.
        present_k: number of segments in use. A continuous cloud has no true number, so the present one stays for as
            long as it is acceptable; gaps between segments overrule it.
        spread: the same with ties spread, in which gaps are looked for; default `x`.

    Raises:
        StatisticsError: the policy asks for more segments than there are different customers.
    """
    if not 1 <= policy.k_min <= policy.k_max:
        raise StatisticsError(
            f"k_min {policy.k_min} and k_max {policy.k_max} leave no number of clusters to try",
            hint="set 1 <= k_min <= k_max",
        )
    rows = x[sample_rows(len(x), policy.sample_rows, seed)]
    criteria = score_all(x if spread is None else spread, rows, policy, seed)
    return decide(criteria, policy, rows=len(rows), present_k=present_k)


def score_all(x: Floats, rows: Floats, policy: KPolicy, seed: int) -> tuple[KCriteria, ...]:
    """Criteria for k = 1..k_max on the sample `rows`, gaps in `x`; fewer where rows have too few different values."""
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
            inertia=tidy(fitted.inertia),
            gap=tidy(gap[i]),
            gap_error=tidy(gap_error[i]),
            prediction_strength=tidy(strength[i]),
            prediction_strength_error=tidy(strength_error[i]),
            jaccard=tidy(_least_jaccard(rows, fitted, policy, seed)),
            separation=tidy(score.separation(wide, fitted.centroids)),
            min_share=tidy(fitted.sizes.min() / len(rows)),
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
    one, two = criteria[:2]
    gap_says_one = (one.gap or 0.0) >= (two.gap or 0.0) - (two.gap_error or 0.0)
    strong = [row.k for row in criteria if row.strength >= policy.prediction_strength]
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
