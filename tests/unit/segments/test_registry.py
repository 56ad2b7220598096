"""Versions of what is learnt and the decisions on them, over several runs: who is in use, when, and for which runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from tasks.config.errors import StatisticsError, UsageError
from tasks.segments import challenge
from tasks.segments.challenge import Fitted, NotFitted, decide, fit_all, fit_now, learning, standings
from tasks.segments.comparison import compare
from tasks.warehouse import model_ledger
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run
from tests.unit.segments.made_facts import Company, facts_of
from tests.unit.segments.made_runs import shop
from tests.workspaces import MakeWorkspace

JUNE, JULY, AUGUST, SEPTEMBER = (dt.date(2025, month, day) for month, day in ((6, 30), (7, 15), (8, 15), (9, 1)))
TIERS = {
    "kind": "cuts",
    "basis": "value",
    "feature": "net_amount",
    "quantiles": [0.5],
    "refit": {"every_days": 30, "accept": "by_hand"},
    "segments": [{"id": "low", "name": "Low"}, {"id": "high", "name": "High"}],
}
#: Half wine in June; ten who buy tea come in July.
LIKES = {
    "kind": "values",
    "basis": "behavioural",
    "feature": "top_category_name",
    "min_share": 0.3,
    "others": {"id": "others", "name": "Others"},
    "refit": {"accept": "by_hand"},
}
#: Ten with 10 to 100 in June; ten more with 200 each come in July.
FACTS = [(f"c{n:02d}", dt.date(2025, 6, 1), 10.0 * n, "wine") for n in range(1, 11)]
FACTS += [(f"d{n:02d}", dt.date(2025, 7, 10), 200.0, "tea") for n in range(1, 11)]


def decided(run: Run, name: str, number: int, decision: Any, because: str = "it is better") -> str:  # noqa: ANN401
    return decide(run, name, number, decision, by="anna", because=because).standing


@pytest.fixture
def company(make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A company whose runs take no time: its features are given."""
    monkeypatch.setattr(challenge, "catalogue_of", facts_of)
    space = make_workspace("privacy.min_group_size=2", tree=shop(tiers=TIERS, likes=LIKES))
    with Warehouse.open(None) as warehouse:
        yield Company(space, warehouse, FACTS)


def test_by_hand_a_challenger_waits_is_accepted_and_rolled_back(company: Company) -> None:
    assert learning(company.space) == ["tiers", "likes"]
    first = company.run(JUNE)
    assert first["versions"] == {"tiers": ["1 champion"], "likes": ["1 champion"]}
    august = company.run(AUGUST)
    moved = "learnt anew, 46 days after 2025-06-30; 5 of 20 customers are in another segment than by the old thresholds"
    assert august["notes"]["tiers"] == (
        f"2 cuts at 60; thresholds of 2025-06-30 go on; model 2 waits to be accepted: {moved}"
    )
    assert august["versions"]["tiers"] == ["1 champion", "2 waiting"]
    assert (august["models"]["tiers"], august["high"]) == ((1, JUNE), 15)

    with company.newest() as run:
        assert decided(run, "tiers", 2, "accept") == "champion, accepted by anna: it is better"
    # The date itself, run again, and the next one use it; an earlier date knows nothing of it.
    again = company.run(AUGUST)
    assert again["id"] != august["id"]
    assert again["versions"]["tiers"] == ["1 retired", "2 champion"]
    assert (again["models"]["tiers"], again["high"]) == ((2, AUGUST), 10)
    assert again["notes"]["tiers"].endswith("; model 2 of 2025-08-15 accepted by anna: it is better")
    assert company.run(JUNE)["id"] == first["id"]
    september = company.run(SEPTEMBER)
    assert september["notes"]["tiers"] == "2 cuts at 200; thresholds of 2025-08-15 go on"
    assert company.run(SEPTEMBER)["id"] == september["id"]

    with company.newest() as run:
        assert decided(run, "tiers", 1, "rollback", "lists too short") == (
            "champion, rolled back to by anna: lists too short"
        )
    back = company.run(dt.date(2025, 9, 5))
    assert back["versions"]["tiers"] == ["1 champion", "2 retired"]
    assert (back["models"]["tiers"], back["high"]) == ((1, JUNE), 15)
    # It was trained long ago, and is not due for that: the last fit counts.
    assert back["notes"]["tiers"] == "2 cuts at 60; model 1 of 2025-06-30 rolled back to by anna: lists too short"


