"""What customers say after an order: stars, recommendation, complaint, comment.

Owns: the feedback export. Online customers mark the shop down from the price rise on.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.demo import story
from tasks.demo.draws import Draws, Flags, Floats, Ints
from tasks.demo.orders import STORE, Orders
from tasks.demo.population import Customers
from tasks.demo.spelling import customer_ids, feedback_ids, moments, pick

_RATINGS: Floats = np.array([segment.rating for segment in story.SEGMENTS])
#: Stars lost by the price rise: customers of the web shop, and pantry stockers among them.
_PRICE_ANGER, _PANTRY_ANGER = 0.8, 1.5

_GOOD = (
    "Wonderful, we will be back soon!", "Fresh, quick and friendly as always.", "Sehr lecker, gerne wieder.",
    "Everything arrived on time and well packed.", "The Schnitzel is the best north of Wien 😋",
    'Great value. "Best lunch in town", says my boss.',
)  # fmt: skip
_MIXED = (
    "It was okay, nothing special.", "Good food, but we waited rather long.", "Ganz in Ordnung.",
    "Some items were missing, they sorted it out.", "Portions have become smaller; taste is fine.",
    "Delivery was late, the goods were fine.",
)  # fmt: skip
_BAD = (
    "Cold food and nobody cared.", "Half of my order was missing!", "Waited 50 minutes for a sandwich; never again.",
    "The salad was brown.\nI want my money back.", "Rude staff, dirty table.", "Leider sehr enttäuscht.",
)  # fmt: skip
_PRICE = (
    "Prices went up again; I will look elsewhere.", "12 % more for the same pasta? No, thank you.",
    "The web shop has become too expensive for a weekly shop.", "Viel zu teuer geworden.",
    "I liked it, but the new prices are not worth it.", "Same products, higher prices. Disappointed.",
)  # fmt: skip
_COMMENTS = pl.Series([*_GOOD, *_MIXED, *_BAD, *_PRICE])
_EACH = len(_GOOD)
_CHANNELS = pl.Series(["app", "web", "email"])


def feedback_frame(draws: Draws, customers: Customers, orders: Orders) -> pl.DataFrame:
    """One row per feedback, sorted by time; ids come from the order, times lie hours to days after it."""
    asked = ~orders.is_anonymous & draws.chance("feedback.given", orders.number, story.FEEDBACK_SHARE)
    delay = 7_200 + draws.integer("feedback.delay", orders.number, 3 * 86_400)
    at = orders.day * 86_400 + orders.second + delay
    given = np.flatnonzero(asked & (at < story.DAYS * 86_400))
    given = given[np.lexsort((orders.number[given], at[given]))]
    orders, at = orders.take(given), at[given]
    key = orders.number
    raised = (orders.channel != STORE) & (at // 86_400 >= story.day_of(story.PRICE_RISE_DATE))
    anger = np.where(orders.segment == story.PANTRY, _PANTRY_ANGER, _PRICE_ANGER) * raised
    felt = _RATINGS[orders.segment] - anger + 0.9 * draws.normal("feedback.rating", key)
    stars = np.clip(np.rint(felt), 1, 5).astype(np.int64)
    recommend = np.clip(np.rint(2.0 * felt + draws.normal("feedback.recommend", key)), 0, 10).astype(np.int64)
    unasked = pl.Series(draws.chance("feedback.no_recommend", key, 0.2))
    silent = pl.Series(draws.chance("feedback.no_comment", key, 0.3))
    return pl.DataFrame(
        {
            "id": feedback_ids(key),
            "customer": pick(customer_ids(customers.number), orders.row),
            "given_at": moments(at).dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "stars": stars,
            "recommend": pl.Series(recommend).set(unasked, None),
            "complaint": (stars <= 2) & draws.chance("feedback.complaint", key, 0.6),  # noqa: PLR2004
            "channel": pick(_CHANNELS, draws.integer("feedback.channel", key, 3)),
            "comment": _comments(draws, key, stars, raised).set(silent, None),
        }
    )


def _comments(draws: Draws, key: Ints, stars: Ints, raised: Flags) -> pl.Series:
    mood = np.where(stars >= 4, 0, np.where(stars == 3, 1, 2))  # noqa: PLR2004
    about_price = raised & (mood > 0) & draws.chance("feedback.about_price", key, 0.8)
    mood = np.where(about_price, 3, mood)
    return pick(_COMMENTS, mood * _EACH + draws.integer("feedback.comment", key, _EACH))
