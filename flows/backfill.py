"""Computing published or new dates anew, beside what is published, and swapping them in together.

Owns: the flows, and waiting for an answer on a Prefect server. Does not own the steps (`backfill_steps.py`), or the
same by command (`backfill_command.py`). Prefect reads the types of a flow when it is served from another process, so
they are not postponed here.
"""

import datetime as dt
from pathlib import Path
from typing import Literal, TypedDict

from prefect import flow
from prefect.flow_runs import pause_flow_run
from prefect.settings import get_current_settings

from flows.backfill_steps import accept, begin, discard, go_on, resume
from flows.refit import Answer
from tasks.backfill.request import Request
from tasks.backfill.tasks import told
from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tasks.warehouse.backfill_ledger import Backfill

#: A day: long enough for somebody to look, short enough that a forgotten run is noticed.
_WAIT_SECONDS = 86_400


class DateSummary(TypedDict):
    """What became of one date."""

    as_of: str
    why: str
    status: str
    run_id: str | None
    differs: str


class BackfillSummary(TypedDict):
    """What became of a backfill; `number` is None where nothing was to be done."""

    number: int | None
    status: str
    message: str | None
    asked_by: str
    reason: str
    dates: list[DateSummary]


@flow(name="backfill", flow_run_name="backfill {workspace}", persist_result=False)
def backfill(
    workspace: str = ".",
    from_date: dt.date | None = None,
    to_date: dt.date | None = None,
    every: str | None = None,
    stale: bool = False,  # noqa: FBT001, FBT002 - Prefect calls flows by the names of their parameters
    segmentation: str | None = None,
    known_as_of: dt.datetime | None = None,
    reason: str = "",
    by: str = "prefect",
    remodel: bool = False,  # noqa: FBT001, FBT002 - likewise
    hold: bool = False,  # noqa: FBT001, FBT002 - likewise
    go_on_only: bool = False,  # noqa: FBT001, FBT002 - likewise
    output: str | None = None,
    overrides: list[str] | None = None,
    wait_seconds: int = _WAIT_SECONDS,
    poll_seconds: int = 5,
) -> BackfillSummary:
    """Compute dates anew, compare them with what is published, and publish all of them in one step, or wait.

    On a Prefect server a backfill that waits pauses until it is resumed with an `Answer`; without one it ends. The
    output folder is locked while a date is computed, not between two dates and not while the backfill waits.

    Args:
        workspace: folder that holds `resegment.yaml`.
        from_date: the earliest date.
        to_date: the latest date.
        every: `1d`, `1w`, `1mo` or more of them. Default: the dates of the range that are published.
        stale: only published dates that would come out otherwise today.
        segmentation: the one that is meant to change; if another one does, the backfill waits.
        known_as_of: nothing loaded later is seen. Default: everything loaded.
        reason: why, for the history.
        by: who asks.
        remodel: learn as daily runs would have, instead of using the models that were in use then.
        hold: do not publish before somebody accepts it.
        go_on_only: go on with the backfill that was stopped; nothing else that is asked for counts.
        output: folder of the output. Default: what the workspace says.
        overrides: ``a.b.c=value`` replacing values of the workspace file.
        wait_seconds: how long an answer is waited for; then the flow run fails, and the backfill goes on waiting.
        poll_seconds: how often the server is asked whether there is one.

    Raises:
        UsageError: the request makes no sense, or another backfill is not over.
        GateFailed: a critical check failed; what was published stays, and so do the dates that are done.
        OutputError: the output folder cannot be written, or another run holds it for too long.
    """
    space = load_workspace(Path(workspace), overrides=overrides or [])
    folder = space.output_folder(output)
    if go_on_only:
        number: int | None = resume(space, folder)
    else:
        request = Request(from_date, to_date, every, stale, segmentation, known_as_of, remodel, hold)
        number = begin(space, folder, request, by=by, reason=reason)
    if number is None:
        return BackfillSummary(
            number=None, status="unchanged", message="no published date is stale", asked_by=by, reason=reason, dates=[]
        )
    done = go_on(space, folder, number)
    if done.status == "waiting" and get_current_settings().api.url:
        done = _answered(space, folder, done, wait_seconds, poll_seconds)
    return summary_of(done)


def _answered(space: Workspace, folder: Path, waiting: Backfill, wait_seconds: int, poll_seconds: int) -> Backfill:
    """Wait for somebody's answer, and follow it."""
    question = Answer.with_initial_data(description=f"{space.name}: backfill {waiting.number} waits: {waiting.message}")
    answer = pause_flow_run(wait_for_input=question, timeout=wait_seconds, poll_interval=poll_seconds)
    decide = accept if answer.decision == "accept" else discard
    # While it was waited for, this one may have been given up, and another one begun that nobody has looked at.
    return decide(space, folder, by=answer.by, because=answer.because, number=waiting.number)


@flow(name="decide on a backfill", flow_run_name="{decision} backfill {workspace}", persist_result=False)
def decide_backfill(
    workspace: str,
    decision: Literal["accept", "discard"],
    by: str,
    because: str,
    output: str | None = None,
    overrides: list[str] | None = None,
) -> BackfillSummary:
    """Publish the backfill that waits, or give up the one that is not over.

    Raises:
        UsageError: there is none, or what is published has changed since it was computed.
        GateFailed: a critical check failed; what was published stays.
        OutputError: the output folder cannot be written, or another run holds it for too long.
    """
    space = load_workspace(Path(workspace), overrides=overrides or [])
    folder = space.output_folder(output)
    return summary_of({"accept": accept, "discard": discard}[decision](space, folder, by=by, because=because))


def summary_of(done: Backfill) -> BackfillSummary:
    """What became of a backfill, in a form that goes over Prefect's API and into JSON."""
    return BackfillSummary(
        number=done.number,
        status=done.status,
        message=done.message,
        asked_by=done.by,
        reason=done.reason,
        dates=[
            DateSummary(
                as_of=date.as_of.isoformat(),
                why=date.why,
                status=date.status,
                run_id=date.run_id or date.published_run_id,
                differs=told(dict(date.compared)) if date.compared else "",
            )
            for date in done.dates
        ],
    )