def test_a_decision_is_seen_from_when_it_was_made(company: Company) -> None:
    company.run(JUNE)
    before = company.run(AUGUST)
    with company.newest() as run:
        decided(run, "tiers", 2, "accept")
        made = run.warehouse.value("SELECT decided_at FROM ops.model_decision")
        assert model_ledger.decisions(run.warehouse, AUGUST, made - dt.timedelta(seconds=1)) == []
        assert model_ledger.decisions(run.warehouse, JULY, None) == []
        assert [one.by for one in model_ledger.decisions(run.warehouse, AUGUST, made)] == ["anna"]
    assert company.run(AUGUST, made - dt.timedelta(seconds=1))["versions"]["tiers"] == before["versions"]["tiers"]
    assert company.run(AUGUST)["versions"]["tiers"] == ["1 retired", "2 champion"]
    # A date that is filled in afterwards knows neither the decision nor the model, which was learnt later.
    assert company.run(JULY)["versions"]["tiers"] == ["1 champion"]
    assert company.run(AUGUST)["versions"]["tiers"] == ["1 retired", "2 champion"]


def test_a_backfill_uses_the_models_that_were_in_use_then(company: Company) -> None:
    company.run(JUNE)
    august = company.run(AUGUST)
    with company.newest() as run:
        decided(run, "tiers", 2, "accept")
    # What was decided about the date later, and what is due between two dates, is for those who model anew.
    live = company.run(AUGUST, live=Publication(AUGUST, august["id"]))
    assert {key: live[key] for key in ("versions", "models", "notes", "high")} == {
        key: august[key] for key in ("versions", "models", "notes", "high")
    }
    assert live["id"] != august["id"]
    between = dt.date(2025, 8, 1)
    june = company.run(JUNE)
    assert company.run(between, live=Publication(JUNE, june["id"]))["versions"]["tiers"] == ["1 champion"]
    assert company.run(between)["versions"]["tiers"] == ["1 champion", "2 waiting"]


def test_a_backfill_learns_where_no_model_of_then_answers_what_is_asked_today(
    company: Company, make_workspace: MakeWorkspace
) -> None:
    company.run(JUNE)
    august = company.run(AUGUST)
    asked = shop(tiers=TIERS | {"quantiles": [0.25]}, likes=LIKES)
    other = make_workspace("privacy.min_group_size=2", tree=asked)
    found = company.run(AUGUST, space=other, live=Publication(AUGUST, august["id"]))
    assert found["models"] == {"tiers": (2, AUGUST), "likes": (1, JUNE)}
    assert found["versions"]["tiers"] == ["1 retired", "2 champion"]


def test_the_same_runs_and_decisions_give_the_same_rows(company: Company) -> None:
    found = []
    with Warehouse.open(None) as other:
        for one in (company, Company(company.space, other, reversed(FACTS))):
            one.run(JUNE)
            one.run(AUGUST)
            with one.newest() as run:
                fit_now(run, "likes")
                decided(run, "likes", 2, "accept")
                decided(run, "tiers", 2, "accept")
            one.run(SEPTEMBER)
            tables = ("model_version", "model", "membership", "definition")
            found.append([one.warehouse.rows(f"SELECT * FROM segments.{table} ORDER BY ALL") for table in tables])
    assert found[0] == found[1]


def test_a_rejected_challenger_stays_out_and_may_be_accepted_after_all(company: Company) -> None:
    company.run(JUNE)
    company.run(AUGUST)
    with company.newest() as run:
        assert decided(run, "tiers", 2, "reject", "no") == "rejected by anna: no"
        with pytest.raises(UsageError, match="model 2 does not wait for a decision, it is rejected"):
            decided(run, "tiers", 2, "reject")
    assert company.run(SEPTEMBER)["versions"]["tiers"] == ["1 champion", "2 rejected"]
    with company.newest() as run:
        decided(run, "tiers", 2, "accept")
    assert company.run(dt.date(2025, 9, 2))["versions"]["tiers"] == ["1 retired", "2 champion"]


def test_a_refit_between_runs_waits_and_its_segments_come_and_go(company: Company) -> None:
    company.run(JUNE)
    assert company.run(AUGUST)["versions"]["likes"] == ["1 champion"]
    with company.newest() as run:
        fitted = fit_now(run, "likes")
        assert (fitted.outcome, fitted.version.model_no, fitted.version.new_ids) == ("waits", 2, "tea")
        assert fit_now(run, "likes") == fitted  # the same rows give the same version
        assert len(standings(run, "likes")) == 2
        found = compare(run, "likes", 1, 2)
        assert (found.moved_count, found.customer_count, found.new) == (10, 20, ["likes.tea"])
        assert found.flows == {("likes.others", "likes.tea"): 10, ("likes.wine", "likes.wine"): 10}
        decided(run, "likes", 2, "accept")
    september = company.run(SEPTEMBER)
    assert september["versions"]["likes"] == ["1 retired", "2 champion"]
    assert september["likes"]["likes.tea"] == ("tea", "active", SEPTEMBER)
    told = "likes: model 2 took over from model 1, accepted by anna: it is better; likes.tea is new"
    assert september["events"] == {"accept": told}
    with company.newest() as run:
        decided(run, "likes", 1, "rollback")
    assert company.run(dt.date(2025, 9, 2))["likes"]["likes.tea"][1] == "retired"
    with company.newest() as run:
        decided(run, "likes", 2, "rollback")
    # Its segment is the same segment, so it is there again under its id.
    back = company.run(dt.date(2025, 9, 3))
    assert back["likes"]["likes.tea"] == ("tea", "active", dt.date(2025, 9, 3))
    told = "likes: model 2 of 2025-08-15 is used again instead of model 1, rolled back by anna: it is better"
    assert back["events"] == {"rollback": f"{told}; likes.tea is back under the old id"}
    assert company.run(dt.date(2025, 9, 4))["events"] == {}


