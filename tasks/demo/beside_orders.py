"""The exports of what systems know of customers beside what they buy: visits, service, survey, address data.

Owns: which files these are, and the truth about them, chunk by chunk. Does not own what is in them.
"""

from __future__ import annotations

import polars as pl

from tasks.demo import enrichments, later_bad_rows, service, story, survey, true_profiles, visits
from tasks.demo.defects import DefectPlan
from tasks.demo.draws import Draws
from tasks.demo.files import PLAIN_STYLE, ExportFolder
from tasks.demo.lines import Lines
from tasks.demo.orders import Orders
from tasks.demo.population import Customers
from tasks.demo.rhythm import month_ranges

PROFILES_PATH = "truth/profiles.parquet"


def write_beside_orders(
    folder: ExportFolder, draws: Draws, plan: DefectPlan, customers: Customers, orders: Orders, lines: Lines
) -> int:
    """Add one chunk of customers to the files; returns how many visits are there twice."""
    looked = visits.visits_of(draws, customers, orders)
    twice = _write_visits(folder, draws, plan, customers, looked)
    asked = service.contacts_of(draws, customers, orders)
    _write_service(folder, draws, plan, customers, asked)
    attitudes = survey.attitudes_of(draws, customers)
    for wave, (name, _) in enumerate(story.SURVEYS):
        answers = survey.survey_frame(draws, customers, attitudes, wave)
        file = folder.text(f"survey/survey_{name}.csv", "survey", PLAIN_STYLE)
        file.append(answers)
        if wave == len(story.SURVEYS) - 1:
            file.append(later_bad_rows.bad_answers(plan, answers, *_ends(customers)))
    belongings = enrichments.belongings_of(draws, customers)
    enjoyment = attitudes[:, story.ATTITUDES.index("food_enjoyment")]
    said = enrichments.enrichment_frame(draws, customers, belongings, enjoyment)
    file = folder.text("address_data.csv", "address_data", PLAIN_STYLE)
    file.append(said)
    file.append(later_bad_rows.bad_enrichments(plan, said, *_ends(customers)))
    profiles = true_profiles.profile_frame(customers, orders, lines, looked, asked, attitudes, belongings)
    folder.parquet(PROFILES_PATH, None).append(profiles)
    return twice


def _write_visits(
    folder: ExportFolder, draws: Draws, plan: DefectPlan, customers: Customers, looked: visits.Visits
) -> int:
    exported, month, twice = visits.exported(draws, looked, customers_in_all=plan.customers)
    frame = visits.visit_frame(customers, exported)
    bad = later_bad_rows.bad_visits(draws, plan, frame, *_ends(customers))
    for index, (start, end) in enumerate(month_ranges(month)):
        file = folder.text(f"visits/visits_{story.MONTHS[index]}.csv.gz", "visits", PLAIN_STYLE)
        file.append(pl.concat([frame[start:end], *(one for place, one in bad if place == index)]))
    return twice


def _write_service(
    folder: ExportFolder, draws: Draws, plan: DefectPlan, customers: Customers, asked: service.Contacts
) -> None:
    folder.text("service.csv", "service", PLAIN_STYLE).append(service.contact_frame(customers, asked))
    spent = service.service_cost_frame(customers, asked)
    file = folder.text("service_costs.csv", "service_costs", PLAIN_STYLE)
    file.append(spent)
    file.append(later_bad_rows.bad_service_costs(draws, plan, spent, *_ends(customers)))


def _ends(customers: Customers) -> tuple[int, int]:
    """First and last number of a chunk."""
    return int(customers.number[0]), int(customers.number[-1])
