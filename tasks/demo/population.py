"""Who the customers are: true segment, life dates and attributes of any range of customer numbers.

Owns: the attributes that are true of a customer. Does not own how the CRM spells them (`crm.py`) or what he orders
(`orders.py`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from tasks.demo import places, story
from tasks.demo.draws import Choices, Draws, Flags, Floats, Ints
from tasks.demo.story import DAYS, NEVER, SEGMENTS, day_of

_PRICE_RISE_DAY = day_of(story.PRICE_RISE_DATE)
_KIT_DAYS = (day_of(story.MEAL_KIT_START), day_of(story.MEAL_KIT_LAST_START))
#: First registration ever: the chain opened in 2016.
_OPENED_DAY = -2900
_BIRTHS = (day_of(dt.date(1934, 1, 1)), day_of(dt.date(2007, 6, 1)))
_MOVES = (day_of(dt.date(2025, 1, 7)), day_of(dt.date(2025, 6, 25)))

_SEGMENT_CHOICES = Choices([segment.share for segment in SEGMENTS])
_EDUCATION_CHOICES = Choices([segment.educations for segment in SEGMENTS])
_YOUNGEST = 20.0
#: Occupation weights of the young (studying), those in working age, and the old (retired).
_OCCUPATION_CHOICES = Choices(
    [(3, 0.2, 0.3, 1, 1, 8, 0, 1, 0.5), (9, 2, 2, 2.5, 2, 0.2, 0, 1, 1), (0.5, 0.2, 0.7, 0.2, 0.1, 0, 12, 0.1, 1)]
)
#: Who lives alone above these ages may be widowed, divorced.
_AGE_WIDOWED, _AGE_DIVORCED = 65, 35
GENDERS = ("female", "male", "diverse")
_GENDER_CHOICES = Choices([0.53, 0.462, 0.008])


@dataclass(frozen=True, slots=True)
class Customers:
    """The customers of a range of numbers, one array element each; days count from `story.HISTORY_START`."""

    number: Ints
    #: Index of `SEGMENTS`: the behaviour he registered with.
    segment: Ints
    registered_day: Ints
    #: First day on which he orders no more; `NEVER` where he stays.
    left_day: Ints
    #: He left because of the price rise.
    lapsed_by_price: Flags
    #: First day of a meal-kit subscription; `NEVER` for none.
    kit_day: Ints
    #: Day on which visits begin to fade; `NEVER` but for the lapsing segment.
    fade_day: Ints
    orders_per_year: Floats
    lines_per_order: Floats
    extra_units: Floats
    taste: Floats
    discount_share: Floats
    area: Ints
    #: Day of the move to `new_area`; `NEVER` where he stayed.
    moved_day: Ints
    new_area: Ints
    birth_day: Ints
    #: Index of `GENDERS`.
    gender: Ints
    has_partner: Flags
    children: Ints
    #: Yearly household income in whole hundreds.
    income: Ints
    education: Ints
    occupation: Ints
    marital: Ints

    @property
    def final_segment(self) -> Ints:
        """Index of `SEGMENTS` at the end of the history: a subscriber counts as one whatever he was before."""
        return np.where(self.kit_day < NEVER, story.MEAL_KIT, self.segment)

    @property
    def household_size(self) -> Ints:
        """Persons: himself, partner, children."""
        return 1 + self.has_partner + self.children


def customers_of(draws: Draws, first: int, last: int) -> Customers:
    """The customers numbered `first` … `last` (both included, from 1); they do not depend on the range asked for."""
    number = np.arange(first, last + 1, dtype=np.int64)
    segment = _SEGMENT_CHOICES.pick(np.zeros_like(number), draws.uniform("customer.segment", number))
    registered = _registered(draws, number, segment)
    left, lapsed = _left(draws, number, segment, registered)
    kit = _kit_day(draws, number, segment, registered, left)
    fade = _uniform_days(draws, "customer.fade", number, (-360, DAYS + 240))
    fade = np.where(segment == story.LAPSING, np.maximum(fade, registered + 30), NEVER)
    moved = draws.chance("customer.moved", number, story.MOVED_SHARE)
    moved_day = np.where(moved, _uniform_days(draws, "customer.moved_day", number, _MOVES), NEVER)
    area = places.AREA_CHOICES.pick(segment, draws.uniform("customer.area", number))
    other = draws.integer("customer.new_area", number, len(places.AREAS) - 1)
    birth, partner, children = _household(draws, number, segment)
    occupation, marital = _circumstances(draws, number, birth, partner)
    return Customers(
        number=number,
        segment=segment,
        registered_day=registered,
        left_day=left,
        lapsed_by_price=lapsed,
        kit_day=kit,
        fade_day=fade,
        orders_per_year=np.minimum(
            _of_segment("orders_per_year", segment)
            * np.exp(_of_segment("orders_sigma", segment) * draws.normal("customer.orders", number)),
            300.0,
        ),
        lines_per_order=1.0
        + (_of_segment("lines_per_order", segment) - 1.0) * np.exp(0.25 * draws.normal("customer.lines", number)),
        extra_units=_of_segment("extra_units", segment) * np.exp(0.3 * draws.normal("customer.units", number)),
        taste=_of_segment("taste", segment) + 0.3 * draws.normal("customer.taste", number),
        discount_share=np.clip(
            _of_segment("discount_share", segment) * np.exp(0.25 * draws.normal("customer.discount", number)), 0.0, 0.95
        ),
        area=area,
        # A customer who registers after the day of the move moves into the area he is known with.
        moved_day=np.where(moved_day > registered + 30, moved_day, NEVER),
        new_area=np.where(other >= area, other + 1, other),
        birth_day=birth,
        gender=_GENDER_CHOICES.pick(np.zeros_like(number), draws.uniform("customer.gender", number)),
        has_partner=partner,
        children=children,
        income=_income(draws, number, segment, area),
        education=_EDUCATION_CHOICES.pick(segment, draws.uniform("customer.education", number)),
        occupation=occupation,
        marital=marital,
    )


def _of_segment(name: str, segment: Ints) -> Floats:
    values: Floats = np.array([getattr(one, name) for one in SEGMENTS], dtype=np.float64)
    return values[segment]


def _uniform_days(draws: Draws, name: str, number: Ints, days: tuple[int, int]) -> Ints:
    return days[0] + draws.integer(name, number, days[1] - days[0] + 1)


def _registered(draws: Draws, number: Ints, segment: Ints) -> Ints:
    old = draws.chance("customer.old", number, story.OLD_CUSTOMER_SHARE)
    along = draws.uniform("customer.registered", number)
    # More came lately than in the first years of the chain.
    before = (_OPENED_DAY * (1.0 - np.sqrt(along))).astype(np.int64) - 1
    day = np.where(old, before, (along * DAYS).astype(np.int64))
    subscriber = _KIT_DAYS[0] + (along * (_KIT_DAYS[1] - _KIT_DAYS[0] + 1)).astype(np.int64)
    return np.where(segment == story.MEAL_KIT, subscriber, day)


def _left(draws: Draws, number: Ints, segment: Ints, registered: Ints) -> tuple[Ints, Flags]:
    """First day without orders, and whether the price rise is the reason."""
    stays = (draws.exponential("customer.churn", number) * story.CHURN_MEAN_DAYS).astype(np.int64)
    left = np.maximum(registered, 0) + 1 + stays
    angry = draws.chance("customer.price_lapse", number, story.PRICE_RISE_LAPSE_SHARE)
    lapsed = angry & (segment == story.PANTRY) & (registered < _PRICE_RISE_DAY) & (left > _PRICE_RISE_DAY)
    left = np.where(left >= DAYS, NEVER, left)
    return np.where(lapsed, _PRICE_RISE_DAY, left), lapsed


def _kit_day(draws: Draws, number: Ints, segment: Ints, registered: Ints, left: Ints) -> Ints:
    converts = draws.chance("customer.kit", number, story.MEAL_KIT_CONVERT_SHARE)
    day = _uniform_days(draws, "customer.kit_day", number, _KIT_DAYS)
    converts &= (segment != story.LAPSING) & (registered < _KIT_DAYS[0] - 60) & (left == NEVER)
    native = segment == story.MEAL_KIT
    day = np.where(native, registered, day)
    return np.where(converts | native, day, NEVER)


def _household(draws: Draws, number: Ints, segment: Ints) -> tuple[Ints, Flags, Ints]:
    """Day of birth, has a partner, children."""
    means = np.array([one.age for one in SEGMENTS], dtype=np.float64)
    age = means[segment, 0] + means[segment, 1] * draws.normal("customer.age", number)
    # Reflected, not cut off: a crowd at one age would have its birthday on one day, and look like drift.
    age = _YOUNGEST + np.abs(age - _YOUNGEST)
    birth = np.clip((DAYS - age * 365.25).astype(np.int64), *_BIRTHS)
    partner = draws.chance("customer.partner", number, _of_segment("couple_share", segment))
    children = np.minimum(draws.poisson("customer.children", number, _of_segment("children", segment)), 5)
    return birth, partner, children


def _circumstances(draws: Draws, number: Ints, birth: Ints, partner: Flags) -> tuple[Ints, Ints]:
    """Occupation and marital status, by age."""
    age = (DAYS - birth) / 365.25
    stage = np.digitize(age, [27.0, 64.0]).astype(np.int64)
    occupation = _OCCUPATION_CHOICES.pick(stage, draws.uniform("customer.occupation", number))
    once = draws.uniform("customer.marital", number)
    widowed = once < np.where(age > _AGE_WIDOWED, 0.5, 0.0)
    divorced = once < np.where(age > _AGE_DIVORCED, 0.7, 0.0)
    alone = np.where(widowed, 3, np.where(divorced, 2, 0))
    married = np.where(once < np.clip((age - 20.0) / 20.0, 0.1, 0.85), 1, 0)
    return occupation, np.where(partner, married, alone).astype(np.int64)


def _income(draws: Draws, number: Ints, segment: Ints, area: Ints) -> Ints:
    spread = np.exp(0.35 * draws.normal("customer.income", number))
    return np.rint(_of_segment("income", segment) * places.MEDIAN_INCOME[area] * spread / 100.0).astype(np.int64) * 100
