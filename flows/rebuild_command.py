"""The command `resegment rebuild`: look, ask, rebuild, print.

Owns: that. Does not own what is done (`rebuild.py`).
"""

from __future__ import annotations

import argparse
import sys

from flows import console
from flows.commands import workspace_folder
from flows.embedded import embedded_prefect
from flows.rebuild import RebuildSummary, look
from flows.rebuild import rebuild as rebuild_folder
from tasks.config.counting import counted
from tasks.config.errors import UsageError
from tasks.config.loading import load_workspace


def rebuild(options: argparse.Namespace) -> int:
    """`resegment rebuild [--yes] [--dry-run]`."""
    console.show_progress(quiet=options.quiet)
    workspace = workspace_folder(options)
    space = load_workspace(workspace, overrides=options.overrides)
    folder = space.output_folder(options.output)
    done = look(space, folder)
    is_whole = done["warehouse"] is None and not done["published"]
    if not is_whole and not options.dry_run:
        _ask(done, is_agreed=options.yes)
        with embedded_prefect():
            done = rebuild_folder(str(workspace), options.output, options.overrides)
    if options.json:
        console.print_json(done)
    else:
        _print(done, is_dry=options.dry_run)
    return 0


def _ask(found: RebuildSummary, *, is_agreed: bool) -> None:
    if is_agreed:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"would {_plan(found)}", hint="add --yes to have it done; --dry-run says what is wrong and changes nothing"
        )
    console.err.print(f"{_wrong(found)}\nThis will {_plan(found)}. Go on? [y/N] ", end="", markup=False)
    if sys.stdin.readline().strip().casefold() not in {"y", "yes"}:
        raise UsageError("not agreed to; nothing was changed", hint="--yes goes on without asking")


def _plan(found: RebuildSummary) -> str:
    if found["warehouse"] is not None:
        return "make the warehouse anew from its copy, and publish again what does not agree with it"
    return "publish every date again from the warehouse"


def _wrong(found: RebuildSummary) -> str:
    lines = [] if found["warehouse"] is None else [f"warehouse.duckdb {found['warehouse']}"]
    return "\n".join(lines + [f"published: {told}" for told in found["published"]])


def _print(done: RebuildSummary, *, is_dry: bool) -> None:
    wrong = _wrong(done)
    if not wrong:
        console.out.print("the warehouse and what is published are whole: nothing to do")
        return
    console.out.print(wrong, markup=False)
    if is_dry:
        console.out.print(f"would {_plan(done)}", markup=False)
        return
    if done["is_warehouse_rebuilt"]:
        console.out.print(f"the warehouse is made anew from its copy, with {len(done['dates'])} published dates")
    if done["kept_as"]:
        console.out.print(f"the old file is kept as {done['kept_as']}; remove it when nobody needs it", markup=False)
    if done["erased_since_count"]:
        who = counted(done["erased_since_count"], "customer was", "customers were")
        console.out.print(f"{who} erased after it was written: it may hold them still, so delete it soon")
    said = "published anew" if done["is_published_anew"] else "what is published was whole, and stayed"
    console.out.print(said)
    if done["erased_again_count"]:
        who = counted(done["erased_again_count"], "customer", "customers")
        console.out.print(f"the copy was older than the list of erasures: {who} erased again")
    for loss in done["lost"]:
        console.out.print(f"lost: {loss['what']} ({loss['where']})\n  → {loss['hint']}", markup=False)
