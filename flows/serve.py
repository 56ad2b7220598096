"""Schedules of workspaces, served by one process.

Owns: which flows are served when, and with which parameters. Does not own the flows, or what the workspace says of
schedules (`tasks/config/schedules.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import Flow, serve
from prefect.client.orchestration import get_client
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.schedules import Cron
from prefect.settings import get_current_settings

from flows.alerts import watch
from flows.embedded import ask_server
from flows.quality import check_quality
from flows.refit import refit
from flows.scheduled import scheduled_refresh
from flows.schedules import cron_schedules
from tasks.config.errors import UsageError
from tasks.config.loading import FILE_NAME, load_workspace

_LOG = logging.getLogger("resegment.serve")
_FLOWS: dict[str, Flow[..., Any]] = {
    "refresh": scheduled_refresh,
    "check": check_quality,
    "refit": refit,
    "alerts": watch,
}


def _refuse_one_name_for_two(deployments: Sequence[RunnerDeployment]) -> None:
    """The server knows a deployment by its name: of two workspaces of one name only the last would be run."""
    folders: dict[str, str] = {}
    for one in deployments:
        folder = str(one.parameters["workspace"])
        other = folders.setdefault(one.name, folder)
        if other != folder:
            raise UsageError(
                f"{other} and {folder} are both called {one.name!r}",
                where=str(Path(folder) / FILE_NAME),
                hint="give each workspace a name of its own, for by that the server keeps its schedules",
            )


def served_elsewhere(deployments: Sequence[RunnerDeployment]) -> dict[str, str]:
    """Deployments that the server runs in another folder until now, and that folder, by `flow/name`.

    The workspace was moved, or there are two of one name in two processes: then the other is not run any more.
    """
    found: dict[str, str] = {}
    with get_client(sync_client=True) as client:
        for one in deployments:
            name = f"{one.flow_name}/{one.name}"
            try:
                folder = client.read_deployment_by_name(name).parameters.get("workspace")
            except ObjectNotFound:
                continue
            if folder and folder != one.parameters["workspace"]:
                found[name] = str(folder)
    return found


def serve_all(deployments: Sequence[RunnerDeployment]) -> None:
    """Register deployments at the Prefect server, and run what is due until the process ends.

    Raises:
        UsageError: there is no server, or two workspaces have one name.
        ServerError: it does not answer.
    """
    _refuse_one_name_for_two(deployments)
    if not get_current_settings().api.url:
        raise UsageError(
            "schedules need a Prefect server",
            hint="start one (`prefect server start`) and set PREFECT_API_URL, or call `resegment run` by cron",
        )
    ask_server()
    for name, folder in served_elsewhere(deployments).items():
        _LOG.warning(
            "%s: was served from %s until now, which is not run any more; a workspace there needs another name",
            name,
            folder,
        )
    serve(*deployments, print_starting_message=False)


def deployments_of(folder: Path, overrides: Sequence[str] = ()) -> list[RunnerDeployment]:
    """What of a workspace is started by itself: one deployment a flow, one run of each at a time.

    Raises:
        UsageError: the workspace says of nothing when it starts.
        WorkspaceError: a cron expression cannot be.
    """
    space = load_workspace(folder, overrides=overrides)
    parameters = {"workspace": str(folder), "overrides": list(overrides) or None}
    schedules = cron_schedules(space)
    if not schedules:
        raise UsageError(
            "the workspace says of nothing when it starts",
            where=str(folder / FILE_NAME),
            hint="write schedules: {refresh: 0 5 * * *} into it",
        )
    return [
        RunnerDeployment.from_flow(
            _FLOWS[name],
            name=space.name,
            schedule=Cron(schedule.cron, timezone=schedule.timezone),
            parameters=parameters,
            tags=["resegment", space.name],
            concurrency_limit=1,
            description=f"{name} at {schedule.cron} in {schedule.timezone}",
        )
        for name, schedule in schedules.items()
    ]
