"""What is asked of a backfill.

Owns: the request, its plain form in the ledger, and which of what is asked makes no sense. Does not own the dates that
follow from it (`planning.py`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from tasks.backfill.dates import dates_between, parse_every
from tasks.config.errors import UsageError
from tasks.config.workspace import Workspace
from tasks.warehouse.ledger import Publication


@dataclass(frozen=True, slots=True)
class Request:
    """A backfill as somebody asked for it.

    Attributes:
        first: the earliest date; None: of what is published, or stale.
        last: the latest date, likewise.
        every: the step, such as ``1mo``; None: the published dates between the two.
        is_stale: only dates whose result would be another today.
        segmentation: the one that is meant to change; a change of another one has to be accepted.
        known_as_of: nothing loaded later is seen; None: everything, but for dates that were published with one.
        is_remodelled: models are learnt as daily runs would have; else those are used that were in use then.
        is_held: what comes of it waits to be accepted, whatever it is.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    every: str | None = None
    is_stale: bool = False
    segmentation: str | None = None
    known_as_of: dt.datetime | None = None
    is_remodelled: bool = False
    is_held: bool = False

    def said(self) -> dict[str, Any]:
        """Plain JSON, for the ledger."""
        return {key: value if isinstance(value, bool | None) else str(value) for key, value in asdict(self).items()}

    @classmethod
    def from_said(cls, said: dict[str, Any]) -> Request:
        """The request of an entry in the ledger."""
        days = {key: said[key] and dt.date.fromisoformat(said[key]) for key in ("first", "last")}
        known = said["known_as_of"] and dt.datetime.fromisoformat(said["known_as_of"])
        return cls(**{**said, **days, "known_as_of": known})


def check(request: Request, workspace: Workspace, today: dt.date) -> None:
    """Prove that a request can be meant so.

    Raises:
        UsageError: it cannot.
    """
    if request.every is not None:
        parse_every(request.every)
    if request.is_stale and request.every is not None:
        raise UsageError("--stale and --every exclude each other", hint="stale dates are published ones")
    if request.is_stale and request.known_as_of is not None:
        raise UsageError(
            "--stale and --known-as-of exclude each other", hint="each stale date sees what it was published to see"
        )
    if not request.is_stale and (request.first is None or request.last is None):
        raise UsageError(
            "a backfill needs --from and --to, or --stale", hint="such as --from 2025-01-31 --to 2025-06-30"
        )
    if request.first and request.last and request.last < request.first:
        raise UsageError(f"--from {request.first} is after --to {request.last}", hint="give the earlier date first")
    if request.last and request.last > today:
        raise UsageError(
            f"--to {request.last} lies in the future, today is {today} ({workspace.calendar.timezone})",
            hint="give a day that is over",
        )
    if request.segmentation is not None and request.segmentation not in workspace.segmentations:
        listed = ", ".join(workspace.segmentations)
        raise UsageError(
            f"--segmentation {request.segmentation!r} is none of the workspace", hint=f"there are {listed}"
        )


def dates_of(request: Request, published: list[Publication]) -> list[dt.date]:
    """The dates of a range; those of `is_stale` are among the published ones that this gives.

    Raises:
        UsageError: nothing is published in the range, and no step is given.
    """
    if request.every is not None and request.first and request.last:
        return dates_between(request.first, request.last, parse_every(request.every))
    first, last = request.first or dt.date.min, request.last or dt.date.max
    found = [item.as_of for item in published if first <= item.as_of <= last]
    if not found and not request.is_stale:
        raise UsageError(
            f"nothing is published from {first} to {last}", hint="give --every, such as 1mo, to compute new dates"
        )
    return found
