"""What a test could have seen: the minimum detectable effect at this number of customers.

Owns: its arithmetic. Does not own: the level it is asked for (`verdict` divides the family's by the number of tests).

Each effect comes with a *scale*, the size that adds one unit of noncentrality to its test, so that one formula serves
all: the noncentrality that a test needs grows with the square of the effect. Paired tests see only customers who
changed; where hardly anyone did, the scale tends to nothing while a handful of one-way changes is still no evidence.
The *floor* is the effect of one customer in n changing one way, per unit of noncentrality.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tasks.drift.effects import PROBIT_D_PER_AUC, ShareChange
from tasks.drift.tables import ValueTable
from tasks.drift.two_sample import auc_null_sd

_FEWEST_YES = 5.0
"""A share is taken as at least this many customers: the smallest that a paired test could see arise is about twice."""


class Sensitivity(NamedTuple):
    """How an effect relates to the noncentrality of its test."""

    scale: float
    floor: float


@lru_cache(maxsize=4096)
def needed_noncentrality(degrees_of_freedom: int, alpha: float, power: float) -> float:
    """Noncentrality at which a chi-square test of that level has that power (Cohen 1988, chapter 7).

    For one degree of freedom this is the familiar (z of 1 - alpha/2 plus z of power) squared.
    """
    from scipy.special import chdtri, chndtrinc

    critical = float(chdtri(degrees_of_freedom, alpha))
    return float(chndtrinc(critical, degrees_of_freedom, 1.0 - power))


def minimum_detectable_effect(
    sensitivity: Sensitivity, degrees_of_freedom: int, *, alpha: float, power: float
) -> float:
    """Smallest effect found with that power at that level of a single test, in the unit of the effect."""
    needed = needed_noncentrality(degrees_of_freedom, alpha, power)
    return max(math.sqrt(needed) * sensitivity.scale, needed * sensitivity.floor)


def two_sample_probit_d(table: ValueTable) -> Sensitivity:
    """Of `mann_whitney`: the null standard deviation of the AUC in units of d."""
    return Sensitivity(PROBIT_D_PER_AUC * auc_null_sd(table), 0.0)


def paired_probit_d(standard_error: float, count: int) -> Sensitivity:
    """Of the paired numeric tests, from the standard error of the AUC (`effects.paired_auc_standard_error`).

    One customer who leaves his place for the far end moves the AUC by 1/(2n).
    """
    return Sensitivity(PROBIT_D_PER_AUC * standard_error, PROBIT_D_PER_AUC / (2 * count))


def two_sample_cohen_h(reference_count: int, current_count: int) -> Sensitivity:
    """Of `two_proportion`: the arcsine scale has this standard error at any share (Cohen 1988, section 6.5)."""
    return Sensitivity(math.sqrt(1 / reference_count + 1 / current_count), 0.0)


def paired_cohen_h(changed_count: int, share: float, count: int) -> Sensitivity:
    """Of `mcnemar`, from the customers who changed and the share of yes of both snapshots together."""
    spread = math.sqrt(max(share * (1 - share), _FEWEST_YES / count))
    return Sensitivity(math.sqrt(changed_count) / count / spread, 1 / count / spread)


def two_sample_w(reference_count: int, current_count: int) -> Sensitivity:
    """Of `chi_square_homogeneity` on w: its noncentrality is w^2 / (1/n + 1/m)."""
    return Sensitivity(math.sqrt(1 / reference_count + 1 / current_count), 0.0)


def paired_w(change: ShareChange, degrees_of_freedom: int, count: int) -> Sensitivity:
    """Of `stuart_maxwell` on w: the average over the directions a mix can change in.

    The floor is one customer moving between the two most common levels.
    """
    scale = math.sqrt(change.expected_noise / max(degrees_of_freedom, 1))
    return Sensitivity(scale, math.sqrt(float(np.sum(1 / np.sort(change.pooled)[-2:]))) / count)
