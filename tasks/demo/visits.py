"""Who looks at the web shop and the app, when, for how long, and whether he orders.

Owns: visits and sessions, and their export. Some lead to an order that there is, and begin before it; the others come
at a rate of the true segment and fade where orders do. Who is not logged in on the web is nobody who is known.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import polars as pl

from tasks.demo import story
from tasks.demo.draws import Choices, Draws, Flags, Floats, Ints
from tasks.demo.orders import APP, SLOTS, STORE, WEB, Orders, order_number
from tasks.demo.population import Customers
from tasks.demo.rhythm import ONLINE_HOURS, day_at, intensity_until
from tasks.demo.spelling import customer_ids, moments, pick
from tasks.demo.story import DAYS, SEGMENTS

#: Numbers of visits that led to an order lie above those of all others.
OF_ORDER = 1 << 34
#: Slots of a customer: his visits as his segment makes them, then those of a subscriber beyond.
_MOST_VISITS, _FIRST_KIT_SLOT = 600, 600
_DAY_SECONDS = 86_400
_SURFACES = pl.Series(["web", "app"])
_DEVICES = pl.Series(["phone", "tablet", "desktop"])
_TABLET_SHARE = 0.08
#: Mean pages beyond the first of a visit with and without an order, and median seconds on a page.
_MORE_PAGES_ORDER, _MORE_PAGES, _PAGE_SECONDS = 6.0, 2.2, 26.0
#: A file holds this share of its visits twice, but enough of a small demo to be met.
_DUPLICATE_SHARE, _DUPLICATE_FLOOR = 0.0005, 2.5

_RATES: Floats = np.array([segment.visits_per_year for segment in SEGMENTS])
#: Weights of web and app among the visits of a segment, as among its orders.
_SURFACE_CHOICES = Choices([(segment.channels[WEB], segment.channels[APP]) for segment in SEGMENTS])


@dataclass(frozen=True, slots=True)
class Visits:
    """Visits of a range of customers, one array element each."""

    #: Row of the customer in `Customers`.
    row: Ints
    #: Unique over all customers.
    number: Ints
    #: Seconds from the start of `story.HISTORY_START` to its beginning.
    at: Ints
    is_app: Flags
    has_order: Flags
    is_unknown: Flags
    #: Index of `_DEVICES`.
    device: Ints
    pages: Ints
    seconds: Ints

    def __len__(self) -> int:
        """Number of visits."""
        return len(self.row)

    def take(self, at: Ints) -> Self:
        """The visits at these positions."""
        return type(self)(**{one.name: getattr(self, one.name)[at] for one in fields(self)})


def visits_of(draws: Draws, customers: Customers, orders: Orders) -> Visits:
    """All visits of the history, sorted by time."""
    parts = [_of_orders(draws, orders), _idle(draws, customers), _of_subscribers(draws, customers)]
    row, number, end, is_app, has_order = (np.concatenate(column) for column in zip(*parts, strict=True))
    mean = np.where(has_order, _MORE_PAGES_ORDER, _MORE_PAGES)
    pages = 1 + draws.poisson("visit.pages", number, mean)
    seconds = np.rint(pages * _PAGE_SECONDS * np.exp(0.6 * draws.normal("visit.seconds", number))).astype(np.int64)
    # An order ends its visit; any other moment is the beginning.
    at = np.maximum(np.where(has_order, end - seconds, end), 0)
    unknown = ~is_app & ~has_order & draws.chance("visit.unknown", number, story.VISIT_UNKNOWN_SHARE)
    device = _device(draws, customers, row, number, is_app)
    visits = Visits(row, number, at, is_app, has_order, unknown, device, pages, seconds)
    return visits.take(np.lexsort((number, at)))


def _of_orders(draws: Draws, orders: Orders) -> tuple[Ints, Ints, Ints, Flags, Flags]:
    """Row, number, end, surface and outcome of the visits that led to an order."""
    logged = draws.chance("visit.logged", orders.number, story.VISIT_LOGGED_SHARE)
    one = orders.take(np.flatnonzero(logged & (orders.channel != STORE)))
    end = one.day * _DAY_SECONDS + one.second
    return one.row, OF_ORDER + one.number, end, one.channel == APP, np.ones(len(one), dtype=np.bool_)


def _idle(draws: Draws, customers: Customers) -> tuple[Ints, Ints, Ints, Flags, Flags]:
    """The same of visits without an order."""
    start = np.clip(customers.registered_day, 0, DAYS)
    end = np.clip(customers.left_day, start, DAYS)
    row, number, segment, at = _process(draws, "visit", customers, customers.segment, start, end, 0)
    # The lapsing look less as they come less.
    fading = np.maximum(at // _DAY_SECONDS - customers.fade_day[row], 0)
    keep = np.flatnonzero(draws.chance("visit.kept", number, np.exp(-fading / story.FADE_MEAN_DAYS)))
    row, number, segment, at = row[keep], number[keep], segment[keep], at[keep]
    is_app = _SURFACE_CHOICES.pick(segment, draws.uniform("visit.surface", number)) == 1
    return row, number, at, is_app, np.zeros(len(row), dtype=np.bool_)


def _of_subscribers(draws: Draws, customers: Customers) -> tuple[Ints, Ints, Ints, Flags, Flags]:
    """The same of what subscribers who were customers before do beyond that, in the app."""
    converts = customers.segment != story.MEAL_KIT
    start = np.where(converts, np.clip(customers.kit_day, 0, DAYS), DAYS)
    end = np.clip(customers.left_day, start, DAYS)
    kit = np.full_like(customers.segment, story.MEAL_KIT)
    row, number, _, at = _process(draws, "visit.kit", customers, kit, start, end, _FIRST_KIT_SLOT)
    return row, number, at, np.ones(len(row), dtype=np.bool_), np.zeros(len(row), dtype=np.bool_)


def _process(
    draws: Draws, name: str, customers: Customers, segment: Ints, start: Ints, end: Ints, first_slot: int
) -> tuple[Ints, Ints, Ints, Ints]:
    """Row, number, segment and moment of visits between two days, at the rate and rhythm of a segment."""
    low = intensity_until(segment, start)
    length = intensity_until(segment, end) - low
    # Some look more than others of their segment: a lognormal of mean 1.
    own = np.exp(0.5 * draws.normal(f"{name}.rate", customers.number) - 0.125)
    count = draws.poisson(f"{name}.count", customers.number, _RATES[segment] * own / 365.0 * length)
    count = np.minimum(count, _MOST_VISITS if first_slot == 0 else SLOTS // 4)
    row = np.repeat(np.arange(len(count), dtype=np.int64), count)
    slot = first_slot + np.arange(len(row), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)
    number = order_number(customers.number[row], slot)
    day = day_at(segment[row], low[row] + draws.uniform(f"{name}.day", number) * length[row])
    day = np.clip(day, start[row], end[row] - 1)
    hour = ONLINE_HOURS.pick(np.zeros_like(number), draws.uniform(f"{name}.hour", number))
    second = ((hour + draws.uniform(f"{name}.second", number)) * 3600.0).astype(np.int64)
    return row, number, segment[row], day * _DAY_SECONDS + second


def _device(draws: Draws, customers: Customers, row: Ints, number: Ints, is_app: Flags) -> Ints:
    """Index of `_DEVICES`: the young use phones, and the app runs on no desktop."""
    age = (DAYS - customers.birth_day[row]) / 365.25
    phone = np.clip(1.15 - age / 75.0, 0.15, 0.9)
    drawn = draws.uniform("visit.device", number)
    on_web = np.where(drawn < phone, 0, np.where(drawn < phone + _TABLET_SHARE, 1, 2))
    return np.where(is_app & (on_web == 2), 0, on_web).astype(np.int64)  # noqa: PLR2004 - desktop


def exported(draws: Draws, visits: Visits, *, customers_in_all: int) -> tuple[Visits, Ints, int]:
    """The visits in the order of the export.

    Returns:
        The visits, some of them twice in a row; the month (0 …) of each; how many are there twice.
    """
    share = max(_DUPLICATE_SHARE, _DUPLICATE_FLOOR / (5 * customers_in_all))
    twice = draws.chance("visit.duplicate", visits.number, share)
    visits = visits.take(np.repeat(np.arange(len(visits), dtype=np.int64), 1 + twice))
    month = np.searchsorted(story.MONTH_STARTS, visits.at // _DAY_SECONDS, side="right") - 1
    return visits, month.astype(np.int64), int(twice.sum())


def visit_frame(customers: Customers, visits: Visits) -> pl.DataFrame:
    """The columns of the web analytics, one row per visit; `visitor` is null where nobody was logged in."""
    visitor = pick(customer_ids(customers.number), visits.row).set(pl.Series(visits.is_unknown), None)
    return pl.DataFrame(
        {
            "visit": "V" + pl.Series(visits.number).cast(pl.String).str.zfill(11),
            "visitor": visitor,
            "started_at": moments(visits.at).dt.strftime("%Y-%m-%d %H:%M:%S"),
            "surface": pick(_SURFACES, visits.is_app.astype(np.int64)),
            "device": pick(_DEVICES, visits.device),
            "seconds": visits.seconds,
            "pages": visits.pages,
            "outcome": pick(pl.Series(["none", "order"]), visits.has_order.astype(np.int64)),
        }
    )
