"""Which pairs' money must not be told, so that no small group's can be known.

Owns: that choice. Does not own the smallest size (`privacy.min_group_size`), or how one row of groups is closed
(`tasks/warehouse/small_groups.py`).

The customers of segment a and those of the segments of another segmentation are a row of a table whose total is a's
own money, which is published: what is left out of it follows by subtraction where only one group is. So each row and
each column of the table of two segmentations is closed, until nothing more has to be. Where a customer may be in
several segments of a segmentation they add up to no total: there a pair is left out where those who are in both, in
just one of the two, or in the segmentation and not in both, are few; and where a segment is the other one's customers
of one that lies inside it, and few others.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tasks.overlap.association import Ints
from tasks.warehouse.small_groups import withheld_groups

Bools = npt.NDArray[np.bool_]


def withheld_pairs(
    shared: Ints, groups: Mapping[str, Ints], everybody: Mapping[str, int], single: frozenset[str], least: int
) -> Bools:
    """Pairs whose figures are left out, shape (s, s), symmetric.

    Args:
        shared: customers in each two segments, sizes on the diagonal, shape (s, s).
        groups: positions of each segmentation's segments.
        everybody: customers who are in any segment of each.
        single: segmentations that put a customer in one segment at most.
        least: the smallest group that may be described.
    """
    sizes = np.diagonal(shared)
    found = _is_few(shared, least) | _is_few(sizes[:, None] - shared, least) | _is_few(sizes[None, :] - shared, least)
    for name, places in groups.items():
        if name not in single:
            given_away = _gives_away(shared, places, everybody[name], least)
            found[places] |= given_away
            found[:, places] |= given_away.T
    names = sorted(groups)
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            if one in single and other in single:
                block = np.ix_(groups[one], groups[other])
                if found[block].any():
                    found[block] |= _closed(shared[block], sizes[groups[one]], sizes[groups[other]], least)
                    found[block[1].T, block[0].T] = found[block].T
    return found & (shared > 0)


def _is_few(counts: Ints, least: int) -> Bools:
    return (counts > 0) & (counts < least)


def _gives_away(shared: Ints, places: Ints, everybody: int, least: int) -> Bools:
    """Pairs of the segments at `places`, which overlap, with any: few of all are beside them, or of an outer one."""
    rows, sizes = shared[places], np.diagonal(shared)[places]
    found = _is_few(everybody - rows, least)
    within = rows[:, places]
    for inner in range(len(places)):
        for outer in np.flatnonzero(within[inner] == sizes[inner]):
            if outer != inner and sizes[inner]:
                found[outer] |= (rows[inner] > 0) & _is_few(rows[outer] - rows[inner], least)
    return found


def _closed(cells: Ints, rows: Ints, columns: Ints, least: int) -> Bools:
    """Cells left out of a table with published totals; whoever is in neither segmentation is a cell of its own."""
    table = np.zeros((len(rows) + 1, len(columns) + 1), dtype=np.int64)
    table[:-1, :-1] = cells
    table[:-1, -1] = rows - cells.sum(axis=1)
    table[-1, :-1] = columns - cells.sum(axis=0)
    left_out = _is_few(table, least)
    told = None
    while told != left_out.sum():
        told = left_out.sum()
        for lines, marks in ((table[:-1], left_out[:-1]), (table.T[:-1], left_out.T[:-1])):
            for line, mark in zip(lines, marks, strict=True):
                if mark.any():
                    sizes = {f"{at:09d}": int(size) for at, size in enumerate(line)}
                    also = frozenset(f"{at:09d}" for at in np.flatnonzero(mark))
                    mark[[int(name) for name in withheld_groups(sizes, least, also)]] = True
    return left_out[:-1, :-1]
