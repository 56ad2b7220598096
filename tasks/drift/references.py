"""Which earlier runs a run is compared with.

Owns: that choice. Does not own what is read of them (`reading.py`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tasks.config.drift import ReferenceKind
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run

_SUMMARY = "monitoring.run_summary"
_YEAR = dt.timedelta(days=365)
_LONGEST = dt.timedelta(days=180)
"""Half a year: what is further away differs by more than a season."""
_SHORTEST_SLACK = 3
"""Days by which two periods may differ, however short they are."""
_SEASON_TOLERANCE = dt.timedelta(days=15)
_PERIOD_TOLERANCE = 0.25
"""Two periods are alike whose lengths differ by no more than this part of the present one."""
_CLOSE_RUNS = 0.5
"""Runs that are no further apart than this part of the shortest window share most of its days."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A run that this one is compared with.

    Attributes:
        kind: previous; window: that of the shortest window of features ago, where runs are closer together, so that of
            no customer a day is counted at both; before_season: where these look into a declared season and the run
            does not, the last one before it; baseline: the first one, for slow creep; season: that of a year ago.
        publication: the run.
    """

    kind: ReferenceKind
    publication: Publication


def references(run: Run) -> list[Reference]:
    """Runs of each kind, each run once: as what is told first."""
    earlier = earlier_runs(run)
    found: dict[Publication, Reference] = {}
    previous, window = run_before(run), a_window_ago(run)
    candidates: dict[ReferenceKind, Publication | None] = {
        "previous": previous,
        "window": window,
        "before_season": before_the_season(run, window or previous),
        "baseline": earlier[0] if earlier else None,
        "season": near(earlier, run.as_of - _YEAR, _SEASON_TOLERANCE),
    }
    for kind, publication in candidates.items():
        if publication is not None:
            found.setdefault(publication, Reference(kind, publication))
    return list(found.values())


def a_window_ago(run: Run) -> Publication | None:
    """The run nearest to the shortest window before this one; None where the previous one is about as far away.

    Of a window of 30 days three quarters are the same at runs a week apart: a change that came at once shows a quarter
    of its size, four weeks long, and may be found in none. Between windows without a common day it shows whole.
    """
    earlier = earlier_runs(run)
    days = run.workspace.features.windows[0]
    if not earlier or (run.as_of - earlier[-1].as_of).days > _CLOSE_RUNS * days:
        return None
    return near(earlier, run.as_of - dt.timedelta(days=days), dt.timedelta(days=_PERIOD_TOLERANCE * days))


def before_the_season(run: Run, usual: Publication | None) -> Publication | None:
    """The last run before a declared season which `usual` still sees, and the present run does no more.

    What changes in a season is nobody's alarm, and when it is over, everything is held against days of it. What began
    in it and stays would never be told: that shows beside the days before it. Windows are the shortest ones.

    Args:
        run: the present run.
        usual: that of a window ago, or the previous one where runs are as far apart.
    """
    if usual is None or _sees_a_season(run, run.as_of) or not _sees_a_season(run, usual.as_of):
        return None
    calm = [
        item
        for item in earlier_runs(run)
        if item.as_of < usual.as_of and run.as_of - item.as_of <= _LONGEST and not _sees_a_season(run, item.as_of)
    ]
    return calm[-1] if calm else None


def _sees_a_season(run: Run, day: dt.date) -> bool:
    since = day - dt.timedelta(days=run.workspace.features.windows[0])
    return any(season.touches(since, day) for season in run.workspace.calendar.seasons)


def run_before(run: Run) -> Publication | None:
    """The run that this one follows, beside which its flows are told; None where there is none, or nobody was in it."""
    earlier = earlier_runs(run)
    return earlier[-1] if earlier and earlier[-1] == run.earlier()[-1] else None


def earlier_runs(run: Run) -> list[Publication]:
    """Runs of earlier dates that this one follows, oldest first; where nobody was, there is nothing to compare with."""
    listed = run.earlier()
    if not listed or not run.warehouse.table_exists(_SUMMARY):
        return listed
    nobody = {one for (one,) in run.warehouse.rows(f"SELECT run_id FROM {_SUMMARY} WHERE customer_count = 0")}
    return [item for item in listed if item.run_id not in nobody]


def near(listed: list[Publication], date: dt.date, tolerance: dt.timedelta) -> Publication | None:
    """The publication nearest to a date, of those that are no further from it; of two the earlier."""
    close = [item for item in listed if abs(item.as_of - date) <= tolerance]
    return min(close, key=lambda item: (abs(item.as_of - date), item.as_of), default=None)


def a_year_before(run: Run, since: Publication) -> tuple[Publication, Publication] | None:
    """Start and end of the period from `since` to this run as it was a year ago; None where no two runs are like it."""
    earlier = earlier_runs(run)[:-1]
    start, later = (near(earlier, day - _YEAR, _SEASON_TOLERANCE) for day in (since.as_of, run.as_of))
    if start is None or later is None or start.as_of >= later.as_of:
        return None
    return (start, later) if are_alike((run.as_of - since.as_of).days, (later.as_of - start.as_of).days) else None


def are_alike(present: int, other: int) -> bool:
    """Whether two periods of so many days are of about the same length."""
    return abs(present - other) <= max(_PERIOD_TOLERANCE * present, _SHORTEST_SLACK)
