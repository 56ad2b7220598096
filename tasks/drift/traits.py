"""What distinguishes a group of customers from the others: the effect size of each feature, the largest first.

Owns: the sizes and their order. Does not own: who is in the group (`candidates`), the words (`emergence_words`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.drift import effects
from tasks.drift.columns import Snapshot
from tasks.drift.policy import FeatureSpec
from tasks.drift.records import EffectName
from tasks.drift.snapshots import level_codes, numeric_values
from tasks.drift.tables import Floats, Integers, ValueTable

_OTHERS = 20_000
"""Other customers that a group is compared with at most; more would move no figure that is told."""


@dataclass(frozen=True, slots=True)
class Trait:
    """One feature in which a group differs from the other customers of its snapshot.

    Attributes:
        feature_name: the column.
        level_name: of a category, flag or segmentation: the level whose share differs most; None of a number.
        effect_name: `probit_d` of a number, `cohen_h` of a level; positive: the group has more of it.
        effect_size: about standard deviations.
        group_share: of the level in the group (0-1); None of a number.
        others_share: of the level among the others; None of a number.
    """

    feature_name: str
    level_name: str | None
    effect_name: EffectName
    effect_size: float
    group_share: float | None = None
    others_share: float | None = None


def distinguishing_traits(
    snapshot: Snapshot,
    members: Integers,
    specs: Mapping[str, FeatureSpec],
    *,
    most: int,
    least_effect: float = 0.5,
    least_group: int = 1,
) -> list[Trait]:
    """Give the features in which a group stands out, the largest effect first.

    A number's effect is probit-d of the group's values over the others' (`effects.probit_d`), a level's Cohen's h of
    its share in the group over that among the others.

    Args:
        snapshot: one row a customer, with the columns of `specs`.
        members: rows of the group.
        specs: what to look at.
        most: traits returned at most.
        least_effect: smaller ones are left out: they distinguish nobody.
        least_group: a level is told only where as many members or more have it, and as many or none have not.
    """
    others = np.setdiff1d(np.arange(snapshot.height), members)
    if not others.size or not members.size:
        return []
    if others.size > _OTHERS:
        others = others[np.linspace(0, others.size - 1, _OTHERS).astype(np.int64)]
    found = [
        trait
        for spec in specs.values()
        if (trait := _trait(snapshot[spec.name], spec, members, others, least_group)) is not None
        and abs(trait.effect_size) >= least_effect
    ]
    return sorted(found, key=lambda trait: (-abs(trait.effect_size), trait.feature_name))[:most]


def _trait(column: pl.Series, spec: FeatureSpec, members: Integers, others: Integers, least_group: int) -> Trait | None:
    if spec.kind == "numeric":
        values = numeric_values(column, where="current")
        theirs, rest = values[members], values[others]
        return _number(spec.name, theirs[~np.isnan(theirs)], rest[~np.isnan(rest)], least_group)
    return _level(spec.name, column[members], column[others], least_group)


def _number(name: str, group: Floats, others: Floats, least_group: int) -> Trait | None:
    if group.size < max(least_group, 1) or not others.size:
        return None
    auc = ValueTable.of(others, group).auc
    return Trait(name, None, "probit_d", effects.probit_d(auc, others.size, group.size))


def _level(name: str, group: pl.Series, others: pl.Series, least_group: int) -> Trait | None:
    """The level whose share differs most in Cohen's h, of those that may be told."""
    codes = level_codes(others, group)
    size = len(codes.names)
    counts = np.bincount(codes.current, minlength=size)
    best: Trait | None = None
    for level, count, other in zip(codes.names, counts, np.bincount(codes.reference, minlength=size), strict=True):
        rest = group.len() - int(count)
        if 0 < count < least_group or 0 < rest < least_group:
            continue
        shares = int(other) / others.len(), int(count) / group.len()
        size_h = effects.cohen_h(*shares)
        if best is None or abs(size_h) > abs(best.effect_size):
            best = Trait(name, level, "cohen_h", size_h, shares[1], shares[0])
    return best
