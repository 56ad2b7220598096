"""Every known mistake is named where it is planted, with figures and with what to do; none where nothing is wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from tasks.audit.facts import FeatureFacts, Finding, OrderRate, Rival, SegmentationFacts
from tasks.audit.verdict import audit, verdict_on
from tasks.config.audit import AcceptedFinding, AuditPolicy
from tests.benchmarks.audit_population import POLICY, facts
from tests.benchmarks.audit_worlds import PLANTED, SOUND


@cache
def planted(told: str) -> SegmentationFacts:
    make, _, _ = PLANTED[told]
    return facts(make(7))


@pytest.mark.parametrize("told", PLANTED)
def test_a_planted_mistake_is_named_with_evidence_and_advice(told: str) -> None:
    _, name, segment = PLANTED[told]
    named = [finding for finding in audit([planted(told)], POLICY) if finding.name == name]
    assert named
    if segment is not None and segment >= 0:
        assert [finding.segment_id for finding in named] == [f"made.s{segment:02d}"]
    for finding in named:
        assert any(letter.isdigit() for letter in finding.evidence)
        assert len(finding.advice) > 10


@pytest.mark.parametrize("told", SOUND)
def test_a_sound_segmentation_is_left_alone(told: str) -> None:
    assert audit([facts(SOUND[told](3))], POLICY) == []


def only(told: str) -> Finding:
    _, name, _ = PLANTED[told]
    return next(finding for finding in audit([planted(told)], POLICY) if finding.name == name)


def test_advice_names_the_nearest_and_what_to_divide_by() -> None:
    found = only("0.5 % of customers")
    assert found.other_id in {"made.s01", "made.s02"}
    assert f"merge it with {found.other_id}" in found.advice
    assert "split it by variety (rank correlation +0." in only("scattered over all KPIs").advice
    assert only("demographics, KPIs by lot").advice.startswith("add variety")
    assert "retire it, and treat other.s00" in only("the same in another segmentation").advice
    assert "the two see from" in only("2 % of customers").advice


def test_a_segmentation_that_was_refused_is_told_with_the_reason() -> None:
    why = "30 customers are too few for clusters; at least 50 are needed"
    (found,) = audit([replace(planted("2 % of customers"), segments=(), customers=0, pairs=(), refusal=why)], POLICY)
    assert (found.name, found.severity) == ("too_few_segments", "warning")
    assert found.evidence == f"it was refused in this run: {why}"
    assert found.advice == "ask for what the data can tell, or retire the segmentation"


def test_demographics_are_a_warning_only_where_they_say_nothing() -> None:
    assert only("demographics, KPIs by lot").severity == "warning"
    assert only("demographics that do tell").severity == "note"


def test_both_kinds_of_age_are_told_together() -> None:
    aged = replace(
        planted("rules half as telling as a year ago"), model=planted("customers scattered by 20 % since the fit").model
    )
    (found,) = (finding for finding in audit([aged], POLICY) if finding.name == "stale")
    assert "365 days old" in found.evidence
    assert "defined as it is now" in found.evidence
    assert "refit it" in found.advice


def test_a_young_model_is_not_stale() -> None:
    old = planted("customers scattered by 20 % since the fit")
    assert old.model is not None
    young = replace(old, model=replace(old.model, trained=old.as_of))
    assert "stale" not in {finding.name for finding in audit([young], POLICY)}


def test_what_is_too_small_to_be_told_apart_is_not_called_indistinct() -> None:
    found = {finding.name for finding in audit([planted("2 % of customers")], POLICY)}
    strict = AuditPolicy(min_effect=0.01)
    assert "not_distinct" not in found
    assert "not_distinct" not in {one.name for one in audit([planted("a segment by lot")], strict)}


def test_the_remainder_may_be_small_and_mixed() -> None:
    for told in ("0.5 % of customers", "nobody in it", "a segment by lot", "2 % of customers"):
        given = planted(told)
        rest = tuple(replace(segment, is_remainder=True) for segment in given.segments)
        names = {finding.name for finding in audit([replace(given, segments=rest)], POLICY)}
        assert not names & {"small_segment", "empty_segment", "not_distinct", "too_small_for_test"}


def test_a_test_that_sees_nothing_says_so() -> None:
    given = planted("2 % of customers")
    first = replace(given.segments[0], rate=OrderRate(0.85, 90, is_own=False), detectable_lift=None)
    alone = replace(given, segments=(first, *given.segments[1:]), is_multiple=True)
    found = next(one for one in audit([alone], POLICY) if one.segment_id == "made.s00")
    assert "of all of the segmentation 85.0% ordered in 90 days: a test of it sees no lift at all" in found.evidence
    assert found.advice == "test it together with another, or over more than one campaign"
    # Where nearly all order by themselves it is not for its size.
    all_order = replace(first, rate=OrderRate(0.95, 90, is_own=True))
    assert audit([replace(given, segments=(all_order, *given.segments[1:]))], POLICY) == []


def test_what_is_far_from_all_others_is_not_to_be_merged() -> None:
    given = planted("0.5 % of customers")
    first = replace(given.segments[0], rival=Rival("made.s01", 1.84, "profile"))
    found = audit([replace(given, segments=(first, *given.segments[1:]))], POLICY)[0]
    assert found.advice.startswith("retire it, unless it is worth a treatment of its own: none is like it")


def test_a_tag_may_be_everybodys() -> None:
    tags = replace(planted("88 % of customers"), is_multiple=True)
    assert "dominant_segment" not in {finding.name for finding in audit([tags], POLICY)}


def test_a_feature_of_the_same_theme_is_offered_only_where_it_is_known() -> None:
    given = planted("features known of 30 %")
    for share, is_offered in ((0.9, True), (0.4, False)):
        features = (FeatureFacts("income", "customer_geography", 0.1, "city", share),)
        found = audit([replace(given, features=features)], POLICY)
        advice = next(one.advice for one in found if one.name == "not_measurable")
        assert ("city is known of 90%" in advice) == is_offered


def test_a_model_of_what_grows_by_itself_is_told_with_what_does_not() -> None:
    moving = FeatureFacts("order_count", "customer_value", 1.0, moves_by_itself=True, windowed="order_90d_count")
    still = FeatureFacts("weekend_order_share", "customer_context", 1.0)
    given = planted("one segment")
    named = {
        kind: [
            one
            for one in audit([replace(given, kind=kind, features=features)], POLICY)
            if one.name == "moves_by_itself"
        ]
        for kind, features in {"clusters": (moving, still), "rules": (moving, still), "projected": (still,)}.items()
    }
    assert named["rules"] == named["projected"] == []
    (found,) = named["clusters"]
    assert found.evidence.startswith("it divides by order_count, which moves whatever customers do")
    assert found.advice == "divide by order_90d_count instead"


def test_an_accepted_finding_says_why_and_counts_for_nothing() -> None:
    accepted = [
        AcceptedFinding(segmentation="made", segment="s01", finding="not_reachable", because="reached in the shop"),
        AcceptedFinding(segmentation="made", finding="small_segment", because="of the whole, not of a segment"),
    ]
    policy = AuditPolicy(accepted=accepted)
    (found,) = audit([planted("10 % consented")], policy)
    assert found.accepted_because == "reached in the shop"
    assert verdict_on("made.s01", [found]) == "sound"
    (unaccepted,) = audit([planted("10 % consented")], AuditPolicy())
    assert verdict_on("made.s01", [unaccepted]) == "unsound"
    small = audit([planted("0.5 % of customers")], policy)
    assert {one.accepted_because for one in small if one.name == "small_segment"} == {None}


def test_warnings_come_before_notes_and_the_whole_before_segments() -> None:
    found = audit([planted("demographics, KPIs by lot")], POLICY)
    assert [one.severity for one in found] == sorted(
        (one.severity for one in found), key="note warning".find, reverse=True
    )
    assert found[0].segment_id is None
    assert verdict_on("made.s00", [replace(found[-1], segment_id="made.s00", severity="note")]) == "watch"
