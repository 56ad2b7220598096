"""How every two segments share their customers, exactly.

Owns: the measures of a pair and the relation it stands in, for all pairs at once. Does not own counting
(`memberships.py`), the change since the previous run (`trend.py`), or what to do about a conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from tasks.config.errors import StatisticsError
from tasks.config.overlap import OverlapPolicy
from tasks.overlap.association import Floats, Ints, exact_integers, holm_log10, log10_p_value, phi
from tasks.overlap.memberships import from_sets

Relation = Literal["redundant", "nested", "disjoint", "overlapping"]
Intersection = tuple[tuple[str, ...], int]
"""The segments a customer is in, all of them, and how many customers are in just these."""

_INT64_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOverlap:
    """Two segments and the customers they share; segment a sorts before segment b.

    Attributes:
        segment_id_a: the one.
        segment_id_b: the other.
        size_a: customers in a.
        size_b: customers in b.
        intersection_count: customers in both.
        union_count: customers in either.
        jaccard: intersection over union (0-1); 0 where both are empty.
        containment_a_in_b: share of a's customers who are in b (0-1); None where a is empty.
        containment_b_in_a: share of b's customers who are in a (0-1); None where b is empty.
        lift: intersection over the one expected if membership were independent; None where a segment is empty.
        phi: correlation of the two memberships (-1 to 1); None where a segment is empty or holds everyone.
        log10_p_value: base-10 logarithm of the p-value of independence, two-sided; None where `phi` is.
        p_value: the same; 0 where it is smaller than a float can hold.
        log10_p_adjusted: Holm-adjusted over all pairs of the run.
        p_adjusted: the same; 0 where it is smaller than a float can hold.
        relation: `disjoint`, `redundant`, `nested` or `overlapping`.
    """

    segment_id_a: str
    segment_id_b: str
    size_a: int
    size_b: int
    intersection_count: int
    union_count: int
    jaccard: float
    containment_a_in_b: float | None
    containment_b_in_a: float | None
    lift: float | None
    phi: float | None
    log10_p_value: float | None
    p_value: float | None
    log10_p_adjusted: float | None
    p_adjusted: float | None
    relation: Relation


def measure_pairs(
    intersections: Iterable[Intersection],
    customer_count: int | None = None,
    *,
    segment_ids: Sequence[str] | None = None,
    policy: OverlapPolicy | None = None,
) -> list[PairOverlap]:
    """Measure all pairs of segments from exclusive intersections.

    With hundreds of thousands of customers every pair is significant, and segments of one segmentation exclude each
    other by construction: read `phi` and `lift` for the size, and the p-value only where a pair is small.

    Args:
        intersections: each customer counts once, under the full set of his segments. The empty set stands for
            customers in no segment.
        customer_count: all customers, where those in no segment are not among the intersections.
        segment_ids: all segments, where empty ones are to be in the result.
        policy: the limits of the relations.

    Returns:
        One row per unordered pair, ascending by the two ids.

    Raises:
        StatisticsError: a count is negative or no integer, a segment or a set of segments is named twice, a segment
            is not among `segment_ids`, or `customer_count` is less than the customers counted.
    """
    rows = _checked(intersections)
    segments = _segment_names(rows, segment_ids)
    counted = sum(rows.values())
    total = counted if customer_count is None else customer_count
    if total < counted:
        message = f"customer_count is {total:,}, but the intersections hold {counted:,} customers"
        raise StatisticsError(message, where="overlap", hint="count customers and intersections on the same snapshot")
    if counted > _INT64_MAX:
        raise StatisticsError(f"{counted} customers are more than can be counted", where="overlap")
    memberships, weights = from_sets(list(rows.items()), segments)
    frame = pair_frame(segments, memberships.shared(weights)[1], total, policy or OverlapPolicy())
    return [PairOverlap(**row) for row in frame.iter_rows(named=True)]


def pair_frame(segments: Sequence[str], shared: Ints, total: int, policy: OverlapPolicy) -> pl.DataFrame:
    """The measures of every pair, with the columns of `PairOverlap`, ascending by the two ids.

    Args:
        segments: ids, ascending.
        shared: customers in each two of them, sizes on the diagonal, shape (s, s).
        total: all customers.
        policy: the limits of the relations.
    """
    one, other = upper_triangle(len(segments))
    sizes = np.diagonal(shared)
    both, size_a, size_b = shared[one, other], sizes[one], sizes[other]
    union = size_a + size_b - both
    log_p = log10_p_value(both, size_a, size_b, total)
    log_adjusted = holm_log10(log_p)
    names = np.array(segments, dtype=object)
    expected = size_a.astype(np.float64) * size_b
    correlation = phi(both, size_a, size_b, total)
    return pl.DataFrame(
        {
            "segment_id_a": pl.Series(names[one], dtype=pl.String),
            "segment_id_b": pl.Series(names[other], dtype=pl.String),
            "size_a": size_a,
            "size_b": size_b,
            "intersection_count": both,
            "union_count": union,
            "jaccard": np.divide(both, union, out=np.zeros(len(both)), where=union > 0),
            "containment_a_in_b": _ratio(both, size_a),
            "containment_b_in_a": _ratio(both, size_b),
            "lift": _ratio(both.astype(np.float64) * total, expected),
            "phi": correlation,
            "log10_p_value": log_p,
            "p_value": np.power(10.0, log_p),
            "log10_p_adjusted": log_adjusted,
            "p_adjusted": np.power(10.0, log_adjusted),
            "relation": relations(both, size_a, size_b, correlation, policy),
        },
        nan_to_null=True,
    )


def upper_triangle(count: int) -> tuple[Ints, Ints]:
    """Positions of the one and the other segment of every pair, ascending."""
    one, other = np.triu_indices(count, 1)
    return one.astype(np.int64), other.astype(np.int64)


def _ratio(part: npt.NDArray[np.number], whole: npt.NDArray[np.number]) -> Floats:
    """A part of a whole; NaN of nothing."""
    found: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return found


def _checked(intersections: Iterable[Intersection]) -> dict[tuple[str, ...], int]:
    rows: dict[tuple[str, ...], int] = {}
    for members, count in intersections:
        key = tuple(sorted(members))
        label = " + ".join(key) or "no segment"
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 0:
            raise StatisticsError(
                f"the intersection {label} holds {count!r} customers, expected a whole number from 0",
                where="overlap",
                hint="hand over counts of customers",
            )
        if len(set(key)) < len(key) or key in rows:
            raise StatisticsError(
                f"the intersection {label} names a segment twice or is given twice",
                where="overlap",
                hint="group customers by the sorted set of their segments",
            )
        rows[key] = int(count)
    return rows


def _segment_names(rows: dict[tuple[str, ...], int], segment_ids: Sequence[str] | None) -> list[str]:
    met = {segment for members in rows for segment in members}
    if segment_ids is None:
        return sorted(met)
    unknown = sorted(met - set(segment_ids))
    if unknown:
        raise StatisticsError(
            f"customers are in segments that are not listed: {', '.join(unknown)}",
            where="overlap",
            hint="list every segment of the run",
        )
    return sorted(set(segment_ids))


def relations(both: Ints, size_a: Ints, size_b: Ints, correlation: Floats, policy: OverlapPolicy) -> list[Relation]:
    """Name the relation of each pair from its counts; limits are compared as exact fractions.

    Two segments of 95 % of all customers share nine in ten whatever they are: the same in all but name are only those
    whose customers stay outside together, too.

    Args:
        both: customers in both.
        size_a: customers in the one.
        size_b: customers in the other.
        correlation: of the two memberships; NaN where one of them holds everybody.
        policy: the limits.
    """
    smaller, larger = np.minimum(size_a, size_b), np.maximum(size_a, size_b)
    is_same = (both == larger) | (correlation >= policy.redundant_phi)
    is_redundant = is_same & _reaches(both, size_a + size_b - both, policy.redundant_jaccard)
    is_inside = _reaches(both, smaller, policy.nested_containment)
    is_nested = is_inside & ~_reaches(smaller, larger, policy.nested_size_ratio)
    names: list[Relation] = np.select(
        [both == 0, is_redundant, is_nested], ["disjoint", "redundant", "nested"], "overlapping"
    ).tolist()
    return names


def _reaches(part: Ints, whole: Ints, limit: float) -> npt.NDArray[np.bool_]:
    """Whether a share reaches a limit; the limit is the decimal fraction it was written as, 0.8 is 4/5."""
    exact = Fraction(str(limit))
    largest = int(whole.max(initial=0)) * max(exact.numerator, exact.denominator)
    part, whole = exact_integers(0 if largest < _INT64_MAX else _INT64_MAX, part, whole)
    return np.asarray(part * exact.denominator >= whole * exact.numerator, dtype=bool)
