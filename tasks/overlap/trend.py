"""How the overlap of pairs changed since the previous run, and whether it is more than chance.

Owns: who came into both segments and who went out, and the word for it. Does not own the pairs (`pairs.py`).

The test is paired: of the customers of both runs, those who are in both segments now and were not, against those who
were and are not any more (McNemar 1947), Holm-adjusted over all pairs in which anybody moved. A company that grows does
not by itself make overlaps grow. A pair grows or shrinks where customers came or went by more than chance, the Jaccard
index moved the same way, and by enough to matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from tasks.config.overlap import OverlapPolicy
from tasks.overlap.association import Floats, Ints, holm_log10, log10_mcnemar
from tasks.overlap.memberships import Memberships
from tasks.overlap.pairs import upper_triangle


@dataclass(frozen=True, slots=True)
class Before:
    """What the previous run says of pairs.

    Attributes:
        memberships: of the customers of both runs, in the rows and segments of this run.
        is_common: which customers of this run were customers of the previous one, shape (n,).
        known: which segments the previous run had, shape (s,).
        jaccard: Jaccard index of each pair then, NaN where it is not known, shape (pairs,).
    """

    memberships: Memberships
    is_common: npt.NDArray[np.bool_]
    known: npt.NDArray[np.bool_]
    jaccard: Floats


def trend_frame(now: Memberships, before: Before | None, jaccard: Floats, policy: OverlapPolicy) -> pl.DataFrame:
    """Change of every pair since the previous run; NULL where there is none, or a segment is new.

    Returns:
        previous_jaccard_share, joined_count, left_count, trend_p_adjusted, trend_name, in the order of the pairs.
    """
    one, other = upper_triangle(len(now.segment_ids))
    if before is None:
        return pl.DataFrame({name: pl.Series([None] * len(one), dtype=kind) for name, kind in TREND_SCHEMA.items()})
    joined, left = (square[one, other] for square in moves(now, before))
    was_there = before.known[one] & before.known[other]
    log_p = holm_log10(np.where(was_there, log10_mcnemar(joined, left), np.nan))
    change = jaccard - before.jaccard
    is_sure = np.nan_to_num(log_p, nan=0.0) <= np.log10(policy.trend_p)
    grows = is_sure & (joined > left) & (change >= policy.trend_change)
    shrinks = is_sure & (joined < left) & (-change >= policy.trend_change)
    names = np.select([~was_there, grows, shrinks], ["new", "grows", "shrinks"], "steady")
    columns: dict[str, Any] = {
        "previous_jaccard_share": np.where(was_there, before.jaccard, np.nan),
        "joined_count": joined,
        "left_count": left,
        "trend_p_adjusted": np.power(10.0, log_p),
        "trend_name": names,
    }
    return pl.DataFrame(columns, schema=TREND_SCHEMA, nan_to_null=True)


TREND_SCHEMA = {
    "previous_jaccard_share": pl.Float64,
    "joined_count": pl.Int64,
    "left_count": pl.Int64,
    "trend_p_adjusted": pl.Float64,
    "trend_name": pl.String,
}


def moves(now: Memberships, before: Before) -> tuple[Ints, Ints]:
    """Customers of both runs who came into both segments, and who are not in both any more, shape (s, s) each.

    Only customers with another set of segments than before are counted over: the others came and went nowhere.
    """
    width = max(len(now.segment_ids), 1)
    keys_now, keys_before = (_keys(side, width) for side in (now, before.memberships))
    stayed_now, stayed_before = _among(keys_now, keys_before), _among(keys_before, keys_now)
    changed = np.zeros(now.customer_count, dtype=bool)
    changed[keys_now[~stayed_now] // width] = True
    changed[keys_before[~stayed_before] // width] = True
    changed &= before.is_common
    (stay,) = now.where(stayed_now).of(changed).shared()
    (after,) = now.of(changed).shared()
    (then,) = before.memberships.of(changed).shared()
    return after - stay, then - stay


def _keys(memberships: Memberships, width: int) -> Ints:
    """A number for each membership, ascending."""
    customers = np.repeat(np.arange(memberships.customer_count), np.diff(memberships.starts))
    keys: Ints = customers * width + memberships.members
    return keys


def _among(keys: Ints, others: Ints) -> npt.NDArray[np.bool_]:
    """Which keys are among the others; both ascend, so that a search walks through memory once."""
    if not len(others):
        return np.zeros(len(keys), dtype=bool)
    at = np.minimum(np.searchsorted(others, keys), len(others) - 1)
    found: npt.NDArray[np.bool_] = others[at] == keys
    return found
