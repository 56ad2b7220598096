"""Means of segments at two dates, and how sure their differences are, although most customers are in both.

Owns: the estimate for all segments and columns at once. Does not own what is averaged
(`segment_reading.py`), or the verdict.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from tasks.drift.tables import Floats, Integers

_ROUNDING = 1e-12


class Members(NamedTuple):
    """Who is in which segment at one date: membership i says that customer `rows[i]` is in segment `segments[i]`."""

    rows: Integers
    segments: Integers


class MeanChanges(NamedTuple):
    """Means of each segment and column at both dates; shapes (segments, columns).

    Attributes:
        reference_count: members with a value at the earlier date.
        current_count: members with a value at the later one.
        reference_mean: NaN where nobody has a value.
        current_mean: NaN where nobody has a value.
        standard_error: of the difference of the means; NaN where one of the counts is below 2.
        reference_variance: of the mean at the earlier date, by sampling.
        current_variance: of that at the later one.
        covariance: of the two.
    """

    reference_count: Floats
    current_count: Floats
    reference_mean: Floats
    current_mean: Floats
    standard_error: Floats
    reference_variance: Floats
    current_variance: Floats
    covariance: Floats


def mean_changes(
    reference: Floats, current: Floats, then: Members, now: Members, segment_count: int, common: Integers
) -> MeanChanges:
    """Change of the mean of every column in every segment.

    A customer may be a member at either date or at both, so that the means are neither independent nor paired. Each
    mean is a sum over customers of their influence (x - mean)/n; that of the difference is the difference of both, and
    its variance is the sum of the squares: of the members then, of those now, less twice the products of who was at
    both dates (variance of clustered sums, customers being the clusters: Liang & Zeger 1986, Biometrika 73:13-22; of a
    domain's mean: Särndal, Swensson & Wretman 1992, Model Assisted Survey Sampling, section 5.8). Where nobody is there
    twice it is Welch's, where everybody is it is that of the paired t-test.

    Args:
        reference: one row a customer of the earlier snapshot, shape (n, columns); NaN is no value.
        current: the same of the later one, shape (m, columns).
        then: memberships at the earlier date, by rows of `reference`.
        now: memberships at the later date, by rows of `current`.
        segment_count: segments are numbered from 0.
        common: shape (customers in both, 2): row in `reference` and row in `current` of the same customer.

    Returns:
        Figures of every segment and column.
    """
    old, new = _Side(reference, then, segment_count), _Side(current, now, segment_count)
    partner = partner_rows(common, reference.shape[0])
    products = _products(old, new, stayed(then, now, partner), partner)
    with np.errstate(divide="ignore", invalid="ignore"):
        # As of samples, n / (n - 1), so that nothing is left where nobody changed.
        samples = np.sqrt(old.count / (old.count - 1) * new.count / (new.count - 1))
        covariance = samples * products / (old.count * new.count)
        variance = old.variance + new.variance - 2 * covariance
        # Where nobody changed, or all by the same amount, rounding leaves a little of either sign.
        is_nothing = variance < _ROUNDING * (old.variance + new.variance)
        error = np.sqrt(np.where(is_nothing, 0.0, variance))
    return MeanChanges(
        old.count,
        new.count,
        np.where(old.count > 0, old.mean, np.nan),
        np.where(new.count > 0, new.mean, np.nan),
        np.where((old.count > 1) & (new.count > 1), error, np.nan),
        old.variance,
        new.variance,
        covariance,
    )


class _Side:
    """Counts, means and the variance of the means at one date."""

    def __init__(self, values: Floats, members: Members, segment_count: int) -> None:
        self.known = ~np.isnan(values)
        self.filled = np.where(self.known, values, 0.0)
        inside = csr_array(
            (np.ones(members.rows.size), (members.segments, members.rows)), shape=(segment_count, values.shape[0])
        )
        self.count: Floats = inside @ self.known.astype(np.float64)
        total, squares = inside @ self.filled, inside @ (self.filled**2)
        least = np.maximum(self.count, 1.0)
        self.mean: Floats = total / least
        spread = np.maximum(squares - total * self.mean, 0.0)
        self.variance: Floats = spread / least / np.maximum(self.count - 1.0, 1.0)


def _products(old: _Side, new: _Side, shared: Members, partner: Integers) -> Floats:
    """Sum of (x - mean then)(y - mean now) over who was there at both dates with a value; shape (segments, columns)."""
    count, segment_count = shared.rows.size, old.count.shape[0]
    members = csr_array((np.ones(count), (shared.segments, np.arange(count))), shape=(segment_count, count))
    has_both = old.known[shared.rows] & new.known[partner[shared.rows]]
    before = np.where(has_both, old.filled[shared.rows], 0.0)
    after = np.where(has_both, new.filled[partner[shared.rows]], 0.0)
    products: Floats = (
        members @ (before * after)
        - (members @ before) * new.mean
        - (members @ after) * old.mean
        + (members @ has_both.astype(np.float64)) * old.mean * new.mean
    )
    return products


def partner_rows(common: Integers, count: int) -> Integers:
    """For each of `count` rows of the earlier snapshot the row of the same customer in the later one; -1: none."""
    partner = np.full(count, -1, dtype=np.int64)
    partner[common[:, 0]] = common[:, 1]
    return partner


def stayed(then: Members, now: Members, partner: Integers) -> Members:
    """Memberships that are there at both dates, by rows of the earlier snapshot; `partner` as of `partner_rows`."""
    width = max(int(now.rows.max(initial=0)), int(partner.max(initial=0))) + 1
    rows = partner[then.rows]
    there = (rows >= 0) & np.isin(rows + then.segments * width, now.rows + now.segments * width)
    return Members(then.rows[there], then.segments[there])