def test_one_that_cannot_be_fitted_keeps_no_other_from_it(
    company: Company, make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.run(JUNE)
    company.run(AUGUST)
    changed = make_workspace("privacy.min_group_size=2", tree=shop(tiers=TIERS | {"quantiles": [0.7]}, likes=LIKES))
    with company.newest(changed) as run:
        skipped, fitted = fit_all(run, ["tiers", "likes"])
        assert isinstance(skipped, NotFitted)
        assert not skipped.has_failed
        assert (
            skipped.reason
            == "the definition has changed since 2025-08-15; the next `resegment run` learns anew by itself"
        )
        assert isinstance(fitted, Fitted)
        assert (fitted.outcome, fitted.version.model_no) == ("waits", 2)

        def fails(*_: object) -> None:
            raise StatisticsError("all are alike")

        monkeypatch.setattr(challenge.CutsLearner, "learn", fails)
    with company.newest() as run:
        failed, _ = fit_all(run, ["tiers", "likes"])
        assert failed == NotFitted("tiers", "all are alike", has_failed=True)
        with pytest.raises(StatisticsError, match="all are alike"):
            fit_all(run, ["tiers"])


def test_by_policy_a_refit_takes_over_with_the_next_run(company: Company, make_workspace: MakeWorkspace) -> None:
    tree = shop(tiers=TIERS, likes=LIKES | {"refit": {"accept": "automatic"}})
    company.space = make_workspace("privacy.min_group_size=2", tree=tree)
    company.run(JUNE)
    company.run(AUGUST)
    with company.newest() as run:
        assert fit_now(run, "likes").outcome == "accepted"
        assert fit_now(run, "likes").outcome == "known"
    assert company.run(SEPTEMBER)["models"]["likes"] == (2, AUGUST)


def test_of_what_does_not_wait_it_is_told_what_became_of_it(company: Company) -> None:
    for day in (JUNE, AUGUST, dt.date(2025, 9, 20)):
        company.run(day)
    with company.newest() as run, pytest.raises(UsageError, match="a newer one took its place before anybody decided"):
        decided(run, "tiers", 2, "accept")


def test_what_cannot_be_decided_says_why(company: Company, make_workspace: MakeWorkspace) -> None:
    company.run(JUNE)
    company.run(AUGUST)
    with company.newest() as run:
        for number, decision, because, message in (
            (7, "accept", "x", "tiers has no model 7"),
            (1, "rollback", "x", "model 1 is in use already"),
            (2, "rollback", "x", "model 2 was never in use, it is waiting"),
            (1, "accept", "x", "model 1 does not wait for a decision, it is champion"),
            (2, "accept", " ", "--because is empty"),
        ):
            with pytest.raises(UsageError, match=message):
                decided(run, "tiers", number, decision, because)
        assert run.warehouse.value("SELECT count(*) FROM ops.model_decision") == 0
        with pytest.raises(UsageError, match="nowhere is no segmentation of this workspace"):
            standings(run, "nowhere")
    changed_tree = shop(tiers=TIERS | {"quantiles": [0.7]}, likes=LIKES)
    other = make_workspace("privacy.min_group_size=2", tree=changed_tree)
    with company.newest(other) as run:
        with pytest.raises(UsageError, match="tiers: the definition has changed since 2025-08-15"):
            fit_now(run, "tiers")
        with pytest.raises(UsageError, match="was learnt for another definition than the workspace has now"):
            decided(run, "tiers", 2, "accept")
    # Somebody who changes a definition has decided: it is learnt anew at once, and what waited waits no longer.
    changed = company.run(SEPTEMBER, space=other)
    assert changed["versions"]["tiers"] == ["1 retired", "2 retired", "3 champion"]
    assert changed["events"]["refit"].startswith("tiers: model 3 took over from model 1: learnt anew, the definition")
