"""What marketing does with a segment: what it says, where, when, for how much, and whom it leaves out.

Owns: the shape of a treatment, and which of two goes first. Does not own caps and the list of priorities
(`contacts.py`), or who gets what (`tasks/treatment`).
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Annotated, Self

from pydantic import Field, model_validator

from tasks.config.conditions import SegmentName
from tasks.config.features import Strict

Price = Annotated[float, Field(ge=0, allow_inf_nan=False)] | Annotated[str, Field(min_length=1)]


class Window(Strict):
    """The days on which a treatment is given."""

    from_: dt.date | None = Field(default=None, alias="from", description="first day; null: from ever")
    until: dt.date | None = Field(default=None, description="last day; null: for ever")

    @model_validator(mode="after")
    def _some_day(self) -> Self:
        if self.from_ and self.until and self.from_ > self.until:
            message = f"the window from {self.from_} until {self.until} has no day"
            raise ValueError(message)
        return self

    def meets(self, other: Window) -> bool:
        """Whether there is a day in both."""
        first = max(self.from_ or dt.date.min, other.from_ or dt.date.min)
        return first <= min(self.until or dt.date.max, other.until or dt.date.max)


class Budget(Strict):
    """What a treatment may cost in one run; where it is short, those who bring in most get it."""

    cost_per_contact: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="what giving it to one customer costs"
    )
    total: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="what all of it may cost; asks for cost_per_contact"
    )
    max_customers: int | None = Field(default=None, ge=0, description="how many customers may get it")

    @model_validator(mode="after")
    def _countable(self) -> Self:
        if self.total is not None and not self.cost_per_contact:
            message = "a budget of a total asks for a cost_per_contact above 0, or it could not be told for how many"
            raise ValueError(message)
        return self

    @property
    def customers(self) -> int | None:
        """How many customers it pays for; None: any number."""
        # A cent more than the floats' own noise: 30 at 0.1 are 300 contacts, not 299.
        paid = None
        if self.total is not None and self.cost_per_contact:
            paid = math.floor(self.total / self.cost_per_contact * (1 + 1e-12))
        limits = [limit for limit in (paid, self.max_customers) if limit is not None]
        return min(limits, default=None)


class Treatment(Strict):
    """What marketing does with a segment.

    Where two meet on a channel, the one named first in `contacts.priorities` goes first, then the one of the lowest
    `priority`, then those that say neither.
    """

    value_proposition: str | None = Field(default=None, description="what the company does for the segment")
    message: str | None = Field(default=None, description="what it is told")
    offer: str | None = Field(default=None, description="what it is offered")
    price: Price | None = Field(default=None, description="for how much: an amount, or a text such as 10 % off")
    channel: str | None = Field(default=None, description="where; without one the customer gets no treatment")
    window: Window | None = Field(default=None, description="when; null: always")
    goal: str | None = Field(default=None, description="what it is to bring about, for people")
    budget: Budget | None = Field(default=None, description="what it may cost; null: anything")
    owner: str | None = Field(default=None, description="who is responsible; default: the segmentation's owner")
    priority: int | None = Field(
        default=None,
        description="the lowest goes first where treatments meet on a channel; null: after those that have one",
    )
    exclude: list[SegmentName] = Field(
        default_factory=list, description="segments whose members do not get it: `segmentation.segment`"
    )

    @property
    def channel_key(self) -> str | None:
        """The channel as it is compared with others; None where nobody gets the treatment."""
        return (self.channel or "").strip().casefold() or None

    @property
    def content(self) -> tuple[object, ...]:
        """What a customer sees of it: two of the same content do not contradict each other."""
        return self.message, self.offer, self.price


def meet_in_time(one: Treatment, other: Treatment) -> bool:
    """Whether there is a day on which both are given."""
    return (one.window or Window()).meets(other.window or Window())
