"""From cells that grew to a group of customers: cells side by side put together, and who belongs to them.

Owns: which cells count, which are one group, its members. Does not own: the tests (`cells`), what distinguishes a
group (`traits`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tasks.drift.cells import CellFlows, Cells
from tasks.drift.normal_scores import Matrix, ScoredSnapshots
from tasks.drift.tables import Flags, Floats, Integers

_NEIGHBOUR_SHARE = 0.2
"""Cells are side by side where one is the second nearest of this share of the other's customers (Martinetz 1993)."""

_BORDER_RATIO = 3.0
"""Density of who came over who went at a group's border. At 2, where a customer is as likely new as not, the best
border among many is one of chance where customers are few: a twentieth of the groups of 40 took in 20 % strangers."""

_STANDS_OUT = 1.0
"""Mean of a feature, in standard deviations, from which a cell stands out in it."""

_MOST_OF_ALL = 0.5
"""Share of the customers in cells that grew from which on it is the base that moved: each single feature says so, and
what the groups differ in from the others they did before."""

_ROUNDS = 4
_LEAST_MEMBERS = 5
_LEAST_VARIANCE = 0.05
"""In squared standard deviations; a group of equals would have none, and nobody else would belong to it."""


@dataclass(frozen=True, slots=True)
class EmergencePolicy:
    """What counts as a new group; what comes of the defaults: `docs/benchmarks-emergence.md`.

    Attributes:
        cells: micro-cells that the customers are put in.
        family_wise_error_rate: Holm's level over growth and decline of all cells (0-1).
        ratio: share of customers now over the share before, from which a cell counts as new.
        excess_share: share now less share before from which it counts (0-1).
        least_members: smaller groups are not told of.
    """

    cells: int = 50
    family_wise_error_rate: float = 0.01
    ratio: float = 2.0
    excess_share: float = 0.004
    least_members: int = 1


class Group(NamedTuple):
    """One group that grew.

    Attributes:
        members: rows of the current snapshot of the customers who came, ascending.
        size: customers of the current snapshot where the group is, members and others.
        size_before: customers of the reference there.
        p_adjusted: of the cell that speaks loudest.
        cell_count: cells it was found in.
    """

    members: Integers
    size: int
    size_before: int
    p_adjusted: float
    cell_count: int


def grown_groups(scored: ScoredSnapshots, cells: Cells, flows: CellFlows, policy: EmergencePolicy) -> list[Group]:
    """Give the groups of customers that grew, the largest first.

    A cell counts where its growth is significant, its share at least `ratio` times what it was, and the difference at
    least `excess_share` of all customers. Where more than half of the customers are in such cells, no group came up
    among them: something changed for everybody. Cells side by side are one group. Its members are then found anew, see
    `_place`.

    Args:
        scored: both snapshots; for groups that vanished, reversed.
        cells: likewise.
        flows: of these cells; its `grown_p` are read.
        policy: the limits.
    """
    before = flows.before / cells.reference.size
    after = flows.after / cells.current.size
    is_new = (flows.grown_p <= policy.family_wise_error_rate) & _is_material(before, after, policy)
    if after[is_new].sum() > _MOST_OF_ALL:
        return []
    found = []
    for together in _side_by_side(np.flatnonzero(is_new), cells):
        place = _place(scored, cells, together, policy)
        members = np.flatnonzero(place.came)
        if members.size >= max(policy.least_members, 1):
            p_value = float(flows.grown_p[together].min())
            found.append(
                Group(members, int(place.after.sum()), int(place.before.sum()), p_value, len(together)),
            )
    return _told_once(sorted(found, key=lambda group: (-group.members.size, group.members.tolist())))


def _told_once(groups: list[Group]) -> list[Group]:
    """Of groups of the same customers the largest: borders drawn from cells that are not side by side may meet.

    A group is the same where half of its members are in a larger one, as between two runs (`recurrence.py`).
    """
    told: list[Group] = []
    for group in groups:
        if all(2 * np.isin(group.members, other.members).sum() < group.members.size for other in told):
            told.append(group)
    return told


def _is_material(before: Floats | np.floating, after: Floats | np.floating, policy: EmergencePolicy) -> Flags:
    """Whether shares of customers rose by enough, both as a ratio and as a difference."""
    # Shares of whole cells; a NumPy number becomes an array, too.
    return np.asarray((after >= policy.ratio * before) & (after - before >= policy.excess_share))


def _side_by_side(chosen: Integers, cells: Cells) -> list[list[int]]:
    """Put the chosen cells together where they are neighbours; each list ascending."""
    owner = {int(cell): int(cell) for cell in chosen}
    for one in chosen.tolist():
        rows = cells.current_second[cells.current == one]
        near = np.bincount(rows, minlength=cells.count) >= _NEIGHBOUR_SHARE * max(rows.size, 1)
        joined = {owner[one], *(owner[cell] for cell in chosen.tolist() if near[cell])}
        owner = {cell: min(joined) if group in joined else group for cell, group in owner.items()}
    groups: dict[int, list[int]] = {}
    for cell in sorted(owner):
        groups.setdefault(owner[cell], []).append(cell)
    return list(groups.values())


class _Place(NamedTuple):
    """Where a group is: who was there and is there, who came and who went, each a flag a row."""

    before: Flags
    after: Flags
    came: Flags
    went: Flags


