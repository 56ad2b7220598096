"""Customers as the CRM exports them: German headers, `;`, decimal comma, DD.MM.YYYY, gender spelt as typed in.

Owns: spelling, gaps and invented contact data of the CRM. Does not own what is true of a customer (`population.py`).
All e-mail addresses are under example.org, all telephone numbers in the block the German regulator keeps for fiction.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from tasks.demo import places, story
from tasks.demo.defects import DefectPlan
from tasks.demo.draws import Draws, Flags, Ints
from tasks.demo.population import Customers
from tasks.demo.spelling import customer_ids, dates, moments, pick
from tasks.demo.story import NEVER

_WOMEN = ("Anna", "Marie", "Sophie", "Lena", "Emma", "Katharina", "Julia", "Fenna", "Sanne", "Ursula", "Zeynep", "Ilse")
_MEN = ("Lukas", "Jonas", "Paul", "Felix", "Daan", "Sem", "Thomas", "Markus", "Emre", "Heinz", "Jürgen", "Noah")
_FIRST_NAMES = pl.Series([*_WOMEN, *_MEN])
_LAST_NAMES = pl.Series(
    (
        "Müller", "Schmidt", "Huber", "Gruber", "Wagner", "Bauer", "de Vries", "Jansen", "Bakker", "Visser", "Yılmaz",
        "Kowalski", "Schäfer", "Weiß", "Groß", "Steiner", "Moser", "van Dijk", "Smit", "Fischer", "Weber", "Koch",
        "O'Brien",
    )
)  # fmt: skip
#: Spellings of each gender, padded to the same length.
_SPELLINGS = pl.Series(
    (
        "F", "female", "W", "weiblich", "Frau", "f",
        "M", "male", "m", "männlich", "Herr", "Male",
        "D", "divers", "X", "D", "divers", "X",
    )
)  # fmt: skip
_SPELLINGS_EACH = 6
_AREA_CODES = pl.Series([area.code for area in places.AREAS])
_CITIES = pl.Series([area.name for area in places.AREAS])
_REGIONS = pl.Series([area.region for area in places.AREAS])
_COUNTRIES = pl.Series([area.country for area in places.AREAS])
_EDUCATIONS = pl.Series(story.EDUCATIONS)
_OCCUPATIONS = pl.Series(story.OCCUPATIONS)
_MARITAL = pl.Series(story.MARITAL_STATUSES)

#: How often the CRM does not know.
_GAPS = {"email": 0.10, "phone": 0.25, "birth": 0.06, "gender": 0.08, "household": 0.15, "income": 0.25,
         "education": 0.20, "marital": 0.15, "occupation": 0.20}  # fmt: skip
WRONG_BIRTH = dt.date(1893, 5, 4)
WRONG_INCOME = 666_666.0


def crm_frame(draws: Draws, customers: Customers, plan: DefectPlan) -> pl.DataFrame:
    """The record each customer registered with; planted: births of 1893, incomes of 666666, records there twice."""
    frame = _records(draws, customers, customers.area, customers.registered_day)
    frame = frame.with_columns(
        _planted("Geburtsdatum", WRONG_BIRTH, plan.is_host("birth_1893", customers.number)),
        _planted("Jahreseinkommen", WRONG_INCOME, plan.is_host("income_666666", customers.number)),
    )
    twice = plan.is_host("duplicate_record", customers.number)
    return frame[np.repeat(np.arange(len(frame)), 1 + twice)]


def moved_frame(draws: Draws, customers: Customers) -> pl.DataFrame:
    """The later record of those who moved house, by day of the move."""
    moved = np.flatnonzero(customers.moved_day < NEVER)
    order = moved[np.lexsort((customers.number[moved], customers.moved_day[moved]))]
    return _records(draws, customers, customers.new_area, customers.moved_day)[order]


def _planted(column: str, value: dt.date | float, where: Flags) -> pl.Expr:
    """A wrong value also where there would be a gap: the manifest counts on it."""
    return pl.when(pl.Series(where)).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)


def _records(draws: Draws, customers: Customers, area: Ints, updated_day: Ints) -> pl.DataFrame:
    """The columns of the CRM for every customer, as he lived in `area` from `updated_day` on."""
    number = customers.number

    def unless_gap(name: str, values: pl.Series) -> pl.Series:
        return values.set(pl.Series(draws.chance(f"crm.no_{name}", number, _GAPS[name])), None)

    name, email = _contact(draws, customers)
    phone = "+49 30 23125 " + pl.Series(draws.integer("crm.phone", number, 1000)).cast(pl.String).str.zfill(3)
    spelling = customers.gender * _SPELLINGS_EACH + draws.integer("crm.gender", number, _SPELLINGS_EACH)
    updated = np.minimum(updated_day, story.DAYS) * 86_400 + 28_800 + draws.integer("crm.minute", number, 600) * 60
    return pl.DataFrame(
        {
            "KundenNr": customer_ids(number),
            "Name": name,
            "E-Mail": unless_gap("email", email),
            "Telefon": unless_gap("phone", phone),
            "Geburtsdatum": unless_gap("birth", dates(customers.birth_day)),
            "Geschlecht": unless_gap("gender", pick(_SPELLINGS, spelling)),
            "Haushaltsgroesse": unless_gap("household", pl.Series(customers.household_size)),
            "Kinder": unless_gap("household", pl.Series(customers.children)),
            "Jahreseinkommen": unless_gap("income", pl.Series(customers.income.astype(np.float64))),
            "Bildung": unless_gap("education", pick(_EDUCATIONS, customers.education)),
            "Familienstand": unless_gap("marital", pick(_MARITAL, customers.marital)),
            "Beruf": unless_gap("occupation", pick(_OCCUPATIONS, customers.occupation)),
            "Land": pick(_COUNTRIES, area),
            "Region": pick(_REGIONS, area),
            "Ort": pick(_CITIES, area),
            "Gebiet": pick(_AREA_CODES, area),
            "Kunde_seit": dates(customers.registered_day),
            "Geaendert_am": moments(updated).dt.strftime("%d.%m.%Y %H:%M"),
        }
    )


def _contact(draws: Draws, customers: Customers) -> tuple[pl.Series, pl.Series]:
    """Name and e-mail address."""
    number = customers.number
    woman = np.where(customers.gender == 2, draws.integer("crm.first_list", number, 2), 1 - customers.gender)  # noqa: PLR2004
    first = draws.integer("crm.first_name", number, len(_WOMEN)) + np.where(woman == 1, 0, len(_WOMEN))
    last = draws.integer("crm.last_name", number, len(_LAST_NAMES))
    name = pick(_FIRST_NAMES, first) + " " + pick(_LAST_NAMES, last)
    # Holds the customer number, so that no two customers share an address.
    return name, "kunde" + pl.Series(number).cast(pl.String) + "@example.org"
