"""What segments are, and what they are worth, at two dates: the scores of profiles and KPIs.

Owns: what is averaged (ranks for profiles, amounts for KPIs), and the test. Does not own the estimate
(`segment_means.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import polars as pl

from tasks.drift.policy import FeatureSpec
from tasks.drift.records import DriftScore, MeanErrors
from tasks.drift.segment_means import MeanChanges, Members, mean_changes, partner_rows, stayed
from tasks.drift.snapshots import SnapshotPair, level_codes, numeric_values
from tasks.drift.tables import Flags, Floats, Integers

FEWEST_MEMBERS = 20
"""Of fewer members, at either date, the mean is not tested: nor is it near a normal variable."""
_BLOCK = 8
"""Columns that are averaged at a time."""
_COMMON_LEVEL = 0.05
"""A level of a category that fewer of all customers hold is no column of a profile."""


@dataclass(frozen=True, slots=True)
class SegmentPair:
    """Two snapshots, and who was in which segment at both.

    Attributes:
        pair: the snapshots.
        segments: ids of the segments that are compared.
        then: memberships at the earlier date, by rows of the reference.
        now: memberships at the later date, by rows of the current snapshot.
        ranked: rows of either snapshot that stand for all customers; None: all of them do.
        whole: the same segments with all of their members, where these are a sample of them.
    """

    pair: SnapshotPair
    segments: Sequence[str]
    then: Members
    now: Members
    ranked: tuple[Flags, Flags] | None = None
    whole: SegmentPair | None = None

    def changes(self, reference: Floats, current: Floats) -> MeanChanges:
        """Of columns of all rows of both snapshots."""
        return mean_changes(reference, current, self.then, self.now, len(self.segments), self.common)

    @property
    def common(self) -> Integers:
        """Row of each customer of both snapshots in the reference and in the current one, shape (customers, 2)."""
        return np.column_stack((self.pair.common_reference, self.pair.common_current))

    @property
    def stands_for_all(self) -> Flags:
        """Which rows of the reference and of the current snapshot, one after the other, stand for all customers."""
        if self.ranked is not None:
            return np.concatenate(self.ranked)
        return np.ones(self.pair.reference.height + self.pair.current.height, dtype=np.bool_)


def measure_profiles(segments: SegmentPair, specs: Mapping[str, FeatureSpec]) -> list[DriftScore]:
    """Compare what each segment's members are like, feature by feature.

    Numbers and flags are compared by the normal scores of their ranks among all customers of both dates (van der
    Waerden 1952), so that one large buyer moves no profile and effects are standard deviations; categories by the share
    of each common level, over its standard deviation among all customers. Features that advance with the calendar are
    left out: whoever stays grows older.
    """
    blocks = [(names, segments.changes(*both)) for names, both in _blocks(_profile_columns(segments, specs))]
    if not blocks:
        return []
    found = MeanChanges(*(np.hstack(parts) for parts in zip(*(changes for _, changes in blocks), strict=True)))
    effect = found.current_mean - found.reference_mean
    names = [name for block, _ in blocks for name in block]
    return _scores(segments, _Tested("profile", names, found, effect, found.standard_error))


def measure_kpis(segments: SegmentPair, columns: Sequence[str]) -> list[DriftScore]:
    """Compare what each segment's members are worth, on average: amounts and orders as they are.

    The effect is relative to the former mean; where that was 0 there is none, and nothing is judged.
    """
    if not columns:
        return []
    reference, current = (
        np.column_stack([numeric_values(frame[name], where=where) for name in columns])
        for frame, where in ((segments.pair.reference, "reference"), (segments.pair.current, "current"))
    )
    found = segments.changes(reference, current)
    with np.errstate(divide="ignore", invalid="ignore"):
        former = np.where(found.reference_mean == 0, np.nan, np.abs(found.reference_mean))
        effect = (found.current_mean - found.reference_mean) / former
        error = found.standard_error / former
    return _scores(segments, _Tested("kpi", list(columns), found, effect, error))


class _Column(NamedTuple):
    """A column of a profile in both snapshots."""

    name: str
    reference: Floats
    current: Floats


def _profile_columns(segments: SegmentPair, specs: Mapping[str, FeatureSpec]) -> Iterator[_Column]:
    pair, ranked = segments.pair, segments.stands_for_all
    for name, spec in specs.items():
        if spec.subject_kind != "feature" or spec.kind == "segment" or spec.is_calendar_driven:
            continue
        if spec.kind == "category":
            for level, before, after in _levels(pair.reference[name], pair.current[name], ranked):
                yield _Column(f"{name} = {level}", before, after)
            continue
        before = numeric_values(pair.reference[name], where="reference")
        after = numeric_values(pair.current[name], where="current")
        scores = normal_scores(np.concatenate((before, after)), ranked)
        yield _Column(name, scores[: before.size], scores[before.size :])


def _blocks(columns: Iterator[_Column]) -> Iterator[tuple[list[str], tuple[Floats, Floats]]]:
    """Several columns at a time, so that not all of them are held at once."""
    while block := list(itertools.islice(columns, _BLOCK)):
        sides = tuple(
            np.column_stack(side) for side in ([one.reference for one in block], [one.current for one in block])
        )
        yield [one.name for one in block], (sides[0], sides[1])


def normal_scores(values: Floats, ranked: Flags) -> Floats:
    """Normal quantiles of the mid-ranks of values, (rank - 1/2)/n, ties sharing their mean; NaN stays NaN.

    Args:
        values: shape (n,).
        ranked: those among which ranks are counted, shape (n,); one beyond them all has the rank of the outermost.
    """
    from scipy.special import ndtri

    known = ~np.isnan(values)
    scores = np.full(values.shape, np.nan)
    distinct, counts = np.unique(values[known & ranked], return_counts=True)
    total = int(counts.sum())
    if total == 0:
        return scores
    places = np.searchsorted(distinct, values[known])
    below = np.concatenate(([0], np.cumsum(counts)))[places]
    inside = np.minimum(places, distinct.size - 1)
    ties = np.where(distinct[inside] == values[known], counts[inside], 0)
    least = 0.5 / total
    scores[known] = ndtri(np.clip((below + ties / 2) / total, least, 1 - least))
    return scores


def _levels(reference: pl.Series, current: pl.Series, ranked: Flags) -> list[tuple[str, Floats, Floats]]:
    """Each common level as a column: 1 for whoever holds it and 0 for others, over its standard deviation."""
    codes = level_codes(reference, current)
    pooled = np.concatenate((codes.reference, codes.current))[ranked]
    found = []
    for code, name in enumerate(codes.names):
        share = float((pooled == code).mean())
        if _COMMON_LEVEL <= share < 1:
            spread = np.sqrt(share * (1 - share))
            found.append((name, (codes.reference == code) / spread, (codes.current == code) / spread))
    return found


class _Tested(NamedTuple):
    """What is told of every segment and feature; shapes (segments, features)."""

    kind: Literal["profile", "kpi"]
    names: Sequence[str]
    found: MeanChanges
    effect: Floats
    error: Floats


def _scores(segments: SegmentPair, tested: _Tested) -> list[DriftScore]:
    from scipy.special import stdtr

    effect, error, found = tested.effect, tested.error, tested.found
    least = np.minimum(found.reference_count, found.current_count)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Where everybody changes by the same amount the error is 0; no statistic is larger than the members are many.
        statistic = np.where(effect == 0, 0.0, effect / np.maximum(error, np.abs(effect) / least))
    p_values = 2 * stdtr(np.maximum(least - 1, 1), -np.abs(statistic))
    is_tested = (least >= FEWEST_MEMBERS) & np.isfinite(effect) & np.isfinite(error)
    sizes = _sizes(segments.whole or segments)
    return [
        _score(
            segments, tested, (place, column), float(statistic[place, column]), float(p_values[place, column]), sizes
        )
        for place, column in np.argwhere(is_tested).tolist()
    ]


def _score(
    segments: SegmentPair,
    tested: _Tested,
    at: tuple[int, int],
    statistic: float,
    p_value: float,
    sizes: tuple[Integers, Integers, Integers],
) -> DriftScore:
    found = tested.found
    before, after, both = (int(count[at[0]]) for count in sizes)
    return DriftScore(
        subject_kind=tested.kind,
        subject_name=segments.segments[at[0]],
        part_name=tested.names[at[1]],
        feature_type="mean",
        snapshot_kind=segments.pair.kind,
        test_name="clustered_t",
        aspect=tested.kind,
        statistic=statistic,
        p_value=p_value,
        effect_name="sd" if tested.kind == "profile" else "relative_change",
        effect_size=float(tested.effect[at]),
        effect_scale=float(tested.error[at]),
        effect_floor=1.0 / min(float(found.reference_count[at]), float(found.current_count[at])),
        reference_count=before,
        current_count=after,
        common_count=both,
        entered_count=after - both,
        left_count=before - both,
        reference_value_count=int(found.reference_count[at]),
        current_value_count=int(found.current_count[at]),
        reference_mean=float(found.reference_mean[at]),
        current_mean=float(found.current_mean[at]),
        mean_errors=_errors(found, at) if tested.kind == "kpi" else None,
    )


def _errors(found: MeanChanges, at: tuple[int, int]) -> MeanErrors:
    return MeanErrors(
        float(found.reference_variance[at]), float(found.current_variance[at]), float(found.covariance[at])
    )


def _sizes(segments: SegmentPair) -> tuple[Integers, Integers, Integers]:
    """Members then, now and at both, by segment."""
    partner = partner_rows(segments.common, segments.pair.reference.height)
    listed = (segments.then, segments.now, stayed(segments.then, segments.now, partner))
    before, after, both = (np.bincount(one.segments, minlength=len(segments.segments)) for one in listed)
    return before, after, both
