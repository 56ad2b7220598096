"""Who gets what, by hand for every reason, and what holds of every plan."""

from __future__ import annotations

import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.config.contacts import ContactCap
from tasks.treatment.resolve import REASONS, resolve

PLANNED = {
    "rank_no": pl.Int64,
    "customer_id": pl.String,
    "segment_id": pl.String,
    "channel_key": pl.String,
    "refusal_name": pl.String,
}
CONTACTED = {"customer_id": pl.String, "channel_key": pl.String, "days_ago": pl.Int64, "contact_count": pl.Int64}
Row = tuple[int, str, str, str, str | None]


def plan(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=PLANNED, orient="row")


def contacted(*rows: tuple[str, str, int, int]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=CONTACTED, orient="row")


def outcome(
    planned: pl.DataFrame,
    *sent: tuple[str, str, int, int],
    caps: list[ContactCap] | None = None,
    **budgets: int,
) -> dict[tuple[str, str], str | None]:
    found = resolve(planned, contacted(*sent), caps or [], budgets)
    return {(row["customer_id"], row["segment_id"]): row["refusal_name"] for row in found.iter_rows(named=True)}


def test_the_first_in_rank_wins_and_names_itself_to_the_others() -> None:
    planned = plan((1, "anna", "a", "email", None), (2, "anna", "b", "email", None), (3, "anna", "c", "app", None))
    found = resolve(planned, contacted(), [], {})
    assert found.get_column("refusal_name").to_list() == [None, "priority", None]
    assert found.get_column("winner_id").to_list() == [None, "a", None]
    assert found.get_column("place").to_list() == [1, 2, 1]


@pytest.mark.parametrize("reason", ["window", "excluded", "refused", "unknown"])
def test_what_stands_against_the_first_lets_the_next_win(reason: str) -> None:
    planned = plan((1, "anna", "a", "email", reason), (2, "anna", "b", "email", None))
    assert outcome(planned) == {("anna", "a"): reason, ("anna", "b"): None}


def test_a_short_budget_goes_to_the_first_rows_and_the_others_get_the_next_best() -> None:
    planned = plan(
        (1, "rich", "a", "email", None),
        (1, "poor", "a", "email", None),
        (2, "poor", "b", "email", None),
        (2, "rich", "b", "email", None),
    )
    assert outcome(planned, a=1) == {
        ("rich", "a"): None,
        ("poor", "a"): "budget",
        ("poor", "b"): None,
        ("rich", "b"): "priority",
    }
    assert outcome(planned, a=0, b=1)[("rich", "b")] == "budget"


def test_who_cannot_get_it_costs_nothing_of_the_budget() -> None:
    planned = plan((1, "anna", "a", "email", "refused"), (1, "ben", "a", "email", None))
    assert outcome(planned, a=1) == {("anna", "a"): "refused", ("ben", "a"): None}


def test_contacts_before_count_towards_the_cap_of_their_channel_and_days() -> None:
    planned = plan((1, "anna", "a", "email", None), (1, "ben", "a", "email", None), (2, "anna", "b", "app", None))
    caps = [ContactCap(at_most=2, days=30, channel="Email")]
    sent = [("anna", "email", 3, 2), ("ben", "email", 30, 2), ("ben", "app", 1, 5), ("carl", "email", 1, 9)]
    assert outcome(planned, *sent, caps=caps) == {("anna", "a"): "contact_cap", ("ben", "a"): None, ("anna", "b"): None}


def test_a_cap_over_all_channels_counts_what_the_run_itself_gives() -> None:
    planned = plan((1, "anna", "a", "email", None), (2, "anna", "b", "app", None), (3, "anna", "c", "post", None))
    caps = [ContactCap(at_most=3, days=7), ContactCap(at_most=9, days=7, channel="app")]
    found = resolve(planned, contacted(("anna", "", 6, 1)), caps, {})
    assert found.get_column("refusal_name").to_list() == [None, None, "contact_cap"]
    assert found.get_column("cap_no").to_list() == [None, None, 0]


