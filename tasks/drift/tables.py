"""Contingency tables: all that the tests need to know of two columns.

Owns: counting values, bins, levels and moves between levels. Does not own: any test or effect size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

OTHER_LEVEL = "(other levels)"
#: A level that would stand alone, had it not to be put together with too few others.
WITH_RARER = "{} (with rarer levels)"
MISSING_LEVEL = "(missing)"


@dataclass(frozen=True)
class ValueTable:
    """The distinct values of two columns, ascending, and how often each occurs.

    Attributes:
        reference_rows: the reference column, shape (n,).
        current_rows: the current column, shape (m,).
        values: distinct values of both, shape (k,).
        reference: count of each in the reference, shape (k,).
        current: count of each in the current column, shape (k,).
    """

    reference_rows: Floats
    current_rows: Floats
    values: Floats
    reference: Integers
    current: Integers

    @classmethod
    def of(cls, reference: Floats, current: Floats) -> ValueTable:
        """Count two columns without missing values. Sorting them apart is several times cheaper than an argsort."""
        old, new = np.sort(reference), np.sort(current)
        values = np.unique(np.concatenate((old, new)))
        return cls(reference, current, values, _counts(old, values), _counts(new, values))

    @property
    def reference_count(self) -> int:
        """Number of reference rows."""
        return self.reference_rows.size

    @property
    def current_count(self) -> int:
        """Number of current rows."""
        return self.current_rows.size

    @cached_property
    def reference_index(self) -> Integers:
        """Position in `values` of each reference row, shape (n,)."""
        return np.searchsorted(self.values, self.reference_rows)

    @cached_property
    def current_index(self) -> Integers:
        """Position in `values` of each current row, shape (m,)."""
        if self.reference_rows.size != self.current_rows.size:
            return np.searchsorted(self.values, self.current_rows)
        # Of the same customers most have what they had: looking up takes longer than all else.
        is_other = self.current_rows != self.reference_rows
        index = self.reference_index.copy()
        index[is_other] = np.searchsorted(self.values, self.current_rows[is_other])
        return index

    @cached_property
    def reference_mid_shares(self) -> Floats:
        """Mid-distribution function of the reference at each value, shape (k,)."""
        return mid_distribution(self.reference)

    @cached_property
    def current_mid_shares(self) -> Floats:
        """Mid-distribution function of the current column at each value, shape (k,)."""
        return mid_distribution(self.current)

    @property
    def u(self) -> float:
        """Mann-Whitney U of the current column: pairs in which it is larger, ties counting half (exact)."""
        doubled = int(self.current @ (2 * np.cumsum(self.reference) - self.reference))
        return doubled / 2

    @property
    def auc(self) -> float:
        """P(current > reference) + P(tie)/2 (0-1); both columns must hold rows."""
        return self.u / (self.reference_count * self.current_count)

    def pooled_share_of(self, value: float) -> float:
        """Share of rows of both columns together that hold exactly `value` (0-1)."""
        total = self.reference_count + self.current_count
        held = (self.reference + self.current)[self.values == value].sum()
        return float(held) / total if total else 0.0

    def bins(self, bin_count: int) -> Integers:
        """Bin of each value by reference quantiles, shape (k,).

        A value belongs to the bin its mid-distribution share in the reference falls into. Without ties these are the
        quantile bins; a value that many rows hold (zero) gets a bin of its own instead of collapsing the edges.
        """
        return np.minimum((self.reference_mid_shares * bin_count).astype(np.int64), bin_count - 1)


def _counts(ascending: Floats, values: Floats) -> Integers:
    """Count how often each of the ascending `values` occurs among ascending rows."""
    ends = np.searchsorted(ascending, values, side="right")
    return np.diff(ends, prepend=0)


def mid_distribution(counts: Integers) -> Floats:
    """P(X < x) + P(X = x)/2 at each of ascending values, shape (k,) (Parzen 2004, Statistical Science 19:652-662).

    All zero where there are no rows.
    """
    total = max(int(counts.sum()), 1)
    return (np.cumsum(counts) - 0.5 * counts) / total


@dataclass(frozen=True, slots=True)
class LevelTable:
    """How many rows of each snapshot hold each level.

    Attributes:
        names: the levels, length k.
        reference: counts, shape (k,).
        current: counts, shape (k,).
        moves: paired only: `moves[i, j]` customers went from level i to level j, shape (k, k); its margins are
            `reference` and `current`.
    """

    names: tuple[str, ...]
    reference: Integers
    current: Integers
    moves: Integers | None = None

    @property
    def is_binary(self) -> bool:
        """Whether there are just two levels, so that the tests of a share apply."""
        return len(self.names) == 2  # noqa: PLR2004 - as "binary" says

    @property
    def reference_count(self) -> int:
        """Number of reference rows."""
        return int(self.reference.sum())

    @property
    def current_count(self) -> int:
        """Number of current rows."""
        return int(self.current.sum())


class MergeRule(NamedTuple):
    """Which levels stand alone.

    Attributes:
        minimum_expected: the smallest expected count that does.
        maximum_levels: the most that do, the most common first.
    """

    minimum_expected: float
    maximum_levels: int


def level_table(reference: Integers, current: Integers, names: tuple[str, ...], rule: MergeRule) -> LevelTable:
    """Merge the rare levels of two samples.

    Args:
        reference: count of each level in the reference, shape (len(names),).
        current: the same in the current sample.
        names: the levels.
        rule: its expected count is that of the smaller sample under homogeneity.
    """
    pooled = reference + current
    smaller_share = min(reference.sum(), current.sum()) / max(pooled.sum(), 1)
    target, kept = _merge_plan(pooled, pooled * smaller_share, names, rule)
    return LevelTable(names=kept, reference=_merged(reference, target, kept), current=_merged(current, target, kept))


def migration_table(reference: Integers, current: Integers, names: tuple[str, ...], rule: MergeRule) -> LevelTable:
    """Count the moves of paired rows between levels, rare levels merged.

    Args:
        reference: level code of each customer before, in `range(len(names))`, shape (n,).
        current: the same of the same customer now, shape (n,).
        names: the levels.
        rule: its expected count is the mean of both snapshots.
    """
    pooled = np.bincount(reference, minlength=len(names)) + np.bincount(current, minlength=len(names))
    target, kept = _merge_plan(pooled, pooled / 2, names, rule)
    size = len(kept)
    flat = np.bincount(target[reference] * size + target[current], minlength=size * size)
    moves = flat.reshape(size, size)
    return LevelTable(names=kept, reference=moves.sum(axis=1), current=moves.sum(axis=0), moves=moves)


def _merged(counts: Integers, target: Integers, kept: tuple[str, ...]) -> Integers:
    return np.bincount(target, weights=counts, minlength=len(kept)).astype(np.int64)


def _merge_plan(
    pooled: Integers, expected: Floats, names: tuple[str, ...], rule: MergeRule
) -> tuple[Integers, tuple[str, ...]]:
    """Say which new level each level goes to, and name the new ones.

    The plan looks at both snapshots together only, so that under the null hypothesis it does not favour a change.
    """
    held = np.flatnonzero(pooled)
    # Most common first; the code (levels are sorted by name) breaks ties, so that row order cannot matter.
    by_size = held[np.lexsort((held, -pooled[held]))]
    keep = int(min((expected[by_size] >= rule.minimum_expected).sum(), rule.maximum_levels))
    merged, other = by_size[keep:], OTHER_LEVEL
    if merged.size and expected[merged].sum() < rule.minimum_expected and keep > 1:
        keep -= 1
        merged, other = by_size[keep:], WITH_RARER.format(names[int(by_size[keep])])
    kept = np.sort(by_size[:keep])
    target = np.zeros(len(names), dtype=np.int64)
    target[merged] = kept.size
    target[kept] = np.arange(kept.size)
    kept_names = tuple(names[code] for code in kept)
    if merged.size == 1:
        return target, (*kept_names, names[int(merged[0])])
    return target, (*kept_names, other) if merged.size else kept_names
