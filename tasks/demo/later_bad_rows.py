"""Bad rows of visits, survey, service costs and address data as the exports hold them.

Owns: how each of `defects.LATER_KINDS` that is a row of its own looks, and the answer of 99. Like those of
`bad_rows.py` they come on top of the good rows.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.demo import story
from tasks.demo.defects import DefectPlan
from tasks.demo.draws import Draws, Ints
from tasks.demo.spelling import customer_ids, moments

#: What some write for no answer.
NO_ANSWER = 99
#: Ids of bad rows lie above those of all good ones.
_FIRST_NUMBER = 1 << 36


def bad_visits(
    draws: Draws, plan: DefectPlan, like: pl.DataFrame, first: int, last: int
) -> list[tuple[int, pl.DataFrame]]:
    """Bad visits with the columns of `like`, with the month of the file each belongs to."""
    found = []
    for place, name in enumerate(("unparsable_date", "negative_duration")):
        hosts = plan.hosts(name, "visits", first, last)
        at = _moments_drawn(draws, f"visits.{name}", hosts)
        months = np.searchsorted(story.MONTH_STARTS, at // 86_400, side="right") - 1
        for i, customer in enumerate(customer_ids(hosts)):
            row = {
                "visit": f"V{_FIRST_NUMBER + 2 * int(hosts[i]) + place}",
                "visitor": customer,
                "started_at": moments(at)[i].strftime("%Y-%m-%d %H:%M:%S"),
                "surface": "web",
                "device": "phone",
                "seconds": 60,
                "pages": 2,
                "outcome": "none",
            }
            spoilt = {"started_at": "2025-02-31 12:00:00"} if name == "unparsable_date" else {"seconds": -60}
            found.append((int(months[i]), pl.DataFrame([row | spoilt], schema=like.schema)))
    return found


def bad_answers(plan: DefectPlan, like: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
    """Answers to the last survey of nobody, and such with a 99 where somebody did not answer."""
    wave, day = story.SURVEYS[-1]
    nobody = plan.hosts("missing_customer", "survey", first, last)
    coded = plan.hosts("code_99", "survey", first, last)
    customers = [None] * len(nobody) + customer_ids(coded).to_list()
    rows = [
        {"wave": wave, "customer": customer, "answered_at": f"{day} 00:00:00"}
        | {column: 3 for column, *_ in story.SURVEY_ITEMS}
        | ({} if customer is None else {story.SURVEY_ITEMS[0][0]: NO_ANSWER})
        for customer in customers
    ]
    return pl.DataFrame(rows, schema=like.schema)


def bad_service_costs(draws: Draws, plan: DefectPlan, like: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
    """Service costs below zero."""
    hosts = plan.hosts("negative_cost", "service_costs", first, last)
    at = _moments_drawn(draws, "service_costs", hosts)
    return pl.DataFrame(
        {
            "entry": [f"S{_FIRST_NUMBER + host}" for host in hosts.tolist()],
            "customer": customer_ids(hosts),
            "booked_on": moments(at).dt.date(),
            "amount": [-4.5] * len(hosts),
        },
        schema=like.schema,
    )


def bad_enrichments(plan: DefectPlan, like: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
    """Statements about nobody."""
    hosts = plan.hosts("missing_customer", "address_data", first, last)
    row = {"customer": None, "attribute": "car", "value": "yes", "said_on": story.HISTORY_START}
    return pl.DataFrame([row] * len(hosts), schema=like.schema)


def _moments_drawn(draws: Draws, name: str, hosts: Ints) -> Ints:
    """A second of the history for each bad row."""
    return (draws.uniform(f"defect.{name}.at", hosts) * (story.DAYS * 86_400)).astype(np.int64)
