"""`resegment backfill` and `resegment status --stale`: what somebody asks for, and what he is told.

Owns: the commands. Does not own their arguments (`backfill_arguments.py`), the flow (`backfill.py`) or its steps.
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any, Literal

from flows import console
from flows.commands import opened, user_name, workspace_folder
from flows.embedded import embedded_prefect
from tasks.config.errors import UsageError
from tasks.config.workspace import Workspace
from tasks.warehouse.readers import nothing_was_run, opened_to_read
from tasks.warehouse.run import OutputPaths

if TYPE_CHECKING:
    from flows.backfill import BackfillSummary
    from tasks.backfill.request import Request

_NEXT = {
    "waiting": "look: `resegment backfill show`; then: `resegment backfill accept --because TEXT`, or discard",
    "open": "go on: `resegment backfill resume`, or give it up: `resegment backfill discard --because TEXT`",
}


def backfill(options: argparse.Namespace) -> int:
    """`resegment backfill`."""
    from tasks.backfill.request import Request

    asked = Request(
        options.first,
        options.last,
        options.every,
        options.stale,
        options.segmentation,
        options.known_as_of,
        options.remodel,
        options.hold,
    )
    if options.dry_run:
        return _planned(options, asked)
    return _run(
        options,
        from_date=asked.first,
        to_date=asked.last,
        every=asked.every,
        stale=asked.is_stale,
        segmentation=asked.segmentation,
        known_as_of=asked.known_as_of,
        remodel=asked.is_remodelled,
        hold=asked.is_held,
        reason=options.reason,
        by=options.by or user_name(),
    )


def resume(options: argparse.Namespace) -> int:
    """`resegment backfill resume`."""
    return _run(options, go_on_only=True)


def _run(options: argparse.Namespace, **asked: Any) -> int:  # noqa: ANN401 - parameters of the flow
    from flows.backfill import backfill as flow

    console.show_progress(quiet=options.quiet)
    with embedded_prefect():
        done = flow(
            workspace=str(workspace_folder(options)), output=options.output, overrides=options.overrides, **asked
        )
    return _told(done, as_json=options.json)


def accept(options: argparse.Namespace) -> int:
    """`resegment backfill accept`."""
    return _decided(options, "accept")


def discard(options: argparse.Namespace) -> int:
    """`resegment backfill discard`."""
    return _decided(options, "discard")


def _decided(options: argparse.Namespace, decision: Literal["accept", "discard"]) -> int:
    from flows.backfill import decide_backfill

    by = options.by if options.by is not None else user_name()
    if not options.because.strip() or not by.strip():
        missing = "--because" if not options.because.strip() else "--by"
        raise UsageError(f"{missing} is empty", hint="say who decides and why, for whoever reads the history")
    console.show_progress(quiet=True)
    with embedded_prefect():
        done = decide_backfill(
            workspace=str(workspace_folder(options)),
            decision=decision,
            by=by.strip(),
            because=options.because.strip(),
            output=options.output,
            overrides=options.overrides,
        )
    return _told(done, as_json=options.json)


def show_list(options: argparse.Namespace) -> int:
    """`resegment backfill list`."""
    _, paths = opened(options)
    found = _read(paths)
    if options.json:
        console.print_json(found)
    elif not found:
        console.out.print("there was no backfill yet")
    else:
        console.print_table(
            ["backfill", "status", "dates", "asked by", "reason", "message"],
            [
                [one["number"], one["status"], len(one["dates"]), one["asked_by"], one["reason"], one["message"]]
                for one in found
            ],
            numbers=["backfill", "dates"],
        )
    return 0


def show(options: argparse.Namespace) -> int:
    """`resegment backfill show`."""
    _, paths = opened(options)
    found = [one for one in _read(paths) if options.number in {None, one["number"]}]
    if not found:
        what = "there was no backfill yet" if options.number is None else f"there is no backfill {options.number}"
        raise UsageError(what, where=str(paths.root), hint="`resegment backfill list` tells them all")
    return _told(found[-1], as_json=options.json)


def _read(paths: OutputPaths) -> list[BackfillSummary]:
    from flows.backfill import summary_of
    from tasks.warehouse.backfill_ledger import read

    if nothing_was_run(paths):
        return []
    with opened_to_read(paths) as warehouse:
        return [summary_of(one) for one in read(warehouse)] if warehouse.table_exists("ops.backfill") else []


def _planned(options: argparse.Namespace, asked: Request) -> int:
    from flows.backfill_plan import plan_backfill

    space, paths = opened(options)
    found = plan_backfill(space, paths, asked)
    if options.json:
        console.print_json(found)
        return 0
    for one in found["dates"]:
        console.out.print(f"{one['as_of']}  {one['published_run_id'] or 'none':<16}  {one['why']}", markup=False)
    for note in found["notes"]:
        console.out.print(note, markup=False)
    return 0


def print_stale(space: Workspace, paths: OutputPaths, *, as_json: bool) -> int:
    """`resegment status --stale`."""
    from flows.stale import read_stale
    from flows.unseen_files import unseen_files

    found = read_stale(space, paths)
    if as_json:
        console.print_json([dataclasses.asdict(one) for one in found])
        return 0
    for one in found:
        console.out.print(f"{one.as_of}  {one.run_id}  {one.text}", markup=False)
    console.out.print("compute them anew: `resegment backfill --stale`" if found else "no published date is stale")
    if unseen := unseen_files(space, paths):
        console.out.print(unseen, markup=False)
    return 0


def _told(done: BackfillSummary, *, as_json: bool) -> int:
    if as_json:
        console.print_json(done)
        return 0
    if done["number"] is None:
        console.out.print(done["message"])
        return 0
    said = f": {done['message']}" if done["message"] else ""
    console.out.print(f"backfill {done['number']}: {done['status']}{said}", markup=False)
    for one in done["dates"]:
        console.out.print(f"{one['as_of']}  {one['status']:<9}  {one['run_id'] or '':<16}  {one['why']}", markup=False)
        if one["differs"]:
            console.out.print(f"    {one['differs']}", markup=False)
    if done["status"] in _NEXT:
        console.out.print(_NEXT[done["status"]], markup=False)
    return 0
