"""Cron expressions of a workspace, as Prefect reads them.

Owns: that reading. Does not own what is served (`serve.py`).
"""

from __future__ import annotations

import asyncio

from prefect.client.schemas.schedules import CronSchedule
from prefect.server.schemas.schedules import CronSchedule as ServerSchedule

from tasks.config.errors import WorkspaceError
from tasks.config.workspace import Workspace


def cron_schedules(space: Workspace) -> dict[str, CronSchedule]:
    """When each flow of a workspace starts, by the name in `schedules`.

    Raises:
        WorkspaceError: a cron expression cannot be, or its day never comes.
    """
    said: dict[str, str | None] = space.schedules.model_dump(exclude={"only_business_days"})
    return {name: _schedule(space, name, cron) for name, cron in said.items() if cron}


def _schedule(space: Workspace, name: str, cron: str) -> CronSchedule:
    where, told = space.line_of("schedules", name), f"schedules: {name}: {cron!r}"
    try:
        schedule = CronSchedule(cron=cron, timezone=space.calendar.timezone)
    except ValueError as error:
        raise WorkspaceError(
            f"{told} is no cron expression",
            where=where,
            hint="minute, hour, day of the month, month, day of the week, such as 0 5 * * *",
        ) from error
    try:
        # A server takes it all the same, and starts nothing, ever.
        asyncio.run(ServerSchedule(cron=cron, timezone=schedule.timezone).get_dates(1))
    except ValueError as error:
        raise WorkspaceError(
            f"{told} never comes", where=where, hint="name a day that the month has; L is its last, such as 0 5 L * *"
        ) from error
    return schedule
