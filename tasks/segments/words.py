"""The words for the standard features: how a marketer speaks of much and little of each.

Owns: adjectives and phrases for the columns of `sql/features`. Does not own: what those columns are (their SQL
headers), or how a name is put together (`naming.py`). A feature that is not listed is spoken of by its label.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_WINDOW = re.compile(r"_(\d+)d_")


class Words(NamedTuple):
    """Words for one feature.

    Attributes:
        high: adjective for much of it.
        low: adjective for little of it.
        phrase: what members do, with `{value}` and, in a windowed feature, `{days}`.
        group: features of one group say the same, and one of them is enough for a name.
    """

    high: str = ""
    low: str = ""
    phrase: str = ""
    group: str = ""


_STANDARD = {
    "recency_days": Words("long not seen", "recent", "last ordered {value} days ago", "recency"),
    "tenure_days": Words("long-standing", "new", "first ordered {value} days ago", "tenure"),
    "customer_days": Words("long-standing", "new", "registered {value} days ago", "tenure"),
    "order_count": Words("frequent", "infrequent", "ordered {value} times", "frequency"),
    "order_day_count": Words("frequent", "infrequent", "ordered on {value} days", "frequency"),
    "net_amount": Words("high-spend", "low-spend", "spent {value}", "spend"),
    "average_order_amount": Words("large orders", "small orders", "spend {value} an order", "order size"),
    "unit_count": Words("many units", "few units", "bought {value} units", "spend"),
    "units_per_order": Words("many units an order", "few units an order", "take {value} units an order", "order units"),
    "lines_per_order": Words("long order lists", "short order lists", "take {value} products an order", "order lines"),
    "product_count": Words("wide range", "narrow range", "bought {value} different products", "range"),
    "category_count": Words("many categories", "few categories", "bought from {value} categories", "range"),
    "category_entropy": Words("varied", "single-minded", "spread spend over categories ({value} bits)", "range"),
    "top_category_share": Words("single-minded", "varied", "put {value} into one category", "range"),
    "second_category_share": Words("two categories", "one category", "put {value} into a second category", "range"),
    "favourite_product_share": Words(
        "one favourite", "no favourite", "buy one product in {value} of lines", "favourite"
    ),
    "repeat_product_share": Words("buy again", "try new things", "buy {value} of products again", "repeats"),
    "category_switch_share": Words(
        "switch categories", "keep to a category", "switch category in {value} of orders", "range"
    ),
    "brand_switch_share": Words("switch brands", "brand-loyal", "switch brand in {value} of orders", "brands"),
    "brand_count": Words("many brands", "few brands", "bought {value} brands", "brands"),
    "top_brand_share": Words("brand-loyal", "many brands", "put {value} into one brand", "brands"),
    "discount_share": Words("discount-driven", "full-price", "get {value} off in discounts", "discount"),
    "discount_order_share": Words("discount-driven", "full-price", "use discounts in {value} of orders", "discount"),
    "discount_unit_share": Words("discount-driven", "full-price", "buy {value} of units on discount", "discount"),
    "discount_depth_share": Words(
        "deep discounts", "small discounts", "get {value} off what is discounted", "discount"
    ),
    "product_price_ratio": Words("pay more", "pay less", "pay {value} times the usual price", "price"),
    "category_price_ratio": Words("premium", "low-price", "pay {value} times what a category costs", "price"),
    "cheap_line_share": Words("low-price", "not low-price", "choose the cheapest third in {value} of lines", "price"),
    "dear_line_share": Words("premium", "not premium", "choose the dearest third in {value} of lines", "price"),
    "gap_mean_days": Words("long gaps", "short gaps", "order every {value} days on average", "rhythm"),
    "gap_median_days": Words("long gaps", "short gaps", "typically order every {value} days", "rhythm"),
    "gap_std_days": Words("irregular", "regular", "vary their gaps by {value} days", "regularity"),
    "last_gap_days": Words("last gap long", "last gap short", "waited {value} days before the last order", "rhythm"),
    "overdue_ratio": Words("overdue", "on time", "are at {value} times their usual gap", "recency"),
    "gap_variation_ratio": Words("irregular", "regular", "vary their gaps by {value} of the mean", "regularity"),
    "is_regular": Words("regular", "irregular", group="regularity"),
    "expected_next_order_days": Words("not due yet", "overdue", "are due in {value} days", "recency"),
    "return_line_count": Words("many returns", "few returns", "returned {value} items", "returns"),
    "return_line_share": Words("many returns", "few returns", "return {value} of items", "returns"),
    "returned_amount": Words("many returns", "few returns", "returned goods for {value}", "returns"),
    "return_amount_share": Words("many returns", "few returns", "return {value} of what they spend", "returns"),
    "weekend_order_share": Words("weekend", "weekday", "place {value} of orders at the weekend", "weekend"),
    "december_order_share": Words("Christmas", "not only Christmas", "place {value} of orders in December", "season"),
    "spring_order_share": Words("spring", "not spring", "place {value} of orders in spring", "season"),
    "summer_order_share": Words("summer", "not summer", "place {value} of orders in summer", "season"),
    "autumn_order_share": Words("autumn", "not autumn", "place {value} of orders in autumn", "season"),
    "winter_order_share": Words("winter", "not winter", "place {value} of orders in winter", "season"),
    "morning_order_share": Words("morning", "not morning", "place {value} of orders in the morning", "daypart"),
    "lunch_order_share": Words("lunch", "not lunch", "place {value} of orders at lunch", "daypart"),
    "afternoon_order_share": Words("afternoon", "not afternoon", "place {value} of orders in the afternoon", "daypart"),
    "dinner_order_share": Words("dinner", "not dinner", "place {value} of orders at dinner", "daypart"),
    "night_order_share": Words("night", "not night", "place {value} of orders at night", "daypart"),
    "online_order_share": Words("online", "offline", "place {value} of orders online", "online"),
    "top_channel_share": Words("one channel", "several channels", "place {value} of orders on one channel", "channels"),
    "second_channel_share": Words(
        "two channels", "one channel", "use a second channel for {value} of orders", "channels"
    ),
    "channel_count": Words("several channels", "one channel", "order on {value} channels", "channels"),
    "campaign_contact_count": Words("often contacted", "seldom contacted", "were contacted {value} times", "contacts"),
    "campaign_response_count": Words("responsive", "unresponsive", "responded {value} times", "response"),
    "campaign_response_share": Words("responsive", "unresponsive", "respond to {value} of contacts", "response"),
    "interaction_count": Words("active", "inactive", "made contact {value} times", "contact"),
    "last_interaction_days": Words("silent", "in touch", "made contact {value} days ago", "contact"),
    "digital_interaction_share": Words("digital", "not digital", "make {value} of contacts online", "online"),
    "mobile_interaction_share": Words("mobile", "not mobile", "make {value} of contacts by phone or tablet", "device"),
    "seconds_per_interaction": Words("long visits", "short visits", "stay {value} seconds", "visits"),
    "pages_per_interaction": Words("many pages", "few pages", "see {value} pages in a visit", "visits"),
    "conversion_share": Words("buy when they visit", "visit without buying", "buy in {value} of visits", "conversion"),
    "rating_mean": Words("satisfied", "dissatisfied", "rate {value} of 5", "satisfaction"),
    "complaint_count": Words("complaining", "content", "complained {value} times", "satisfaction"),
    "comment_count": Words("outspoken", "silent", "wrote {value} comments", "comments"),
    "negative_comment_share": Words("angry comments", "few angry comments", "are angry in {value} of comments", "mood"),
    "positive_comment_share": Words(
        "pleased comments", "few pleased comments", "are pleased in {value} of comments", "mood"
    ),
    "sentiment_mean": Words("pleased", "annoyed", "write with a mood of {value} (-1 to 1)", "mood"),
    "last_sentiment_score": Words(
        "pleased of late", "annoyed of late", "wrote last with a mood of {value} (-1 to 1)", "mood"
    ),
    "last_contact_days": Words(
        "contacted long ago", "contacted of late", "were contacted {value} days ago", "contacts"
    ),
    "feedback_count": Words("outspoken", "silent on service", "gave feedback {value} times", "feedback"),
    "has_marketing_consent": Words("open to marketing", "closed to marketing", group="consent"),
    "recommend_score_last": Words("promoters", "detractors", "recommend with {value} of 10", "satisfaction"),
    "rating_last": Words("satisfied", "dissatisfied", "last rated {value} of 5", "satisfaction"),
    "last_complaint_days": Words(
        "complained long ago", "complained of late", "complained {value} days ago", "complaint"
    ),
    "request_count": Words("many requests", "few requests", "asked service {value} times", "service"),
    "unresolved_request_count": Words("left unserved", "served", "have {value} requests open", "service"),
    "unresolved_request_share": Words("left unserved", "served", "have {value} of requests open", "service"),
    "survey_count": Words("answer surveys", "answer no surveys", "answered {value} surveys", "surveys"),
    "last_survey_days": Words("asked long ago", "asked of late", "answered a survey {value} days ago", "surveys"),
    "cost_known_share": Words("known costs", "unknown costs", "buy {value} of lines at known cost", "known costs"),
    "is_partnered": Words("with a partner", "without a partner", group="household"),
    "is_multi_country": Words("several countries", "one country", group="countries"),
    "is_urban": Words("urban", "rural", group="town"),
    "goods_cost_amount": Words("costly goods", "cheap goods", "bought goods that cost {value}", "costs"),
    "order_cost_amount": Words("costly orders", "cheap orders", "cost {value} in orders", "costs"),
    "customer_cost_amount": Words(
        "costly to serve", "cheap to serve", "cost {value} beside their orders", "service cost"
    ),
    "margin_amount": Words("profitable", "unprofitable", "bring a margin of {value}", "margin"),
    "margin_share": Words("high-margin", "low-margin", "bring a margin of {value}", "margin"),
    "area_population_count": Words("large towns", "small towns", "live in areas of {value} inhabitants", "town"),
    "area_median_income_amount": Words("affluent areas", "modest areas", "live where {value} is earned", "area"),
    "area_poverty_share": Words("poor areas", "affluent areas", "live where {value} are poor", "area"),
    "area_unemployment_share": Words(
        "areas without work", "areas with work", "live where {value} have no work", "area"
    ),
    "area_income_ratio": Words("affluent areas", "modest areas", "live where {value} of the mean is earned", "area"),
    "income_to_area_ratio": Words("above their area", "below their area", "earn {value} times their area", "income"),
    "age_years": Words("older", "younger", "are {value} years old", "age"),
    "income_amount": Words("higher income", "lower income", "earn {value} a year", "income"),
    "household_size_count": Words("large household", "small household", "live in households of {value}", "household"),
    "child_count": Words("with children", "without children", "have {value} children", "household"),
}

_WINDOWED = {
    "order_count": Words(
        "frequent in {days} days", "quiet in {days} days", "ordered {value} times in {days} days", "frequency"
    ),
    "net_amount": Words(
        "high-spend in {days} days", "low-spend in {days} days", "spent {value} in {days} days", "spend"
    ),
    "interaction_count": Words(
        "active in {days} days", "inactive in {days} days", "made contact {value} times in {days} days", "contact"
    ),
    "service_count": Words(
        "calling service in {days} days",
        "not calling service in {days} days",
        "asked service {value} times in {days} days",
        "service",
    ),
    "abandoned_basket_count": Words(
        "leave baskets", "leave no baskets", "left {value} baskets in {days} days", "baskets"
    ),
    "rating_mean": Words("satisfied", "dissatisfied", "rated {value} of 5 in {days} days", "satisfaction"),
    "comment_count": Words(
        "outspoken in {days} days", "silent in {days} days", "wrote {value} comments in {days} days", "comments"
    ),
    "negative_comment_share": Words(
        "angry in {days} days", "not angry in {days} days", "were angry in {value} of comments in {days} days", "mood"
    ),
    "sentiment_mean": Words(
        "pleased in {days} days",
        "annoyed in {days} days",
        "wrote with a mood of {value} (-1 to 1) in {days} days",
        "mood",
    ),
    "complaint_count": Words(
        "complaining in {days} days",
        "content in {days} days",
        "complained {value} times in {days} days",
        "satisfaction",
    ),
    "margin_amount": Words(
        "profitable in {days} days", "unprofitable in {days} days", "brought {value} in {days} days", "margin"
    ),
}


def standard_words(feature: str) -> Words:
    """Words for a feature, all empty where it is none of the standard ones; `order_90d_count` is a windowed one."""
    found = _WINDOW.search(feature)
    if found is None:
        return _STANDARD.get(feature, Words())
    words = _WINDOWED.get(_WINDOW.sub("_", feature), Words())
    return Words(*(part.replace("{days}", found.group(1)) for part in words))
