"""Shares of customers: how far one moved, and what a test of a group would see.

Owns: intervals of a change of share, and the smallest lift that a test can detect. Does not own: the counts, or what is
large enough.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

#: 95 % intervals, tests at 5 % two-sided with a power of 80 %: the usual ones (Cohen 1988).
CONFIDENCE = 0.95
POWER = 0.8
#: From this share of common customers on, the two snapshots are one panel (as in drift).
PAIRED_SHARE = 0.3
_DECIMALS = 6
_NORMAL = NormalDist()
_Z = _NORMAL.inv_cdf((1 + CONFIDENCE) / 2)
_Z_POWER = _NORMAL.inv_cdf(POWER)
_BISECTIONS = 50


@dataclass(frozen=True, slots=True)
class ShareChange:
    """How far the share of a segment moved, 0-1 each.

    Attributes:
        kind: `paired` on the customers of both dates, or `two_sample`.
        change: share now minus share then.
        low: of the 95 % interval.
        high: likewise.
    """

    kind: Literal["paired", "two_sample"]
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

    Paired where at least 30 % of the larger date's customers are common: then entrants and leavers do not count.
    """
    if not counts.then or not counts.now:
        return None
    if counts.both >= PAIRED_SHARE * max(counts.then, counts.now):
        return paired_change(counts.came, counts.went, counts.both)
    return two_sample_change(counts.inside_then, counts.then, counts.inside_now, counts.now)


def paired_change(came: int, went: int, common: int) -> ShareChange:
    """Change of a share among the same customers, from the two numbers that moved.

    Interval: Bonett and Price 2012, Journal of Educational and Behavioral Statistics 37(4):479-488 (adjusted Wald).
    """
    change = (came - went) / common
    p_came, p_went = (came + 1) / (common + 2), (went + 1) / (common + 2)
    middle = p_came - p_went
    reach = _Z * math.sqrt((p_came + p_went - middle**2) / (common + 2))
    return ShareChange("paired", *_bounded(change, middle - reach, middle + reach))


def two_sample_change(inside_then: int, then: int, inside_now: int, now: int) -> ShareChange:
    """Change of a share between different customers.

    Interval: Newcombe 1998, Statistics in Medicine 17:873-890, method 10 (from Wilson's intervals of the two shares).
    """
    p, q = inside_then / then, inside_now / now
    p_low, p_high = wilson(inside_then, then)
    q_low, q_high = wilson(inside_now, now)
    low = q - p - math.hypot(q - q_low, p_high - p)
    high = q - p + math.hypot(q_high - q, p - p_low)
    return ShareChange("two_sample", *_bounded(q - p, low, high))


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


def _bounded(change: float, low: float, high: float) -> tuple[float, float, float]:
    return round(change, _DECIMALS), round(max(-1.0, low), _DECIMALS), round(min(1.0, high), _DECIMALS)
