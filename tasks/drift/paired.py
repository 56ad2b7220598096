"""Tests between two snapshots of the same customers: one function a test.

Owns: statistic and p-value. Does not own: effect sizes (`effects`), what is tested when (`decision`).
Paired tests look only at customers who changed, which is why they see what no two-sample test on a panel can.
"""

from __future__ import annotations

import math

import numpy as np

from tasks.drift.montecarlo import APPROXIMATION_P, SPARSE_COUNT, sequential_p_value
from tasks.drift.tables import Floats, Integers, ValueTable
from tasks.drift.two_sample import EXACT_LIMIT, Outcome

_EXACT_WILCOXON = 50
"""Up to this many changes without ties the null distribution of the signed rank is tabulated."""

_WORD = 64
"""Bits of a random word."""


def wilcoxon_signed_rank(change: Floats) -> Outcome:
    """Wilcoxon's signed rank test on the rows that changed, two-sided, tie-corrected; the statistic is W+.

    Exact up to 50 changes without ties, else normal with continuity correction.
    Source: Wilcoxon 1945, Biometrics Bulletin 1:80-83; zeros dropped as there; tie correction as in Hollander, Wolfe &
    Chicken 2014, section 3.1.

    Args:
        change: current minus reference per customer, zeros allowed, shape (n,).
    """
    from scipy.special import ndtr

    moved = change[change != 0]
    count = moved.size
    if count == 0:
        return Outcome(0.0, 1.0, 1)
    _, index, ties = np.unique(np.abs(moved), return_inverse=True, return_counts=True)
    rank = np.cumsum(ties) - (ties - 1) / 2
    rank_sum = float(rank[index][moved > 0].sum())
    if count <= _EXACT_WILCOXON and ties.size == count:
        from scipy.stats import wilcoxon

        return Outcome(rank_sum, float(wilcoxon(moved, method="exact").pvalue), 1)
    variance = count * (count + 1) * (2 * count + 1) / 24 - float(np.sum(ties.astype(np.float64) ** 3 - ties)) / 48
    z = max(abs(rank_sum - count * (count + 1) / 4) - 0.5, 0.0) / math.sqrt(variance)
    return Outcome(rank_sum, float(2 * ndtr(-z)), 1)


def sign_test(change: Floats) -> Outcome:
    """Whether rises are as frequent as falls: exact binomial, two-sided; the statistic is the number of rises.

    Source: Arbuthnott 1710; Conover 1999, Practical Nonparametric Statistics, section 3.4.
    """
    rises = int((change > 0).sum())
    falls = int((change < 0).sum())
    return Outcome(float(rises), _exact_half(rises, falls), 1)


def paired_margin_p_value(table: ValueTable, *, standard_error: float) -> float:
    """P of "both snapshots have the same distribution in the sense of AUC 1/2", customers being paired.

    The Wilcoxon and sign tests ask whether *changes* are symmetric. A stationary process may violate that for ever
    (spend jumps up and decays); then the changes are lopsided, and the distribution stays where it was. This test
    looks at the distributions and allows for the pairing.
    Source: Munzel & Brunner 2002, Biometrical Journal 44:584-593 (t with n-1 degrees of freedom).

    Args:
        table: the paired columns.
        standard_error: of the AUC, see `effects.paired_auc_standard_error`.
    """
    from scipy.special import stdtr

    shift = table.auc - 0.5
    if shift == 0:  # exact: `auc` is a ratio of integers
        return 1.0
    if standard_error == 0.0:
        return 0.0 if table.reference_count > 1 else 1.0
    return float(2 * stdtr(max(table.reference_count - 1, 1), -abs(shift) / standard_error))


def mcnemar(gained: int, lost: int) -> Outcome:
    """Whether as many customers gained a yes/no property as lost it, two-sided; exact up to 1,000 changes.

    The statistic is (gained - lost)^2 / (gained + lost), without continuity correction.
    Source: McNemar 1947, Psychometrika 12:153-157.
    """
    from scipy.special import chdtrc

    changed = gained + lost
    if changed == 0:
        return Outcome(0.0, 1.0, 1)
    statistic = (gained - lost) ** 2 / changed
    if changed <= EXACT_LIMIT:
        return Outcome(statistic, _exact_half(gained, lost), 1)
    return Outcome(statistic, float(chdtrc(1, statistic)), 1)


