"""Taking back the newest published date: one that should not be there, such as of a clock that ran ahead.

Owns: which date may be taken back, and the order. Nothing follows the newest date, so that nothing else has to be
computed anew; what is published of the others is built without it, passes its gate and is swapped in. Prefect reads the
types of a flow when it is served from another process, so they are not postponed here.
"""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from prefect import flow

from flows.rebuild import publish_again, publish_lost
from tasks.config.errors import UsageError
from tasks.config.loading import load_workspace
from tasks.ingest.tasks import see_as_then
from tasks.publish.inspection import seen_still
from tasks.publish.tasks import begin_dates, build_one, publish_dates
from tasks.quality.tasks import check_published
from tasks.warehouse import ledger
from tasks.warehouse.ledger import Publication
from tasks.warehouse.past_run import past_run
from tasks.warehouse.run import open_ledger
from tasks.warehouse.taking_back import WITHDRAWN, take_back


class Withdrawal(TypedDict):
    """What was taken back, and what is the newest published date since."""

    as_of: str
    run_id: str
    newest: str


def refuse(line: Sequence[Publication], day: dt.date, where: str) -> None:
    """Prove that a date may be taken back.

    Raises:
        UsageError: it is not published, not the newest one, or the only one.
    """
    if day not in {item.as_of for item in line}:
        known = f"the newest published date is {line[-1].as_of}" if line else "nothing is published yet"
        raise UsageError(f"{day} is not published", where=where, hint=known)
    if day != line[-1].as_of:
        raise UsageError(
            f"{day} is not the newest published date, which is {line[-1].as_of}: the dates after it follow from it",
            where=where,
            hint=f"`resegment backfill --from {day} --to {day} --every 1d` computes it anew, with what follows from it",
        )
    if len(line) == 1:
        raise UsageError(
            f"nothing but {day} is published", where=where, hint="move the output folder away, and run again"
        )


@flow(name="withdraw", flow_run_name="withdraw {day}", persist_result=False)
def withdraw(
    day: dt.date, workspace: str = ".", output: str | None = None, overrides: list[str] | None = None
) -> Withdrawal:
    """Take the newest published date back.

    Files that its run loaded stay loaded. After a kill the date is gone from the ledger, and the same command again,
    the next run, or `rebuild` takes it out of what readers see.

    Args:
        day: the date.
        workspace: folder that holds `resegment.yaml`.
        output: folder of the output. Default: what the workspace says.
        overrides: ``a.b.c=value`` replacing values of the workspace file.

    Raises:
        UsageError: the date cannot be taken back.
        GateFailed: what would be published fails a critical check.
        OutputError: the output folder cannot be written, or a run holds it.
    """
    space = load_workspace(Path(workspace), overrides=overrides or [])
    folder = space.output_folder(output)
    with open_ledger(space, folder) as opened:
        published = ledger.publications(opened.warehouse)
        if (half := seen_still(opened.paths.manifest, published, day)) is not None:
            publish_again(opened)
            return Withdrawal(as_of=day.isoformat(), run_id=half, newest=published[-1].as_of.isoformat())
        refuse(published, day, str(folder))
        publish_lost(opened)
        gone, line = published[-1], tuple(published[:-1])
        run = past_run(opened, line[-1], line)
        candidate = begin_dates(opened, line, [gone.as_of, line[-1].as_of])
        see_as_then(run)
        build_one(run, candidate, line)
        check_published(run, candidate)
        with opened.warehouse.transaction():
            take_back(opened.warehouse, gone.run_id, WITHDRAWN)
        publish_dates(run, candidate, line)
    return Withdrawal(as_of=gone.as_of.isoformat(), run_id=gone.run_id, newest=line[-1].as_of.isoformat())
