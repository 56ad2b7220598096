"""Who is told what, where and when: `alerts:` of the workspace.

Owns: what may be said there. Does not own the kinds of alerts (`alert_kinds.py`), what raises an alert, or sending it
(`tasks/notify`).
"""

from __future__ import annotations

import datetime as dt
import os
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from tasks.config.alert_kinds import AlertKind
from tasks.config.calendar import WEEKDAYS, TimeZone, Weekday
from tasks.config.features import Key, Strict, Text

Severity = Literal["warning", "critical"]


class Target(Strict):
    """Where messages go, as an Apprise URL: Slack, Teams, e-mail, PagerDuty, a webhook and a hundred more."""

    url: Text | None = Field(default=None, description="the Apprise URL, where nothing in it is secret")
    url_env: Text | None = Field(default=None, description="the environment variable that holds it")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.url is None) == (self.url_env is None):
            message = "write either url or url_env; a URL with a token or password belongs in the environment"
            raise ValueError(message)
        return self

    def address(self) -> str | None:
        """The URL; None where the environment has none."""
        return self.url or os.environ.get(self.url_env or "") or None


class Route(Strict):
    """Which alerts go to which targets; every route that matches is followed."""

    targets: list[Key] = Field(min_length=1, description="names of `alerts.targets`")
    severity: Severity = Field(default="warning", description="from this one on")
    kinds: list[AlertKind] = Field(default_factory=list, description="only these; empty: all")
    owners: list[Text] = Field(default_factory=list, description="only what is theirs; empty: everybody's")

    def takes(self, severity: str, kind: str, owner: str) -> bool:
        """Whether an alert goes this way."""
        return (
            (severity == "critical" or self.severity == "warning")
            and (not self.kinds or kind in self.kinds)
            and (not self.owners or owner in self.owners)
        )


class QuietTime(Strict):
    """A time of day in which warnings wait; what is critical is sent at once."""

    from_: dt.time = Field(alias="from", description="local time, such as 18:00")
    until: dt.time = Field(description="local time; before `from`: on the next day")
    days: list[Weekday] = Field(default_factory=list, description="days on which it begins; empty: every day")
    timezone: TimeZone = Field(default="UTC", description="such as Europe/Berlin")

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.from_ == self.until:
            message = f"from {self.from_:%H:%M} until {self.until:%H:%M} is no time; a whole day is 00:00 until 23:59"
            raise ValueError(message)
        return self

    def end(self, moment: dt.datetime) -> dt.datetime | None:
        """When the quiet around a moment ends, in UTC; None where it is not quiet. Both are UTC without a zone."""
        zone = ZoneInfo(self.timezone)
        local = moment.replace(tzinfo=dt.UTC).astimezone(zone)
        for began in (local.date(), local.date() - dt.timedelta(days=1)):
            if self.days and WEEKDAYS[began.weekday()] not in self.days:
                continue
            ended = began if self.from_ < self.until else began + dt.timedelta(days=1)
            first = dt.datetime.combine(began, self.from_, tzinfo=zone).astimezone(dt.UTC)
            last = dt.datetime.combine(ended, self.until, tzinfo=zone).astimezone(dt.UTC)
            if first <= local.astimezone(dt.UTC) < last:
                return last.replace(tzinfo=None)
        return None


class AlertPolicy(Strict):
    """Who is told what, where and when. Without targets alerts stand in the ledger, the log and the report alone."""

    targets: dict[Key, Target] = Field(default_factory=dict, description="where messages go")
    routes: list[Route] = Field(
        default_factory=list, description="which alerts go where; empty: every alert to every target"
    )
    quiet: list[QuietTime] = Field(default_factory=list, description="times of day in which warnings wait")
    owner: Text = Field(default="data team", description="whose alerts are that name nobody")
    repeat_days: int | None = Field(
        default=7, ge=1, description="what still stands and nobody acknowledged is told again; null: never"
    )
    stale_after_days: int | None = Field(
        default=None,
        ge=0,
        description="age of the newest published date from which `resegment alerts check` alarms; null: never",
    )
    long_run_factor: float = Field(
        default=3, gt=1, description="a run is long from so many times the median of the last ten published ones"
    )
    long_run_seconds: float = Field(default=60, ge=0, description="shorter runs are never long")
    docs_url: str = Field(default="docs/", description="what links to runbooks begin with; ends in /")

    @model_validator(mode="after")
    def _known_targets(self) -> Self:
        for route in self.routes:
            for name in route.targets:
                if name not in self.targets:
                    message = f"routes: there is no target {name!r}; there are {', '.join(self.targets) or 'none'}"
                    raise ValueError(message)
        return self

    def targets_of(self, severity: str, kind: str, owner: str) -> list[str]:
        """Names of the targets that an alert goes to, in the order of the workspace."""
        if not self.routes:
            return list(self.targets)
        wanted = {name for route in self.routes if route.takes(severity, kind, owner) for name in route.targets}
        return [name for name in self.targets if name in wanted]

    def quiet_until(self, moment: dt.datetime) -> dt.datetime | None:
        """When the quiet around a moment ends, in UTC without a zone; None where it is not quiet."""
        ends = [end for end in (quiet.end(moment) for quiet in self.quiet) if end]
        return max(ends, default=None)
