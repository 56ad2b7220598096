"""When, where and through which channel customers order: the heads of orders.

Owns: the order process. Does not own what is in an order (`lines.py`).

Orders of a customer are a Poisson process whose intensity is his own rate times the weekday and season of his segment
(`rhythm.py`), thinned where visits fade.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from tasks.demo import places, story
from tasks.demo.draws import Choices, Draws, Flags, Floats, Ints, Words
from tasks.demo.population import Customers
from tasks.demo.rhythm import ONLINE_HOURS, day_at, intensity_until
from tasks.demo.story import DAYS, NEVER, SEGMENTS

STORE, WEB, APP = 0, 1, 2
#: Slots of a customer: his everyday orders, then the weekly boxes; `SLOTS` in all.
SLOTS = 1024
_FIRST_BOX_SLOT = 900
_WEEKS = 9

_NUMBER_BITS = 34
_NUMBER_MASK = np.uint64((1 << _NUMBER_BITS) - 1)
_NUMBER_FACTOR = np.uint64(0x2545F4915)

_CHANNEL_CHOICES = Choices([segment.channels for segment in SEGMENTS])
_LUNCH_SHARE: Floats = np.array([segment.lunch_share for segment in SEGMENTS])
#: First second and length of lunch and dinner in a store.
_LUNCH, _DINNER = (41_400, 10_800), (63_000, 16_200)


@dataclass(frozen=True, slots=True)
class Orders:
    """Heads of orders, one array element each, grouped by customer."""

    #: Row of the customer in `Customers`.
    row: Ints
    #: Unique over all customers and both systems; says nothing about the customer.
    number: Ints
    #: Index of `SEGMENTS` whose behaviour this order shows.
    segment: Ints
    day: Ints
    second: Ints
    #: `STORE`, `WEB` or `APP`.
    channel: Ints
    #: Number of the store; 0 online.
    store: Ints
    #: Index of `places.AREAS` where the customer lived then.
    area: Ints
    #: Nobody showed a customer card.
    is_anonymous: Flags

    def __len__(self) -> int:
        """Number of orders."""
        return len(self.row)

    def take(self, at: Ints) -> Self:
        """The orders at these positions."""
        return type(self)(**{one.name: getattr(self, one.name)[at] for one in fields(self)})


def order_number(customer: Ints, slot: Ints) -> Ints:
    """The number of an order: a scrambled, collision-free image of (customer number up to 10 million, slot).

    Multiplying by an odd number and folding the upper half onto the lower are both one-to-one modulo 2^34.
    """
    number: Words = (customer * SLOTS + slot).astype(np.uint64)
    for _ in range(2):
        number = (number * _NUMBER_FACTOR) & _NUMBER_MASK
        number ^= number >> np.uint64(_NUMBER_BITS // 2)
    return number.astype(np.int64)


def orders_of(draws: Draws, customers: Customers) -> Orders:
    """All orders of the history, grouped by customer, not sorted by time."""
    everyday = _everyday(draws, customers)
    boxes = _boxes(draws, customers)
    row, slot, day, segment = (np.concatenate(pair) for pair in zip(everyday, boxes, strict=True))
    order = np.argsort(row, kind="stable")
    row, slot, day, segment = row[order], slot[order], day[order], segment[order]
    number = order_number(customers.number[row], slot)
    channel = _CHANNEL_CHOICES.pick(segment, draws.uniform("order.channel", number))
    area = np.where(day >= customers.moved_day[row], customers.new_area[row], customers.area[row])
    home = draws.integer("order.home_store", customers.number[row], 1 << 20) % places.STORE_COUNT[area]
    any_store = draws.integer("order.any_store", number, 1 << 20) % places.STORE_COUNT[area]
    at_home = draws.chance("order.at_home", number, 0.8)
    store = places.FIRST_STORE[area] + np.where(at_home, home, any_store)
    in_store = channel == STORE
    return Orders(
        row=row,
        number=number,
        segment=segment,
        day=day,
        second=_second(draws, number, segment, in_store),
        channel=channel,
        store=np.where(in_store, store, 0),
        area=area,
        is_anonymous=in_store & draws.chance("order.anonymous", number, story.ANONYMOUS_SHARE),
    )


def _everyday(draws: Draws, customers: Customers) -> tuple[Ints, Ints, Ints, Ints]:
    """Row, slot, day and behaviour of every order but the weekly boxes."""
    start = np.clip(customers.registered_day, 0, DAYS)
    end = np.clip(customers.left_day, start, DAYS)
    low = intensity_until(customers.segment, start)
    length = intensity_until(customers.segment, end) - low
    count = draws.poisson("customer.order_count", customers.number, customers.orders_per_year / 365.0 * length)
    count = np.minimum(count, _FIRST_BOX_SLOT)
    row = np.repeat(np.arange(len(count), dtype=np.int64), count)
    slot = np.arange(len(row), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)
    key = customers.number[row] * SLOTS + slot
    segment = customers.segment[row]
    at = low[row] + draws.uniform("order.day", key) * length[row]
    day = np.clip(day_at(segment, at), start[row], end[row] - 1)
    fading = np.maximum(day - customers.fade_day[row], 0)
    stays = np.where(day >= customers.kit_day[row], story.MEAL_KIT_REST_SHARE, np.exp(-fading / story.FADE_MEAN_DAYS))
    # A subscriber since registration orders beside the box at his own low rate: there is no "before" to thin.
    stays = np.where(segment == story.MEAL_KIT, 1.0, stays)
    keep = np.flatnonzero(draws.chance("order.kept", key, stays))
    return row[keep], slot[keep], day[keep], segment[keep]


def _boxes(draws: Draws, customers: Customers) -> tuple[Ints, Ints, Ints, Ints]:
    """Row, slot, day and behaviour of the weekly boxes of subscribers."""
    subscribers = np.flatnonzero(customers.kit_day < NEVER)
    row = np.repeat(subscribers, _WEEKS)
    week = np.tile(np.arange(_WEEKS, dtype=np.int64), len(subscribers))
    slot = _FIRST_BOX_SLOT + week
    day = customers.kit_day[row] + 7 * week
    skipped = draws.chance("box.skipped", customers.number[row] * SLOTS + slot, story.MEAL_KIT_SKIP_SHARE) & (week > 0)
    keep = np.flatnonzero((day < np.minimum(customers.left_day[row], DAYS)) & ~skipped)
    return row[keep], slot[keep], day[keep], np.full(len(keep), story.MEAL_KIT, dtype=np.int64)


def _second(draws: Draws, number: Ints, segment: Ints, in_store: Flags) -> Ints:
    """Second of the day: lunch and dinner in stores, mostly evenings online."""
    within = draws.uniform("order.second", number)
    # Two uniforms make a triangle: the middle of a meal is busiest.
    middle = (within + draws.uniform("order.second.2", number)) / 2.0
    lunch = draws.chance("order.lunch", number, _LUNCH_SHARE[segment])
    meal = np.where(lunch, _LUNCH[0] + middle * _LUNCH[1], _DINNER[0] + middle * _DINNER[1])
    hour = ONLINE_HOURS.pick(np.zeros_like(number), draws.uniform("order.hour", number))
    return np.where(in_store, meal, (hour + within) * 3600.0).astype(np.int64)