def stuart_maxwell(moves: Integers, *, resamples: int, random: np.random.Generator) -> Outcome:
    """Whether both margins of a square table are the same: the mix before and the mix after.

    Levels nobody joined or left drop out, and so does one level of each group that exchanges customers only among
    itself: the degrees of freedom are the rank of the covariance. Where a level has few moves and the approximation
    says p < 0.05, each customer's direction is flipped at random instead (the covariance stays the same).

    Source: Stuart 1955, Biometrika 42:412-416; Maxwell 1970, British Journal of Psychiatry 116:651-655.

    Args:
        moves: `moves[i, j]` customers went from level i to j, shape (k, k).
        resamples: the most random flips.
        random: where they come from.
    """
    from scipy.special import chdtrc

    root = _inverse_root(margin_covariance(moves))
    rank = root.shape[0]
    if rank == 0:
        return Outcome(0.0, 1.0, 0)
    first, second = np.triu_indices(moves.shape[0], k=1)
    statistic = float(np.sum((root @ (moves.sum(axis=1) - moves.sum(axis=0))) ** 2))
    p_value = float(chdtrc(rank, statistic))
    touched = np.diag(margin_covariance(moves))
    if touched[touched > 0].min() < SPARSE_COUNT and p_value < APPROXIMATION_P:
        pairs = moves[first, second] + moves[second, first]
        used = pairs > 0
        weights = root[:, first[used]] - root[:, second[used]]

        def draw(count: int) -> Floats:
            shifts = _fair_nets(pairs[used], count, random) @ weights.T
            statistics: Floats = np.einsum("ij,ij->i", shifts, shifts)
            return statistics

        p_value = sequential_p_value(draw, statistic, resamples)
    return Outcome(statistic, p_value, rank)


def bowker(moves: Integers, *, resamples: int, random: np.random.Generator) -> Outcome:
    """Whether as many customers go from each level to each other as come back.

    Asymmetric flows are common where the mix stands still (new - active - lapsed - active again): they are worth
    knowing, and no drift by themselves. Few moves are dealt with as in `stuart_maxwell`, which see for the arguments.

    Source: Bowker 1948, Journal of the American Statistical Association 43:572-574.
    """
    from scipy.special import chdtrc

    first, second = np.triu_indices(moves.shape[0], k=1)
    pairs = moves[first, second] + moves[second, first]
    used = pairs > 0
    there, both = moves[first, second][used], pairs[used]
    if both.size == 0:
        return Outcome(0.0, 1.0, 0)
    statistic = float(np.sum((2 * there - both) ** 2 / both))
    p_value = float(chdtrc(both.size, statistic))
    if both.min() < SPARSE_COUNT and p_value < APPROXIMATION_P:

        def draw(count: int) -> Floats:
            net = _fair_nets(both, count, random)
            net *= net
            statistics: Floats = net @ (1 / both)
            return statistics

        p_value = sequential_p_value(draw, statistic, resamples)
    return Outcome(statistic, p_value, both.size)


def fair_halves(sizes: Integers, count: int, random: np.random.Generator) -> Integers:
    """Binomial draws with chance 1/2 of each size, shape (count, sizes); up to 64 as set bits of a random word.

    Counting bits takes a tenth of the time of numpy's binomial, and few moves are why there are draws at all.
    """
    small = sizes <= _WORD
    words = random.integers(0, 2**64, size=(count, int(small.sum())), dtype=np.uint64, endpoint=False)
    # A shift by the whole width is undefined: no size is 0, for nothing is drawn where nobody moved.
    words >>= (_WORD - sizes[small]).astype(np.uint64)
    halves = np.bitwise_count(words).astype(np.int64)
    if small.all():
        return halves
    drawn = np.empty((count, sizes.size), dtype=np.int64)
    drawn[:, small] = halves
    drawn[:, ~small] = random.binomial(sizes[~small], 0.5, size=(count, int((~small).sum())))
    return drawn


def _fair_nets(sizes: Integers, count: int, random: np.random.Generator) -> Floats:
    """Those who went one way less those who went the other, where each of them tosses a coin; shape (count, sizes)."""
    return (2 * fair_halves(sizes, count, random) - sizes).astype(np.float64)


def margin_covariance(moves: Integers) -> Floats:
    """Covariance of the differences of margins where both margins are the same (Stuart 1955), in customers squared."""
    flows = (moves + moves.T).astype(np.float64)
    np.fill_diagonal(flows, 0.0)
    covariance: Floats = np.diag(flows.sum(axis=1)) - flows
    return covariance


def _inverse_root(covariance: Floats) -> Floats:
    """R with R'R the pseudo-inverse of a covariance, shape (rank, k)."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > max(float(values.max(initial=0.0)), 0.0) * covariance.shape[0] * 1e-12
    root: Floats = vectors[:, kept].T / np.sqrt(values[kept])[:, np.newaxis]
    return root


def _exact_half(successes: int, failures: int) -> float:
    """Two-sided exact p of a split that is expected to be half and half."""
    from scipy.special import bdtr

    count = successes + failures
    return 1.0 if count == 0 else min(1.0, float(2 * bdtr(min(successes, failures), count, 0.5)))
