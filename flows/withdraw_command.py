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
from tasks.warehouse import ledger
from tasks.warehouse.readers import opened_to_read


def withdraw(options: argparse.Namespace) -> int:
    """`resegment withdraw DATE [--yes]`."""
    console.show_progress(quiet=options.quiet)
    _, paths = opened(options)
    with opened_to_read(paths) as warehouse:
        line = ledger.publications(warehouse)
    refuse(line, options.date, str(paths.root))
    if not options.yes:
        raise UsageError(
            f"would take back {options.date} (run {line[-1].run_id}); the newest date would be {line[-2].as_of}",
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
