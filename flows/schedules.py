"""Cron expressions of a workspace, as Prefect reads them.

Owns: that reading. Does not own what is served (`serve.py`).
"""

from __future__ import annotations

from prefect.client.schemas.schedules import CronSchedule

from tasks.config.errors import WorkspaceError
from tasks.config.workspace import Workspace


def cron_schedules(space: Workspace) -> dict[str, CronSchedule]:
    """When each flow of a workspace starts, by the name in `schedules`.

    Raises:
        WorkspaceError: a cron expression cannot be.
    """
    said: dict[str, str | None] = space.schedules.model_dump(exclude={"only_business_days"})
    return {name: _schedule(space, name, cron) for name, cron in said.items() if cron}


def _schedule(space: Workspace, name: str, cron: str) -> CronSchedule:
    try:
        return CronSchedule(cron=cron, timezone=space.calendar.timezone)
    except ValueError as error:
        raise WorkspaceError(
            f"schedules: {name}: {cron!r} is no cron expression",
            where=space.line_of("schedules", name),
            hint="minute, hour, day of the month, month, day of the week, such as 0 5 * * *",
        ) from error
