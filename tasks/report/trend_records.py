"""What a report says of the checks of earlier runs, as plain records.

Owns: the shape of these records. Does not own: reading them (`read_trend.py`). Runs are attempts, from the oldest to
the one that is reported on; counts are checks or rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CheckedRun:
    """An attempt that came to a door, and how it ended."""

    as_of: dt.date
    started_at: dt.datetime
    status_name: str


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The checks of a table in one run; `row_count` is None where no check counted the rows."""

    passed_count: int
    warned_count: int
    failed_count: int
    not_run_count: int
    row_count: int | None

    @property
    def check_count(self) -> int:
        """Checks of the table, whatever became of them."""
        return self.passed_count + self.warned_count + self.failed_count + self.not_run_count


@dataclass(frozen=True, slots=True)
class FailingSince:
    """The first of the runs in a row in which a check failed, and how many those are."""

    as_of: dt.date
    started_at: dt.datetime
    run_count: int


@dataclass(frozen=True, slots=True)
class CheckHistory:
    """The checks of the last runs.

    Attributes:
        runs: the runs, the oldest first.
        trends: by table, one point a run; None where the run did not come to that table.
        failing: of each check that fails now, by table and meaning, since when.
    """

    runs: tuple[CheckedRun, ...] = ()
    trends: Mapping[str, tuple[TrendPoint | None, ...]] = field(default_factory=dict)
    failing: Mapping[tuple[str, str], FailingSince] = field(default_factory=dict)
