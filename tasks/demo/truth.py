"""What a reader of the exports cannot see: true segments, and the planted events with what must move.

Owns: `truth/customers.parquet` and `truth/events.json`. Tests read them; no workspace maps them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from tasks.demo import catalogue, places, story
from tasks.demo.consents import Consents
from tasks.demo.draws import Ints
from tasks.demo.lines import Lines
from tasks.demo.orders import Orders
from tasks.demo.population import GENDERS, Customers
from tasks.demo.spelling import customer_ids, dates, pick
from tasks.demo.story import NEVER, SEGMENT_IDS

EVENT_IDS = ("web_price_rise", "meal_kit_launch", "moved_house")
_SEGMENTS = pl.Series(SEGMENT_IDS)
_AREAS = pl.Series([area.code for area in places.AREAS])


def customer_frame(customers: Customers, orders: Orders, lines: Lines, consents: Consents) -> pl.DataFrame:
    """One row per customer.

    `segment` is the behaviour until `meal_kit_since`, `segment_at_end` the one at the end of the history. `order_count`
    and `line_count` are what the exports hold under his id: orders, and all lines with postage, cancellations and
    returns, without exact duplicates and bad rows. `has_…_consent` is what he wants of marketing at the
    end of the history.
    """
    named = ~orders.is_anonymous
    size = len(customers.number)
    area = pick(_AREAS, customers.area)
    new_area = pick(_AREAS, customers.new_area).set(pl.Series(customers.moved_day == NEVER), None)
    return pl.DataFrame(
        {
            "customer_id": customer_ids(customers.number),
            "segment": pick(_SEGMENTS, customers.segment),
            "segment_at_end": pick(_SEGMENTS, customers.final_segment),
            "registered_date": dates(customers.registered_day),
            "left_date": dates(customers.left_day),
            "lapsed_by_price_rise": customers.lapsed_by_price,
            "meal_kit_since_date": dates(customers.kit_day),
            "fading_since_date": dates(customers.fade_day),
            "orders_per_year": np.round(customers.orders_per_year, 4),
            "lines_per_order": np.round(customers.lines_per_order, 4),
            "discount_line_share": np.round(customers.discount_share, 4),
            "birth_date": dates(customers.birth_day),
            "gender": pick(pl.Series(GENDERS), customers.gender),
            "household_size_count": customers.household_size,
            "child_count": customers.children,
            "income_amount": customers.income,
            "education_name": pick(pl.Series(story.EDUCATIONS), customers.education),
            "occupation_name": pick(pl.Series(story.OCCUPATIONS), customers.occupation),
            "marital_status_name": pick(pl.Series(story.MARITAL_STATUSES), customers.marital),
            "area_code": area,
            "moved_date": dates(customers.moved_day),
            "new_area_code": new_area,
            "order_count": np.bincount(orders.row[named], minlength=size),
            "line_count": np.bincount(orders.row[lines.order][named[lines.order]], minlength=size),
            "has_email_consent": consents.wants_email,
            "has_app_consent": consents.wants_app,
            "has_letter_consent": consents.wants_letters,
            "consent_withdrawn_date": dates(consents.withdrawn_day),
        }
    )


@dataclass(slots=True)
class Tally:
    """Counts over all customers that the events are told with."""

    customers: Counter[str] = field(default_factory=Counter)
    customers_at_end: Counter[str] = field(default_factory=Counter)
    lapsed_by_price_rise: int = 0
    meal_kit_converts: int = 0
    meal_kit_newcomers: int = 0
    moved: int = 0

    def add(self, customers: Customers) -> None:
        """Count in one range of customers."""
        self.customers.update(_named(customers.segment))
        self.customers_at_end.update(_named(customers.final_segment))
        self.lapsed_by_price_rise += int(customers.lapsed_by_price.sum())
        native = customers.segment == story.MEAL_KIT
        subscribes = customers.kit_day < NEVER
        self.meal_kit_newcomers += int((native & subscribes).sum())
        self.meal_kit_converts += int((~native & subscribes).sum())
        self.moved += int((customers.moved_day < NEVER).sum())


def _named(segment: Ints) -> dict[str, int]:
    return dict(zip(SEGMENT_IDS, np.bincount(segment, minlength=len(SEGMENT_IDS)).tolist(), strict=True))


def events(tally: Tally) -> dict[str, object]:
    """The planted events: when, whom they hit, and what a comparison of two as-of dates must then show.

    `must_move` and `must_stay` name quantities in words of the field; `among` is the true segment at the end of
    the history (or everybody) in which to look, `direction` the sign of the move.
    """
    return {
        "history": {"first_date": str(story.HISTORY_START), "last_date": str(story.HISTORY_END)},
        "segments": [
            {
                "id": segment.id,
                "name": segment.name,
                "description": segment.description,
                "customers": tally.customers[segment.id],
                "customers_at_end": tally.customers_at_end[segment.id],
            }
            for segment in story.SEGMENTS
        ],
        "quiet_comparison": list(story.QUIET_COMPARISON),
        "drift_comparisons": [list(pair) for pair in story.DRIFT_COMPARISONS],
        "events": [_price_rise(tally), _meal_kits(tally), _moves(tally)],
    }


def _price_rise(tally: Tally) -> dict[str, object]:
    return {
        "id": EVENT_IDS[0],
        "date": str(story.PRICE_RISE_DATE),
        "description": "Every product costs 12 % more online (web and app), stores keep their prices; half of the "
        "active online pantry stockers never order again.",
        "customers_lapsed": tally.lapsed_by_price_rise,
        "must_move": [
            _move("online unit price of a product", "everybody", "up", story.PRICE_RISE_SHARE),
            _move("orders in the last 30 days", "pantry_stockers", "down", -story.PRICE_RISE_LAPSE_SHARE),
            _move("recency in days beyond the calendar", "pantry_stockers", "up", None),
            _move("stars of online feedback", "everybody", "down", None),
        ],
        "must_stay": [
            _move("store unit price of a product", "everybody", "none", 0.0),
            _move("orders in the last 30 days", "weekday_lunchers", "none", 0.0),
        ],
    }


def _meal_kits(tally: Tally) -> dict[str, object]:
    return {
        "id": EVENT_IDS[1],
        "date": str(story.MEAL_KIT_START),
        "description": "Weekly meal kits can be subscribed to: a new small segment of converts, who order little else "
        "from then on, and of newcomers.",
        "converts": tally.meal_kit_converts,
        "newcomers": tally.meal_kit_newcomers,
        "category": catalogue.MEAL_KIT_CATEGORY,
        "must_move": [
            _move("share of customers who ever bought the category Meal kits", "everybody", "up", None),
            _move("orders in the last 30 days", "meal_kit_subscribers", "up", None),
        ],
        "must_stay": [],
    }


def _moves(tally: Tally) -> dict[str, object]:
    return {
        "id": EVENT_IDS[2],
        "date": None,
        "description": "Customers who moved in the first half of 2025: their later record is in the delta of the CRM.",
        "customers": tally.moved,
        "must_move": [],
        "must_stay": [],
    }


def _move(quantity: str, among: str, direction: str, relative_change: float | None) -> dict[str, object]:
    """`relative_change` is the planted one; null where it follows from the events without being planted as a number."""
    return {"quantity": quantity, "among": among, "direction": direction, "relative_change": relative_change}
