"""The canonical entities about customers and what they do.

Owns: their columns, keys, event times and hard rules. Does not own the list of all entities (`entities.py`).
"""

from __future__ import annotations

from tasks.config.entity import (
    EARLIEST_BIRTH,
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
        event("ordered_at", "when it was ordered, cancelled or returned", required=True),
        Column("product_id", ID, "product"),
        Column("product_name", TEXT, "product in words"),
        Column("category_name", TEXT, "product category"),
        Column("brand_name", TEXT, "brand or maker of the product"),
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
        event("given_at", "when it was given", required=True),
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
        event("contacted_at", "when the contact was made", required=True),
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
        event("decided_at", "when he decided", required=True),
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

INTERACTIONS = Entity(
    "interactions",
    "one contact that a customer made: a visit to the shop or site, a session in the app, a call, a chat",
    ("interaction_id",),
    "happened_at",
    (
        identity("interaction_id", "the interaction"),
        person("who it was; null: not known", required=False),
        event("happened_at", "when it began", required=True),
        Column("channel_name", TEXT, "web, app, store, service, …"),
        Column("kind_name", TEXT, "what was done: visit, search, basket, call, chat, …"),
        Column("device_name", TEXT, "phone, tablet, desktop, …"),
        Column("topic_name", TEXT, "what it was about"),
        Column(
            "duration_seconds",
            "DOUBLE",
            "how long it took, in seconds",
            # What is no number is larger than every number.
            rule=HardRule("duration_seconds BETWEEN 0 AND 1e9", "zero to a billion seconds", "value"),
        ),
        not_negative("page_count", "INTEGER", "pages or screens seen"),
        Column("has_purchase", "BOOLEAN", "it ended in an order"),
        Column("is_resolved", "BOOLEAN", "of a request: it was settled"),
    ),
)

SURVEY_ANSWERS = Entity(
    "survey_answers",
    "answers of one customer to items of one survey, one or many of them",
    ("survey_id", "customer_id", "answered_at"),
    "answered_at",
    (
        identity("survey_id", "the survey"),
        person("who answered"),
        event("answered_at", "when he answered", required=True),
        Column(
            "answers",
            TEXT,
            'the scores by item, as a JSON object such as {"likes_music": 5}; of a file with a column for each item'
            " json_object('likes_music', Music, …), of one with a row for each json_object(item, score)",
            required=True,
            # CASE, for of two conditions joined by AND the second may be computed first, and fails where no JSON is.
            rule=HardRule(
                "CASE WHEN json_valid(answers) THEN json_type(answers) = 'OBJECT'"
                " AND len(json_keys(answers)) = len(list_distinct(json_keys(answers))) ELSE false END",
                'a JSON object of items and scores, each item once, such as {"likes_music": 5}',
            ),
        ),
    ),
    occasion="customer_id",
)

ENRICHMENTS = Entity(
    "enrichments",
    "one thing that a provider says of one customer",
    ("customer_id", "provider_name", "attribute_name"),
    "enriched_at",
    (
        person("of whom it is said"),
        Column(
            "provider_name",
            TEXT,
            "who says it",
            required=True,
            rule=HardRule("length(trim(provider_name)) > 0", "the name of a provider"),
        ),
        Column(
            "attribute_name",
            TEXT,
            "what it is about, such as home_ownership; `features.enrichments` makes features of it",
            required=True,
            rule=HardRule("length(trim(attribute_name)) > 0", "the name of an attribute"),
        ),
        event("enriched_at", "when it was said", required=True),
        Column("attribute_value", TEXT, "what is said; null: nothing is known any more"),
    ),
    occasion="provider_name",
)
