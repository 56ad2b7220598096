"""Which dates a backfill computes, in which order, and what it costs.

Owns: the plan, and which date is due next. Does not own why a published date is stale (`staleness.py`), or computing.

Dates are computed oldest first, for each follows the one before it. Published dates after the first one follow, too:
where a result before them has changed they are computed anew, else they hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tasks.config.errors import UsageError
from tasks.warehouse import backfill_ledger
from tasks.warehouse.backfill_ledger import Backfill, BackfillDate
from tasks.warehouse.basis import bases
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.results import earlier_digest

#: So many of the newest attempts say how long a date takes.
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Due:
    """A date to be computed now.

    Attributes:
        date: as the ledger has it.
        line: what will be published once the backfill is, as far as it is known.
        published_run_id: what is published for it; None: nothing.
        live: the run whose models are used; None: those of the run before it, and what is due is learnt.
    """

    date: BackfillDate
    line: tuple[Publication, ...]
    published_run_id: str | None
    live: Publication | None


def planned_dates(published: Sequence[Publication], asked: Mapping[dt.date, str]) -> list[BackfillDate]:
    """The dates of a plan, oldest first.

    Args:
        published: what is published.
        asked: dates that are asked for, with the reason.
    """
    runs = {item.as_of: item.run_id for item in published}
    first = min(asked, default=dt.date.max)
    following = {day: f"follows {first}" for day in runs if day > first}
    return [
        BackfillDate(
            day, asked.get(day, following.get(day, "")), day in asked, "planned", published_run_id=runs.get(day)
        )
        for day in sorted({*asked, *following})
    ]


def refuse_unknown_models(
    published: Sequence[Publication], asked: Iterable[dt.date], learning: Collection[str]
) -> None:
    """Refuse dates before everything that is published, where segmentations learn: no model was in use then.

    Raises:
        UsageError: there is such a date.
    """
    first = published[0].as_of if published else None
    before = [day for day in asked if first and day < first]
    if before and learning:
        raise UsageError(
            f"{min(before)} is before the first published date, {first}: {', '.join(learning)} had no model then",
            hint="--remodel learns them there, and later dates follow; or begin at the first published date",
        )


def seconds_per_date(warehouse: Warehouse) -> float | None:
    """The median of how long the newest attempts took; None where there were none."""
    found = warehouse.value(
        "SELECT median(seconds) FROM (SELECT date_diff('millisecond', started_at, finished_at) / 1000 AS seconds"
        " FROM ops.run WHERE status_name IN ('published', 'computed', 'confirmed')"
        f" ORDER BY started_at DESC LIMIT {_ATTEMPTS})"
    )
    return None if found is None else float(found)


def next_due(warehouse: Warehouse, number: int, published: Sequence[Publication], *, is_remodelled: bool) -> Due | None:
    """The next date to compute; None where all are done. What holds on the way is noted."""
    backfill = _with_new_dates(warehouse, number, published)
    runs = {item.as_of: item.run_id for item in published}
    line = backfill.line(published)
    basis_of = {basis.publication: basis for basis in bases(warehouse, line)}
    for date in backfill.dates:
        earlier = [item for item in line if item.as_of < date.as_of]
        now = runs.get(date.as_of)
        if date.status == "planned" and date.is_asked:
            return Due(date, line, now, _live(date.as_of, published, line, is_remodelled=is_remodelled))
        mine = next(item for item in line if item.as_of == date.as_of)
        is_other = now not in {date.published_run_id, date.run_id}
        if is_other or basis_of[mine].earlier_sha256 != earlier_digest(warehouse, earlier):
            again = replace(date, status="planned", run_id=None)
            if again != date:
                backfill_ledger.put_date(warehouse, number, again)
            kept = tuple(item for item in line if item != mine or item in published)
            return Due(again, kept, now, _live(date.as_of, published, kept, is_remodelled=is_remodelled))
        if date.status == "planned":
            backfill_ledger.put_date(warehouse, number, replace(date, status="held"))
    return None


def _with_new_dates(warehouse: Warehouse, number: int, published: Sequence[Publication]) -> Backfill:
    """The backfill, with dates that other runs have published since it was planned."""
    (backfill,) = backfill_ledger.read(warehouse, number)
    known, first = {date.as_of for date in backfill.dates}, min((date.as_of for date in backfill.dates), default=None)
    new = [item for item in published if first and item.as_of > first and item.as_of not in known]
    for item in new:
        date = BackfillDate(
            item.as_of, f"follows {first}", is_asked=False, status="planned", published_run_id=item.run_id
        )
        backfill_ledger.put_date(warehouse, number, date)
    return backfill_ledger.read(warehouse, number)[0] if new else backfill


def _live(
    as_of: dt.date, published: Sequence[Publication], line: Sequence[Publication], *, is_remodelled: bool
) -> Publication | None:
    """The run whose models were in use: the one published for a date, or between two of them the one before it."""
    if is_remodelled or not published or as_of > published[-1].as_of:
        return None
    mine = next((item for item in published if item.as_of == as_of), None)
    return mine or next((item for item in reversed(line) if item.as_of < as_of), None)
