"""The gates that a challenger passes to take over from a champion.

Owns: holding both against each other on the same customers, and saying why they cannot be. Does not own how good a
partition is (`quality.py`), or when one is good enough (`identity.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.segments.algorithms import in_groups
from tasks.segments.identity import AdoptionVerdict, FitQuality, should_adopt
from tasks.segments.quality import partition_quality
from tasks.segments.transform import apply

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from tasks.segments.candidate import Candidate
    from tasks.segments.cluster import ClusterModel, ClusterSpec
    from tasks.segments.partition import Partition

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def held_against(
    model: ClusterModel,
    rows: pl.DataFrame,
    spec: ClusterSpec,
    candidate: Candidate,
    *,
    remade: Collection[str] = (),
    day: dt.date | None = None,
) -> tuple[AdoptionVerdict | None, ClusterModel, str]:
    """The verdict, None where a champion cannot be compared; the champion as it remembers it; the reason in words.

    Args:
        model: the champion.
        rows: today's customers.
        spec: what is asked today.
        candidate: the challenger.
        remade: features that are computed otherwise than when the champion was learnt.
        day: whose data the challenger is learnt from; None: of another day than any before.
    """
    edited = sorted(set(spec.features).intersection(remade))
    if model.answers(spec) and not edited:
        verdict, model = _verdict(model, rows, spec, candidate, day)
        return verdict, model, verdict.reason
    what = _what_changed(model, spec, edited)
    return None, model, f"adopted: {what} changed, so the champion cannot be compared"


def _what_changed(model: ClusterModel, spec: ClusterSpec, edited: Sequence[str]) -> str:
    """Why a champion cannot be held against what is asked for, as what changed; `edited` are features computed anew."""
    if edited:
        return f"how {' and '.join(edited)} {'is' if len(edited) == 1 else 'are'} computed"
    if {*model.transform.names, *model.transform.dropped} != set(spec.features):
        return "the segmentation's features"
    was, asked = model.asked, spec.asked()
    # What only one of two algorithms is asked for has not changed.
    of_one = ("noise", "min_share") if was.get("algorithm") == asked.get("algorithm") else ()
    keys = ("algorithm", "inside", *of_one, "transforms", "weights", "caps", "screen")
    changed = [*(key for key in keys if was.get(key) != asked.get(key)), *model.unmet(spec)]
    return f"the segmentation's {' and '.join(changed)}"


def _verdict(
    model: ClusterModel, rows: pl.DataFrame, spec: ClusterSpec, candidate: Candidate, day: dt.date | None
) -> tuple[AdoptionVerdict, ClusterModel]:
    """The verdict, and the champion with the number of segments that refits chose and its wins in a row.

    A refit of the same day's data finds the same again, however often somebody asks for it: that is one win.
    """
    old_x = apply(model.transform, rows)
    champion = _quality(candidate, spec, model.partition, model.partition.assign(old_x).own, old_x)
    challenger = _quality(candidate, spec, candidate.found.partition, candidate.found.labels, candidate.x)
    k = challenger.k
    if k == champion.k:
        return should_adopt(champion, challenger), replace(model, pending_k=None, pending_wins=0, pending_date=None)
    is_again = model.pending_date is not None and model.pending_date == day
    wins = max(model.pending_wins + (not is_again), 1) if model.pending_k == k else 1
    verdict = should_adopt(champion, challenger, wins=wins, wins_needed=spec.wins_to_change_k)
    if verdict.adopt:  # where it waits for somebody, the next one with as many has won as often
        return verdict, model
    # At the last win needed only a lack of stability can have stood against it: the count starts again.
    goes_on = wins < spec.wins_to_change_k
    pending = (k, wins, day) if goes_on else (None, 0, None)
    return verdict, replace(model, pending_k=pending[0], pending_wins=pending[1], pending_date=pending[2])


def _quality(candidate: Candidate, spec: ClusterSpec, partition: Partition, labels: Ints, own_x: Floats) -> FitQuality:
    """Score a partition of today's customers in the challenger's units; `own_x` are its own."""
    return partition_quality(
        candidate.x,
        labels,
        partition.k,
        spec.effort,
        seed=spec.seed,
        method=spec.method(),
        groups=partition.k - partition.has_noise,
        in_groups=in_groups(own_x, partition),
    )
