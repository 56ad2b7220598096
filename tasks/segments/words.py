"""The words for the standard features: how a marketer speaks of much and little of each.

Owns: adjectives and phrases for the columns of `sql/features`. Does not own: what those columns are (their SQL
headers), or how a name is put together (`naming.py`). A feature that is not listed is spoken of by its label.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_WINDOW = re.compile(r"_(\d+)d_")


class Words(NamedTuple):
    """Words for one feature.

    Attributes:
        high: adjective for much of it.
        low: adjective for little of it.
        phrase: what members do, with `{value}` and, in a windowed feature, `{days}`.
        group: features of one group say the same, and one of them is enough for a name.
    """

    high: str = ""
    low: str = ""
    phrase: str = ""
    group: str = ""


_STANDARD = {
    "recency_days": Words("long not seen", "recent", "last ordered {value} days ago", "recency"),
    "tenure_days": Words("long-standing", "new", "first ordered {value} days ago", "tenure"),
    "customer_days": Words("long-standing", "new", "registered {value} days ago", "tenure"),
    "order_count": Words("frequent", "infrequent", "ordered {value} times", "frequency"),
    "order_day_count": Words("frequent", "infrequent", "ordered on {value} days", "frequency"),
    "net_amount": Words("high-spend", "low-spend", "spent {value}", "spend"),
    "average_order_amount": Words("large orders", "small orders", "spend {value} an order", "order size"),
    "unit_count": Words("many units", "few units", "bought {value} units", "spend"),
    "units_per_order": Words("many units an order", "few units an order", "take {value} units an order", "order units"),
    "lines_per_order": Words("long order lists", "short order lists", "take {value} products an order", "order lines"),
    "product_count": Words("wide range", "narrow range", "bought {value} different products", "range"),
    "category_count": Words("many categories", "few categories", "bought from {value} categories", "range"),
    "category_entropy": Words("varied", "single-minded", "spread spend over categories ({value} bits)", "range"),
    "top_category_share": Words("single-minded", "varied", "put {value} into one category", "range"),
    "discount_share": Words("discount-driven", "full-price", "get {value} off in discounts", "discount"),
    "gap_mean_days": Words("long gaps", "short gaps", "order every {value} days on average", "rhythm"),
    "gap_median_days": Words("long gaps", "short gaps", "typically order every {value} days", "rhythm"),
    "gap_std_days": Words("irregular", "regular", "vary their gaps by {value} days", "regularity"),
    "last_gap_days": Words("last gap long", "last gap short", "waited {value} days before the last order", "rhythm"),
    "overdue_ratio": Words("overdue", "on time", "are at {value} times their usual gap", "recency"),
    "return_line_count": Words("many returns", "few returns", "returned {value} items", "returns"),
    "return_line_share": Words("many returns", "few returns", "return {value} of items", "returns"),
    "returned_amount": Words("many returns", "few returns", "returned goods for {value}", "returns"),
    "return_amount_share": Words("many returns", "few returns", "return {value} of what they spend", "returns"),
    "weekend_order_share": Words("weekend", "weekday", "place {value} of orders at the weekend", "weekend"),
    "december_order_share": Words("Christmas", "not only Christmas", "place {value} of orders in December", "season"),
    "channel_count": Words("several channels", "one channel", "order on {value} channels", "channels"),
    "campaign_contact_count": Words("often contacted", "seldom contacted", "were contacted {value} times", "contacts"),
    "campaign_response_count": Words("responsive", "unresponsive", "responded {value} times", "response"),
    "campaign_response_share": Words("responsive", "unresponsive", "respond to {value} of contacts", "response"),
    "rating_mean": Words("satisfied", "dissatisfied", "rate {value} of 5", "satisfaction"),
    "complaint_count": Words("complaining", "content", "complained {value} times", "satisfaction"),
    "recommend_score_last": Words("promoters", "detractors", "recommend with {value} of 10", "satisfaction"),
    "age_years": Words("older", "younger", "are {value} years old", "age"),
    "income_amount": Words("higher income", "lower income", "earn {value} a year", "income"),
    "household_size_count": Words("large household", "small household", "live in households of {value}", "household"),
    "child_count": Words("with children", "without children", "have {value} children", "household"),
}

_WINDOWED = {
    "order_count": Words(
        "frequent in {days} days", "quiet in {days} days", "ordered {value} times in {days} days", "frequency"
    ),
    "net_amount": Words(
        "high-spend in {days} days", "low-spend in {days} days", "spent {value} in {days} days", "spend"
    ),
}


def standard_words(feature: str) -> Words:
    """Words for a feature, all empty where it is none of the standard ones; `order_90d_count` is a windowed one."""
    found = _WINDOW.search(feature)
    if found is None:
        return _STANDARD.get(feature, Words())
    words = _WINDOWED.get(_WINDOW.sub("_", feature), Words())
    return Words(*(part.replace("{days}", found.group(1)) for part in words))
