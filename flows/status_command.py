"""The command `resegment status`: what is published and is it fresh, what failed, what waits; on one screen.

Owns: what is printed of it. Does not own the answers (`tasks/insight/status.py`).
"""

from __future__ import annotations

import argparse
import dataclasses

from rich.markup import escape

from flows import console
from flows.commands import opened
from tasks.insight.status import Status, read_status

#: Of what there may be many, so many are shown; `--json` has all.
_SHOWN = 5


def status(options: argparse.Namespace) -> int:
    """`resegment status`."""
    space, paths = opened(options)
    if options.stale:
        from flows.backfill_command import print_stale

        return print_stale(space, paths, as_json=options.json)
    found = read_status(space, paths)
    if options.json:
        console.print_json(dataclasses.asdict(found))
        return 0
    console.out.print(f"[bold]{found.workspace}[/bold]  {paths.root}")
    console.out.print(found.sentence)
    if found.busy:
        console.out.print(f"[yellow]{found.busy}[/yellow]")
    _print_lines("failed", found.failed)
    _print_lines("alert", found.alerts)
    _print_lines("waits", found.waiting)
    _print_attempts(found)
    _print_models(found)
    return 0


def _print_lines(title: str, lines: list[str]) -> None:
    if not lines:
        return
    console.out.print()
    for line in lines[:_SHOWN]:
        console.out.print(f"[yellow]{title}[/yellow]  {escape(line)}")
    if len(lines) > _SHOWN:
        console.out.print(f"{title}  and {len(lines) - _SHOWN} more")


def _print_attempts(found: Status) -> None:
    if not found.attempts:
        return
    console.out.print()
    console.print_table(
        ["as of", "run", "started (UTC)", "seconds", "peak MB", "slowest step", "ended", "message"],
        [
            [
                row["as_of_date"],
                row["run_id"],
                row["started_at"],
                row["seconds"],
                row["peak_mb"],
                row["slowest"],
                row["status_name"],
                row["message"],
            ]
            for row in found.attempts[:_SHOWN]
        ],
        numbers=["seconds", "peak MB"],
    )


def _print_models(found: Status) -> None:
    if not found.models:
        return
    console.out.print()
    console.print_table(
        ["segmentation", "model", "learnt from", "status", "the next run follows"],
        [
            [row["segmentation"], row["model_no"], row["trained"], row["status"], row["next_run"]]
            for row in found.models
        ],
        numbers=["model"],
    )
