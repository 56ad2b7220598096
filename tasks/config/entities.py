"""The canonical entities that sources map to: their columns, keys, event times and hard rules.

Owns: what a row of each entity must look like to be let into `raw`. Does not own how rows are read (`tasks/ingest`) or
which version of a row a run sees (`sql/staging`).
"""

from __future__ import annotations

from tasks.config.entity import (
    EARLIEST_BIRTH,
    EARLIEST_EVENT,
    ID,
    MONEY,
    TEXT,
    Column,
    Entity,
    HardRule,
    contact,
    day,
    event,
    identity,
    not_negative,
    person,
    share,
)

CUSTOMERS = Entity(
    "customers",
    "one customer as the newest record at the as-of date describes him",
    ("customer_id",),
    "updated_at",
    (
        person("the company's own id of the customer"),
        event("updated_at", "when this version of the record became true; null: always", required=False),
        event("registered_at", "when the customer became one", required=False),
        contact("full_name", "name"),
        contact("email_address", "e-mail"),
        contact("phone_number", "telephone"),
        Column(
            "birth_date",
            "DATE",
            "day of birth (1 January where only the year is known)",
            rule=HardRule(
                f"birth_date >= DATE '{EARLIEST_BIRTH}' AND birth_date <= $loaded_at",
                f"a birth from {EARLIEST_BIRTH} to the day of loading",
                "value",
            ),
            privacy="sensitive",
        ),
        Column("gender_code", TEXT, "as the source spells it, lower case"),
        Column("education_name", TEXT, "highest education"),
        Column("marital_status_name", TEXT, "marital status"),
        Column("occupation_name", TEXT, "occupation"),
        not_negative("income_amount", MONEY, "yearly household income"),
        Column("income_band_name", TEXT, "income band, where only a band is known"),
        Column("age_band_name", TEXT, "age band, where only a band is known"),
        not_negative("household_size_count", "INTEGER", "persons in the household"),
        not_negative("child_count", "INTEGER", "children in the household"),
        Column("country_name", TEXT, "country"),
        Column("region_name", TEXT, "region or state"),
        Column("city_name", TEXT, "city"),
        Column("area_code", TEXT, "key into area_profiles (county, postcode area)"),
    ),
)

ORDER_LINES = Entity(
    "order_lines",
    "one line of an order, cancellation or return; returns have a negative quantity",
    ("order_id", "line_id"),
    "ordered_at",
    (
        identity("order_id", "order, invoice or basket"),
        identity("line_id", "the line within the order"),
        person("the buyer; null for an anonymous sale", required=False),
        event("ordered_at", "when it was ordered, cancelled or returned (UTC)", required=True),
        Column("product_id", ID, "product"),
        Column("product_name", TEXT, "product in words"),
        Column("category_name", TEXT, "product category"),
        Column(
            "quantity",
            "DECIMAL(18,3)",
            "units; negative for returns and cancellations",
            required=True,
            rule=HardRule("abs(quantity) <= 1e6", "at most a million units"),
        ),
        Column(
            "unit_price_amount",
            MONEY,
            "price of a unit",
            required=True,
            # With a million units this is the largest amount that a line can have.
            rule=HardRule(
                "unit_price_amount BETWEEN 0 AND 1e7",
                "zero to ten million (a return has a negative quantity, not price)",
            ),
        ),
        not_negative("discount_amount", MONEY, "discount on the whole line"),
        Column("line_amount", MONEY, "amount of the line, signed as the quantity; else quantity × price − discount"),
        Column("is_cancellation", "BOOLEAN", "the line cancels an earlier one"),
        Column("is_product", "BOOLEAN", "false for postage, fees, vouchers and other lines that are no product"),
        Column("channel_name", TEXT, "web, app, store, …"),
        Column("store_id", ID, "store"),
        Column("country_name", TEXT, "country of the order"),
    ),
    occasion="order_id",
)

