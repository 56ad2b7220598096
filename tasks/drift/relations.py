"""Whether two segmentations hang together as they did: the association of their segments at two dates.

Owns: Cramér's V, the test of its change, and its scores. Does not own the memberships.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tasks.drift.records import DriftScore
from tasks.drift.snapshots import SnapshotPair, level_codes
from tasks.drift.tables import Floats, Integers

_RESAMPLES = 200
_ABSENT = -1


class _Association(NamedTuple):
    """Of each table: V, and its square before it is cut off at 0; shape (tables,)."""

    v: Floats
    v_squared: Floats


def measure_relations(pair: SnapshotPair, names: Sequence[str], seed: int) -> list[DriftScore]:
    """Compare Cramér's V of every two segmentations, then and now.

    V is bias-corrected (Bergsma 2013, Journal of the Korean Statistical Society 42:323-328); its square before it is
    cut off at 0 is what is tested, because V itself is not smooth there. The standard error of the change is that of
    resampled customers, each with his memberships of both dates (bootstrap with Poisson weights: Hanley & MacGibbon
    2006), so that nobody is taken for two.

    Args:
        pair: snapshots that have a column of segments for each name.
        names: the segmentations.
        seed: of the bootstrap.

    Returns:
        One score for each pair of segmentations, in their order.
    """
    columns = {name: _codes(pair, name) for name in names}
    return [_score(pair, one, other, columns, seed) for one, other in itertools.combinations(names, 2)]


class _Codes(NamedTuple):
    """Segment of each customer of either snapshot, then and now; -1: no customer at that date."""

    then: Integers
    now: Integers
    size: int


def _codes(pair: SnapshotPair, name: str) -> _Codes:
    found = level_codes(pair.reference[name], pair.current[name])
    entered = pair.entered
    then = np.concatenate((found.reference, np.full(entered.size, _ABSENT)))
    now = np.full(then.size, _ABSENT)
    now[pair.common_reference] = found.current[pair.common_current]
    now[found.reference.size :] = found.current[entered]
    return _Codes(then, now, len(found.names))


def _score(pair: SnapshotPair, one: str, other: str, columns: dict[str, _Codes], seed: int) -> DriftScore:
    from scipy.special import ndtr

    a, b = columns[one], columns[other]
    cells, counts = _combinations(a, b)
    shape = (a.size, b.size)
    random = np.random.default_rng((seed, zlib.crc32(one.encode()), zlib.crc32(other.encode())))
    # The first table is the customers as they are, the others are resamples of them.
    weights = np.vstack((counts, random.poisson(counts, size=(_RESAMPLES, counts.size))))
    then, now = (_tables(cells[side], weights, shape) for side in (0, 1))
    # A segment that is new or gone changes how large V can get: both are measured by the segments of either date.
    either = then[0] + now[0]
    held = (int((either.sum(axis=1) > 0).sum()), int((either.sum(axis=0) > 0).sum()))
    before, after = association(then, held), association(now, held)
    change, squared = after.v - before.v, after.v_squared - before.v_squared
    error = float(np.std(squared[1:], ddof=1))
    statistic = float(squared[0]) / error if error > 0 else 0.0
    return DriftScore(
        subject_kind="relation",
        subject_name=one,
        part_name=other,
        feature_type="association",
        snapshot_kind=pair.kind,
        test_name="cramers_v_change",
        aspect="association",
        statistic=statistic,
        p_value=float(2 * ndtr(-abs(statistic))),
        effect_name="cramers_v",
        effect_size=float(change[0]),
        effect_scale=float(np.std(change[1:], ddof=1)),
        effect_floor=1.0 / min(pair.reference.height, pair.current.height),
        reference_count=pair.reference.height,
        current_count=pair.current.height,
        common_count=pair.common_count,
        entered_count=pair.entered_count,
        left_count=pair.left_count,
        reference_value_count=pair.reference.height,
        current_value_count=pair.current.height,
        reference_mean=float(before.v[0]),
        current_mean=float(after.v[0]),
    )


def _combinations(a: _Codes, b: _Codes) -> tuple[Integers, Integers]:
    """Cells of the two tables that customers are in, then and now, shape (2, combinations), and their counts."""
    absent = a.size * b.size
    cells = [np.where(x == _ABSENT, absent, x * b.size + y) for x, y in ((a.then, b.then), (a.now, b.now))]
    keys, counts = np.unique(cells[0] * (absent + 1) + cells[1], return_counts=True)
    return np.stack((keys // (absent + 1), keys % (absent + 1))), counts


def _tables(cells: Integers, weights: Integers, shape: tuple[int, int]) -> Floats:
    """Tables of combinations that are weighted in several ways: weights have shape (ways, combinations)."""
    from scipy.sparse import csr_array

    size = shape[0] * shape[1]
    inside = csr_array((np.ones(cells.size), (np.arange(cells.size), cells)), shape=(cells.size, size + 1))
    weighted: Floats = np.asarray(weights.astype(np.float64) @ inside)
    return weighted[:, :size].reshape(-1, *shape)


def association(tables: Floats, held: tuple[int, int] | None = None) -> _Association:
    """Cramér's V of tables of counts, bias-corrected, and its square before it is cut off at 0; 0 of one row or column.

    Args:
        tables: shape (tables, rows, columns); rows and columns without customers do not count.
        held: rows and columns that limit how large V can get; None: those with customers.
    """
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    total = rows.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Of counts o and expected counts e, the sum of (o - e)^2 / e is that of o^2 / e less the total.
        ratio = tables**2 / (rows[:, :, np.newaxis] * columns[:, np.newaxis, :])
        phi_squared = np.nansum(ratio, axis=(1, 2)) - 1
        filled = np.stack(((rows > 0).sum(axis=1), (columns > 0).sum(axis=1))).astype(np.float64)
        unbiased = phi_squared - (filled[0] - 1) * (filled[1] - 1) / (total - 1)
        sizes = (
            filled if held is None else np.broadcast_to(np.array(held, dtype=np.float64)[:, np.newaxis], filled.shape)
        )
        least = (sizes - (sizes - 1) ** 2 / (total - 1)).min(axis=0) - 1
        squared = np.where((filled.min(axis=0) > 1) & (least > 0), unbiased / least, 0.0)
    return _Association(np.sqrt(np.clip(squared, 0.0, 1.0)), squared)
