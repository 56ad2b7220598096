"""When runs start: `schedules:` of the workspace.

Owns: what may be said there. Does not own starting them (`flows/serve.py`), or which day they describe (`calendar.py`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tasks.config.features import Strict

#: Five fields: minute, hour, day of the month, month, day of the week.
Cron = Annotated[str, Field(pattern=r"^\S+( \S+){4}$")]


class Schedules(Strict):
    """Cron expressions in the calendar's time zone, read by `resegment serve`; null: not by itself."""

    refresh: Cron | None = Field(default=None, description="compute and publish, such as 0 5 * * *")
    check: Cron | None = Field(
        default=None, description="load what is new and check it, without publishing, such as 0 8-18 * * *"
    )
    refit: Cron | None = Field(default=None, description="fit challengers of what is learnt, such as 0 6 1 * *")
    alerts: Cron | None = Field(default=None, description="look for what no run tells of itself, such as 0 * * * *")
    only_business_days: bool = Field(
        default=False, description="a scheduled refresh on a day that is none of the calendar's does nothing"
    )
