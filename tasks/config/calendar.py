"""Which day it is for a company, which days it works, and which are unlike others: `calendar:` of the workspace.

Owns: what may be said there, and the day that a run without a date describes. Does not own when runs start
(`schedules.py`), or what a season is (`seasons.py`).
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from tasks.config.features import Strict
from tasks.config.seasons import Seasons

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Days that a run without a date describes.
DayName = Literal["today", "yesterday", "last_business_day"]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = f"{name!r} is no time zone; expected a name of the IANA list such as Europe/Berlin"
        raise ValueError(message) from error
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class Calendar(Strict):
    """The company's time zone, working days and seasons."""

    timezone: TimeZone = Field(
        default="UTC",
        description="such as Europe/Berlin; says which day it is, and which day and hour any time of a source is of",
    )
    business_days: list[Weekday] = Field(
        default=["mon", "tue", "wed", "thu", "fri"], min_length=1, description="days of the week that it works"
    )
    holidays: list[dt.date] = Field(default_factory=list, description="days that it does not work")
    seasons: Seasons = Field(
        default_factory=list,
        description="when customers do otherwise than before, so that a change of what they do is no alarm as long as"
        " the same days of the year before are not known",
    )

    def is_business_day(self, day: dt.date) -> bool:
        """Whether the company works that day."""
        return WEEKDAYS[day.weekday()] in self.business_days and day not in self.holidays

    def shows(self, moment: dt.datetime) -> dt.datetime:
        """What the company's clock shows at a moment; both are without a zone, the moment is UTC."""
        return moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(self.timezone)).replace(tzinfo=None)

    def day(self, name: DayName, now: dt.datetime) -> dt.date:
        """The day of that name at a moment; `last_business_day` is the newest that is over.

        Args:
            name: which day.
            now: the moment, with its zone.
        """
        today = now.astimezone(ZoneInfo(self.timezone)).date()
        if name == "today":
            return today
        day = today - dt.timedelta(days=1)
        while name == "last_business_day" and not self.is_business_day(day):
            day -= dt.timedelta(days=1)
        return day
