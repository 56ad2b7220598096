"""Who calls or writes to the service desk, what about, whether it is settled, and what that costs.

Owns: contacts with the desk, its export, and the export of what controlling charges to customers for them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import polars as pl

from tasks.demo import story
from tasks.demo.draws import Choices, Draws, Flags, Ints
from tasks.demo.orders import STORE, Orders, order_number
from tasks.demo.population import Customers
from tasks.demo.spelling import customer_ids, dates, moments, pick
from tasks.demo.story import DAYS
from tasks.demo.visits import OF_ORDER

_DAY_SECONDS = 86_400
_FIRST_SLOT, _MOST = 860, 100
_SUBJECTS = pl.Series(["delivery", "missing item", "quality", "payment", "account", "reservation", "allergens"])
#: Weights of the subjects of those who have ordered online, and of all others.
_SUBJECT_CHOICES = Choices([(5, 3, 2, 1, 0.3, 0, 0.2), (0, 0, 0.5, 1, 2, 4, 1.5)])
#: Median minutes and the cents of a contact and of a minute of it: on the telephone, in a chat.
_MINUTES = np.array([5.5, 9.0])
_CONTACT_CENTS, _MINUTE_CENTS = np.array([190, 60]), np.array([95, 55])


@dataclass(frozen=True, slots=True)
class Contacts:
    """Contacts of a range of customers, one array element each, sorted by time."""

    #: Row of the customer in `Customers`.
    row: Ints
    number: Ints
    at: Ints
    is_chat: Flags
    #: Index of `_SUBJECTS`.
    subject: Ints
    #: Tenths of a minute.
    tenths: Ints
    is_solved: Flags

    def __len__(self) -> int:
        """Number of contacts."""
        return len(self.row)

    @property
    def cents(self) -> Ints:
        """What each of them costs."""
        kind = self.is_chat.astype(np.int64)
        return np.asarray(_CONTACT_CENTS[kind] + _MINUTE_CENTS[kind] * self.tenths // 10, dtype=np.int64)

    def take(self, at: Ints) -> Self:
        """The contacts at these positions."""
        return type(self)(**{one.name: getattr(self, one.name)[at] for one in fields(self)})


def contacts_of(draws: Draws, customers: Customers, orders: Orders) -> Contacts:
    """All contacts of the history."""
    asked = draws.chance("service.of_order", orders.number, story.SERVICE_PER_ORDER) & (orders.channel != STORE)
    late = orders.take(np.flatnonzero(asked))
    delay = 3_600 + draws.integer("service.delay", late.number, 4 * _DAY_SECONDS)
    row, number, at = _unprompted(draws, customers)
    row = np.concatenate([late.row, row])
    is_general = np.arange(len(row)) >= len(late)
    number = np.concatenate([OF_ORDER + late.number, number])
    at = np.concatenate([late.day * _DAY_SECONDS + late.second + delay, at])
    chat = draws.chance("service.chat", number, np.clip(1.0 - (DAYS - customers.birth_day[row]) / 365.25 / 80, 0.1, 1))
    minutes = _MINUTES[chat.astype(np.int64)] * np.exp(0.5 * draws.normal("service.minutes", number))
    lapsing = customers.segment[row] == story.LAPSING
    solved = np.where(lapsing, story.SERVICE_SOLVED_LAPSING_SHARE, story.SERVICE_SOLVED_SHARE)
    contacts = Contacts(
        row=row,
        number=number,
        at=at,
        is_chat=chat,
        subject=_SUBJECT_CHOICES.pick(is_general.astype(np.int64), draws.uniform("service.subject", number)),
        tenths=np.maximum(np.rint(10 * minutes), 1).astype(np.int64),
        is_solved=draws.chance("service.solved", number, solved),
    )
    contacts = contacts.take(np.flatnonzero(at < DAYS * _DAY_SECONDS))
    return contacts.take(np.lexsort((contacts.number, contacts.at)))


def _unprompted(draws: Draws, customers: Customers) -> tuple[Ints, Ints, Ints]:
    """Row, number and moment of what is asked without an order, between 8 and 20 o'clock."""
    start = np.clip(customers.registered_day, 0, DAYS)
    days = np.clip(customers.left_day, start, DAYS) - start
    mean = np.asarray(story.SERVICE_PER_YEAR / 365.0 * days, dtype=np.float64)
    count = np.minimum(draws.poisson("service.count", customers.number, mean), _MOST)
    row = np.repeat(np.arange(len(count), dtype=np.int64), count)
    slot = _FIRST_SLOT + np.arange(len(row), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)
    number = order_number(customers.number[row], slot)
    day = start[row] + (draws.uniform("service.day", number) * days[row]).astype(np.int64)
    return row, number, day * _DAY_SECONDS + 28_800 + draws.integer("service.second", number, 43_200)


def contact_frame(customers: Customers, contacts: Contacts) -> pl.DataFrame:
    """The columns of the service desk, one row per contact."""
    return pl.DataFrame(
        {
            "ticket": _ids("T", contacts.number),
            "customer": pick(customer_ids(customers.number), contacts.row),
            "opened_at": moments(contacts.at).dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "via": pick(pl.Series(["telephone", "chat"]), contacts.is_chat.astype(np.int64)),
            "subject": pick(_SUBJECTS, contacts.subject),
            "minutes": contacts.tenths / 10.0,
            "solved": pick(pl.Series(["no", "yes"]), contacts.is_solved.astype(np.int64)),
        }
    )


def service_cost_frame(customers: Customers, contacts: Contacts) -> pl.DataFrame:
    """The columns of controlling, one row per contact, booked on its day."""
    return pl.DataFrame(
        {
            "entry": _ids("S", contacts.number),
            "customer": pick(customer_ids(customers.number), contacts.row),
            "booked_on": dates(contacts.at // _DAY_SECONDS),
            "amount": contacts.cents / 100.0,
        }
    )


def _ids(prefix: str, number: Ints) -> pl.Series:
    return prefix + pl.Series(number).cast(pl.String).str.zfill(11)