FEEDBACK = Entity(
    "feedback",
    "one rating, recommendation score, comment or complaint",
    ("feedback_id",),
    "given_at",
    (
        identity("feedback_id", "the feedback"),
        person("who gave it"),
        event("given_at", "when it was given (UTC)", required=True),
        Column("rating", "DOUBLE", "1 (worst) to 5", rule=HardRule("rating BETWEEN 1 AND 5", "1 to 5", "value")),
        Column(
            "recommend_score",
            "INTEGER",
            "0 to 10, as asked for the net promoter score",
            rule=HardRule("recommend_score BETWEEN 0 AND 10", "0 to 10", "value"),
        ),
        Column("is_complaint", "BOOLEAN", "a complaint"),
        Column("channel_name", TEXT, "where it was given"),
        contact("comment_text", "free text"),
    ),
)

CAMPAIGNS = Entity(
    "campaigns",
    "one campaign",
    ("campaign_id",),
    "started_at",
    (
        identity("campaign_id", "the campaign"),
        Column("campaign_name", TEXT, "its name or type"),
        Column("channel_name", TEXT, "main channel"),
        event("started_at", "first day", required=False),
        day("ended_date", "last day"),
    ),
)

CAMPAIGN_CONTACTS = Entity(
    "campaign_contacts",
    "one customer contacted by one campaign",
    ("campaign_id", "customer_id", "contacted_at"),
    "contacted_at",
    (
        identity("campaign_id", "the campaign"),
        person("who was contacted"),
        event("contacted_at", "when the contact was made (UTC)", required=True),
        event("responded_at", "when the customer responded; null: not yet", required=False),
        Column("channel_name", TEXT, "channel of the contact"),
    ),
    occasion="campaign_id",
)

CONSENTS = Entity(
    "consents",
    "one decision of a customer for or against a use of his data on a channel; the newest counts",
    ("customer_id", "purpose_name", "channel_name", "decided_at"),
    "decided_at",
    (
        person("who decided"),
        event("decided_at", "when he decided (UTC)", required=True),
        Column(
            "purpose_name",
            TEXT,
            "what for; treatments ask for `marketing`",
            required=True,
            rule=HardRule("length(trim(purpose_name)) > 0", "a purpose such as marketing"),
        ),
        Column("channel_name", TEXT, "where, as treatments name it (email, letter, …); null or `all`: everywhere"),
        Column("is_given", "BOOLEAN", "true: given; false: refused or withdrawn", required=True),
    ),
)

AREA_PROFILES = Entity(
    "area_profiles",
    "what is known of one area",
    ("area_code",),
    "valid_from",
    (
        identity("area_code", "the area"),
        event("valid_from", "from when the figures hold; null: always", required=False),
        Column("area_name", TEXT, "name"),
        Column("region_name", TEXT, "region or state"),
        Column("country_name", TEXT, "country"),
        not_negative("population_count", "BIGINT", "inhabitants"),
        not_negative("median_income_amount", MONEY, "median yearly household income"),
        share("poverty_share", "share of inhabitants in poverty"),
        share("unemployment_share", "share of the labour force without work"),
        Column("is_urban", "BOOLEAN", "metropolitan area"),
    ),
)

CONTROL_TOTALS = Entity(
    "control_totals",
    "what another system, such as accounting, says a source of order lines came to on one day",
    ("controlled_source_name", "control_date"),
    "reported_at",
    (
        identity("controlled_source_name", "the source of this workspace that the statement is about"),
        Column(
            "control_date",
            "DATE",
            "the day (UTC) that is stated",
            required=True,
            rule=HardRule(
                f"control_date BETWEEN DATE '{EARLIEST_EVENT}' AND CAST($loaded_at + INTERVAL 1 DAY AS DATE)",
                f"a day from {EARLIEST_EVENT} to the day of loading",
            ),
        ),
        event("reported_at", "when the other system said so (UTC); null: always known", required=False),
        not_negative("line_count", "BIGINT", "lines of that day, postage, cancellations and returns included"),
        not_negative("order_count", "BIGINT", "different order_ids with a line of that day"),
        Column("net_amount", MONEY, "amount of all lines of that day, returns and cancellations negative"),
    ),
)

ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        CUSTOMERS,
        ORDER_LINES,
        FEEDBACK,
        CAMPAIGNS,
        CAMPAIGN_CONTACTS,
        CONSENTS,
        AREA_PROFILES,
        CONTROL_TOTALS,
    )
}

#: Columns that are contact data in every workspace, by name: their values are shown to nobody.
CONTACT_COLUMNS = frozenset(
    column.name for entity in ENTITIES.values() for column in entity.columns if column.privacy == "contact"
)
