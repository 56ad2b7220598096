"""From which overlap on two segments are the same in all but name, one inside the other, or in each other's way.

Owns: the limits. Does not own measuring overlap (`tasks/overlap`), or what follows (`tasks/audit`, `tasks/plan`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OverlapPolicy:
    """When a pair counts as redundant, nested or in conflict.

    Attributes:
        redundant_jaccard: Jaccard index from which two segments are the same in all but name (0-1).
        redundant_phi: correlation of two memberships below which they share as many because both hold nearly everybody.
        nested_containment: share of the smaller segment inside the larger from which it is nested (0-1).
        nested_size_ratio: smaller over larger size below which it can be (0-1).
        conflict_share: share of the smaller segment from which two treatments that nothing ranks are a conflict.
        conflict_count: customers from which they are, however large the segments.
        trend_p: Holm-adjusted p-value below which customers came or went more than by chance.
        trend_change: change of the Jaccard index from which that is told.
        border_margin: a customer nearer to the boundary than this is on the border, by distance (0 on it, 1 far).
        border_chance: likewise where strength is the chance of belonging there.
        contact_days: contacts of so many days before the as-of day's end are counted.
        grave_share: share of all customers or of all money from which a conflict is grave.
    """

    redundant_jaccard: float = 0.8
    redundant_phi: float = 0.5
    nested_containment: float = 0.95
    nested_size_ratio: float = 0.8
    conflict_share: float = 0.01
    conflict_count: int = 50
    trend_p: float = 0.01
    trend_change: float = 0.01
    border_margin: float = 0.1
    border_chance: float = 0.6
    contact_days: int = 90
    grave_share: float = 0.05
