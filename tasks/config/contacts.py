"""How often a customer may be contacted, and which treatment goes first.

Owns: the section `contacts` of a workspace. Does not own treatments (`treatment.py`), or who gets what
(`tasks/treatment`).
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from tasks.config.features import Strict

FullName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}$")]


class ContactCap(Strict):
    """The most contacts of one customer within some days, the day described among them.

    Contacts of `campaign_contacts` by the as-of day count, and so does each treatment that the run gives.
    """

    at_most: int = Field(ge=0, description="contacts of one customer")
    days: int = Field(ge=1, le=3660, description="within so many days")
    channel: str | None = Field(default=None, description="on this channel; null: on all channels together")

    @property
    def channel_key(self) -> str | None:
        """The channel as it is compared with others; None: all."""
        return (self.channel or "").strip().casefold() or None


class Contacts(Strict):
    """Who goes first where treatments meet, and how often a customer may be contacted."""

    priorities: list[FullName] = Field(
        default_factory=list,
        description="segments in the order in which their treatments go first, before any `priority`",
    )
    caps: list[ContactCap] = Field(default_factory=list, description="the most contacts of one customer")

    @model_validator(mode="after")
    def _once(self) -> Self:
        doubles = sorted({name for name in self.priorities if self.priorities.count(name) > 1})
        if doubles:
            message = f"priorities: {', '.join(doubles)} is listed twice; name every segment once"
            raise ValueError(message)
        limits = [(cap.channel_key, cap.days) for cap in self.caps]
        for key, days in limits:
            if limits.count((key, days)) > 1:
                on = f"on {key}" if key else "on all channels"
                message = f"caps: there are two {on} within {days} days; keep the lower one"
                raise ValueError(message)
        return self

    def place(self, segment_id: str) -> int | None:
        """The place of a segment in the list of priorities, from 1; None: it is not listed."""
        return self.priorities.index(segment_id) + 1 if segment_id in self.priorities else None
