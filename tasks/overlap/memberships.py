"""Who is in which segments, as numbers: a row a customer, and what is counted over such rows.

Owns: counts and sums over all pairs of segments and over exact combinations. Does not own reading memberships
(`reading.py`) or what a pair's figures mean (`pairs.py`).

Pairs are counted customer by customer: k segments of a customer are k (k - 1) / 2 pairs, each a number, and numbers are
tallied. That is half the work of a sparse matrix product, in one pass, and several sums share it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.config.errors import StatisticsError

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_CODES = 250_000
"""Pairs of segments that are tallied at a time: they stay in the processor's cache."""
_SEED = 20250630
_EXACT = 2**53
"""Up to here a float is every integer."""


@dataclass(frozen=True, slots=True)
class Memberships:
    """Segments of customers, in compressed rows.

    Attributes:
        segment_ids: every segment, ascending.
        starts: where each customer's segments begin in `members`, shape (n + 1,).
        members: positions in `segment_ids`, ascending within a customer.
    """

    segment_ids: tuple[str, ...]
    starts: Ints
    members: npt.NDArray[np.int32]

    @property
    def customer_count(self) -> int:
        """Customers, those in no segment among them where they have a row."""
        return len(self.starts) - 1

    def where(self, kept: Bools) -> Memberships:
        """Of each customer only the memberships that are marked, shape as `members`."""
        ends = np.concatenate(([0], np.cumsum(kept, dtype=np.int64)))
        return Memberships(self.segment_ids, ends[self.starts], self.members[kept])

    def of(self, customers: Bools) -> Memberships:
        """The rows of the customers that are marked, shape (n,)."""
        lengths = np.diff(self.starts)
        starts = np.concatenate(([0], np.cumsum(lengths[customers], dtype=np.int64)))
        return Memberships(self.segment_ids, starts, self.members[np.repeat(customers, lengths)])

    def sizes(self, weights: Ints | None = None) -> Ints:
        """Customers of each segment, or the sum of a weight over them, shape (s,)."""
        width = len(self.segment_ids)
        if weights is None:
            return np.bincount(self.members, minlength=width).astype(np.int64)
        return _exact_sum(self.members, np.repeat(weights, np.diff(self.starts)), width)

    def _pairs(self) -> Iterator[tuple[Ints, Ints]]:
        """Row numbers of customers (m,), and a number for each pair of segments of each of them, shape (pairs, m)."""
        width = len(self.segment_ids)
        for length, rows in self._by_length():
            one, other = np.triu_indices(length, 1)
            step = max(max(_CODES, width * width) // max(len(one), 1), 1)
            for first in range(0, len(rows) if length > 1 else 0, step):
                some = rows[first : first + step]
                held = self.members[self.starts[some][:, None] + np.arange(length)].T.astype(np.int64)
                yield some, held[one] * width + held[other]

    def shared(self, *weights: Ints) -> list[Ints]:
        """Customers in each two segments, and sums of each weight over them.

        Args:
            weights: an integer a customer, shape (n,).

        Returns:
            Symmetric arrays of shape (s, s): the counts, then one a weight; what a segment has by itself is on the
            diagonal.

        Raises:
            StatisticsError: a sum does not fit into 64 bits.
        """
        width = len(self.segment_ids)
        found = [np.zeros(width * width, dtype=np.int64) for _ in range(len(weights) + 1)]
        # What nobody has adds nothing.
        halves = [_halves(weight) if weight.any() else [] for weight in weights]
        for rows, codes in self._pairs():
            flat = codes.ravel()
            found[0] += np.bincount(flat, minlength=width * width)
            for total, parts in zip(found[1:], halves, strict=True):
                for shift, part in parts:
                    tiled = np.broadcast_to(part[rows], codes.shape).ravel()
                    added = np.bincount(flat, tiled, minlength=width * width).astype(np.int64)
                    np.add(total, added << shift, out=total)
        sizes = [self.sizes(), *(self.sizes(weight) for weight in weights)]
        squares = [total.reshape(width, width) for total in found]
        return [square + square.T + np.diag(size) for square, size in zip(squares, sizes, strict=True)]

    def combinations(self, weight: Ints) -> tuple[list[Ints], Ints, Ints]:
        """Customers in exactly these segments and no others.

        Returns:
            The segments of each combination that occurs, ascending; its customers; the sum of the weight over them.
        """
        held, counts, sums = [], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for length, rows in self._by_length():
            segments = self.members[self.starts[rows][:, None] + np.arange(length)]
            first, group = _alike(segments, len(self.segment_ids))
            held += list(segments[first].astype(np.int64))
            counts.append(np.bincount(group, minlength=len(first)).astype(np.int64))
            sums.append(_exact_sum(group, weight[rows], len(first)))
        return held, np.concatenate(counts), np.concatenate(sums)

    def _by_length(self) -> Iterator[tuple[int, Ints]]:
        lengths = np.diff(self.starts)
        for length in np.unique(lengths):
            if length:
                yield int(length), np.flatnonzero(lengths == length)


def _alike(segments: npt.NDArray[np.int32], width: int) -> tuple[Ints, Ints]:
    """Which rows are the same: the first row of each kind, and the kind of each row.

    Rows are told apart by two random numbers of 64 bits, and those that are called the same are compared.
    """
    draw = np.random.default_rng(_SEED)
    words = draw.integers(0, 2**64, size=(2, width), dtype=np.uint64)
    marks = np.empty(len(segments), dtype=[("one", np.uint64), ("other", np.uint64)])
    for name, word in zip(("one", "other"), words, strict=True):
        marks[name] = np.bitwise_xor.reduce(word[segments], axis=1)
    order = np.argsort(marks["one"], kind="stable")
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = marks[order[1:]] != marks[order[:-1]]
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.cumsum(is_new) - 1
    first = order[is_new]
    if not np.array_equal(segments[first[group]], segments):
        raise StatisticsError("two combinations of segments have one mark", where="overlap", hint="report this")
    return first, group


def _halves(weight: Ints) -> Sequence[tuple[int, npt.NDArray[np.float64]]]:
    """A weight as one float, or as a high and a low part, whose sums over all customers are exact."""
    largest = int(np.abs(weight).max(initial=0)) * len(weight)
    if largest < _EXACT:
        return [(0, weight.astype(np.float64))]
    if largest >= 2**63:
        raise StatisticsError("the customers' amounts are more than can be summed", where="overlap")
    return [(30, (weight >> 30).astype(np.float64)), (0, (weight & (2**30 - 1)).astype(np.float64))]


def _exact_sum(group: npt.NDArray[np.integer], weight: Ints, width: int) -> Ints:
    total = np.zeros(width, dtype=np.int64)
    for shift, part in _halves(weight):
        total += np.bincount(group, part, minlength=width).astype(np.int64) << shift
    return total


def from_sets(
    combinations: Sequence[tuple[tuple[str, ...], int]], segment_ids: Sequence[str]
) -> tuple[Memberships, Ints]:
    """Rows of combinations instead of customers, with the customers of each as a weight."""
    position = {segment: at for at, segment in enumerate(segment_ids)}
    rows = [sorted(position[segment] for segment in members) for members, _ in combinations]
    starts = np.concatenate(([0], np.cumsum([len(row) for row in rows], dtype=np.int64)))
    flat = np.array([at for row in rows for at in row], dtype=np.int32)
    counts = np.array([count for _, count in combinations], dtype=np.int64)
    return Memberships(tuple(segment_ids), starts.astype(np.int64), flat), counts
