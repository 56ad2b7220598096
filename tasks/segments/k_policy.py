"""The scores of a number of clusters, and the thresholds they are held against.

Owns: `KPolicy`, `KCriteria`, and which thresholds a number misses, in words. Does not own: computing the scores
(`k_criteria.py`), or the choice (`choose_k.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


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
    """The scores of one number of clusters; None where an algorithm that finds its own number has no such score.

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
    inertia: float | None
    gap: float | None
    gap_error: float | None
    prediction_strength: float | None
    prediction_strength_error: float | None
    jaccard: float
    separation: float
    min_share: float

    @property
    def strength(self) -> float:
        """Prediction strength and its standard error together, which is what is held against the threshold."""
        if self.prediction_strength is None:
            return 1.0
        return self.prediction_strength + (self.prediction_strength_error or 0.0)

    def failures(self, policy: KPolicy, *, natural: bool) -> tuple[str, ...]:
        """Which thresholds are missed, in words; empty where the number is acceptable."""
        strength = self.strength
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


def tidy(value: float) -> float:
    """Six digits: what is printed, and the same from memory and from JSON."""
    return float(f"{float(value):.6g}") + 0.0
