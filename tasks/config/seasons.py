"""When customers are known to behave differently: `calendar.seasons` of the workspace.

Owns: what may be said there, and whether a season touches some days. Does not own what a change in one is worth
(`tasks/drift/declared_seasons.py`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from tasks.config.features import Strict

_MONTH_DAY = re.compile(r"(\d{2})-(\d{2})")
#: A year that has every day which any year has.
_LEAP_YEAR = 2000


def _as_text(said: object) -> object:
    # YAML reads 2025-03-01 as a date, and 11-24 as text.
    return said.isoformat() if isinstance(said, dt.date) else said


def _existing(said: str) -> str:
    repeated = _MONTH_DAY.fullmatch(said)
    try:
        if repeated:
            dt.date(_LEAP_YEAR, int(repeated[1]), int(repeated[2]))
        elif dt.date.fromisoformat(said).isoformat() != said:
            raise ValueError(said)
    except ValueError as error:
        message = f"{said!r} is no day; expected month and day such as '11-24' (each year), or 2025-03-01 (once)"
        raise ValueError(message) from error
    return said


SeasonDay = Annotated[str, BeforeValidator(_as_text), AfterValidator(_existing)]


class Season(Strict):
    """Days on which customers do otherwise than on those before, each year (Christmas) or once (a sale, an opening)."""

    name: str = Field(min_length=1, description="what people call it")
    from_: SeasonDay = Field(
        alias="from",
        description="first day: month and day such as '11-24' each year, or a date such as 2025-03-01 once",
    )
    to: SeasonDay = Field(description="last day, likewise; a month and day before `from` lies in the next year")

    @model_validator(mode="after")
    def _has_days(self) -> Self:
        said = f"{self.name}: from {self.from_} to {self.to}"
        if len(self.from_) != len(self.to):
            message = f"{said} is no season; write both as month and day (each year), or both as dates (once)"
            raise ValueError(message)
        if self.from_ == self.to:
            message = f"{said} is one day or all of them; write the days around it that it changes, too"
            raise ValueError(message)
        if not self.is_yearly and self.from_ > self.to:
            message = f"{said} has no day; the last one must come after the first"
            raise ValueError(message)
        return self

    @property
    def is_yearly(self) -> bool:
        """Whether it comes back each year."""
        return _MONTH_DAY.fullmatch(self.from_) is not None

    @property
    def label(self) -> str:
        """It in words."""
        return f"{self.name} ({self.from_} to {self.to})"

    def has(self, day: dt.date) -> bool:
        """Whether a day is one of its days."""
        # Text of one form is in the order of its days, and asks for no 29th of February in a year without one.
        said = f"{day:%m-%d}" if self.is_yearly else day.isoformat()
        if self.from_ <= self.to:
            return self.from_ <= said <= self.to
        return said >= self.from_ or said <= self.to

    def touches(self, after: dt.date, until: dt.date) -> bool:
        """Whether one of its days comes after a day, and no later than another."""
        return any(self.has(after + dt.timedelta(days=ahead + 1)) for ahead in range((until - after).days))


def _of_different_names(seasons: Sequence[Season]) -> Sequence[Season]:
    seen = set[str]()
    for season in seasons:
        if season.name.casefold() in seen:
            message = f"there are two seasons called {season.name!r}; alerts name them, so that each needs its own name"
            raise ValueError(message)
        seen.add(season.name.casefold())
    return seasons


Seasons = Annotated[list[Season], AfterValidator(_of_different_names)]
