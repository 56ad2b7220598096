"""Erasing customers on a Prefect server.

Owns: the flow. Does not own the steps (`forget_steps.py`), or the same by command (`forget_command.py`). Prefect reads
the types of a flow when it is served from another process, so they are not postponed here.

The flow takes a file of ids and no ids: Prefect keeps the parameters of every run in its own database, which no erasure
reaches.
"""

from pathlib import Path
from typing import Annotated, Literal, TypedDict

from prefect import flow
from pydantic import Field

from flows import forget_steps
from flows.forget_command import asked_for
from tasks.config.loading import load_workspace


class ForgetSummary(TypedDict):
    """What an erasure came to, without who it was of."""

    customers: int
    rows: dict[str, int]
    searched_files: int | None


@flow(name="forget", flow_run_name="forget {workspace}", persist_result=False)
def forget(
    workspace: str,
    ids_file: Annotated[str, Field(min_length=1)],
    reason: Annotated[str, Field(min_length=1)],
    by: Annotated[str, Field(min_length=1)],
    confirm: Literal["erase", "dry run"] = "dry run",
    output: str | None = None,
    overrides: list[str] | None = None,
) -> ForgetSummary:
    """Erase customers from everything that an output folder keeps, or say what that would take out.

    Args:
        workspace: folder that holds `resegment.yaml`.
        ids_file: a file on the worker's machine with one id a line; delete it afterwards.
        reason: why, for the audit; no personal data.
        by: who asks.
        confirm: `erase` does it, which cannot be undone.
        output: folder of the output. Default: what the workspace says.
        overrides: ``a.b.c=value`` replacing values of the workspace file.

    Raises:
        UsageError: nothing is held of an id, or the reason names somebody.
        OutputError: a run holds the folder, it cannot be written, or something was found after all.
    """
    space = load_workspace(Path(workspace), overrides=overrides or [])
    asked = asked_for([], ids_file)
    folder = space.output_folder(output)
    done = forget_steps.forget(space, folder, asked, by=by, reason=reason, is_dry=confirm != "erase")
    return ForgetSummary(customers=done.customer_count, rows=done.counts, searched_files=done.file_count)
