"""Working off the quarantine: reading rows again, letting them in, closing them.

Owns: the three decisions (`replay`, `release`, `discard`) and their load in the ledger. Does not own finding cases
(`cases.py`) or how a stored row becomes columns (`stored_rows.py`).

`raw` only grows. What is worked off of a file is a load of its own, whose counts are differences: rows let in count as
loaded and no more as quarantined, discarded ones as not read. So rows read = loaded + quarantined holds for each load
and for their sums, and the sums are the present state. A run sees that load while it sees the file's
(`Run.visible_loads`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as StillWrong
from dataclasses import dataclass, replace

import polars as pl

from tasks.config.errors import UsageError
from tasks.ingest import cases
from tasks.ingest.again import Reading, read_again
from tasks.ingest.decisions import Decider, DecisionName, OpenCase, WorkedOff, chosen
from tasks.ingest.discovery import find_lookups
from tasks.ingest.mapping import Mapping, parse_mapping
from tasks.ingest.quarantine import Origin
from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.erasures import erased_customers
from tasks.warehouse.run import Run

_VERBS: dict[DecisionName, str] = {"replayed": "replay", "released": "release", "discarded": "discard"}
_REFUSALS_TOLD = 5


class _OnlyTried(Exception):  # noqa: N818 - no error: ends a dry run's transaction
    """Everything is rolled back."""


def work_off(
    run: Run,
    decision: DecisionName,
    decider: Decider,
    *,
    numbers: Sequence[int] = (),
    source: str | None = None,
    is_dry: bool = False,
) -> WorkedOff:
    """Decide open cases, all of them in one transaction.

    Args:
        run: of the workspace; its mapping and today's hard rules are what rows are read by.
        decision: `replayed` lets in what passes now, `released` also what breaks a rule, `discarded` closes.
        decider: who and why.
        numbers: of the cases; none: all that are open.
        source: only cases of this source.
        is_dry: find out what would become of them, and change nothing.

    Raises:
        UsageError: a number is unknown, or a case cannot be released.
        SourceError: today's mapping does not fit the rows, or a lookup cannot be read.
    """
    if source is not None:
        cases.check_source(run, source)
    done = WorkedOff(decision)
    decider = replace(decider, at=max(decider.at, ledger.moment(run.warehouse)))
    by_load: dict[str, list[OpenCase]] = {}
    for one in chosen(run, done, numbers, source):
        by_load.setdefault(one.load_id, []).append(one)
    try:
        with run.warehouse.transaction():
            for load_id, ones in by_load.items():
                _Batch(run, decision, decider, done, _parent(run.warehouse, load_id), ones).work_off()
            if is_dry:
                raise _OnlyTried
    except _OnlyTried:
        pass
    return done


@dataclass(frozen=True, slots=True)
class _Parent:
    """The load of the file that rows come from."""

    origin: Origin
    load_no: int
    loaded_at: dt.datetime


def _parent(warehouse: Warehouse, load_id: str) -> _Parent:
    ((source, entity, file, number, loaded_at),) = warehouse.rows(
        "SELECT source_name, entity_name, file_name, load_no, loaded_at FROM ops.load WHERE load_id = $load",
        {"load": load_id},
    )
    return _Parent(Origin(load_id, source, entity, file), number, loaded_at)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Cases of one file on their way out of quarantine."""

    run: Run
    decision: DecisionName
    decider: Decider
    done: WorkedOff
    parent: _Parent
    cases: list[OpenCase]

    def work_off(self) -> None:
        """Decide them; the caller owns the transaction."""
        if self.decision == "discarded":
            self._discard()
            return
        mapping = parse_mapping(self.run.workspace, self.parent.origin.source_name)
        lookups, mapping_sha256 = find_lookups(self.run.workspace, mapping)
        numbers = [one.row_number for one in self.cases]
        origin, loaded_at = self.parent.origin, self.parent.loaded_at
        erased = erased_customers(self.run.workspace, self.run.paths.root)
        with read_again(self.run.warehouse, mapping, lookups, origin, numbers, loaded_at, erased) as reading:
            if self.decision == "released":
                self._refuse_unreadable(reading)
                entering = self.cases
            else:
                entering = [one for one in self.cases if _passes(one, reading)]
            let_in = {one.number for one in entering}
            kept = [one for one in self.cases if one.number not in let_in]
            self.done.kept.update({one.number: reading.told(one.row_number) for one in kept})
            changed = [one for one in kept if _differs(one, reading)]
            self._enter(mapping, mapping_sha256, reading, entering, changed)

    def _enter(
        self, mapping: Mapping, mapping_sha256: str, reading: Reading, entering: list[OpenCase], changed: list[OpenCase]
    ) -> None:
        """Let rows in, note what of them and of the others is wrong now."""
        is_released = self.decision == "released"
        came_in = [one for one in entering if one.is_out]
        after = 0 if is_released else sum(reading.value_count(one.row_number) for one in (*entering, *changed))
        before = sum(one.value_count for one in (*entering, *changed))
        child = self._child(entering, mapping_sha256, loaded=len(came_in), out=-len(came_in), blanked=after - before)
        if child is not None:
            reading.load(
                mapping, child.load_id, child.load_no, self.decider.at, _rows(entering), with_broken=is_released
            )
        self._close(
            entering, child, {} if is_released else {one.number: reading.columns(one.row_number) for one in entering}
        )
        if not is_released:
            reading.note_again({one.row_number: one.number for one in (*entering, *changed)})
        self._note(entering, self.decision, child)
        self._note(changed, "kept", None)
        self.done.loaded += [one.number for one in came_in]
        self.done.mended += [one.number for one in entering if not one.is_out]

    def _discard(self) -> None:
        rows = sum(one.is_out for one in self.cases)
        child = self._child(
            self.cases, None, read=-rows, out=-rows, blanked=-sum(one.value_count for one in self.cases)
        )
        self._close(self.cases, child, {})
        self._note(self.cases, "discarded", child)
        self.done.discarded += [one.number for one in self.cases]

    def _refuse_unreadable(self, reading: Reading) -> None:
        """Rows that have no value where one is needed cannot be let in; none is, for the command is about all."""
        refused = [
            f"{one.number} ({self.parent.origin.file_name}, row {one.row_number}): {told}"
            for one in self.cases
            if (told := "; ".join(reading.told(one.row_number, of_rules=False)))
        ]
        if refused:
            more = f"; and {len(refused) - _REFUSALS_TOLD} more" if len(refused) > _REFUSALS_TOLD else ""
            raise UsageError(
                f"cannot be released: {'; '.join(refused[:_REFUSALS_TOLD])}{more}; nothing was released",
                hint="only what breaks a rule can be let in; mend the mapping and replay, deliver the file again, or"
                " `release --discard`",
            )

    def _child(
        self,
        entering: list[OpenCase],
        mapping_sha256: str | None,
        *,
        read: int = 0,
        loaded: int = 0,
        out: int = 0,
        blanked: int = 0,
    ) -> _Child | None:
        """The load of what is worked off; None where nothing was, and no count changes."""
        if not entering and not blanked:
            return None
        warehouse, origin = self.run.warehouse, self.parent.origin
        position = 1 + int(
            warehouse.value("SELECT count(*) FROM ops.load WHERE parent_load_id = $load", {"load": origin.load_id})
        )
        # Its position makes it one of a kind, and the same decisions in the same order give the same ids anywhere.
        said = [origin.load_id, position, self.decision, mapping_sha256, _rows(entering)]
        digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()
        child = _Child(digest[:16], int(warehouse.value("SELECT max(load_no) + 1 FROM ops.load")))
        name = f"{origin.file_name} ({_VERBS[self.decision]} {position})"
        ledger.insert(
            warehouse,
            "load",
            {
                "load_id": child.load_id,
                "load_no": child.load_no,
                "source_name": origin.source_name,
                "entity_name": origin.entity_name,
                "file_name": name,
                "file_sha256": digest,
                "file_bytes": 0,
                "mapping_sha256": mapping_sha256,
                "loaded_at": self.decider.at,
                "rows_read_count": read,
                "rows_loaded_count": loaded,
                "rows_quarantined_count": out,
                "values_blanked_count": blanked,
                "parent_load_id": origin.load_id,
            },
        )
        self.done.loads.append(name)
        return child

    def _close(self, ones: list[OpenCase], child: _Child | None, still_wrong: StillWrong[int, set[str | None]]) -> None:
        """Close the problems of cases, but for those of columns that are still wrong."""
        left = [(number, column) for number, columns in still_wrong.items() for column in columns]
        frame = pl.DataFrame(left, schema={"number": pl.Int32, "name": pl.String}, orient="row")
        with self.run.warehouse.registered("still_wrong", frame):
            self.run.warehouse.execute(
                "UPDATE ops.quarantine SET status_name = $status, closed_by_load_id = $load"
                " WHERE status_name = 'open' AND quarantine_no IN (SELECT unnest($numbers::INTEGER[]))"
                " AND NOT EXISTS (FROM still_wrong WHERE number = quarantine_no AND name = column_name)",
                {
                    "status": self.decision,
                    "load": child.load_id if child else None,
                    "numbers": [one.number for one in ones],
                },
            )

    def _note(self, ones: Iterable[OpenCase], name: str, child: _Child | None) -> None:
        """Enter the decision into the history of cases."""
        self.run.warehouse.execute(
            "INSERT INTO ops.quarantine_decision BY NAME SELECT unnest($numbers::INTEGER[]) AS quarantine_no,"
            " $name AS decision_name, $at AS decided_at, $by AS decided_by, $because AS decision_reason,"
            " $load AS load_id",
            {
                "numbers": [one.number for one in ones],
                "name": name,
                "at": self.decider.at,
                "by": self.decider.by,
                "because": self.decider.because,
                "load": child.load_id if child else None,
            },
        )


@dataclass(frozen=True, slots=True)
class _Child:
    load_id: str
    load_no: int


def _rows(ones: Iterable[OpenCase]) -> list[int]:
    return [one.row_number for one in ones]


def _passes(one: OpenCase, reading: Reading) -> bool:
    """Whether a row may go in now: nothing keeps it out, and where it is in already, fewer values are wrong."""
    if reading.is_out(one.row_number):
        return False
    columns = {column for column, _ in one.problems}
    return one.is_out or reading.columns(one.row_number) < columns


def _differs(one: OpenCase, reading: Reading) -> bool:
    """Whether a row that stays is kept out for another reason than before."""
    return one.is_out and reading.was_read(one.row_number) and reading.problems_of(one.row_number) != one.problems