def test_nothing_planned_is_nothing_given() -> None:
    assert resolve(plan(), contacted(), [ContactCap(at_most=1, days=7)], {}).height == 0


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    segments = [f"s{at}" for at in range(draw(st.integers(1, 6)))]
    channel = {segment: draw(st.sampled_from(["app", "email"])) for segment in segments}
    customers = [f"c{at}" for at in range(draw(st.integers(1, 8)))]
    rows = [
        (rank, customer, segment, channel[segment], draw(st.sampled_from([None, None, None, "refused", "window"])))
        for rank, segment in enumerate(segments, 1)
        for customer in draw(st.permutations(customers))[: draw(st.integers(0, len(customers)))]
    ]
    sent = [(customer, draw(st.sampled_from(["app", "email"])), draw(st.integers(0, 40)), 1) for customer in customers]
    budgets = {segment: draw(st.one_of(st.none(), st.integers(0, 5))) for segment in segments}
    caps = [
        ContactCap(at_most=draw(st.integers(0, 2)), days=30, channel=channel_name)
        for channel_name in draw(st.lists(st.sampled_from(["app", "email", None]), unique=True))
    ]
    return {"rows": rows, "sent": sent, "budgets": budgets, "caps": caps}


@given(worlds())
@settings(max_examples=150)
def test_what_holds_of_every_plan(world: dict[str, Any]) -> None:
    planned, sent, caps = plan(*world["rows"]), contacted(*world["sent"]), world["caps"]
    found = resolve(planned, sent, caps, world["budgets"])
    # Winners and losers are all that was planned, and who loses is told why.
    assert found.select(planned.columns[:4]).equals(planned.select(planned.columns[:4]))
    assert set(found.get_column("refusal_name").drop_nulls()) <= set(REASONS)
    given_ = found.filter(pl.col("refusal_name").is_null())
    assert given_.select("customer_id", "channel_key").is_unique().all()
    for segment, count in given_.group_by("segment_id").len().iter_rows():
        assert world["budgets"][segment] is None or count <= world["budgets"][segment]
    for cap in caps:
        keys = ["app", "email"] if cap.channel_key is None else [cap.channel_key]
        for customer in planned.get_column("customer_id").unique():
            mine = pl.col("customer_id") == customer
            before = sent.filter(mine & (pl.col("days_ago") < cap.days) & pl.col("channel_key").is_in(keys))
            now = given_.filter(mine & pl.col("channel_key").is_in(keys)).height
            assert now == 0 or before.get_column("contact_count").sum() + now <= cap.at_most
    # A priority lost names who won there; a budget that was refused is spent.
    lost = found.filter(pl.col("refusal_name") == "priority")
    winners = {(row["customer_id"], row["channel_key"]): row["segment_id"] for row in given_.iter_rows(named=True)}
    assert all(
        winners[row["customer_id"], row["channel_key"]] == row["winner_id"] for row in lost.iter_rows(named=True)
    )
    for segment in found.filter(pl.col("refusal_name") == "budget").get_column("segment_id").unique():
        assert given_.filter(pl.col("segment_id") == segment).height == world["budgets"][segment]


@given(worlds(), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_of_contacts_and_of_other_customers_does_not_matter(
    world: dict[str, Any], draw: random.Random
) -> None:
    planned, sent = plan(*world["rows"]), contacted(*world["sent"])
    once = resolve(planned, sent, world["caps"], {})
    turned = planned.sample(fraction=1.0, shuffle=True, seed=draw.randint(0, 9)).sort("rank_no", maintain_order=True)
    again = resolve(turned, sent.reverse(), world["caps"], {})
    # Without budgets nobody's treatment depends on who stands before him.
    key = ["customer_id", "segment_id"]
    assert once.sort(key).equals(again.sort(key))
