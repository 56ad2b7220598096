"""Order lines as two systems export them: the web shop (text, comma) and the tills of the stores (typed, integer ids).

Owns: columns, spelling and row order of both exports. Does not own files (`files.py`) or bad rows (`defects.py`).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.demo import catalogue, places, story
from tasks.demo.draws import Draws, Ints
from tasks.demo.lines import SALE, Lines, line_keys
from tasks.demo.orders import STORE, Orders
from tasks.demo.population import Customers
from tasks.demo.spelling import customer_ids, moments, order_numbers, pick

_PRODUCT_IDS = pl.Series([*catalogue.PRODUCT_IDS, catalogue.POSTAGE_ID])
_PRODUCT_NAMES = pl.Series([*catalogue.PRODUCT_NAMES, catalogue.POSTAGE_NAME])
_PRODUCT_CATEGORIES = pl.Series([*catalogue.PRODUCT_CATEGORIES, catalogue.POSTAGE_CATEGORY])
_COUNTRIES = pl.Series([area.country for area in places.AREAS])
_CHANNELS = pl.Series(["store", "web", "app"])
_WEB_STATUS = pl.Series(["completed", "cancelled", "returned"])
_WEB_SUFFIX = pl.Series(["", "-C", "-R"])
_TICKET_KINDS = pl.Series(["SALE", "REFUND", "REFUND"])

#: A file is a few lines short of clean: this share is written twice, but enough of a small demo to be met.
_DUPLICATE_SHARE, _DUPLICATE_FLOOR = 0.0002, 2.5


def exported(
    draws: Draws, orders: Orders, lines: Lines, *, online: bool, customers_in_all: int
) -> tuple[Lines, Ints, int]:
    """The lines of one system in the order of its export.

    Returns:
        The lines sorted by time, some of them twice in a row; the month (0 …) of each; how many are there twice.
    """
    lines = lines.take(np.flatnonzero((orders.channel[lines.order] != STORE) == online))
    lines = lines.take(np.argsort(lines.at, kind="stable"))
    share = max(_DUPLICATE_SHARE, _DUPLICATE_FLOOR / customers_in_all)
    key = line_keys(orders.number[lines.order], lines.line)
    twice = draws.chance("line.duplicate", key, share) & (lines.kind == SALE)
    lines = lines.take(np.repeat(np.arange(len(lines), dtype=np.int64), 1 + twice))
    month = np.searchsorted(story.MONTH_STARTS, lines.at // 86_400, side="right") - 1
    return lines, month.astype(np.int64), int(twice.sum())


def web_frame(customers: Customers, orders: Orders, lines: Lines) -> pl.DataFrame:
    """The web shop's columns, one row per line."""
    of = lines.order
    return pl.DataFrame(
        {
            "order_no": pick(order_numbers(orders.number), of) + pick(_WEB_SUFFIX, lines.kind),
            "position": lines.line,
            "customer": pick(customer_ids(customers.number), orders.row[of]),
            "ordered_at": moments(lines.at),
            "channel": pick(_CHANNELS, orders.channel[of]),
            "sku": pick(_PRODUCT_IDS, lines.product),
            "product": pick(_PRODUCT_NAMES, lines.product),
            "category": pick(_PRODUCT_CATEGORIES, lines.product),
            "quantity": lines.quantity,
            "unit_price": lines.unit_cents / 100.0,
            "discount": lines.discount_cents / 100.0,
            "status": pick(_WEB_STATUS, lines.kind),
            "ship_country": pick(_COUNTRIES, orders.area[of]),
        }
    )


def ticket_frame(customers: Customers, orders: Orders, lines: Lines) -> pl.DataFrame:
    """The tills' columns, one row per line; `card_no` is null where nobody showed a card."""
    of = lines.order
    card = pl.Series(customers.number[orders.row[of]]).set(pl.Series(orders.is_anonymous[of]), None)
    return pl.DataFrame(
        {
            "receipt_no": orders.number[of],
            "pos_line": lines.line.astype(np.int32),
            "card_no": card,
            "sold_at": moments(lines.at),
            "store_no": orders.store[of].astype(np.int32),
            "store_country": pick(_COUNTRIES, orders.area[of]),
            "article_no": pick(_PRODUCT_IDS, lines.product),
            "article": pick(_PRODUCT_NAMES, lines.product),
            "department": pick(_PRODUCT_CATEGORIES, lines.product),
            "units": lines.quantity.astype(np.int32),
            "price": lines.unit_cents / 100.0,
            "rebate": lines.discount_cents / 100.0,
            "doc_type": pick(_TICKET_KINDS, lines.kind),
        }
    )
