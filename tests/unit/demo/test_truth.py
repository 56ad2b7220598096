"""The truth agrees with the exports: counts, life dates, attributes, shares of segments."""

from __future__ import annotations

import datetime as dt
import json

import polars as pl
import pytest
from scipy import stats

from tasks.demo import story
from tests.unit.demo.conftest import Demo
from tests.unit.demo.read_exports import crm

PRICE_RISE = dt.date(2025, 5, 1)


def test_counts_of_orders_and_lines(demo: Demo) -> None:
    named = demo.lines.filter(pl.col("customer").is_in(demo.truth["customer_id"].implode()))
    is_sale = ~pl.col("order").str.contains("-")
    counted = named.group_by("customer").agg(lines=pl.len(), orders=pl.col("order").filter(is_sale).n_unique())
    both = demo.truth.join(counted, left_on="customer_id", right_on="customer", how="left").fill_null(0)
    assert (both["line_count"] == both["lines"]).all()
    assert (both["order_count"] == both["orders"]).all()


def test_nobody_orders_before_registering_or_after_leaving(demo: Demo) -> None:
    sales = demo.lines.filter(~pl.col("order").str.contains("-")).join(
        demo.truth, left_on="customer", right_on="customer_id"
    )
    day = sales["at"].dt.date()
    assert (day >= sales["registered_date"]).all()
    assert (sales["left_date"].is_null() | (day < sales["left_date"])).all()
    assert sales["lapsed_by_price_rise"].sum() > 0


def test_half_of_the_active_pantry_stockers_left_on_the_day(demo: Demo) -> None:
    lapsed = demo.truth.filter("lapsed_by_price_rise")
    assert set(lapsed["segment"]) == {"pantry_stockers"}
    assert set(lapsed["left_date"]) == {PRICE_RISE}
    candidates = demo.truth.filter(
        (pl.col("segment") == "pantry_stockers")
        & (pl.col("registered_date") < PRICE_RISE)
        & (pl.col("left_date").is_null() | (pl.col("left_date") >= PRICE_RISE))
    )
    assert stats.binomtest(len(lapsed), len(candidates), 0.5).pvalue > 0.001


def test_segments_have_the_shares_of_the_story(demo: Demo) -> None:
    counts = dict(demo.truth["segment"].value_counts().iter_rows())
    observed = [counts[segment.id] for segment in story.SEGMENTS]
    expected = [segment.share * len(demo.truth) for segment in story.SEGMENTS]
    assert sum(segment.share for segment in story.SEGMENTS) == pytest.approx(1.0)
    assert stats.chisquare(observed, expected).pvalue > 0.001


def test_events_tell_what_is_in_the_truth(demo: Demo) -> None:
    told = json.loads((demo.folder / "truth" / "events.json").read_text(encoding="utf-8"))
    start = dict(demo.truth["segment"].value_counts().iter_rows())
    end = dict(demo.truth["segment_at_end"].value_counts().iter_rows())
    assert {one["id"]: one["customers"] for one in told["segments"]} == start
    assert {one["id"]: one["customers_at_end"] for one in told["segments"]} == end
    rise, kits, moved = told["events"]
    assert rise["date"] == str(PRICE_RISE)
    assert rise["customers_lapsed"] == demo.truth["lapsed_by_price_rise"].sum()
    assert kits["newcomers"] == start["meal_kit_subscribers"]
    assert kits["converts"] == end["meal_kit_subscribers"] - start["meal_kit_subscribers"]
    assert moved["customers"] == demo.truth["moved_date"].is_not_null().sum()
    assert demo.manifest.files[-1].path == "truth/events.json"
    assert demo.manifest.files[-1].rows == len(told["events"])


def test_subscribers_are_exactly_those_with_a_date(demo: Demo) -> None:
    subscribes = demo.truth["meal_kit_since_date"].is_not_null()
    assert ((demo.truth["segment_at_end"] == "meal_kit_subscribers") == subscribes).all()
    unchanged = demo.truth.filter(~subscribes)
    assert (unchanged["segment"] == unchanged["segment_at_end"]).all()


