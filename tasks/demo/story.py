"""What happens in the demo: the calendar, the behaviour of each true segment, and the planted events.

Owns: every number of the story that is not a product (`catalogue.py`), a place (`places.py`), a cost (`costs.py`) or a
market (`markets.py`). Draws nothing.

"Bistro & Larder" is an invented restaurant chain that also sells groceries online. A day is counted from
`HISTORY_START` (day 0); customers who came earlier have a negative day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np

from tasks.demo.draws import Floats

HISTORY_START = dt.date(2024, 1, 1)
HISTORY_END = dt.date(2025, 6, 30)
#: Days of the history, both ends included.
DAYS = (HISTORY_END - HISTORY_START).days + 1
#: A day that never comes.
NEVER = 1_000_000


def day_of(date: dt.date) -> int:
    """Days from `HISTORY_START`."""
    return (date - HISTORY_START).days


def date_of(day: int) -> dt.date:
    """The date of a day."""
    return HISTORY_START + dt.timedelta(days=day)


#: First day of every month of the history, and the day after it.
MONTHS: tuple[str, ...] = tuple(f"{year}-{month:02d}" for year in (2024, 2025) for month in range(1, 13))[:18]
MONTH_STARTS: tuple[int, ...] = (*(day_of(dt.date.fromisoformat(f"{month}-01")) for month in MONTHS), DAYS)

# --- Planted events --------------------------------------------------------------------------------------------------

PRICE_RISE_DATE = dt.date(2025, 5, 1)
PRICE_RISE_SHARE = 0.12
#: Of the active pantry stockers, this share never orders again from the price rise on.
PRICE_RISE_LAPSE_SHARE = 0.5

MEAL_KIT_START = dt.date(2025, 5, 5)
#: Every subscriber's first box is delivered from `MEAL_KIT_START` to this day.
MEAL_KIT_LAST_START = dt.date(2025, 5, 25)
#: Of the customers of the other segments (not the lapsing) this share subscribes.
MEAL_KIT_CONVERT_SHARE = 0.022
#: A subscriber skips a week's box this often, and orders otherwise only this often compared with before.
MEAL_KIT_SKIP_SHARE = 0.1
MEAL_KIT_REST_SHARE = 0.35

#: Comparisons of as-of dates that must stay quiet, and those that must show the events.
QUIET_COMPARISON = ("2025-03-31", "2025-04-30")
DRIFT_COMPARISONS = (("2025-04-30", "2025-05-31"), ("2025-04-30", "2025-06-30"))

# --- Everyday rates --------------------------------------------------------------------------------------------------

#: Customers of the first day; the others register evenly over the history.
OLD_CUSTOMER_SHARE = 0.65
#: Mean days until a customer leaves for good, all segments.
CHURN_MEAN_DAYS = 5500.0
#: Mean days over which the visits of the lapsing segment fade once they start to.
FADE_MEAN_DAYS = 75.0
MOVED_SHARE = 0.06
ANONYMOUS_SHARE = 0.08
ONLINE_CANCEL_SHARE = 0.012
ONLINE_RETURN_SHARE = 0.015
STORE_REFUND_SHARE = 0.003
POSTAGE_CENTS = 490
POSTAGE_FREE_FROM_CENTS = 4500
FEEDBACK_SHARE = 0.02

#: Of the customers this share decides once for all channels, the others on each by itself; and so many say yes.
CONSENT_GENERAL_SHARE = 0.25
CONSENT_GENERAL_YES, CONSENT_EMAIL_YES, CONSENT_APP_YES = 0.8, 0.65, 0.5
#: Half decide on the analysis of their data, too.
CONSENT_ANALYTICS_SHARE, CONSENT_ANALYTICS_YES = 0.5, 0.7
#: Of those with a consent this share withdraws it in the history, half of them for all channels; of these again a
#: fifth thinks better of it where e-mail is concerned.
CONSENT_WITHDRAWN_SHARE, CONSENT_WITHDRAWN_ALL_SHARE, CONSENT_AGAIN_SHARE = 0.15, 0.5, 0.2

#: Of the visits that end in an order this share is logged; of the others on the web this share by nobody who is known.
VISIT_LOGGED_SHARE, VISIT_UNKNOWN_SHARE = 0.7, 0.2
#: Contacts with the service desk per online order, and besides per customer and year; so many are settled, of the
#: lapsing customers fewer.
SERVICE_PER_ORDER, SERVICE_PER_YEAR = 0.05, 0.12
SERVICE_SOLVED_SHARE, SERVICE_SOLVED_LAPSING_SHARE = 0.88, 0.55

#: What the yearly survey measures, and its items: column, index of the attitude, whether it says less of it the higher
#: it is answered, wording. The answer to an item is 1 + Binomial(4, (attitude - 1) / 4): its mean is the attitude.
ATTITUDES = ("price_consciousness", "food_enjoyment", "convenience", "openness")
SURVEY_ITEMS = (
    ("Q01", 0, False, "I compare prices before I buy."), ("Q02", 1, False, "Good food is one of my pleasures."),
    ("Q03", 2, False, "A meal has to be quick."), ("Q04", 3, False, "I like to try dishes that I do not know."),
    ("Q05", 0, True, "I do not look at what food costs."), ("Q06", 1, False, "I pay more for better quality."),
    ("Q07", 2, True, "I like to spend an evening in the kitchen."), ("Q08", 3, True, "I order what I always order."),
    ("Q09", 0, False, "I buy what is on offer."), ("Q10", 1, True, "Food has to fill me, that is all."),
    ("Q11", 2, False, "I like to have my food brought to the door."), ("Q12", 3, False, "I look for new recipes."),
)  # fmt: skip
#: First day of each wave, the days in which answers come, and the share of the customers who answer.
SURVEYS = (("CS2024", dt.date(2024, 3, 4)), ("CS2025", dt.date(2025, 3, 3)))
SURVEY_DAYS, SURVEY_SHARE, ITEM_LEFT_OUT_SHARE = 21, 0.3, 0.03
#: How far a customer's attitude is from the mean of his segment (standard deviation; cut off evenly on both sides).
ATTITUDE_SIGMA = 0.8

#: A provider knows this share of the customers, and of these so many rightly.
ENRICHED_SHARE, ENRICHED_RIGHT_SHARE = 0.55, 0.9

#: January to December; the first months are level so that a quiet comparison is quiet.
SEASON = (0.97, 0.99, 1.0, 1.0, 1.0, 1.0, 0.97, 0.95, 1.0, 1.03, 1.08, 1.35)

EDUCATIONS = ("Hauptschule", "Realschule", "Abitur", "Berufsausbildung", "Bachelor", "Master", "Promotion")
OCCUPATIONS = (
    "Angestellte", "Beamte", "Selbständig", "Handwerk", "Pflege", "Studium", "Ruhestand", "Arbeitssuchend", "Familie",
)  # fmt: skip
MARITAL_STATUSES = ("ledig", "verheiratet", "geschieden", "verwitwet")


@dataclass(frozen=True, slots=True)
class Segment:
    """How a true segment behaves and who is in it; medians of lognormals unless said otherwise."""

    id: str
    name: str
    description: str
    share: float
    orders_per_year: float
    orders_sigma: float
    lines_per_order: float
    #: Mean units of a line beyond the first.
    extra_units: float
    #: Weights of store, web, app.
    channels: tuple[float, float, float]
    #: Weights of Monday to Sunday.
    weekdays: tuple[float, ...]
    #: Of the store visits, the share at lunch; the others are at dinner.
    lunch_share: float
    #: Share of lines with a discount.
    discount_share: float
    #: Mean taste for the dearer products of a category (0: indifferent).
    taste: float
    age: tuple[float, float]
    #: Mean children; partners by `couple_share`.
    children: float
    couple_share: float
    #: Household income relative to the median of the area.
    income: float
    #: Education weights, lowest to highest.
    educations: tuple[float, ...]
    #: How much likelier an urban area is than a rural one.
    urban: float
    rating: float
    #: Visits of web shop and app a year that end in no order, as a mean.
    visits_per_year: float
    #: Mean of each of `ATTITUDES`, 1 to 5.
    attitudes: tuple[float, float, float, float]
    #: Response probability by kind of campaign.
    responses: dict[str, float] = field(default_factory=dict)


def _responses(discount: float, menu: float, delivery: float) -> dict[str, float]:
    return {"discount": discount, "menu": menu, "delivery": delivery}


SEGMENTS: tuple[Segment, ...] = (
    Segment(
        "weekday_lunchers", "Weekday lunchers", "Small store lunches on working days, near the office.",
        share=0.10, orders_per_year=18, orders_sigma=0.40, lines_per_order=1.35, extra_units=0.05,
        channels=(0.93, 0.01, 0.06), weekdays=(1.3, 1.4, 1.4, 1.4, 1.2, 0.2, 0.1), lunch_share=0.94,
        discount_share=0.06, taste=0.0, age=(34, 8), children=0.3, couple_share=0.45, income=1.05,
        educations=(1, 2, 3, 3, 6, 5, 1), urban=6.0, rating=4.1,
        visits_per_year=3, attitudes=(2.8, 3.2, 4.0, 3.2), responses=_responses(0.06, 0.08, 0.02),
    ),
    Segment(
        "family_weekenders", "Family weekend diners", "Families who dine mostly from Friday to Sunday.",
        share=0.17, orders_per_year=5, orders_sigma=0.40, lines_per_order=3.2, extra_units=0.5,
        channels=(0.90, 0.06, 0.04), weekdays=(0.5, 0.5, 0.5, 0.6, 1.3, 2.0, 1.6), lunch_share=0.25,
        discount_share=0.12, taste=0.1, age=(42, 7), children=1.9, couple_share=0.90, income=1.15,
        educations=(1, 3, 3, 5, 4, 3, 1), urban=0.8, rating=4.2,
        visits_per_year=2.5, attitudes=(3.3, 3.1, 3.4, 2.4), responses=_responses(0.08, 0.10, 0.06),
    ),
    Segment(
        "pantry_stockers", "Online pantry stockers", "Large grocery orders in the web shop, many units a line.",
        share=0.22, orders_per_year=8, orders_sigma=0.40, lines_per_order=2.8, extra_units=2.2,
        channels=(0.02, 0.86, 0.12), weekdays=(1.2, 1.0, 1.0, 1.0, 0.8, 0.9, 1.3), lunch_share=0.40,
        discount_share=0.15, taste=-0.2, age=(52, 11), children=0.8, couple_share=0.70, income=0.95,
        educations=(2, 3, 2, 5, 3, 2, 1), urban=0.4, rating=4.0,
        visits_per_year=5, attitudes=(3.7, 2.6, 3.0, 2.3), responses=_responses(0.10, 0.04, 0.20),
    ),
    Segment(
        "occasional_treaters", "Occasional treaters", "A few dinners a year, with dear dishes and wine.",
        share=0.258, orders_per_year=2.2, orders_sigma=0.45, lines_per_order=2.2, extra_units=0.3,
        channels=(0.88, 0.08, 0.04), weekdays=(0.5, 0.5, 0.6, 0.8, 1.5, 1.9, 1.2), lunch_share=0.08,
        discount_share=0.04, taste=1.2, age=(55, 12), children=0.3, couple_share=0.75, income=1.45,
        educations=(1, 1, 3, 2, 4, 6, 3), urban=2.0, rating=4.4,
        visits_per_year=1.2, attitudes=(2.0, 4.2, 2.1, 3.6), responses=_responses(0.04, 0.14, 0.03),
    ),
    Segment(
        "deal_hunters", "Deal hunters", "Order by app when something is reduced.",
        share=0.14, orders_per_year=4.8, orders_sigma=0.45, lines_per_order=2.0, extra_units=0.6,
        channels=(0.15, 0.20, 0.65), weekdays=(1.0, 1.2, 1.2, 1.1, 1.0, 0.8, 0.7), lunch_share=0.50,
        discount_share=0.75, taste=-0.9, age=(27, 6), children=0.3, couple_share=0.35, income=0.70,
        educations=(2, 3, 5, 3, 4, 2, 0.3), urban=2.5, rating=3.8,
        visits_per_year=9, attitudes=(4.2, 2.4, 3.3, 3.2), responses=_responses(0.30, 0.05, 0.15),
    ),
    Segment(
        "lapsing", "Lapsing customers", "Used to come now and then; the visits fade out over some months.",
        share=0.10, orders_per_year=6, orders_sigma=0.35, lines_per_order=2.0, extra_units=0.3,
        channels=(0.60, 0.30, 0.10), weekdays=(0.8, 0.8, 0.9, 1.0, 1.2, 1.3, 1.0), lunch_share=0.45,
        discount_share=0.15, taste=0.0, age=(45, 14), children=0.6, couple_share=0.55, income=0.90,
        educations=(2, 3, 3, 4, 3, 2, 0.5), urban=1.2, rating=3.3,
        visits_per_year=4, attitudes=(3.1, 2.9, 2.9, 2.8), responses=_responses(0.03, 0.02, 0.02),
    ),
    Segment(
        "meal_kit_subscribers", "Meal-kit subscribers", "A weekly box of ingredients, ordered by app since May 2025.",
        share=0.012, orders_per_year=2, orders_sigma=0.35, lines_per_order=2.4, extra_units=0.4,
        channels=(0.0, 0.25, 0.75), weekdays=(1, 1, 1, 1, 1, 1, 1), lunch_share=0.50,
        discount_share=0.05, taste=0.2, age=(33, 6), children=0.4, couple_share=0.80, income=1.20,
        educations=(0.5, 1, 3, 2, 6, 5, 1), urban=5.0, rating=4.5,
        visits_per_year=14, attitudes=(2.5, 3.6, 4.1, 4.1), responses=_responses(0.05, 0.08, 0.15),
    ),
)  # fmt: skip
SEGMENT_IDS = tuple(segment.id for segment in SEGMENTS)
PANTRY = SEGMENT_IDS.index("pantry_stockers")
LAPSING = SEGMENT_IDS.index("lapsing")
MEAL_KIT = SEGMENT_IDS.index("meal_kit_subscribers")


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as planned; `kind` decides who responds."""

    id: str
    name: str
    kind: str
    channel: str
    first_day: dt.date
    last_day: dt.date
    #: Of the customers of the first day, the share contacted.
    reach: float


