"""From which overlap on two segments are the same in all but name, or one inside the other.

Owns: the limits. Does not own measuring overlap (`tasks/overlap`), or what follows (`tasks/audit`, `tasks/plan`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OverlapPolicy:
    """When a pair counts as redundant or nested; the defaults are those of the design's `statistics.md`.

    Attributes:
        redundant_jaccard: Jaccard index from which two segments are the same in all but name (0-1).
        nested_containment: share of the smaller segment inside the larger from which it is nested (0-1).
        nested_size_ratio: smaller over larger size below which it can be (0-1).
    """

    redundant_jaccard: float = 0.8
    nested_containment: float = 0.95
    nested_size_ratio: float = 0.8
