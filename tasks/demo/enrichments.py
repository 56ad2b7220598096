"""What a provider of address data says of customers: whether they own their home, have a car, and like organic food.

Owns: the truth about home and car, and the provider's export. He knows some of the customers, is right about most of
what he says, says it at the beginning of the month after somebody has become a customer, and has to take some of it
back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.demo import places, story
from tasks.demo.draws import Draws, Flags, Floats, Ints
from tasks.demo.population import Customers
from tasks.demo.spelling import customer_ids, dates
from tasks.demo.story import DAYS

PROVIDER = "Adressdata"
_ATTRIBUTES = pl.Series(["home_ownership", "car", "organic_affinity"])
_URBAN: Flags = np.array([area.urban for area in places.AREAS])
#: Of what was said of customers this share is taken back, on the first of this month of the history.
_WITHDRAWN_SHARE, _WITHDRAWN_MONTH = 0.02, 14


@dataclass(frozen=True, slots=True)
class Belongings:
    """What is true of customers, one array element each."""

    owns_home: Flags
    has_car: Flags


def belongings_of(draws: Draws, customers: Customers) -> Belongings:
    """Homes are owned by the older and richer outside cities, cars had by families there."""
    age = (DAYS - customers.birth_day) / 365.25
    urban = _URBAN[customers.area]
    home = 0.1 + 0.008 * (age - 20.0) + 0.25 * (customers.income > 55_000) - 0.2 * urban  # noqa: PLR2004
    car = 0.55 + 0.12 * np.minimum(customers.children, 2) - 0.3 * urban
    return Belongings(
        owns_home=draws.chance("belongings.home", customers.number, np.clip(home, 0.03, 0.95)),
        has_car=draws.chance("belongings.car", customers.number, np.clip(car, 0.05, 0.95)),
    )


def enrichment_frame(
    draws: Draws, customers: Customers, belongings: Belongings, food_enjoyment: Floats
) -> pl.DataFrame:
    """One row per customer and attribute said or taken back, by day; `food_enjoyment` is what affinity goes by."""
    number = customers.number
    known = np.flatnonzero(draws.chance("enriched.known", number, story.ENRICHED_SHARE))
    month = np.searchsorted(story.MONTH_STARTS, np.maximum(customers.registered_day[known], -1), side="right")
    # Whoever came in the last month is told of after the history.
    is_told = month < len(story.MONTHS)
    known, month = known[is_told], month[is_told]
    day: Ints = np.array(story.MONTH_STARTS)[month]
    said = [
        _said(draws, "home", number[known], belongings.owns_home[known], ("own", "rent")),
        _said(draws, "car", number[known], belongings.has_car[known], ("yes", "no")),
        _score(draws, number[known], food_enjoyment[known]),
    ]
    told = pl.concat([_rows(number[known], day, index, values) for index, values in enumerate(said)])
    taken_back = np.flatnonzero(
        draws.chance("enriched.withdrawn", number[known], _WITHDRAWN_SHARE) & (month < _WITHDRAWN_MONTH)
    )
    gone = np.full(len(taken_back), story.MONTH_STARTS[_WITHDRAWN_MONTH], dtype=np.int64)
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(taken_back))
    withdrawn = pl.concat([_rows(number[known][taken_back], gone, index, nothing) for index in range(len(_ATTRIBUTES))])
    return pl.concat([told, withdrawn]).sort("said_on", "customer", "attribute")


def _said(draws: Draws, name: str, number: Ints, is_true: Flags, words: tuple[str, str]) -> pl.Series:
    """What the provider says of a fact: the truth, or at times its opposite."""
    right = draws.chance(f"enriched.{name}.right", number, story.ENRICHED_RIGHT_SHARE)
    return pl.Series(np.where(is_true == right, *words))


def _score(draws: Draws, number: Ints, attitude: Floats) -> pl.Series:
    """0 to 100, higher for those who enjoy food."""
    score = 50.0 + 18.0 * (attitude - 3.0) + 12.0 * draws.normal("enriched.affinity", number)
    return pl.Series(np.clip(np.rint(score), 0, 100).astype(np.int64)).cast(pl.String)


def _rows(number: Ints, day: Ints, attribute: int, values: pl.Series) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer": customer_ids(number),
            "attribute": _ATTRIBUTES.gather([attribute]).new_from_index(0, len(number)),
            "value": values,
            "said_on": dates(day),
        }
    )
