"""The command `resegment withdraw`: its arguments; ask, take back, print.

Owns: that. Does not own what is done (`withdraw.py`).
"""

from __future__ import annotations

import argparse

from flows import console
from flows.commands import opened, workspace_folder
from flows.embedded import embedded_prefect
from flows.withdraw import refuse
from flows.withdraw import withdraw as withdraw_date
from tasks.config.errors import UsageError
from tasks.publish.inspection import seen_still
from tasks.warehouse import ledger
from tasks.warehouse.readers import opened_to_read


def withdraw(options: argparse.Namespace) -> int:
    """`resegment withdraw DATE [--yes]`."""
    console.show_progress(quiet=options.quiet)
    _, paths = opened(options)
    with opened_to_read(paths) as warehouse:
        line = ledger.publications(warehouse)
    half = seen_still(paths.manifest, line, options.date)
    if half is None:
        refuse(line, options.date, str(paths.root))
    if not options.yes:
        run_id, newest = (line[-1].run_id, line[-2].as_of) if half is None else (half, line[-1].as_of)
        raise UsageError(
            f"would take back {options.date} (run {run_id}); the newest date would be {newest}",
            hint="add --yes to have it done; a run for the date publishes it again",
        )
    with embedded_prefect():
        done = withdraw_date(
            options.date, workspace=str(workspace_folder(options)), output=options.output, overrides=options.overrides
        )
    if options.json:
        console.print_json(done)
    else:
        console.out.print(
            f"{done['as_of']} (run {done['run_id']}) is taken back; the newest published date is {done['newest']}"
        )
    return 0
