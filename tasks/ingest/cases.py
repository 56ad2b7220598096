"""The cases in quarantine: rows with their problems, as the ledger has them.

Owns: reading which cases there are and how they stand. Does not own deciding them (`working_off.py`) or what may be
shown of their values.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from tasks.config.errors import UsageError
from tasks.ingest.mapping import parse_mapping
from tasks.warehouse import kept_rows
from tasks.warehouse.run import Run

#: How a case stands. What is open in a load that a newer version of its file has replaced is superseded.
STATUSES = ("open", "replayed", "released", "discarded", "superseded")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row; `status` is that of the case.

    Attributes:
        number: of the case: all problems of a row share it.
        source: name of the source.
        file: name of the file.
        row_number: of the row in the file, from 1.
        column: the entity's column; None where the line as a whole is no row.
        reason: what was expected.
        action: `row` where it keeps the row out, `value` where only the value is.
        status: one of STATUSES.
    """

    number: int
    source: str
    file: str
    row_number: int
    column: str | None
    reason: str
    action: str
    status: str


@dataclass(frozen=True, slots=True)
class Group:
    """Problems of one kind, with the numbers of their cases."""

    source: str
    column: str | None
    reason: str
    action: str
    status: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the row as it came; `read_as` are the entity's columns that read it, `wrong` those with a problem."""

    name: str
    value: str | None
    read_as: tuple[str, ...]
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about a case; `name` is `kept` where a replay let it stand."""

    at: str
    by: str
    name: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """A row with all that is known of it."""

    number: int
    source: str
    entity: str
    file: str
    row_number: int
    status: str
    problems: tuple[Problem, ...]
    values: dict[str | None, str | None]
    fields: tuple[Field, ...]
    decisions: tuple[Decision, ...]


def problems(
    run: Run, *, source: str | None = None, status: str = "open", reason: str | None = None
) -> tuple[Problem, ...]:
    """Problems by the numbers of their cases.

    Args:
        run: of the workspace; what its loads see is open, what they have replaced is superseded.
        source: only of this source.
        status: one of STATUSES, or `all`.
        reason: only where the reason or the column contains this text, in any case of letters.

    Raises:
        UsageError: the workspace has no such source, and the quarantine neither.
    """
    if source is not None:
        check_source(run, source)
    rows = run.warehouse.rows(
        "SELECT quarantine_no, source_name, file_name, row_number, column_name, reason, action_name,"
        f" {_STATUS} AS status"
        " FROM ops.quarantine WHERE ($source IS NULL OR source_name = $source)"
        " AND ($reason IS NULL OR contains(lower(concat_ws(' ', column_name, reason)), lower($reason)))"
        " AND ($status = 'all' OR status = $status) ORDER BY quarantine_no, column_name, reason",
        {"loads": _visible(run), "source": source, "status": status, "reason": reason},
    )
    return tuple(Problem(*row) for row in rows)


def grouped(found: Iterable[Problem]) -> tuple[Group, ...]:
    """Problems by source, column and reason, the most frequent first."""
    groups: dict[tuple[str, str | None, str, str, str], list[int]] = {}
    for one in found:
        groups.setdefault((one.source, one.column, one.reason, one.action, one.status), []).append(one.number)
    made = [Group(*key, numbers=tuple(numbers)) for key, numbers in groups.items()]
    return tuple(sorted(made, key=lambda group: (-len(group.numbers), group.numbers)))


def case(run: Run, number: int) -> Case:
    """One case.

    Raises:
        UsageError: there is none of that number.
    """
    rows = run.warehouse.rows(
        "SELECT DISTINCT load_id, source_name, entity_name, file_name, row_number FROM ops.quarantine"
        " WHERE quarantine_no = $number",
        {"number": number},
    )
    if not rows:
        raise unknown([number])
    (load_id, source, entity, file, row_number), *_ = rows
    found = tuple(one for one in problems(run, status="all") if one.number == number)
    place = {"load": load_id, "row": row_number}
    values: dict[str | None, str | None] = dict(
        run.warehouse.rows(
            f"SELECT column_name, value_text FROM {kept_rows.VALUES} WHERE load_id = $load AND row_number = $row", place
        )
    )
    text = run.warehouse.value(
        f"SELECT row_json FROM {kept_rows.ROWS} WHERE load_id = $load AND row_number = $row", place
    )
    status = next((one.status for one in found if one.status in {"open", "superseded"}), found[-1].status)
    wrong = {one.column for one in found if one.status == status and one.column}
    fields = _fields(run, source, text, wrong)
    return Case(number, source, entity, file, row_number, status, found, values, fields, _decisions(run, number))


def check_source(run: Run, source: str) -> None:
    """Refuse a name that neither the workspace nor the quarantine knows."""
    noted = {name for (name,) in run.warehouse.rows("SELECT DISTINCT source_name FROM ops.quarantine")}
    known = sorted({*run.workspace.sources, *noted})
    if source not in known:
        near = difflib.get_close_matches(source, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        raise UsageError(f"there is no source {source!r}", hint=hint)


def unknown(numbers: Iterable[int]) -> UsageError:
    """The error for numbers that no case has."""
    told = ", ".join(str(number) for number in sorted(numbers))
    return UsageError(
        f"nothing in quarantine has the number {told}",
        hint="`resegment quarantine list --status all` tells the numbers",
    )


def _visible(run: Run) -> list[str]:
    return [load_id for load_id, *_ in run.visible_loads()]


#: SQL: the status of a problem; $loads are the loads that count.
_STATUS = "CASE WHEN status_name = 'open' AND NOT list_contains($loads, load_id) THEN 'superseded' ELSE status_name END"


def _fields(run: Run, source: str, text: str | None, wrong: set[str]) -> tuple[Field, ...]:
    """The columns of the row as it came; a line that is no row is one column without a name."""
    row = json.loads(text) if text else {}
    if not isinstance(row, dict):
        return (Field("", row[0] if isinstance(row, list) else str(row), (), ()),)
    reads = parse_mapping(run.workspace, source).inputs if source in run.workspace.sources else {}
    found = []
    for name, value in row.items():
        if name == "_record" or (name == "_row" and len(row) > 2):  # noqa: PLR2004 - the line beside its columns
            continue
        read_as = tuple(column for column, names in reads.items() if name in names)
        found.append(
            Field(name, None if value is None else str(value), read_as, tuple(c for c in read_as if c in wrong))
        )
    return tuple(found)


def _decisions(run: Run, number: int) -> tuple[Decision, ...]:
    rows = run.warehouse.rows(
        "SELECT strftime(decided_at, '%Y-%m-%d %H:%M:%S'), decided_by, decision_name, decision_reason"
        " FROM ops.quarantine_decision WHERE quarantine_no = $number ORDER BY decided_at",
        {"number": number},
    )
    return tuple(Decision(*row) for row in rows)
