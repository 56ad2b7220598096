"""`resegment backfill --dry-run`: which dates, why, what it takes, and what is not known before.

Owns: putting the plan together, from what is only read. Does not own planning (`tasks/backfill/planning.py`).
"""

from __future__ import annotations

import datetime as dt
from typing import TypedDict

from flows.backfill_steps import asked_dates
from flows.unseen_files import files_not_loaded
from tasks.backfill.planning import planned_dates, refuse_unknown_models, seconds_per_date
from tasks.backfill.request import Request, check
from tasks.config.workspace import Workspace
from tasks.segments.challenge import learning
from tasks.warehouse import ledger
from tasks.warehouse.readers import opened_to_read
from tasks.warehouse.run import OutputPaths

_MINUTE = 60


class PlannedDate(TypedDict):
    """One date of a plan; `is_asked`: it is computed in any case, else where a date before it came out otherwise."""

    as_of: str
    published_run_id: str | None
    is_asked: bool
    why: str


class BackfillPlan(TypedDict):
    """What a backfill would do; seconds are those of earlier runs, None where there were none."""

    dates: list[PlannedDate]
    seconds_per_date: float | None
    seconds_least: float | None
    seconds_most: float | None
    notes: list[str]


def plan_backfill(space: Workspace, paths: OutputPaths, request: Request) -> BackfillPlan:
    """Plan a backfill; nothing is loaded, computed or written.

    Raises:
        UsageError: the request makes no sense, or nothing has been run there.
        OutputError: a run is writing.
    """
    check(request, space, space.calendar.day("today", dt.datetime.now(dt.UTC)))
    with opened_to_read(paths) as warehouse:
        published = ledger.publications(warehouse)
        asked = asked_dates(warehouse, space, request, published)
        if not request.is_remodelled:
            refuse_unknown_models(published, asked, learning(space))
        dates = planned_dates(published, asked)
        seconds = seconds_per_date(warehouse)
        not_loaded = files_not_loaded(warehouse, space)
    count, all_dates = len(asked), len(dates)
    least, most = (None if seconds is None else seconds * number for number in (count, all_dates))
    notes = [_cost(count, all_dates, least, most)]
    if not_loaded:
        notes.append(not_loaded)
    if pulled := [name for name, source in space.sources.items() if source.database is not None]:
        notes.append(f"databases are pulled when it begins, and what that changes is known then: {', '.join(pulled)}")
    if not request.is_remodelled and learning(space):
        notes.append(f"models that were in use then are used: {', '.join(learning(space))}")
    return BackfillPlan(
        dates=[
            PlannedDate(
                as_of=date.as_of.isoformat(),
                published_run_id=date.published_run_id,
                is_asked=date.is_asked,
                why=date.why,
            )
            for date in dates
        ],
        seconds_per_date=seconds,
        seconds_least=least,
        seconds_most=most,
        notes=notes,
    )


def _cost(asked: int, all_dates: int, least: float | None, most: float | None) -> str:
    if not asked:
        return "nothing is to be computed"
    dates = f"{asked} date{'s' * (asked != 1)}"
    if all_dates > asked:
        dates += f", and {all_dates - asked} that follow, where what they are compared with changes"
    if least is None or most is None:
        return f"{dates}; no run here says how long one takes"
    span = _told(most) if all_dates == asked else f"{_told(least)} to {_told(most)}"
    return f"{dates}; about {span}, by the newest runs"


def _told(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * _MINUTE else f"{seconds / _MINUTE:.0f} min"
