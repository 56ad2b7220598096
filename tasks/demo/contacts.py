"""Campaigns, whom they reached and who responded.

Owns: both campaign exports and the area statistics, the small tables of the demo.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from tasks.demo import places, story
from tasks.demo.draws import Draws, Flags, Floats
from tasks.demo.population import Customers
from tasks.demo.spelling import customer_ids, moments, pick

_TIME_FORMAT = "%Y-%m-%d %H:%M"
_DAY_SECONDS = 86_400


def campaign_frame() -> pl.DataFrame:
    """One row per campaign."""
    return pl.DataFrame(
        {
            "campaign": [one.id for one in story.CAMPAIGNS],
            "title": [one.name for one in story.CAMPAIGNS],
            "kind": [one.kind for one in story.CAMPAIGNS],
            "main_channel": [one.channel for one in story.CAMPAIGNS],
            "first_day": [one.first_day for one in story.CAMPAIGNS],
            "last_day": [one.last_day for one in story.CAMPAIGNS],
        }
    )


def area_frame() -> pl.DataFrame:
    """One row per area, as the market research wrote it: shares in per cent, urban as yes or no."""
    return pl.DataFrame(
        {
            "area": [area.code for area in places.AREAS],
            "area_name": [area.name for area in places.AREAS],
            "region": [area.region for area in places.AREAS],
            "country": [area.country for area in places.AREAS],
            "inhabitants": [area.population for area in places.AREAS],
            "median_household_income": [area.median_income for area in places.AREAS],
            "poverty_percent": [round(area.poverty_share * 100, 1) for area in places.AREAS],
            "unemployment_percent": [round(area.unemployment_share * 100, 1) for area in places.AREAS],
            "urban": ["yes" if area.urban else "no" for area in places.AREAS],
            "as_of": ["2023-12-31"] * len(places.AREAS),
        }
    )


def contact_frame(draws: Draws, customers: Customers) -> pl.DataFrame:
    """One row per contact, by campaign and time; whoever has left is still written to, but does not respond."""
    return pl.concat([_contacts(draws, customers, index) for index in range(len(story.CAMPAIGNS))])


def _contacts(draws: Draws, customers: Customers, index: int) -> pl.DataFrame:
    campaign = story.CAMPAIGNS[index]
    first, last = story.day_of(campaign.first_day), story.day_of(campaign.last_day)
    key = customers.number * len(story.CAMPAIGNS) + index
    reached = draws.chance("contact.reached", key, campaign.reach) & (customers.registered_day < first)
    # Sent between 8 and 20 o'clock of the first three days.
    hour = 8.0 + 12.0 * draws.uniform("contact.hour", key)
    sent = (first + draws.integer("contact.day", key, 3)) * _DAY_SECONDS + (hour * 60).astype(np.int64) * 60
    wait = (draws.exponential("contact.wait", key) * 18 * 60).astype(np.int64) * 60 + 300
    responded = draws.chance("contact.responds", key, _responsiveness(customers, campaign.kind, first))
    responded &= sent + wait < (last + 1) * _DAY_SECONDS
    at = np.flatnonzero(reached)
    at = at[np.lexsort((customers.number[at], sent[at]))]
    no: Flags = ~responded[at]
    return pl.DataFrame(
        {
            "campaign": pl.Series([campaign.id]).new_from_index(0, len(at)),
            "customer": pick(customer_ids(customers.number), at),
            "sent_at": moments(sent[at]).dt.strftime(_TIME_FORMAT),
            "responded_at": moments((sent + wait)[at]).dt.strftime(_TIME_FORMAT).set(pl.Series(no), None),
            "via": pl.Series([campaign.channel]).new_from_index(0, len(at)),
        }
    )


def _responsiveness(customers: Customers, kind: str, day: int) -> Floats:
    """Chance of a response by the segment a customer is in on that day; none once he has left."""
    share: Floats = np.array([segment.responses[kind] for segment in story.SEGMENTS])
    segment = np.where(customers.kit_day <= day, story.MEAL_KIT, customers.segment)
    fading = np.exp(-np.maximum(day - customers.fade_day, 0) / story.FADE_MEAN_DAYS)
    return np.where(customers.left_day <= day, 0.0, share[segment] * fading)
