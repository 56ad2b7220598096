"""The command `resegment check`: call the flow, print what it found.

Owns: this command. Does not own the flow (`quality.py`).
"""

from __future__ import annotations

import argparse

from flows import console
from flows.commands import workspace_folder
from flows.embedded import embedded_prefect
from tasks.warehouse.summary import CheckSummary


def check(options: argparse.Namespace) -> int:
    """`resegment check`."""
    from flows.quality import check_quality

    console.show_progress(quiet=options.quiet)
    with embedded_prefect():
        found = check_quality(
            workspace=str(workspace_folder(options)),
            as_of=options.as_of,
            output=options.output,
            overrides=options.overrides,
        )
    if options.json:
        console.print_json(found)
        return _code(found)
    console.print_table(
        ["table", "passed", "failed", "not so"],
        [
            [table["table"], table["passed"], len(table["failed"]), "; ".join(table["failed"])]
            for table in found["tables"]
        ],
        numbers=["passed", "failed"],
    )
    for told in found["published"]:
        console.out.print(f"published: {told}\n  → resegment rebuild builds it anew from the warehouse", markup=False)
    return _code(found)


def _code(found: CheckSummary) -> int:
    return int(bool(found["published"]))
