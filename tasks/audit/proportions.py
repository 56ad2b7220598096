"""Shares of customers: how far one moved, and what a test of a group would see.

Owns: intervals of a change of share, and the smallest lift that a test can detect. Does not own: the counts, or what is
large enough.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

#: 95 % intervals, tests at 5 % two-sided with a power of 80 %: the usual ones (Cohen 1988).
CONFIDENCE = 0.95
POWER = 0.8
_DECIMALS = 6
_NORMAL = NormalDist()
_Z = _NORMAL.inv_cdf((1 + CONFIDENCE) / 2)
_Z_POWER = _NORMAL.inv_cdf(POWER)
_BISECTIONS = 50


@dataclass(frozen=True, slots=True)
class ShareChange:
    """How far the share of a segment moved, with the 95 % interval of it; 0-1 each.

    Attributes:
        change: share now minus share then.
        low: lower end.
        high: upper end.
    """

    change: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Memberships:
    """Customers of a segmentation at two dates, and those in one of its segments.

    Attributes:
        then: customers segmented then.
        now: customers segmented now.
        both: those of them who are common.
        inside_then: in the segment then.
        inside_now: in the segment now.
        came: common customers who are in it now and were not.
        went: common customers who were in it and are not.
        stayed: customers who were and are in it.
    """

    then: int
    now: int
    both: int
    inside_then: int
    inside_now: int
    came: int
    went: int
    stayed: int


def share_change(counts: Memberships) -> ShareChange | None:
    """The change of a segment's share with its interval; None where one of the dates has no customers.

    Wilson's intervals of the two shares put together with their correlation (Zou and Donner 2008, Statistics in
    Medicine 27(10):1693-1702): the customers of both dates, and how they went together, make the shares go together.
    With the same customers at both dates this is the interval for paired shares, with none in common that for two
    samples (Newcombe 1998, Statistics in Medicine 17:2635-2650 and 17:873-890, method 10 of each).
    """
    if not counts.then or not counts.now:
        return None
    p, q = counts.inside_then / counts.then, counts.inside_now / counts.now
    p_low, p_high = wilson(counts.inside_then, counts.then)
    q_low, q_high = wilson(counts.inside_now, counts.now)
    together = _correlation(counts) * counts.both / math.sqrt(counts.then * counts.now)
    low = q - p - _put_together(q - q_low, p_high - p, together)
    high = q - p + _put_together(q_high - q, p - p_low, together)
    return ShareChange(*(round(value, _DECIMALS) for value in (q - p, max(-1.0, low), min(1.0, high))))


def _put_together(first: float, second: float, correlation: float) -> float:
    return math.sqrt(max(first**2 + second**2 - 2 * correlation * first * second, 0.0))


def _correlation(counts: Memberships) -> float:
    """Phi of being in the segment then and now, among customers of both dates; 0 where it is not defined.

    Corrected for continuity as in method 10: where nobody has moved yet, somebody might have.
    """
    neither = counts.both - counts.stayed - counts.came - counts.went
    then, now = counts.stayed + counts.went, counts.stayed + counts.came
    spread = math.sqrt(then * (counts.both - then) * now * (counts.both - now))
    together = counts.stayed * neither - counts.came * counts.went
    if together > 0:
        return max(together - counts.both / 2, 0.0) / spread if spread else 0.0
    return together / spread if spread else 0.0


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927, Journal of the American Statistical Association 22:209-212)."""
    share, square = hits / of, _Z**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = _Z * math.sqrt(share * (1 - share) / of + square / (4 * of**2)) / (1 + square / of)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def detectable_lift(size: int, base_rate: float) -> float | None:
    """The smallest rise of a rate that a test of a group can see, as a difference of shares; None: not even to 100 %.

    The group is halved at random, one half is treated. Two proportions, two-sided at 5 %, power 80 %, without
    continuity correction: Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, 3rd edition,
    equation 4.14, solved for the treated rate.

    Args:
        size: customers of the group.
        base_rate: share of them who would order untreated (0-1).
    """
    arm = size // 2
    if arm < 1 or not _is_seen(arm, base_rate, 1.0):
        return None
    low, high = base_rate, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if _is_seen(arm, base_rate, middle) else (middle, high)
    return round(high - base_rate, _DECIMALS)


def _is_seen(arm: int, base: float, treated: float) -> bool:
    if treated <= base:
        return False
    mean = (base + treated) / 2
    needed = _Z * math.sqrt(2 * mean * (1 - mean)) + _Z_POWER * math.sqrt(base * (1 - base) + treated * (1 - treated))
    return arm >= (needed / (treated - base)) ** 2
