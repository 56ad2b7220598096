"""How every two segments share their customers, exactly.

Owns: pairwise counts from exclusive intersections, their measures and the relation they stand in. Does not own: the
intersections themselves (SQL of the monitoring schema), what to do about a conflict.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt

from tasks.config.errors import StatisticsError
from tasks.config.overlap import OverlapPolicy
from tasks.overlap.association import holm_log10, log10_p_value, phi

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
    """Measure all pairs of segments.

    With hundreds of thousands of customers every pair is significant, and segments of one segmentation exclude each
    other by construction: read `phi` and `lift` for the size, and the p-value only where a pair is small.

    Args:
        intersections: exclusive intersections: each customer counts once, under the full set of his segments. The
            empty set stands for customers in no segment.
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
    shared = _pairwise_counts(rows, segments, counted)
    limits = policy or OverlapPolicy()
    pairs = list(itertools.combinations(range(len(segments)), 2))
    tables = [(int(shared[a, b]), int(shared[a, a]), int(shared[b, b])) for a, b in pairs]
    logs = [log10_p_value(*table, total) for table in tables]
    return [
        _pair((segments[a], segments[b]), table, total, log_p=log_p, log_adjusted=adjusted, policy=limits)
        for (a, b), table, log_p, adjusted in zip(pairs, tables, logs, holm_log10(logs), strict=True)
    ]


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


def _pairwise_counts(rows: dict[tuple[str, ...], int], segments: list[str], counted: int) -> npt.NDArray[np.int64]:
    """Customers in each two segments, sizes on the diagonal, shape (s, s): one sparse product of integers."""
    from scipy.sparse import csr_array

    if counted > _INT64_MAX:
        raise StatisticsError(f"{counted} customers are more than can be counted", where="overlap")
    position = {segment: at for at, segment in enumerate(segments)}
    lengths = [len(members) for members in rows]
    columns = [position[segment] for members in rows for segment in members]
    starts = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    shape = (len(rows), len(segments))
    inside = csr_array((np.ones(len(columns), dtype=np.int64), columns, starts), shape=shape)
    weighted = csr_array(
        (np.repeat(np.fromiter(rows.values(), dtype=np.int64, count=len(rows)), lengths), columns, starts), shape=shape
    )
    counts: npt.NDArray[np.int64] = (inside.T @ weighted).toarray()
    return counts


def _pair(
    names: tuple[str, str],
    table: tuple[int, int, int],
    total: int,
    *,
    log_p: float | None,
    log_adjusted: float | None,
    policy: OverlapPolicy,
) -> PairOverlap:
    both, size_a, size_b = table
    union = size_a + size_b - both
    return PairOverlap(
        segment_id_a=names[0],
        segment_id_b=names[1],
        size_a=size_a,
        size_b=size_b,
        intersection_count=both,
        union_count=union,
        jaccard=both / union if union else 0.0,
        containment_a_in_b=both / size_a if size_a else None,
        containment_b_in_a=both / size_b if size_b else None,
        lift=both * total / (size_a * size_b) if size_a and size_b else None,
        phi=phi(both, size_a, size_b, total),
        log10_p_value=log_p,
        p_value=None if log_p is None else math.pow(10.0, log_p),
        log10_p_adjusted=log_adjusted,
        p_adjusted=None if log_adjusted is None else math.pow(10.0, log_adjusted),
        relation=relation(both, size_a, size_b, policy),
    )


def relation(both: int, size_a: int, size_b: int, policy: OverlapPolicy) -> Relation:
    """Name the relation of two segments from their counts; limits are compared as exact fractions.

    Args:
        both: customers in both.
        size_a: customers in the one.
        size_b: customers in the other.
        policy: the limits.
    """
    if both == 0:
        return "disjoint"
    smaller, larger = sorted((size_a, size_b))
    if Fraction(both, size_a + size_b - both) >= _exact(policy.redundant_jaccard):
        return "redundant"
    is_inside = Fraction(both, smaller) >= _exact(policy.nested_containment)
    is_smaller = Fraction(smaller, larger) < _exact(policy.nested_size_ratio)
    return "nested" if is_inside and is_smaller else "overlapping"


def _exact(limit: float) -> Fraction:
    """The decimal fraction a limit was written as: 0.8 is 4/5, not the float next to it."""
    return Fraction(str(limit))