def _place(scored: ScoredSnapshots, cells: Cells, together: list[int], policy: EmergencePolicy) -> _Place:
    """Draw the border of a group where customers who came are no longer three times as dense as those who went.

    Cells are cut without regard to the group: some of its customers are next door, and others in its cells are not of
    it. So the group is described as normal in each feature, by mean and variance of who came less who went; all
    customers are ordered by how much likelier they are under that than under the standard normal (a naive Bayes
    score); and the border is put where came - 3 * went is largest. Repeated until it stands, on a sample of the
    customers where they are many. Where what is inside would be too little new, the cells are the group.
    """
    in_cells = _flagged(scored, np.isin(cells.reference, together), np.isin(cells.current, together))
    outline = _outline(scored.sample(), in_cells.before[scored.fit_reference], in_cells.after[scored.fit_current])
    if outline is None:
        return in_cells
    shape, border = outline
    old, new = (_strangeness(rows, shape) <= border for rows in (scored.reference, scored.current))
    return _flagged(scored, old, new) if _is_material(old.mean(), new.mean(), policy) else in_cells


def _outline(sample: ScoredSnapshots, before: Flags, after: Flags) -> tuple[_Shape, float] | None:
    """Shape and border of a group; None where too few came to describe them."""
    place = _flagged(sample, before, after)
    outline = None
    for number in range(_ROUNDS):
        shape = _described(sample, place)
        if shape is None:
            break
        if number == 0:
            shape = _uncut(shape)
        old, new = (_strangeness(rows, shape) for rows in (sample.reference, sample.current))
        border = _border(sample, old, new)
        moved = _flagged(sample, old <= border, new <= border)
        if moved.came.sum() < _LEAST_MEMBERS:
            break
        is_settled = np.array_equal(moved.after, place.after)
        place, outline = moved, (shape, border)
        if is_settled:
            break
    return outline


def _flagged(scored: ScoredSnapshots, before: Flags, after: Flags) -> _Place:
    came, went = after.copy(), before.copy()
    stays = before[scored.stayed_reference] & after[scored.stayed_current]
    came[scored.stayed_current[stays]] = False
    went[scored.stayed_reference[stays]] = False
    return _Place(before, after, came, went)


def _growth(scored: ScoredSnapshots) -> float:
    """By which part of the reference the base grew: as many came everywhere, for each customer who was there."""
    return float(scored.current.shape[0] / scored.reference.shape[0]) - 1.0


class _Shape(NamedTuple):
    """Mean and variance of a group, each of shape (features,)."""

    mean: Floats
    variance: Floats


def _described(scored: ScoredSnapshots, place: _Place) -> _Shape | None:
    """Describe who came less who went, and less what growth of the base brought; None where nobody is left."""
    came = scored.current[place.came].astype(np.float64)
    went = scored.reference[place.before].astype(np.float64)
    weight = place.went[place.before] + _growth(scored)
    count = came.shape[0] - float(weight.sum())
    if count < _LEAST_MEMBERS:
        return None
    mean = (came.sum(axis=0) - weight @ went) / count
    squares = ((came - mean) ** 2).sum(axis=0) - weight @ (went - mean) ** 2
    return _Shape(mean, np.clip(squares / count, _LEAST_VARIANCE, 1.0))


def _uncut(shape: _Shape) -> _Shape:
    """Forget features in which a cell is like the others: there it may hold half a group, of one value of a flag."""
    is_like_all = np.abs(shape.mean) < _STANDS_OUT
    if is_like_all.all():
        return shape
    return _Shape(np.where(is_like_all, 0.0, shape.mean), np.where(is_like_all, 1.0, shape.variance))


def _strangeness(rows: Matrix, shape: _Shape) -> Floats:
    """Twice the log likelihood under the standard normal less that under the group, but for a constant, shape (n,)."""
    precision = (1.0 / shape.variance - 1.0).astype(np.float32)
    slope = (-2.0 * shape.mean / shape.variance).astype(np.float32)
    score: Floats = ((rows * precision + slope) * rows).sum(axis=1, dtype=np.float64)
    return score


def _border(scored: ScoredSnapshots, old: Floats, new: Floats) -> float:
    """The strangeness up to which who came, less three times who went and what growth of the base brought, are most."""
    gone, came = np.ones(old.size, dtype=np.bool_), np.ones(new.size, dtype=np.bool_)
    gone[scored.stayed_reference] = came[scored.stayed_current] = False
    then, now = old[scored.stayed_reference], new[scored.stayed_current]
    nearer, farther = now < then, then < now
    # A customer of both snapshots counts between his two places: below the first he is outside, above the second he
    # neither came nor went.
    gains = (
        (new[came], np.ones(int(came.sum()))),
        (now[nearer], np.ones(int(nearer.sum()))),
        (then[nearer], -np.ones(int(nearer.sum()))),
        (old[gone], np.full(int(gone.sum()), -_BORDER_RATIO)),
        (then[farther], np.full(int(farther.sum()), -_BORDER_RATIO)),
        (now[farther], np.full(int(farther.sum()), _BORDER_RATIO)),
        (old, np.full(old.size, -_BORDER_RATIO * _growth(scored))),
    )
    places, steps = (np.concatenate(parts) for parts in zip(*gains, strict=True))
    order = np.argsort(places, kind="stable")
    ordered, gain = places[order], np.cumsum(steps[order])
    ends = np.append(np.flatnonzero(np.diff(ordered)), ordered.size - 1)
    return float(ordered[ends[np.argmax(gain[ends])]])
