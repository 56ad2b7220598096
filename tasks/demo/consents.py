"""What customers allow the company to do with their data, and on which channels.

Owns: the export of the consent tool and what is true behind it. Everybody decides on marketing when he registers, once
for all channels or on e-mail and app; some decide on analytics too; some withdraw later, and some of these come back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.demo import story
from tasks.demo.defects import DefectPlan
from tasks.demo.draws import Draws, Flags, Ints
from tasks.demo.population import Customers
from tasks.demo.spelling import customer_ids, moments
from tasks.demo.story import DAYS, NEVER

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Consents:
    """The decisions of a range of customers, one array element each."""

    #: He decided once for all channels, otherwise on e-mail and app; a letter is for those who did.
    is_general: Flags
    starts_email: Flags
    starts_app: Flags
    #: First day without; `NEVER` where he did not withdraw within the history.
    withdrawn_day: Ints
    withdraws_all: Flags
    #: The day on which e-mail is allowed again; `NEVER` where it is not.
    again_day: Ints

    @property
    def has_withdrawn(self) -> Flags:
        """Within the history."""
        return self.withdrawn_day < NEVER

    @property
    def wants_email(self) -> Flags:
        """At the end of the history."""
        return (self.starts_email & ~self.has_withdrawn) | (self.again_day < NEVER)

    @property
    def wants_app(self) -> Flags:
        """At the end of the history."""
        return self.starts_app & ~(self.has_withdrawn & self.withdraws_all)

    @property
    def wants_letters(self) -> Flags:
        """At the end of the history."""
        return self.is_general & self.wants_app


def consents_of(draws: Draws, customers: Customers) -> Consents:
    """Draw the decisions; they do not depend on the range of customers."""
    number = customers.number
    general = draws.chance("consent.general", number, story.CONSENT_GENERAL_SHARE)
    everything = draws.chance("consent.everything", number, story.CONSENT_GENERAL_YES)
    email = draws.chance("consent.email", number, story.CONSENT_EMAIL_YES)
    app = draws.chance("consent.app", number, story.CONSENT_APP_YES)
    starts_email = np.where(general, everything, email)
    # Not on the day of the registration: a day has one decision.
    first = np.maximum(customers.registered_day + 1, 1)
    day = first + (draws.uniform("consent.withdrawn_day", number) * (DAYS - first)).astype(np.int64)
    leaves = draws.chance("consent.withdrawn", number, story.CONSENT_WITHDRAWN_SHARE) & starts_email & (day < DAYS)
    withdrawn = np.where(leaves, day, NEVER)
    again = withdrawn + 1 + draws.integer("consent.again_day", number, 90)
    returns = leaves & draws.chance("consent.again", number, story.CONSENT_AGAIN_SHARE) & (again < DAYS)
    return Consents(
        is_general=general,
        starts_email=starts_email,
        starts_app=np.where(general, everything, app),
        withdrawn_day=withdrawn,
        withdraws_all=draws.chance("consent.withdraws_all", number, story.CONSENT_WITHDRAWN_ALL_SHARE),
        again_day=np.where(returns, again, NEVER),
    )


def consent_frame(draws: Draws, customers: Customers, consents: Consents, plan: DefectPlan) -> pl.DataFrame:
    """One row per decision, by time; planted: decisions there twice."""
    number, registered = customers.number, customers.registered_day
    everyone = np.ones(len(number), dtype=np.bool_)
    general, apart = consents.is_general, ~consents.is_general
    analytics = draws.chance("consent.analytics", number, story.CONSENT_ANALYTICS_SHARE)
    agrees = draws.chance("consent.analytics_yes", number, story.CONSENT_ANALYTICS_YES)
    left, back = consents.has_withdrawn, consents.again_day < NEVER
    parts = [
        _decisions(customers, general, "marketing", "*", consents.starts_email, registered),
        _decisions(customers, apart, "marketing", "email", consents.starts_email, registered),
        _decisions(customers, apart, "marketing", "app", consents.starts_app, registered),
        _decisions(customers, analytics, "analytics", "*", agrees, registered),
        _decisions(customers, left & consents.withdraws_all, "marketing", "*", ~everyone, consents.withdrawn_day),
        _decisions(customers, left & ~consents.withdraws_all, "marketing", "email", ~everyone, consents.withdrawn_day),
        _decisions(customers, back, "marketing", "email", everyone, consents.again_day),
    ]
    frame = pl.concat(parts)
    rows = frame.get_column("number").to_numpy()
    # Within a day at one time of the customer's own, which does not depend on the decision.
    second = 28_800 + draws.integer("consent.second", rows, 43_200)
    frame = frame.with_columns(at=pl.Series(frame.get_column("day").to_numpy() * _DAY_SECONDS + second))
    # A host's first decision; everybody has one on marketing.
    twice = np.zeros(len(rows), dtype=np.int64)
    twice[np.unique(rows, return_index=True)[1]] = 1
    twice *= np.isin(rows, plan.hosts("duplicate_record", "consents", 1, plan.customers))
    frame = frame[np.repeat(np.arange(len(frame)), 1 + twice)]
    frame = frame.sort("at", "number", "purpose", "channel")
    return frame.select(
        customer=customer_ids(frame.get_column("number").to_numpy()),
        purpose="purpose",
        channel="channel",
        decision=pl.when("is_given").then(pl.lit("opt-in")).otherwise(pl.lit("opt-out")),
        decided_at=moments(frame.get_column("at").to_numpy()).dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _decisions(
    customers: Customers, who: Flags, purpose: str, channel: str, is_given: Flags, day: Ints
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "number": customers.number[who],
            "purpose": pl.Series([purpose]).new_from_index(0, int(who.sum())),
            "channel": pl.Series([channel]).new_from_index(0, int(who.sum())),
            "is_given": is_given[who],
            "day": day[who],
        }
    )
