"""The commands of `resegment quarantine`: read or decide cases, print.

Owns: these commands and what they print. Does not own their arguments (`cli.py`), deciding (`tasks/ingest`), or which
values may be shown (`tasks/report/privacy.py`).
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable, Sequence

from flows import console
from flows.commands import opened, user_name
from tasks.config.entities import CONTACT_COLUMNS
from tasks.config.errors import UsageError
from tasks.ingest import cases
from tasks.ingest.cases import Case, Field
from tasks.ingest.decisions import Decider, DecisionName, WorkedOff
from tasks.ingest.working_off import work_off
from tasks.report.privacy import WITHHELD, shown_value
from tasks.warehouse.reading_run import read_ledger
from tasks.warehouse.run import open_ledger

_NUMBERS_SHOWN = 12
_KEPT_SHOWN = 20
_MASKED = "values of contacts are masked; --contacts shows them"
_PUBLISH = "the next `resegment run` publishes this"


def show_list(options: argparse.Namespace) -> int:
    """`resegment quarantine list`."""
    with read_ledger(*opened(options)) as run:
        found = cases.problems(run, source=options.source, status=options.status, reason=options.reason)
    listed: Sequence[cases.Problem | cases.Group] = found if options.rows else cases.grouped(found)
    shown = listed[: options.limit]
    if options.json:
        rows = len({one.number for one in found})
        listed_as = [dataclasses.asdict(one) for one in shown]
        console.print_json({"rows": rows, "shown": len(shown), "of": len(listed), "problems": listed_as})
        return 0
    if not found:
        kind = "nothing" if options.status == "all" else f"nothing {options.status}"
        console.out.print(f"{kind} in quarantine" + (" that matches" if options.source or options.reason else ""))
        return 0
    console.print_table(*_problem_table(shown), numbers=["no.", "rows", "row"])
    if len(listed) > len(shown):
        console.out.print(f"and {len(listed) - len(shown):,} more: --limit N")
    return 0


def show_case(options: argparse.Namespace) -> int:
    """`resegment quarantine show N`."""
    with read_ledger(*opened(options)) as run:
        found = cases.case(run, options.number)
    fields = [(field, _shown(found, field, contacts=options.contacts)) for field in found.fields]
    values = {
        column: value if options.contacts else shown_value(found.entity, column, value)
        for column, value in found.values.items()
    }
    if options.json:
        told = dataclasses.asdict(found)
        told["fields"] = [dataclasses.asdict(field) | {"value": value} for field, value in fields]
        told["values"] = {column or "": value for column, value in values.items()}
        console.print_json(told)
        return 0
    console.out.print(
        f"[bold]{found.number}[/bold]  {found.source}: {found.file}, row {found.row_number}  ({found.status})",
    )
    for problem in found.problems:
        place = problem.column or "the line"
        what = f" {values[problem.column]!r}" if values.get(problem.column) is not None else ""
        effect = "row kept out" if problem.action == "row" else "value left out"
        console.out.print(f"  {place}{what}: {problem.reason} ({effect}; {problem.status})", markup=False)
    console.out.print()
    console.print_table(
        ["", "column of the file", "value", "read as"],
        [["→" if field.wrong else "", field.name, value, ", ".join(field.read_as)] for field, value in fields],
    )
    if not options.contacts:
        console.out.print(_MASKED)
    if found.decisions:
        console.out.print()
        console.print_table(
            ["decided (UTC)", "by", "decision", "because"],
            [[one.at, one.by, one.name, one.reason] for one in found.decisions],
        )
    return 0


def replay(options: argparse.Namespace) -> int:
    """`resegment quarantine replay`."""
    return _decide(options, "replayed", None, source=options.source)


def release(options: argparse.Namespace) -> int:
    """`resegment quarantine release`."""
    because = options.because.strip()
    if not because:
        raise UsageError("--because is empty", hint="say why, for whoever reads the history")
    return _decide(options, "discarded" if options.discard else "released", because)


def _decide(
    options: argparse.Namespace, decision: DecisionName, because: str | None, *, source: str | None = None
) -> int:
    space, paths = opened(options)
    with open_ledger(space, paths.root) as run:
        done = work_off(
            run,
            decision,
            Decider(user_name(), because),
            numbers=options.numbers,
            source=source,
            is_dry=options.dry_run,
        )
    if options.json:
        console.print_json(dataclasses.asdict(done) | {"dry_run": options.dry_run})
    else:
        _print_done(done, is_dry=options.dry_run)
    return 0


def _print_done(done: WorkedOff, *, is_dry: bool) -> None:
    for what, numbers in (
        ("let in", done.loaded),
        ("values put back", done.mended),
        ("discarded", done.discarded),
        ("still kept out", list(done.kept)),
        ("closed before, left alone", done.closed),
        ("superseded by a newer version of the file, left alone", done.superseded),
    ):
        if numbers:
            console.out.print(f"{len(numbers):>6,}  {what}: {_numbers(numbers)}", markup=False)
    for number, told in list(done.kept.items())[:_KEPT_SHOWN]:
        console.out.print(f"        {number}: {'; '.join(told)}", markup=False)
    if len(done.kept) > _KEPT_SHOWN:
        console.out.print(f"        … `resegment quarantine list` tells of all {len(done.kept):,}")
    if is_dry:
        console.out.print("dry run: nothing was changed")
    else:
        console.out.print(_PUBLISH if done.has_changed else "nothing has changed")


def _problem_table(shown: Sequence[cases.Problem | cases.Group]) -> tuple[list[str], list[list[object]]]:
    """Header and rows: of groups how many rows and which, of single problems where each is."""
    rows: list[list[object]] = [
        [one.number, one.source, one.file, one.row_number, one.column or "the line", one.reason, one.status]
        if isinstance(one, cases.Problem)
        else [
            len(one.numbers),
            one.source,
            one.column or "the line",
            one.reason,
            "row" if one.action == "row" else "value only",
            one.status,
            _numbers(one.numbers),
        ]
        for one in shown
    ]
    if isinstance(shown[0], cases.Problem):
        return ["no.", "source", "file", "row", "column", "reason", "status"], rows
    return ["rows", "source", "column", "reason", "kept out", "status", "numbers"], rows


def _numbers(numbers: Iterable[int]) -> str:
    """Such as ``3-7 12``; a long list is cut."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    told = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    return " ".join(told[:_NUMBERS_SHOWN]) + (" …" if len(told) > _NUMBERS_SHOWN else "")


def _shown(case: Case, field: Field, *, contacts: bool) -> str | None:
    """The value of a column of the file, or what may be shown instead."""
    if contacts:
        return field.value
    if not CONTACT_COLUMNS.isdisjoint(field.read_as) or not field.read_as:
        return WITHHELD
    return shown_value(case.entity, field.read_as[0], field.value)
