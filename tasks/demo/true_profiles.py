"""What is true of customers beside their orders, and the figures that the story states of it.

Owns: `truth/profiles.parquet` and `truth/figures.json`. Tests read them; no workspace maps them.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.demo import catalogue, costs, markets, story, survey
from tasks.demo.draws import Flags, Floats, Ints
from tasks.demo.enrichments import PROVIDER, Belongings
from tasks.demo.lines import SALE, Lines
from tasks.demo.orders import Orders
from tasks.demo.population import Customers
from tasks.demo.service import Contacts
from tasks.demo.spelling import customer_ids
from tasks.demo.visits import Visits


def profile_frame(
    customers: Customers,
    orders: Orders,
    lines: Lines,
    visits: Visits,
    contacts: Contacts,
    attitudes: Floats,
    belongings: Belongings,
) -> pl.DataFrame:
    """One row per customer: attitudes (1 to 5), what belongs to him, what he did, what he costs in euros.

    `visit_count` counts the visits under his id, each once; `order_visit_count` those of them that led to an order.
    `sold_goods_cost_amount` is what the goods sold to him cost on the day of the sale, `returned_goods_cost_amount`
    what the goods that he cancelled or returned cost on the day on which they came back, `order_cost_amount` the
    handling of his orders, `service_cost_amount` that of his contacts. Orders without a customer card are nobody's.
    """
    named = ~orders.is_anonymous
    of_line = orders.row[lines.order]
    goods = costs.goods_cost_cents(lines)
    known_line = named[lines.order]
    size = len(customers.number)
    known_visit = ~visits.is_unknown
    return pl.DataFrame(
        {
            "customer_id": customer_ids(customers.number),
            **{name: np.round(attitudes[:, index], 4) for index, name in enumerate(story.ATTITUDES)},
            "owns_home": belongings.owns_home,
            "has_car": belongings.has_car,
            "visit_count": np.bincount(visits.row[known_visit], minlength=size),
            "order_visit_count": np.bincount(visits.row[visits.has_order], minlength=size),
            "service_contact_count": np.bincount(contacts.row, minlength=size),
            "sold_goods_cost_amount": _euros(of_line, goods, known_line & (lines.kind == SALE), size),
            "returned_goods_cost_amount": _euros(of_line, -goods, known_line & (lines.kind != SALE), size),
            "order_cost_amount": _euros(orders.row, costs.order_cost_cents(orders.channel, orders.day), named, size),
            "service_cost_amount": _euros(contacts.row, contacts.cents, np.ones(len(contacts), dtype=np.bool_), size),
        }
    )


def _euros(row: Ints, cents: Ints, counted: Flags, size: int) -> Floats:
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, row[counted], cents[counted])
    return total / 100.0


def figures() -> dict[str, object]:
    """What the story states, by theme; nothing of it depends on the seed."""
    return {
        "attitudes": _attitudes(),
        "visits": {
            "per_year_without_order": {segment.id: segment.visits_per_year for segment in story.SEGMENTS},
            "logged_share_of_online_orders": story.VISIT_LOGGED_SHARE,
            "unknown_share_on_web_without_order": story.VISIT_UNKNOWN_SHARE,
        },
        "service": {
            "per_online_order": story.SERVICE_PER_ORDER,
            "per_year_besides": story.SERVICE_PER_YEAR,
            "solved_share": story.SERVICE_SOLVED_SHARE,
            "solved_share_lapsing": story.SERVICE_SOLVED_LAPSING_SHARE,
        },
        "costs": _costs(),
        "markets": {
            "report_days_after_month": markets.REPORT_DAYS,
            "revised": {
                "indicator": markets.FOOD_PRICES,
                "country": markets.REVISED_COUNTRY,
                "month": "{}-{:02d}".format(*markets.REVISED_MONTH),
                "by": markets.REVISED_BY,
            },
        },
        "address_data": {
            "provider": PROVIDER,
            "known_share": story.ENRICHED_SHARE,
            "right_share": story.ENRICHED_RIGHT_SHARE,
        },
    }


def _attitudes() -> dict[str, object]:
    return {
        "scale": [survey.LOWEST, survey.HIGHEST],
        "items": [
            {"column": column, "attitude": story.ATTITUDES[of], "is_reversed": is_reversed, "wording": wording}
            for column, of, is_reversed, wording in story.SURVEY_ITEMS
        ],
        "mean_by_segment": {
            segment.id: dict(zip(story.ATTITUDES, segment.attitudes, strict=True)) for segment in story.SEGMENTS
        },
        "waves": {name: str(first) for name, first in story.SURVEYS},
        "respondent_share": story.SURVEY_SHARE,
    }


def _costs() -> dict[str, object]:
    return {
        "goods_share_of_list_price": costs.COST_SHARES,
        "changes": [
            {"date": str(date), "groceries": groceries, "others": others}
            for date, groceries, others in costs.COST_CHANGES
        ],
        "groceries": list(costs.GROCERIES),
        "goods_cents_at_end": dict(zip(catalogue.PRODUCT_IDS, costs.UNIT_CENTS[:, -1].tolist(), strict=True)),
        "order_cents": {channel: list(cents) for channel, cents in costs.ORDER_COST_CENTS.items()},
        "order_dates": [str(date) for date in costs.ORDER_COST_DATES],
    }
