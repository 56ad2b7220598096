"""What a decision about quarantined rows is made of: who decides, the open cases it is about, what became of them.

Owns: these records, and finding the open cases that are meant. Does not own carrying a decision out (`working_off.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from tasks.ingest import cases
from tasks.warehouse import ledger
from tasks.warehouse.run import Run

DecisionName = Literal["replayed", "released", "discarded"]


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A row that waits for a decision; `is_out` says whether the row is kept out or only values of it."""

    number: int
    load_id: str
    row_number: int
    is_out: bool
    #: Column and reason of each open problem.
    problems: frozenset[tuple[str | None, str]]
    value_count: int


@dataclass(slots=True)
class WorkedOff:
    """What became of the cases that a command was about, by their numbers.

    Attributes:
        decision: what was decided.
        loaded: rows that were out and are let in.
        mended: rows that were in and got values back.
        discarded: closed as not wanted.
        kept: those that stay, with what is wrong with them now.
        closed: those that were closed before: nothing was done.
        superseded: those of a file that was delivered or mapped anew since: nothing was done.
        loads: names of the loads made of it.
    """

    decision: DecisionName
    loaded: list[int] = field(default_factory=list)
    mended: list[int] = field(default_factory=list)
    discarded: list[int] = field(default_factory=list)
    kept: dict[int, list[str]] = field(default_factory=dict)
    closed: list[int] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)

    @property
    def has_changed(self) -> bool:
        """Whether a run would see other rows or counts than before."""
        return bool(self.loads)


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides, when and why."""

    by: str
    because: str | None = None
    at: dt.datetime = field(default_factory=ledger.utc_now)


def chosen(run: Run, done: WorkedOff, numbers: Sequence[int], source: str | None) -> list[OpenCase]:
    """The open cases that are meant; the others of `numbers` are told in `done`."""
    found = cases.problems(run, source=source, status="all")
    states: dict[int, set[str]] = {}
    for one in found:
        states.setdefault(one.number, set()).add(one.status)
    wanted = set(numbers) or {number for number, known in states.items() if "open" in known}
    if missing := wanted - states.keys():
        raise cases.unknown(missing)
    for number in sorted(wanted):
        if "open" not in states[number]:
            (done.superseded if "superseded" in states[number] else done.closed).append(number)
    rows = run.warehouse.rows(
        "SELECT quarantine_no, load_id, row_number, bool_or(action_name = 'row'),"
        " list({'column': column_name, 'reason': reason}), count(*) FILTER (action_name = 'value')"
        " FROM ops.quarantine JOIN (SELECT load_id, load_no FROM ops.load) USING (load_id)"
        " WHERE status_name = 'open' AND quarantine_no IN (SELECT unnest($numbers::INTEGER[]))"
        " GROUP BY quarantine_no, load_id, load_no, row_number ORDER BY load_no, row_number",
        {"numbers": sorted(wanted - {*done.superseded, *done.closed})},
    )
    return [
        OpenCase(number, load_id, row, is_out, frozenset((p["column"], p["reason"]) for p in problems), values)
        for number, load_id, row, is_out, problems, values in rows
    ]
