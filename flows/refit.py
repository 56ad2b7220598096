"""Fitting challengers now, between runs, and asking somebody whether they may take over.

Owns: the order of the steps, and waiting for an answer on a Prefect server. Does not own fitting or deciding
(`tasks/segments`), or the same decisions by command (`model_commands.py`). Prefect reads the types of a flow when it is
served from another process, so they are not postponed here.
"""

from pathlib import Path
from typing import Literal, TypedDict

from prefect import flow
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from prefect.settings import get_current_settings
from pydantic import Field

from tasks.config.errors import UsageError
from tasks.config.loading import load_workspace
from tasks.config.workspace import Workspace
from tasks.segments.challenge import Fitted, NotFitted, learning
from tasks.segments.tasks import decide_model, fit_challengers
from tasks.warehouse.run import open_newest

#: A day: long enough for somebody to look, short enough that a forgotten run is noticed.
_WAIT_SECONDS = 86_400

_ANSWERED: dict[str, Literal["accepted", "rejected"]] = {"accept": "accepted", "reject": "rejected"}


class Answer(RunInput):
    """What a run that waits is resumed with."""

    decision: Literal["accept", "reject"] = Field(
        description="accept: what waits is used (a challenger) or published (a backfill)"
    )
    by: str = Field(description="who decides")
    because: str = Field(description="why, for whoever reads the history")


class RefitSummary(TypedDict):
    """What became of one challenger; failed and skipped, there is none."""

    segmentation: str
    model_no: int | None
    outcome: Literal["waits", "accepted", "rejected", "refused", "known", "failed", "skipped"]
    reason: str
    moved: int | None
    customers: int | None


@flow(name="refit", flow_run_name="refit {workspace}", persist_result=False)
def refit(
    workspace: str = ".",
    segmentation: str | None = None,
    output: str | None = None,
    overrides: list[str] | None = None,
    wait_seconds: int = _WAIT_SECONDS,
    poll_seconds: int = 5,
) -> list[RefitSummary]:
    """Fit a challenger of one segmentation, or of all that learn, to the features of the newest published run.

    What passes the gates takes over with the next run, or waits where the policy says `accept: by_hand`. On a Prefect
    server the run then pauses until it is resumed with an `Answer`; without one it ends. The output folder is locked
    while something is fitted or decided, not while the run waits. One segmentation that cannot be fitted keeps no other
    from it.

    Args:
        workspace: folder that holds `resegment.yaml`.
        segmentation: its name; default: every one that learns from data.
        output: folder of the output. Default: what the workspace says.
        overrides: ``a.b.c=value`` replacing values of the workspace file.
        wait_seconds: how long an answer is waited for; then the flow run fails, and the challenger goes on waiting.
        poll_seconds: how often the server is asked whether there is one.

    Raises:
        UsageError: nothing is published yet, or of none of them a challenger can be fitted: it learns nothing, has no
            model yet, or its definition has changed since.
        StatisticsError: nothing can be learnt of the first of them, nor of any other.
        OutputError: the output folder cannot be written, or another run holds it.
    """
    space = load_workspace(Path(workspace), overrides=overrides or [])
    folder = space.output_folder(output)
    names = [segmentation] if segmentation else learning(space)
    if not names:
        raise UsageError("no segmentation learns anything from data", where=str(space.directory))
    with open_newest(space, folder) as run:
        found = fit_challengers(run, names)
    if not get_current_settings().api.url:
        return [_summary(one) for one in found]
    return [
        _summary(one, _asked(space, folder, one, wait_seconds, poll_seconds))
        if isinstance(one, Fitted) and one.outcome == "waits"
        else _summary(one)
        for one in found
    ]


def _asked(space: Workspace, folder: Path, fitted: Fitted, wait_seconds: int, poll_seconds: int) -> Answer:
    """Wait for somebody's answer, and enter it into the ledger."""
    version = fitted.version
    question = Answer.with_initial_data(description=f"{space.name}: {told(fitted)}")
    answer = pause_flow_run(wait_for_input=question, timeout=wait_seconds, poll_interval=poll_seconds)
    with open_newest(space, folder) as run:
        decide_model(run, version.segmentation_id, version.model_no, answer.decision, answer.by, answer.because)
    return answer


def told(fitted: Fitted) -> str:
    """What somebody has to know who is asked."""
    version = fitted.version
    said = f"{version.segmentation_id}, model {version.model_no} of {version.trained_as_of_date}: {version.reason}"
    if version.moved_count is None:
        return said
    return f"{said}; {version.moved_count:,} of {version.customer_count:,} customers would move"


def _summary(fitted: Fitted | NotFitted, answer: Answer | None = None) -> RefitSummary:
    if isinstance(fitted, NotFitted):
        return RefitSummary(
            segmentation=fitted.segmentation,
            model_no=None,
            outcome="failed" if fitted.has_failed else "skipped",
            reason=fitted.reason,
            moved=None,
            customers=None,
        )
    version = fitted.version
    return RefitSummary(
        segmentation=version.segmentation_id,
        model_no=version.model_no,
        outcome=fitted.outcome if answer is None else _ANSWERED[answer.decision],
        reason=version.reason,
        moved=version.moved_count,
        customers=version.customer_count,
    )
