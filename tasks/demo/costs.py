"""What the goods cost the company, and what an order costs on its way, and how both have changed.

Owns: unit costs, order costs, and controlling's export of them. Does not own what is spent on a single customer
(`service.py`) or prices (`catalogue.py`). What a product costs is a share of its list price by category, so that it
is below it; with a discount of 40 % it need not be.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from tasks.demo import catalogue, story
from tasks.demo.draws import Ints
from tasks.demo.lines import POSTAGE, Lines
from tasks.demo.orders import APP, STORE, WEB

#: Category → cost of the goods as a share of the list price, at first.
COST_SHARES: dict[str, float] = {
    "Lunch bowls": 0.31, "Sandwiches & wraps": 0.30, "Mains": 0.34, "Kids' dishes": 0.33, "Desserts": 0.27,
    "Hot drinks": 0.18, "Soft drinks": 0.22, "Wine & beer": 0.38, "Pantry": 0.66, "Fresh produce": 0.68,
    "Dairy & eggs": 0.70, "Bakery": 0.55, "Ready meals": 0.60, "Meal kits": 0.62,
}  # fmt: skip
GROCERIES = ("Pantry", "Fresh produce", "Dairy & eggs", "Bakery", "Ready meals")
#: From when costs hold, and how much dearer goods are than before: groceries, and all others. The last change is why
#: prices rise online.
COST_CHANGES = (
    (dt.date(2023, 12, 1), 0.0, 0.0),
    (dt.date(2024, 7, 1), 0.025, 0.02),
    (dt.date(2025, 1, 1), 0.02, 0.03),
    (story.PRICE_RISE_DATE, 0.09, 0.01),
)
#: Channel → cents that an order costs (packing, parcel, card) from the first day on, and since 2025.
ORDER_COST_CENTS = {"store": (85, 88), "web": (540, 565), "app": (520, 545)}
ORDER_COST_DATES = (dt.date(2023, 12, 1), dt.date(2025, 1, 1))

_CHANNEL_NAMES = {STORE: "store", WEB: "web", APP: "app"}
_STARTS: Ints = np.array([story.day_of(date) for date, _, _ in COST_CHANGES], dtype=np.int64)
_ORDER_STARTS: Ints = np.array([story.day_of(date) for date in ORDER_COST_DATES], dtype=np.int64)
_ORDER_CENTS: Ints = np.array([ORDER_COST_CENTS[_CHANNEL_NAMES[channel]] for channel in sorted(_CHANNEL_NAMES)])


def _unit_cents() -> Ints:
    """Cents of a unit, shape (products, changes)."""
    share = np.array([COST_SHARES[category] for category in catalogue.PRODUCT_CATEGORIES])
    is_grocery = np.isin(catalogue.PRODUCT_CATEGORIES, GROCERIES)
    steps = np.array([np.where(is_grocery, grocery, other) for _, grocery, other in COST_CHANGES]).T
    cents = (catalogue.LIST_CENTS * share)[:, None] * np.cumprod(1.0 + steps, axis=1)
    return np.asarray(np.maximum(np.rint(cents), 1), dtype=np.int64)


UNIT_CENTS: Ints = _unit_cents()
#: First change from which on a product is there to be bought.
_FIRST_CHANGE: Ints = np.where(
    np.array(catalogue.PRODUCT_CATEGORIES) == catalogue.MEAL_KIT_CATEGORY, len(_STARTS) - 1, 0
)


def unit_cost_cents(product: Ints, day: Ints) -> Ints:
    """What a unit costs on a day (products as in `catalogue`, days of the history)."""
    return UNIT_CENTS[product, np.searchsorted(_STARTS, day, side="right") - 1]


def goods_cost_cents(lines: Lines) -> Ints:
    """What the goods of each line cost on its day; below zero where they come back, zero of postage."""
    is_goods = lines.product != POSTAGE
    product = np.where(is_goods, lines.product, 0)
    return np.where(is_goods, lines.quantity * unit_cost_cents(product, lines.at // 86_400), 0)


def order_cost_cents(channel: Ints, day: Ints) -> Ints:
    """What an order costs on its channel and day."""
    return _ORDER_CENTS[channel, np.searchsorted(_ORDER_STARTS, day, side="right") - 1]


def cost_frame() -> pl.DataFrame:
    """The cost list: one row per product or channel and change, by day."""
    rows = [
        {
            "position": f"U-{catalogue.PRODUCT_IDS[product]}-{date:%Y%m%d}",
            "valid_from": date,
            "what": "unit",
            "sku": catalogue.PRODUCT_IDS[product],
            "channel": None,
            "amount": int(UNIT_CENTS[product, change]) / 100,
            "remark": "goods",
        }
        for change, (date, _, _) in enumerate(COST_CHANGES)
        for product in range(len(catalogue.PRODUCT_IDS))
        if change >= _FIRST_CHANGE[product]
    ]
    rows += [
        {
            "position": f"O-{channel}-{date:%Y%m%d}",
            "valid_from": date,
            "what": "order",
            "sku": None,
            "channel": channel,
            "amount": cents[change] / 100,
            "remark": "handling",
        }
        for channel, cents in ORDER_COST_CENTS.items()
        for change, date in enumerate(ORDER_COST_DATES)
    ]
    return pl.DataFrame(rows, infer_schema_length=None).sort("valid_from", "position")
