"""`resegment plan`: what an edit would change, printed.

Owns: the command and its exit codes. Does not own its arguments (`cli.py`) or the plan (`plan.py`).
"""

from __future__ import annotations

import argparse
import dataclasses
import sys

from flows import console
from flows.commands import opened

#: With `--detailed-exitcode`.
CHANGES, BREAKS = 5, 6


def plan(options: argparse.Namespace) -> int:
    """`resegment plan`."""
    from flows.plan import plan_workspace
    from tasks.plan.telling import as_markdown, as_text

    space, paths = opened(options)
    console.show_progress(quiet=True)
    found = plan_workspace(space, paths, examples=options.examples)
    if options.json:
        told = {"verdict": found.verdict, "changes": found.changes, "breaks": found.breaks}
        console.print_json({**told, **dataclasses.asdict(found)})
    elif options.markdown:
        sys.stdout.write(as_markdown(found))
    else:
        for line in as_text(found):
            console.out.print(line, markup=False)
    if not options.detailed_exitcode:
        return 0
    return BREAKS if found.breaks else CHANGES if found.changes else 0
