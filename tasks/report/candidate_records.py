"""What a report says of candidate segments, as plain records.

Owns: the shape of these records. Does not own: reading them (`read_candidates.py`), or the figures (`tasks/drift`).
Counts are customers, shares 0-1; a figure that is withheld is None.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TraitRow:
    """A feature, or a level of one, in which a candidate differs from the other customers; the effect in about sd."""

    feature_name: str
    level_name: str | None
    effect_size: float
    group_share: float | None
    others_share: float | None


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One candidate; the columns of `monitoring.emerging_segment`, described where they are published."""

    candidate_id: str
    direction_name: str
    status_name: str
    seen_count: int
    since_date: dt.date
    reference_as_of_date: dt.date
    customer_count: int
    customer_share: float
    ratio: float | None
    excess_share: float
    p_adjusted: float
    sentence: str
    traits: tuple[TraitRow, ...]
