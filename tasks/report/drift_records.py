"""What a report says of drift, as plain records.

Owns: their shape. Does not own: reading them (`read_monitoring.py`), or how they are shown (`drift_views.py`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One test and its verdict; thresholds are None where the tables do not keep them."""

    subject_kind: str
    subject_name: str
    reference_kind: str
    reference_as_of: dt.date | None
    snapshot_kind: str
    test_name: str
    aspect: str | None
    effect_name: str
    effect_size: float | None
    notice_threshold: float | None
    alarm_threshold: float | None
    minimum_detectable_effect: float | None
    p_adjusted: float | None
    psi: float | None
    reference_count: int | None
    current_count: int | None
    common_count: int | None
    verdict: str
    level: str
    sentence: str
    part_name: str | None = None
    is_seasonal: bool | None = None
    reference_value_count: int | None = None
    current_value_count: int | None = None

    @property
    def tested_count(self) -> int | None:
        """Values that the test looked at, of the date with fewer; None where that is as many as there are customers."""
        counts = (self.reference_value_count, self.current_value_count, self.reference_count, self.current_count)
        values, customers = [count for count in counts[:2] if count], [count for count in counts[2:] if count]
        if not values or not customers or min(values) >= min(customers):
            return None
        return min(values)

    @property
    def title(self) -> str:
        """What changed or did not, as a key: the subject, and which part of it."""
        return self.subject_name if self.part_name is None else f"{self.subject_name}: {self.part_name}"

    @property
    def standing(self) -> str:
        """`alarm`, `notice`, `inconclusive` or `none`: one word for verdict and level."""
        if self.verdict == "inconclusive":
            return "inconclusive"
        return self.level if self.verdict == "drift" and self.level != "none" else "none"

    @property
    def alarm_ratio(self) -> float | None:
        """Absolute effect in multiples of the alarm threshold."""
        if self.effect_size is None or not self.alarm_threshold:
            return None
        return abs(self.effect_size) / self.alarm_threshold
