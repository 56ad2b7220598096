"""Mistakes of number and size: too many segments, too few, empty, too small, one that holds nearly everybody.

Owns: the judgement, one function a mistake. Does not own the figures.
"""

from __future__ import annotations

from collections.abc import Iterator

from tasks.audit.facts import Finding, OrderRate, SegmentationFacts, SegmentFacts
from tasks.audit.proportions import detectable_lift
from tasks.config.audit import AuditPolicy
from tasks.config.counting import counted

#: In standard deviations, as the mean over all features.
_FAR = 1.0


def too_many_segments(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """More segments with customers than anybody works with; the two nearest are the first to merge."""
    count = len(facts.filled)
    if count <= policy.max_segments:
        return
    near = [segment for segment in facts.filled if segment.rival]
    closest = min(near, key=lambda one: (one.rival.distance if one.rival else 0.0, one.segment_id), default=None)
    merge = ""
    if closest and closest.rival:
        merge = (
            f"; first {facts.name_of(closest.segment_id)} with {facts.name_of(closest.rival.segment_id)},"
            f" {closest.rival.distance:.2f} standard deviations apart"
        )
    yield Finding(
        facts.segmentation_id,
        None,
        "too_many_segments",
        "note",
        f"{count} segments have customers, more than {policy.max_segments}",
        f"merge those that are treated alike{merge}",
        figure=count,
        threshold=policy.max_segments,
        other_id=closest.segment_id if closest else None,
    )


def too_few_segments(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """It divides nobody."""
    count = len(facts.filled)
    if count >= policy.min_segments:
        return
    if facts.refusal is not None:
        evidence, advice = f"it was refused in this run: {facts.refusal}", "ask for what the data can tell"
    else:
        evidence = f"{count} of {len(facts.segments)} segments have customers, fewer than {policy.min_segments}"
        by = facts.split and f"{facts.split.feature}, which goes with {_kpi(facts)}"
        advice = f"divide by {by or 'what matters'}"
    yield Finding(
        facts.segmentation_id,
        None,
        "too_few_segments",
        "warning",
        evidence,
        f"{advice}, or retire the segmentation",
        figure=count,
        threshold=policy.min_segments,
    )


def empty_segment(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """A segment in use that nobody is in; that everybody meets a rule is none."""
    del policy
    if not facts.customers:
        return
    for segment in facts.segments:
        if segment.size == 0 and not segment.is_remainder:
            since = f" (in the dictionary since {segment.since})" if segment.since else ""
            yield Finding(
                facts.segmentation_id,
                segment.segment_id,
                "empty_segment",
                "note",
                f"none of {facts.customers:,} customers is in it{since}",
                "widen its definition, or retire it",
                figure=0,
                threshold=1,
            )


def small_segment(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """A segment below the least size or share."""
    for segment in facts.filled:
        if segment.is_remainder or (segment.size >= policy.min_count and segment.share >= policy.min_share):
            continue
        is_few = segment.size < policy.min_count
        least = f"{policy.min_count} customers" if is_few else f"{policy.min_share:.1%} of the segmentation"
        yield Finding(
            facts.segmentation_id,
            segment.segment_id,
            "small_segment",
            "warning",
            f"{counted(segment.size, 'customer')}, {segment.share:.1%} of the segmentation; the least is {least}",
            _merge(facts, segment),
            figure=segment.size if is_few else segment.share,
            threshold=policy.min_count if is_few else policy.min_share,
            other_id=segment.rival.segment_id if segment.rival else None,
        )


def dominant_segment(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """A segment that holds nearly everybody, where a customer is in one: a tag of several may be everybody's."""
    if facts.is_multiple or len(facts.filled) < 2:  # noqa: PLR2004 - a single one is `too_few_segments`
        return
    for segment in facts.filled:
        if segment.share > policy.max_share:
            by = f"by {segment.split.feature}" if segment.split else "by what its customers differ in"
            yield Finding(
                facts.segmentation_id,
                segment.segment_id,
                "dominant_segment",
                "note",
                f"{segment.share:.0%} of {facts.customers:,} customers are in it",
                f"split it {by}, or move its limits",
                figure=segment.share,
                threshold=policy.max_share,
            )


def too_small_for_test(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """A test of the segment sees only lifts that no treatment brings about.

    Where nearly all order by themselves there is nothing to lift, however large the segment is.
    """
    for segment in facts.filled:
        rate, lift = segment.rate, segment.detectable_lift
        if rate is None or segment.is_remainder or 1 - rate.share <= policy.max_detectable_lift:
            continue
        if lift is not None and lift <= policy.max_detectable_lift:
            continue
        if lift is None:
            sees = "a test of it sees no lift at all"
        else:
            sees = f"the smallest lift that a test of it sees is {lift * 100:.1f} points"
        yield Finding(
            facts.segmentation_id,
            segment.segment_id,
            "too_small_for_test",
            "note",
            f"{counted(segment.size, 'customer')}; {_ordering(rate)}: {sees} (80 % power, 5 % two-sided)",
            _test_together(facts, segment),
            figure=lift,
            threshold=policy.max_detectable_lift,
            other_id=segment.rival.segment_id if segment.rival else None,
        )


def _test_together(facts: SegmentationFacts, segment: SegmentFacts) -> str:
    """With whom a test would see more."""
    rivals = {one.segment_id: one for one in facts.filled}
    rival = rivals.get(segment.rival.segment_id) if segment.rival else None
    if rival is None or rival.rate is None or segment.rate is None or facts.is_multiple:
        return "test it together with another, or over more than one campaign"
    size = segment.size + rival.size
    rate = (segment.size * segment.rate.share + rival.size * rival.rate.share) / size
    lift = detectable_lift(size, rate)
    sees = f"from {lift * 100:.1f} points on" if lift is not None else "no lift either"
    return f"test it together with {facts.name_of(rival.segment_id)}: the two see {sees}; or over more campaigns"


def _ordering(rate: OrderRate) -> str:
    if rate.is_own:
        return f"of those who were in it {rate.days} days ago {rate.share:.1%} have ordered since"
    return f"of all of the segmentation {rate.share:.1%} ordered in {rate.days} days"


def _merge(facts: SegmentationFacts, segment: SegmentFacts) -> str:
    """With whom, where somebody is near; by the root mean square over all features, a standard deviation is far."""
    rival = segment.rival
    if rival is None:
        return "merge it with another, or retire it"
    near = f"{facts.name_of(rival.segment_id)}, the nearest ({rival.distance:.2f} standard deviations apart)"
    if facts.is_multiple or (rival.kind == "profile" and rival.distance > _FAR):
        return f"retire it, unless it is worth a treatment of its own: none is like it, not even {near}"
    return f"merge it with {near}, or retire it"


def _kpi(facts: SegmentationFacts) -> str:
    return f"{facts.split.kpi} (rank correlation {facts.split.correlation:+.2f})" if facts.split else ""
