"""The canonical entities about what surrounds customers: areas, markets, costs, what other systems count.

Owns: their columns, keys, event times and hard rules. Does not own the list of all entities (`entities.py`).
"""

from __future__ import annotations

from tasks.config.entity import (
    AT,
    EARLIEST_EVENT,
    ID,
    MONEY,
    TEXT,
    Column,
    Entity,
    HardRule,
    event,
    identity,
    not_negative,
    person,
    share,
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
            "the day that is stated",
            required=True,
            rule=HardRule(
                f"control_date BETWEEN DATE '{EARLIEST_EVENT}' AND CAST($loaded_at + INTERVAL 1 DAY AS DATE)",
                f"a day from {EARLIEST_EVENT} to the day of loading",
            ),
        ),
        event("reported_at", "when the other system said so; null: always known", required=False),
        not_negative("line_count", "BIGINT", "lines of that day, postage, cancellations and returns included"),
        not_negative("order_count", "BIGINT", "different order_ids with a line of that day"),
        Column("net_amount", MONEY, "amount of all lines of that day, returns and cancellations negative"),
    ),
)

COSTS = Entity(
    "costs",
    "one cost: of a unit of a product or of an order on a channel, from a moment on; or spent on a customer",
    ("cost_id",),
    "incurred_at",
    (
        identity("cost_id", "the cost"),
        Column(
            "incurred_at",
            AT,
            "from when it holds, or when it was spent; a new price of a product is a cost of its own",
            required=True,
            # A price list is announced before it holds; until then it is not seen.
            rule=HardRule(
                f"incurred_at >= TIMESTAMP '{EARLIEST_EVENT}' AND incurred_at <= $loaded_at + INTERVAL 1 YEAR",
                f"a time from {EARLIEST_EVENT} to a year after the day of loading",
            ),
        ),
        Column(
            "cost_kind_name",
            TEXT,
            "what costs: unit (of product_id), order (on channel_name; null: on every), customer (customer_id)",
            required=True,
            rule=HardRule(
                "CASE cost_kind_name WHEN 'unit' THEN product_id IS NOT NULL"
                " WHEN 'customer' THEN customer_id IS NOT NULL ELSE cost_kind_name = 'order' END",
                "unit with a product_id, order, or customer with a customer_id",
            ),
        ),
        Column("product_id", ID, "of a cost by unit: the product"),
        Column("channel_name", TEXT, "of a cost by order: the channel; null: every channel that has none of its own"),
        person("of a cost spent on a customer: who", required=False),
        Column(
            "cost_amount",
            MONEY,
            "what it costs: a unit, an order, or in all",
            required=True,
            rule=HardRule("cost_amount >= 0", "zero or more"),
        ),
        Column("purpose_name", TEXT, "what for, such as acquisition, service, delivery"),
    ),
    occasion="incurred_at",
)

LABELLED_COMMENTS = Entity(
    "labelled_comments",
    "one comment that somebody has read and labelled; text models of sentiment and theme learn from them",
    ("comment_id",),
    "labelled_at",
    (
        identity("comment_id", "the comment"),
        event("labelled_at", "when it was labelled; null: always known", required=False),
        Column(
            "comment_text",
            TEXT,
            "free text",
            required=True,
            rule=HardRule(r"regexp_matches(comment_text, '\S')", "a text that is not blank"),
            privacy="contact",
        ),
        Column(
            "sentiment_name",
            TEXT,
            "negative, neutral or positive; null: not labelled",
            rule=HardRule("sentiment_name IN ('negative', 'neutral', 'positive')", "negative, neutral or positive"),
        ),
        Column(
            "theme_name",
            TEXT,
            "what it is about, as the company calls it; null: not labelled",
            # A whole sentence would be a quotation, not a label.
            rule=HardRule("length(theme_name) BETWEEN 1 AND 60", "a label of 1 to 60 characters"),
        ),
    ),
)

MARKET_INDICATORS = Entity(
    "market_indicators",
    "the value of one indicator of a country or area in one period",
    ("indicator_name", "country_name", "area_code", "period_date"),
    "reported_at",
    (
        Column(
            "indicator_name",
            TEXT,
            "what is measured, such as consumer_confidence; `features.indicators` makes features of it",
            required=True,
            rule=HardRule("length(trim(indicator_name)) > 0", "the name of an indicator"),
        ),
        Column("country_name", TEXT, "the country, as customers have it; null: of an area, or everywhere"),
        Column("area_code", ID, "the area, as customers have it; null: of a country, or everywhere"),
        Column(
            "period_date",
            "DATE",
            "last day of the period",
            required=True,
            rule=HardRule(f"period_date >= DATE '{EARLIEST_EVENT}'", f"a day from {EARLIEST_EVENT} on"),
        ),
        event("reported_at", "when it was reported; null: at the end of its period", required=False),
        Column(
            "indicator_value",
            "DOUBLE",
            "the value",
            required=True,
            # The squares of features are added up for profiles, and must fit there.
            rule=HardRule("abs(indicator_value) <= 1e11", "at most 1e11 (write larger ones in thousands or millions)"),
        ),
    ),
)
