"""Effect sizes: how large a change is, whatever the number of customers.

Owns: sizes and their standard errors. Does not own: p-values (`two_sample`, `paired`), limits (`verdict`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tasks.drift.paired import margin_covariance
from tasks.drift.tables import Floats, LevelTable, ValueTable

PROBIT_D_PER_AUC = 2 * math.sqrt(math.pi)
"""Slope of probit-d over the AUC at 1/2."""


def probit_d(auc: float, reference_count: int, current_count: int) -> float:
    """Shift between two samples in standard deviations, from ranks alone: sqrt(2) * Phi^-1(AUC), signed.

    Equals Cohen's d for normal samples and is unmoved by any monotone transformation (Ruscio 2008, Psychological
    Methods 13:19-30). Separated samples give a finite value: the AUC stays half a pair away from 0 and 1.
    """
    from scipy.special import ndtri

    margin = 0.5 / (reference_count * current_count)
    return float(math.sqrt(2.0) * ndtri(min(max(auc, margin), 1.0 - margin)))


def paired_auc_standard_error(table: ValueTable) -> float:
    """Standard error of the AUC of two columns of the same customers (Munzel & Brunner 2002)."""
    placements = table.reference_mid_shares[table.current_index] - table.current_mid_shares[table.reference_index]
    count = placements.size
    return float(np.std(placements, ddof=1)) / math.sqrt(count) if count > 1 else 0.0


def wasserstein_iqr(table: ValueTable) -> float | None:
    """First Wasserstein distance over the reference's interquartile range; None where that range is 0."""
    quartiles = np.searchsorted(np.cumsum(table.reference) / table.reference_count, (0.25, 0.75))
    iqr = float(table.values[quartiles[1]] - table.values[quartiles[0]])
    if iqr <= 0:
        return None
    gap = np.abs(np.cumsum(table.reference) / table.reference_count - np.cumsum(table.current) / table.current_count)
    return float(gap[:-1] @ np.diff(table.values)) / iqr


def cohen_h(reference_share: float, current_share: float) -> float:
    """Change of a share on the arcsine scale, signed (Cohen 1988, Statistical Power Analysis, section 6.2)."""
    return 2 * (math.asin(math.sqrt(current_share)) - math.asin(math.sqrt(reference_share)))


@dataclass(frozen=True, slots=True)
class ShareChange:
    """The shares of all levels, before and after, and the covariance of their differences under no change.

    Attributes:
        pooled: shares of both snapshots together, shape (k,), all positive.
        reference: shape (k,).
        current: shape (k,).
        covariance: of `current - reference`, shape (k, k).
    """

    pooled: Floats
    reference: Floats
    current: Floats
    covariance: Floats

    @classmethod
    def of(cls, table: LevelTable) -> ShareChange:
        """Shares of a table; the covariance is the paired one where the table knows who moved."""
        n, m = table.reference_count, table.current_count
        pooled = (table.reference + table.current) / (n + m)
        if table.moves is None:
            covariance = (np.diag(pooled) - np.outer(pooled, pooled)) * (1 / n + 1 / m)
        else:
            covariance = margin_covariance(table.moves) / n**2
        return cls(pooled, table.reference / n, table.current / m, covariance)

    @property
    def difference(self) -> Floats:
        """Change of each share, shape (k,)."""
        return self.current - self.reference

    @property
    def scaled_covariance(self) -> Floats:
        """Covariance of the differences over the square roots of the pooled shares, shape (k, k)."""
        root = np.sqrt(self.pooled)
        scaled: Floats = self.covariance / np.outer(root, root)
        return scaled

    @property
    def expected_noise(self) -> float:
        """Expectation of the sum of difference^2 / share under no change: (k-1)(1/n+1/m) for two samples."""
        return float(np.trace(self.scaled_covariance))


def corrected_w(change: ShareChange) -> float:
    """Cohen's w between the two mixes with the sampling noise taken out, not below 0.

    w^2 is the sum of difference^2 / pooled share (Cohen 1988, section 7.2, the pooled shares being the expected ones)
    less its expectation under no change. For two samples that is (chi-square - df)(1/n + 1/m): the per-group scale, on
    which w of a binned normal is its shift d; phi of the 2 x k table is half of it.
    """
    raw = float(np.sum(change.difference**2 / change.pooled))
    return math.sqrt(max(raw - change.expected_noise, 0.0))


def total_variation(change: ShareChange) -> float:
    """Half the sum of absolute changes: the share of customers that would have to move (0-1)."""
    return float(np.abs(change.difference).sum() / 2)


class LevelChange(NamedTuple):
    """One level's share before, and by how much it changed."""

    name: str
    reference_share: float
    change: float


def largest_level_change(change: ShareChange, names: tuple[str, ...]) -> LevelChange:
    """Give the level with the largest absolute change of share; the first by name of equals."""
    return _level(change, names, np.abs(change.difference))


def standout_level(
    change: ShareChange, names: tuple[str, ...], *, absolute_limit: float, relative_limit: float
) -> LevelChange:
    """Give the level that comes furthest over, or closest to, both limits at once.

    Args:
        change: the shares.
        names: the levels, in the order of the shares.
        absolute_limit: of the change of share.
        relative_limit: of the change over the former share; a level that was not there exceeds any limit.
    """
    absolute = np.abs(change.difference) / absolute_limit
    relative = np.divide(
        np.abs(change.difference),
        change.reference * relative_limit,
        out=np.full(absolute.shape, np.inf),
        where=change.reference > 0,
    )
    return _level(change, names, np.minimum(absolute, relative))


def _level(change: ShareChange, names: tuple[str, ...], weight: Floats) -> LevelChange:
    at = int(np.argmax(weight))
    return LevelChange(names[at], float(change.reference[at]), float(change.difference[at]))
