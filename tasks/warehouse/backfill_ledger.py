"""The ledger of backfills: what was asked for, which dates it computes, how far each is.

Owns: `ops.backfill` and `ops.backfill_date`. One backfill is open at a time, and goes on where it stopped. Does not own
why a date is in one (`tasks/backfill/planning.py`), or making it visible (`tasks/publish`).

A date is *planned*, then *computed* (its rows lie beside what is published, under a run id of their own), *confirmed*
(computed, and like what is published, whose run stays), *held* (nothing that it depends on has changed) or *published*.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tasks.warehouse import attempts, ledger
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication

Status = Literal["open", "waiting", "published", "unchanged", "discarded"]
DateStatus = Literal["planned", "computed", "confirmed", "held", "published"]
#: A backfill of these is not over.
GOING_ON = ("open", "waiting")


@dataclass(frozen=True, slots=True)
class BackfillDate:
    """One date of a backfill.

    Attributes:
        is_asked: it is computed in any case; else only where what it follows has changed.
        run_id: that of the rows beside what is published; None while it is not computed, or where they were like it.
        published_run_id: what was published for it when it was computed.
        compared: how the two differ, as `tasks/backfill/comparing.py` writes it.
    """

    as_of: dt.date
    why: str
    is_asked: bool
    status: DateStatus
    run_id: str | None = None
    attempt_id: str | None = None
    published_run_id: str | None = None
    compared: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Backfill:
    """A backfill and its dates, oldest first."""

    number: int
    status: Status
    asked: Mapping[str, Any]
    by: str
    reason: str
    seen_until: dt.datetime
    message: str | None
    dates: tuple[BackfillDate, ...]

    def line(self, published: Sequence[Publication]) -> tuple[Publication, ...]:
        """What will be published once this is, oldest first."""
        anew = {one.as_of: one.run_id for one in self.dates if one.status == "computed"}
        runs = {item.as_of: item.run_id for item in published} | {key: run for key, run in anew.items() if run}
        return tuple(Publication(as_of, runs[as_of]) for as_of in sorted(runs))


def start(
    warehouse: Warehouse,
    asked: Mapping[str, Any],
    by: str,
    reason: str,
    seen_until: dt.datetime,
    dates: Iterable[BackfillDate],
) -> int:
    """Enter a backfill with its dates; returns its number."""
    number = int(warehouse.value("SELECT coalesce(max(backfill_no), 0) + 1 FROM ops.backfill"))
    values = {
        "backfill_no": number,
        "status_name": "open",
        "asked_json": json.dumps(asked, sort_keys=True),
        "asked_by": by,
        "asked_reason": reason,
        "started_at": ledger.utc_now(),
        "seen_until": seen_until,
    }
    with warehouse.transaction():
        ledger.insert(warehouse, "backfill", values)
        for date in dates:
            _insert(warehouse, number, date)
    return number


def see_until(warehouse: Warehouse, number: int, moment: dt.datetime) -> None:
    """Let the dates that are still to be computed see what was loaded by a moment."""
    warehouse.execute(
        "UPDATE ops.backfill SET seen_until = $moment WHERE backfill_no = $number", {"moment": moment, "number": number}
    )


def close(warehouse: Warehouse, number: int, status: Status, message: str | None = None, **decided: str | None) -> None:
    """Note how far a backfill is; `decided_by` and `decision_reason` where somebody decided."""
    warehouse.execute(
        "UPDATE ops.backfill SET status_name = $status, message = $message, finished_at = $now,"
        " decided_by = coalesce($by, decided_by), decision_reason = coalesce($because, decision_reason)"
        " WHERE backfill_no = $number",
        {
            "status": status,
            "message": message,
            "now": None if status in GOING_ON else ledger.utc_now(),
            "number": number,
            "by": decided.get("decided_by"),
            "because": decided.get("decision_reason"),
        },
    )


def put_date(warehouse: Warehouse, number: int, date: BackfillDate) -> None:
    """Enter a date, in the place of what was said of it before."""
    with warehouse.transaction():
        _replace(warehouse, number, date)


def finish_date(warehouse: Warehouse, number: int, date: BackfillDate, ended: str) -> None:
    """Enter a date together with how its attempt ended, so that no kill parts the two."""
    confirms = date.published_run_id if ended == "confirmed" else None
    with warehouse.transaction():
        warehouse.execute(
            "UPDATE ops.run SET confirms_run_id = $confirms WHERE attempt_id = $attempt",
            {"confirms": confirms, "attempt": date.attempt_id},
        )
        attempts.finish_attempt(warehouse, str(date.attempt_id), ended)
        _replace(warehouse, number, date)


def _replace(warehouse: Warehouse, number: int, date: BackfillDate) -> None:
    key = {"number": number, "as_of": date.as_of}
    warehouse.execute("DELETE FROM ops.backfill_date WHERE backfill_no = $number AND as_of_date = $as_of", key)
    _insert(warehouse, number, date)


def _insert(warehouse: Warehouse, number: int, date: BackfillDate) -> None:
    values = {
        "backfill_no": number,
        "as_of_date": date.as_of,
        "why": date.why,
        "is_asked": date.is_asked,
        "status_name": date.status,
        "run_id": date.run_id,
        "attempt_id": date.attempt_id,
        "published_run_id": date.published_run_id,
        "compared_json": json.dumps(date.compared, sort_keys=True),
    }
    ledger.insert(warehouse, "backfill_date", values)


def read(warehouse: Warehouse, number: int | None = None) -> list[Backfill]:
    """Backfills, oldest first; with a number, that one."""
    dates: dict[int, list[BackfillDate]] = {}
    for key, as_of, why, is_asked, status, run_id, attempt_id, published, text in warehouse.rows(
        "SELECT backfill_no, as_of_date, why, is_asked, status_name, run_id, attempt_id, published_run_id,"
        " compared_json FROM ops.backfill_date WHERE $number IS NULL OR backfill_no = $number"
        " ORDER BY backfill_no, as_of_date",
        {"number": number},
    ):
        date = BackfillDate(as_of, why, is_asked, status, run_id, attempt_id, published, json.loads(text))
        dates.setdefault(key, []).append(date)
    return [
        Backfill(key, status, json.loads(asked), by, reason, until, message, tuple(dates.get(key, ())))
        for key, status, asked, by, reason, until, message in warehouse.rows(
            "SELECT backfill_no, status_name, asked_json, asked_by, asked_reason, seen_until, message"
            " FROM ops.backfill WHERE $number IS NULL OR backfill_no = $number ORDER BY backfill_no",
            {"number": number},
        )
    ]


def going_on(warehouse: Warehouse) -> Backfill | None:
    """The one that is not over; None where all are."""
    return next((one for one in read(warehouse) if one.status in GOING_ON), None)


def waiting_runs(warehouse: Warehouse) -> set[str]:
    """Runs whose rows lie beside what is published, for a backfill that is not over."""
    found = warehouse.rows(
        "SELECT run_id FROM ops.backfill_date JOIN ops.backfill USING (backfill_no)"
        " WHERE run_id IS NOT NULL AND list_contains($statuses, ops.backfill.status_name)",
        {"statuses": list(GOING_ON)},
    )
    return {run_id for (run_id,) in found}