CAMPAIGNS: tuple[Campaign, ...] = (
    Campaign("K2401", "Winter savers", "discount", "email", dt.date(2024, 1, 15), dt.date(2024, 2, 4), 0.15),
    Campaign("K2403", "Spring menu", "menu", "email", dt.date(2024, 3, 18), dt.date(2024, 4, 14), 0.20),
    Campaign("K2405", "Free delivery May", "delivery", "app", dt.date(2024, 5, 6), dt.date(2024, 5, 26), 0.15),
    Campaign("K2407", "Summer deals", "discount", "app", dt.date(2024, 7, 1), dt.date(2024, 7, 28), 0.15),
    Campaign("K2409", "Harvest menu", "menu", "letter", dt.date(2024, 9, 9), dt.date(2024, 10, 6), 0.10),
    Campaign("K2411", "Black week", "discount", "email", dt.date(2024, 11, 22), dt.date(2024, 12, 1), 0.25),
    Campaign("K2412", "Christmas menu", "menu", "email", dt.date(2024, 12, 2), dt.date(2024, 12, 26), 0.20),
    Campaign("K2502", "Pantry refill", "delivery", "email", dt.date(2025, 2, 3), dt.date(2025, 2, 23), 0.15),
    Campaign("K2504", "Spring deals", "discount", "app", dt.date(2025, 4, 1), dt.date(2025, 4, 20), 0.15),
    Campaign("K2506", "Terrace menu", "menu", "email", dt.date(2025, 6, 2), dt.date(2025, 6, 22), 0.20),
)


def day_weights() -> Floats:
    """Relative activity per true segment and day, shape (segments, DAYS); the mean of a row is about 1."""
    dates = [date_of(day) for day in range(DAYS)]
    season = np.array([SEASON[date.month - 1] for date in dates])
    weekday = np.array([date.weekday() for date in dates])
    weights = np.array([np.array(segment.weekdays) / np.mean(segment.weekdays) for segment in SEGMENTS])
    return np.asarray(weights[:, weekday] * season[None, :], dtype=np.float64)
