"""Permanent segment ids across refits, and the rule by which a refit may replace the model in use.

Owns: new ids, the matching of new clusters to old segments, and the champion/challenger verdict. Does not own: fitting
either model (`cluster_model.py`), or the story of what became of a segment (`tasks/insight/transitions.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

_ID = re.compile(r"c(\d+)")
_DISSOLVED = 0.5
_STABLE = 0.75
PIECE = 0.2
"""Least share of an old segment in a cluster that is a piece of it: the least overlap of a child of a split (MONIC)."""


@dataclass(frozen=True, slots=True)
class IdentityMatch:
    """Which permanent id each new cluster carries.

    Attributes:
        ids: id of label 0, 1, ...
        kept: id to the Jaccard of its old and new members, among customers of both runs; without those who left for
            new ground.
        new: ids given for the first time.
        retired: old ids that no cluster carries on; never to be used again.
        common: customers of both runs.
    """

    ids: tuple[str, ...]
    kept: Mapping[str, float]
    new: tuple[str, ...]
    retired: tuple[str, ...]
    common: int


@dataclass(frozen=True, slots=True)
class FitQuality:
    """How well a partition divides the customers of one day.

    Attributes:
        k: number of segments.
        inertia: sum of squared distances to the segments' means, same customers and same units for both sides; for
            other algorithms than k-means what they lower instead.
        stability: mean bootstrap Jaccard of its segments on the same customers (1 for a single segment).
        measure: what `inertia` is, for the reader.
    """

    k: int
    inertia: float
    stability: float
    measure: str = "inertia"


@dataclass(frozen=True, slots=True)
class AdoptionVerdict:
    """Whether the challenger replaces the champion, and why.

    Attributes:
        adopt: the verdict.
        improvement: share by which the challenger's inertia is lower.
        reason: one sentence for the reader.
    """

    adopt: bool
    improvement: float
    reason: str


def next_ids(used: Iterable[str], count: int) -> tuple[str, ...]:
    """The next `count` ids `c01`, `c02`, ... above the highest number ever used; other words in `used` do not count."""
    numbers = [int(found.group(1)) for text in used if (found := _ID.fullmatch(text))]
    start = max(numbers, default=0) + 1
    return tuple(f"c{number:02d}" for number in range(start, start + count))


def match_segments(
    previous: pl.DataFrame,
    current: pl.DataFrame,
    *,
    used_ids: Collection[str],
    min_jaccard: float = _DISSOLVED,
    new_ground: Collection[int] = (),
) -> IdentityMatch:
    """Give each new cluster the id of the old segment it continues, or a new one.

    Args:
        previous: columns customer_id and segment_key, one row per customer.
        current: columns customer_id and label (0, 1, ...), one row per customer.
        used_ids: every id this segmentation has ever used.
        min_jaccard: least Jaccard of old and new members, among common customers, for an id to go on. At or below 0.5
            a cluster counts as dissolved (Hennig 2007); above it the partner is unique.
        new_ground: labels of clusters that stand where no old segment stood (`new_ground.py`).
    """
    import polars as pl

    counts = (
        previous.select("customer_id", "segment_key")
        .join(current.select("customer_id", "label"), on="customer_id", how="inner")
        .group_by("segment_key", "label")
        .agg(pl.len().alias("customers"))
        .sort("segment_key", "label")
    )
    old = tuple(sorted(previous.get_column("segment_key").unique().to_list()))
    labels = int(current.get_column("label").max() or 0) + 1  # type: ignore[arg-type]
    table = np.zeros((len(old), labels))
    row_of = {key: row for row, key in enumerate(old)}
    for key, label, customers in counts.iter_rows():
        table[row_of[key], label] = customers
    return match_table(old, table, used_ids=used_ids, min_jaccard=min_jaccard, new_ground=new_ground)


def match_table(
    old: Sequence[str],
    table: NDArray[np.float64],
    *,
    used_ids: Collection[str],
    min_jaccard: float = _DISSOLVED,
    new_ground: Collection[int] = (),
) -> IdentityMatch:
    """As `match_segments`, from counts of common customers, shape (old segments, new clusters).

    Hungarian assignment on the number of shared customers (Kuhn 1955), then pairs with too little in common are
    undone: without that, the last old segment left over would lend its name to whatever cluster is left over.

    Where some of a segment's customers left for new ground and a piece of it stays, the id stays with that piece,
    however many left: its name and description tell of where it stands. If all of them moved, it goes with them.
    """
    from scipy.optimize import linear_sum_assignment

    carries = np.where(_left_behind(table, new_ground), 0.0, table)
    # Whoever left for new ground is not missed by the piece that stays: it is the same segment, with fewer customers.
    union = carries.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True) - carries
    jaccard = carries / np.maximum(union, 1.0)
    rows, columns = linear_sum_assignment(-carries)
    carried = {
        int(column): old[row]
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if carries[row, column] > 0 and jaccard[row, column] >= min_jaccard
    }
    row_of = {key: row for row, key in enumerate(old)}
    fresh = next_ids({*used_ids, *old}, table.shape[1] - len(carried))
    unnamed = iter(fresh)
    ids = tuple(carried[label] if label in carried else next(unnamed) for label in range(table.shape[1]))
    return IdentityMatch(
        ids=ids,
        kept={key: float(jaccard[row_of[key], label]) for label, key in sorted(carried.items(), key=lambda kv: kv[1])},
        new=fresh,
        retired=tuple(key for key in old if key not in carried.values()),
        common=int(table.sum()),
    )


def _left_behind(table: NDArray[np.float64], new_ground: Collection[int]) -> NDArray[np.bool_]:
    """Pairs of an old segment and a cluster on new ground that do not go on, for a piece of the segment stays."""
    leaves = np.isin(np.arange(table.shape[1]), list(new_ground))
    is_main_source = 2 * table > table.sum(axis=0, keepdims=True)
    is_piece = is_main_source & (table >= PIECE * table.sum(axis=1, keepdims=True))
    stays: NDArray[np.bool_] = (is_piece & ~leaves).any(axis=1, keepdims=True)
    return stays & leaves


def should_adopt(
    champion: FitQuality,
    challenger: FitQuality,
    *,
    wins: int = 1,
    wins_needed: int = 2,
    min_improvement: float = 0.01,
    tolerance: float = 0.02,
) -> AdoptionVerdict:
    """Hold a challenger against the champion on the same customers.

    With the same number of segments it must lower inertia by more than `min_improvement`. With another number it must
    have won `wins_needed` refits in a row (the caller counts). Either way its stability must be no worse; a challenger
    with another number may instead be stable in its own right (0.75, Hennig 2007), because more segments are always
    less stable than one.

    Args:
        champion: the model in use, scored on the current customers.
        challenger: the refit, scored on the same.
        wins: refits in a row that chose the challenger's number of segments, this one included.
        wins_needed: how many of them change the number.
        min_improvement: least improvement of inertia, as a share.
        tolerance: difference of stability that is put down to the resampling.
    """
    improvement = 1.0 - challenger.inertia / champion.inertia if champion.inertia > 0 else 0.0
    floor = champion.stability - tolerance
    stability = f"(Jaccard {challenger.stability:.2f} against {champion.stability:.2f})"
    if challenger.k != champion.k:
        change = f"{challenger.k} segments instead of {champion.k}"
        adopt, reason = wins >= wins_needed, f"{change} won {wins} of {wins_needed} refits in a row"
        if challenger.stability < min(floor, _STABLE):
            adopt, reason = False, f"{change} would be less stable {stability}"
    else:
        adopt, reason = True, f"{challenger.measure} improves by {improvement:.2%}, stability is no worse {stability}"
        if challenger.inertia >= (1 - min_improvement) * champion.inertia:
            adopt = False
            reason = f"{challenger.measure} improves by {improvement:.2%}, not more than {min_improvement:.0%}"
        elif challenger.stability < floor:
            adopt, reason = False, f"the refit is less stable {stability}"
    return AdoptionVerdict(adopt, improvement, f"{'adopted' if adopt else 'kept'}: {reason}")
