"""Tests between two samples of different customers: one function a test.

Owns: statistic and p-value. Does not own: effect sizes (`effects`), what is tested when (`decision`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tasks.drift.montecarlo import APPROXIMATION_P, SPARSE_COUNT, sequential_p_value
from tasks.drift.tables import Floats, Integers, LevelTable, ValueTable

EXACT_LIMIT = 1_000
"""Counts up to this are tested exactly: it costs nothing, and the normal tail is wrong for small shares."""


class Outcome(NamedTuple):
    """What a test gives."""

    statistic: float
    p_value: float
    degrees_of_freedom: int


def mann_whitney(table: ValueTable) -> Outcome:
    """Tie-corrected Mann-Whitney U of the current column, two-sided, normal with continuity correction.

    Source: Mann & Whitney 1947, Annals of Mathematical Statistics 18:50-60; tie correction as in Hollander, Wolfe &
    Chicken 2014, Nonparametric Statistical Methods, section 4.1.
    """
    from scipy.special import ndtr

    n, m = table.reference_count, table.current_count
    u = table.u
    sd = auc_null_sd(table) * n * m
    if sd == 0.0:
        return Outcome(u, 1.0, 1)
    z = max(abs(u - n * m / 2) - 0.5, 0.0) / sd
    return Outcome(u, float(2 * ndtr(-z)), 1)


def auc_null_sd(table: ValueTable) -> float:
    """Standard deviation of P(current > reference) + ties/2 where both columns have one distribution."""
    n, m = table.reference_count, table.current_count
    total = n + m
    ties = (table.reference + table.current).astype(np.float64)
    correction = float(np.sum(ties**3 - ties)) / (total * max(total - 1, 1))
    return math.sqrt(max(total + 1 - correction, 0.0) / (12 * n * m))


def two_proportion(reference_hits: int, reference_count: int, current_hits: int, current_count: int) -> Outcome:
    """Whether a share is the same in both samples: pooled z squared, Fisher's exact p at small counts, two-sided.

    Source: Fleiss, Levin & Paik 2003, Statistical Methods for Rates and Proportions, section 3.1; Fisher 1935.
    """
    from scipy.special import ndtr

    total = reference_count + current_count
    hits = reference_hits + current_hits
    pooled = hits / total
    if hits in (0, total):
        return Outcome(0.0, 1.0, 1)
    variance = pooled * (1 - pooled) * (1 / reference_count + 1 / current_count)
    z = (current_hits / current_count - reference_hits / reference_count) / math.sqrt(variance)
    if min(hits, total - hits) > EXACT_LIMIT:
        return Outcome(z * z, float(2 * ndtr(-abs(z))), 1)
    from scipy.stats import fisher_exact

    cells = np.array(
        [
            [reference_hits, reference_count - reference_hits],
            [current_hits, current_count - current_hits],
        ]
    )
    return Outcome(z * z, min(float(fisher_exact(cells).pvalue), 1.0), 1)


def chi_square_homogeneity(table: LevelTable, *, resamples: int, random: np.random.Generator) -> Outcome:
    """Whether the levels are mixed alike in both samples.

    Both rows are samples: the expected counts come from the pooled shares, never from the reference alone (which
    would double the statistic). Two levels go to `two_proportion`. Where an expected count is small and the
    approximation says p < 0.05, the p-value is that of random tables with the same margins.

    Source: Pearson 1900; Agresti 2013, Categorical Data Analysis, section 3.2; Monte Carlo with fixed margins as in
    Hope 1968, JRSS B 30:582-598.

    Args:
        table: merged levels (see `tables.level_table`).
        resamples: the most tables to draw.
        random: where the draws come from.
    """
    from scipy.special import chdtrc

    n, m = table.reference_count, table.current_count
    size = len(table.names)
    if size <= 1:
        return Outcome(0.0, 1.0, 0)
    if table.is_binary:
        return two_proportion(int(table.reference[0]), n, int(table.current[0]), m)
    pooled = table.reference + table.current
    statistic = float(_homogeneity_statistic(table.reference[np.newaxis, :], pooled, n, m)[0])
    p_value = float(chdtrc(size - 1, statistic))
    smallest = float(pooled.min()) * min(n, m) / (n + m)
    if smallest < SPARSE_COUNT and p_value < APPROXIMATION_P:

        def draw(count: int) -> Floats:
            tables = random.multivariate_hypergeometric(pooled, n, size=count, method="marginals")
            return _homogeneity_statistic(tables, pooled, n, m)

        p_value = sequential_p_value(draw, statistic, resamples)
    return Outcome(statistic, p_value, size - 1)


def _homogeneity_statistic(reference: Integers, pooled: Integers, n: int, m: int) -> Floats:
    """Pearson's statistic of 2 x k tables that share their margins; `reference` has shape (tables, k)."""
    expected = pooled * (n / (n + m))
    difference: Floats = (reference - expected) ** 2 / expected
    # The current row differs by the same amounts; its expected counts are m/n times as large.
    total: Floats = difference.sum(axis=1) * (1 + n / m)
    return total