def test_crm_records_are_true_where_they_are_filled_in(demo: Demo) -> None:
    records = crm(demo.folder).unique().join(demo.truth, left_on="KundenNr", right_on="customer_id", how="full")
    assert records["KundenNr"].null_count() == 0
    birth_known = records.filter(pl.col("Geburtsdatum").dt.year() > 1900)
    assert (birth_known["Geburtsdatum"] == birth_known["birth_date"]).all()
    income_known = records.filter(pl.col("Jahreseinkommen") != 666_666)
    assert (income_known["Jahreseinkommen"] == income_known["income_amount"]).all()
    assert (records["Kunde_seit"] == records["registered_date"]).all()
    assert (records["Geaendert_am"].dt.date() == records["registered_date"]).all()
    assert (records["Gebiet"] == records["area_code"]).all()
    spelt = dict(records.drop_nulls("Geschlecht").group_by("gender").agg(pl.col("Geschlecht").unique()).iter_rows())
    assert set(spelt["female"]) == {"F", "female", "W", "weiblich", "Frau", "f"}
    assert not set(spelt["female"]) & set(spelt["male"])


def test_movers_have_a_later_record_in_their_new_area(demo: Demo) -> None:
    later = crm(demo.folder, "crm_customers_delta_2025.csv")
    movers = demo.truth.drop_nulls("moved_date")
    both = movers.join(later, left_on="customer_id", right_on="KundenNr")
    assert len(both) == len(movers) == len(later)
    assert (both["Gebiet"] == both["new_area_code"]).all()
    assert (both["area_code"] != both["new_area_code"]).all()
    assert (both["Geaendert_am"].dt.date() == both["moved_date"]).all()
    assert (both["moved_date"] > both["registered_date"]).all()


def test_responses_depend_on_the_true_segment(demo: Demo) -> None:
    contacts = pl.read_csv(demo.folder / "campaign_contacts.csv", try_parse_dates=True)
    campaigns = pl.read_csv(demo.folder / "campaigns.csv", try_parse_dates=True)
    assert contacts.select("campaign", "customer").is_unique().all()
    joined = contacts.join(campaigns, on="campaign").join(demo.truth, left_on="customer", right_on="customer_id")
    assert len(joined) == len(contacts)
    assert (joined["sent_at"].dt.date() > joined["registered_date"]).all()
    waited = joined.drop_nulls("responded_at")
    assert (waited["responded_at"] > waited["sent_at"]).all()
    assert (waited["responded_at"].dt.date() <= waited["last_day"]).all()
    discount = joined.filter(pl.col("kind") == "discount")
    by_segment = discount.group_by("segment").agg(yes=pl.col("responded_at").count(), all=pl.len())
    yes = dict(by_segment.select("segment", "yes").iter_rows())
    contacted = dict(by_segment.select("segment", "all").iter_rows())
    # Planted: 30 % and 4 %, of those who are still there.
    assert yes["deal_hunters"] / contacted["deal_hunters"] > 0.2
    assert yes["occasional_treaters"] / contacted["occasional_treaters"] < 0.1


def test_consents_end_as_the_truth_says(demo: Demo) -> None:
    good = pl.read_csv(demo.folder / "consents.csv", infer_schema=False).filter(
        pl.col("customer").is_not_null()
        & pl.col("decision").is_in(["opt-in", "opt-out"])
        & (pl.col("decided_at").str.slice(0, 10) != "2025-02-31")
    )
    assert max(good["decided_at"]) < str(story.HISTORY_END + dt.timedelta(days=1))
    marketing = good.filter(pl.col("purpose") == "marketing").sort("decided_at")
    for channel, column in (
        ("email", "has_email_consent"),
        ("app", "has_app_consent"),
        ("letter", "has_letter_consent"),
    ):
        # In a loop, as somebody would who reads the file from top to bottom.
        wants: dict[str, bool] = {}
        for customer, told, decision in marketing.select("customer", "channel", "decision").iter_rows():
            if told in {channel, "*"}:
                wants[customer] = decision == "opt-in"
        true = dict(demo.truth.select("customer_id", column).iter_rows())
        assert {customer: wants.get(customer, False) for customer in true} == true
        assert 0.1 < demo.truth[column].sum() / len(demo.truth) < 0.7
    withdrawn = demo.truth.drop_nulls("consent_withdrawn_date")
    assert 0.05 < len(withdrawn) / len(demo.truth) < 0.15
    assert (withdrawn["consent_withdrawn_date"] > withdrawn["registered_date"]).all()
    assert withdrawn["has_email_consent"].sum() > 0


def test_area_statistics_cover_every_area(demo: Demo) -> None:
    areas = pl.read_csv(demo.folder / "areas.csv")
    assert areas["area"].is_unique().all()
    assert set(demo.truth["area_code"]) | set(demo.truth["new_area_code"].drop_nulls()) <= set(areas["area"])
    assert areas["poverty_percent"].is_between(0, 100, closed="none").all()
