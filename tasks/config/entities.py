"""The canonical entities that sources map to: their columns, keys, event times and hard rules.

Owns: what a row of each entity must look like to be let into `raw`. Does not own how rows are read (`tasks/ingest`) or
which version of a row a run sees (`sql/staging`).
"""

from __future__ import annotations

from tasks.config.company_entities import (
    AREA_PROFILES,
    CONTROL_TOTALS,
    COSTS,
    LABELLED_COMMENTS,
    MARKET_INDICATORS,
)
from tasks.config.customer_entities import (
    CAMPAIGN_CONTACTS,
    CAMPAIGNS,
    CONSENTS,
    CUSTOMERS,
    ENRICHMENTS,
    FEEDBACK,
    INTERACTIONS,
    ORDER_LINES,
    SURVEY_ANSWERS,
)
from tasks.config.entity import Entity

ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        CUSTOMERS,
        ORDER_LINES,
        INTERACTIONS,
        FEEDBACK,
        LABELLED_COMMENTS,
        SURVEY_ANSWERS,
        CAMPAIGNS,
        CAMPAIGN_CONTACTS,
        CONSENTS,
        COSTS,
        AREA_PROFILES,
        MARKET_INDICATORS,
        ENRICHMENTS,
        CONTROL_TOTALS,
    )
}

#: Columns that are contact data in every workspace, by name: their values are shown to nobody.
CONTACT_COLUMNS = frozenset(
    column.name for entity in ENTITIES.values() for column in entity.columns if column.privacy == "contact"
)
