"""What is in an order: products, units, prices, discounts, postage, and what is cancelled or returned later.

Owns: order lines in cents. Does not own how a system exports them (`sales_exports.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from tasks.demo import catalogue, story
from tasks.demo.draws import Draws, Flags, Floats, Ints
from tasks.demo.orders import STORE, Orders
from tasks.demo.population import Customers
from tasks.demo.story import DAYS

SALE, CANCELLATION, RETURN = 0, 1, 2
#: `product` of a postage line.
POSTAGE = len(catalogue.PRODUCT_IDS)
#: An order has fewer lines than that.
_LINE_NUMBERS = 64
_MOST_LINES = 40
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Lines:
    """Order lines, one array element each; sales first, then postage, then what was reversed."""

    #: Position of the order in `Orders`.
    order: Ints
    #: Number within the order, from 1; a reversal has the number of the line it reverses.
    line: Ints
    #: Index of `catalogue.PRODUCT_IDS`, or `POSTAGE`.
    product: Ints
    quantity: Ints
    unit_cents: Ints
    #: Discount on the whole line.
    discount_cents: Ints
    #: `SALE`, `CANCELLATION` or `RETURN`.
    kind: Ints
    #: Seconds from the start of `story.HISTORY_START`.
    at: Ints

    def __len__(self) -> int:
        """Number of lines."""
        return len(self.order)

    def take(self, at: Ints) -> Self:
        """The lines at these positions."""
        return type(self)(**{one.name: getattr(self, one.name)[at] for one in fields(self)})

    @classmethod
    def joined(cls, *parts: Lines) -> Lines:
        """All lines of the parts, one after the other."""
        return cls(**{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls)})


def line_keys(order_number: Ints, line: Ints) -> Ints:
    """A key for draws, unique over all lines."""
    return order_number * _LINE_NUMBERS + line


def lines_of(draws: Draws, customers: Customers, orders: Orders) -> Lines:
    """Every line of the orders, with postage, cancellations and returns up to the end of the history."""
    sales = _sales(draws, customers, orders)
    sales = Lines.joined(sales, _postage(orders, sales))
    reversals = _reversals(draws, orders, sales)
    happened = np.flatnonzero(reversals.at < DAYS * _DAY_SECONDS)
    return Lines.joined(sales, reversals.take(happened))


def _sales(draws: Draws, customers: Customers, orders: Orders) -> Lines:
    is_box = (orders.segment == story.MEAL_KIT) & (orders.channel != STORE)
    box = story.SEGMENTS[story.MEAL_KIT]
    mean = np.where(is_box, box.lines_per_order, customers.lines_per_order[orders.row])
    extra = np.where(is_box, box.extra_units, customers.extra_units[orders.row])
    count = 1 + np.minimum(draws.poisson("order.lines", orders.number, mean - 1.0), _MOST_LINES - 2)
    order = np.repeat(np.arange(len(orders), dtype=np.int64), count)
    line = 1 + np.arange(len(order), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)
    key = line_keys(orders.number[order], line)
    row = orders.row[order]
    online = orders.channel[order] != STORE
    product = catalogue.pick_products(draws, key, orders.segment[order], online, customers.taste[row])
    unit_cents = catalogue.price_cents(product, online, orders.day[order])
    quantity = 1 + draws.poisson("line.quantity", key, extra[order])
    off = _discounts(draws, key, customers.discount_share[row])
    return Lines(
        order=order,
        line=line,
        product=product,
        quantity=quantity,
        unit_cents=unit_cents,
        # Rounded per unit, so that a unit that comes back is worth whole cents.
        discount_cents=np.rint(unit_cents * off).astype(np.int64) * quantity,
        kind=np.full(len(order), SALE, dtype=np.int64),
        at=orders.day[order] * _DAY_SECONDS + orders.second[order],
    )


def _discounts(draws: Draws, key: Ints, share: Floats) -> Floats:
    """Discount as a share of the price: none, or 10 to 40 % in steps of 5."""
    step = draws.integer("line.discount_step", key, 7)
    return np.where(draws.chance("line.discount", key, share), 0.10 + 0.05 * step, 0.0)


def _postage(orders: Orders, sales: Lines) -> Lines:
    """One line for every online order whose goods are worth less than the free-delivery limit."""
    value = np.bincount(
        sales.order, weights=sales.quantity * sales.unit_cents - sales.discount_cents, minlength=len(orders)
    )
    count = np.bincount(sales.order, minlength=len(orders))
    order = np.flatnonzero((orders.channel != STORE) & (value < story.POSTAGE_FREE_FROM_CENTS))
    same = np.ones(len(order), dtype=np.int64)
    return Lines(
        order=order,
        line=count[order] + 1,
        product=same * POSTAGE,
        quantity=same,
        unit_cents=same * story.POSTAGE_CENTS,
        discount_cents=same * 0,
        kind=same * SALE,
        at=orders.day[order] * _DAY_SECONDS + orders.second[order],
    )


def _reversals(draws: Draws, orders: Orders, sales: Lines) -> Lines:
    """Cancelled orders and returned goods: negative units at the price paid, later than the sale."""
    online = orders.channel != STORE
    cancelled = online & draws.chance("order.cancelled", orders.number, story.ONLINE_CANCEL_SHARE)
    share = np.where(online, story.ONLINE_RETURN_SHARE, story.STORE_REFUND_SHARE)
    key = line_keys(orders.number[sales.order], sales.line)
    returned = draws.chance("line.returned", key, share[sales.order]) & (sales.product != POSTAGE)
    chosen = np.flatnonzero(cancelled[sales.order] | returned)
    sold = sales.take(chosen)
    is_cancelled = cancelled[sold.order]
    return Lines(
        order=sold.order,
        line=sold.line,
        product=sold.product,
        quantity=-sold.quantity,
        unit_cents=sold.unit_cents - sold.discount_cents // sold.quantity,
        discount_cents=np.zeros_like(sold.order),
        kind=np.where(is_cancelled, CANCELLATION, RETURN).astype(np.int64),
        at=sold.at + _delay(draws, orders, sold, key[chosen], is_cancelled),
    )


def _delay(draws: Draws, orders: Orders, sold: Lines, key: Ints, is_cancelled: Flags) -> Ints:
    """Seconds until a sale is reversed: minutes in a store, hours till an order is cancelled, days for a parcel."""
    minutes = 120 + draws.integer("line.refund_delay", key, 1_680)
    hours = 600 + draws.integer("order.cancel_delay", orders.number[sold.order], 36_000)
    days = 3 * _DAY_SECONDS + draws.integer("line.return_delay", key, 18 * _DAY_SECONDS)
    return np.where(is_cancelled, hours, np.where(orders.channel[sold.order] == STORE, minutes, days))
