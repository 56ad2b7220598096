"""Mistakes of meaning: people instead of what they do, no difference in any KPI, everything inside, the same twice.

Owns: the judgement, one function a mistake. Does not own the figures.
"""

from __future__ import annotations

from collections.abc import Iterator

from tasks.audit.facts import DEMOGRAPHIC_THEMES, Finding, SegmentationFacts, SegmentFacts, Split
from tasks.config.audit import AuditPolicy
from tasks.config.overlap import OverlapPolicy

_SIGNIFICANT = 0.05
_LIMITS = OverlapPolicy()


def demographic_only(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """All features say who or where people are; a warning where that says nothing of any KPI."""
    if not facts.features or any(one.theme not in DEMOGRAPHIC_THEMES for one in facts.features):
        return
    best = _best_explained(facts)
    told, severity = "how much it says of KPIs is not known", "note"
    if best:
        kpi, share = best
        told = f"of the KPIs it says most of {kpi}: {share:.1%} of the variance of its ranks"
        severity = "warning" if share < policy.min_explained_share else "note"
    yield Finding(
        facts.segmentation_id,
        None,
        "demographic_only",
        "warning" if severity == "warning" else "note",
        f"it divides by {_listed([one.name for one in facts.features])} alone, who or where people are; {told}",
        f"add {_told(facts.split)}" if facts.split else "add a feature of what customers do or need",
        figure=best[1] if best else None,
        threshold=policy.min_explained_share,
    )


def not_distinct(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """A segment that differs from the rest in no KPI, although it is large enough that it would have been seen.

    Neither in where its customers lie, nor in how widely: a segment of the middle is narrower than all.
    """
    for segment in facts.filled:
        if not segment.contrasts or segment.is_remainder:
            continue
        differs = any(
            one.spread_ratio < policy.max_spread_ratio
            or (abs(one.effect) >= policy.min_effect and one.p_adjusted <= _SIGNIFICANT)
            for one in segment.contrasts
        )
        is_seen = all(one.detectable_effect <= policy.min_effect for one in segment.contrasts)
        strongest = segment.strongest
        if differs or not is_seen or strongest is None:
            continue
        merge = (
            f"merge it with {facts.name_of(segment.rival.segment_id)}, the nearest" if segment.rival else "retire it"
        )
        yield Finding(
            facts.segmentation_id,
            segment.segment_id,
            "not_distinct",
            "warning",
            f"it differs most from the rest in {strongest.kpi}, by {strongest.effect:+.2f} standard deviations"
            f" (p {strongest.p_adjusted:.2g} after Holm over {_count(facts)} comparisons);"
            f" {policy.min_effect:g} would matter, {strongest.detectable_effect:.2f} would have been seen",
            f"{merge}, or divide by what KPIs depend on",
            figure=abs(strongest.effect),
            threshold=policy.min_effect,
            other_id=segment.rival.segment_id if segment.rival else None,
        )


def heterogeneous_segment(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """A segment whose customers differ as much from each other as all do, in every KPI."""
    for segment in facts.filled:
        narrowest = segment.narrowest
        if narrowest is None or segment.is_remainder or is_small(segment, policy):
            continue
        if narrowest.spread_ratio < policy.max_spread_ratio:
            continue
        by = f"split it by {_told(segment.split)}" if segment.split else "divide by something that KPIs depend on"
        yield Finding(
            facts.segmentation_id,
            segment.segment_id,
            "heterogeneous_segment",
            "note",
            f"its customers are spread over every KPI as all are: least over {narrowest.kpi},"
            f" {narrowest.spread_ratio:.0%} of the spread of all",
            by,
            figure=narrowest.spread_ratio,
            threshold=policy.max_spread_ratio,
        )


def redundant_segment(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """Two segments that are the same in all but name."""
    del policy
    for pair in facts.pairs:
        if pair.relation == "redundant":
            yield Finding(
                facts.segmentation_id,
                pair.segment_id,
                "redundant_segment",
                "warning",
                f"{pair.both:,} of its {pair.size:,} customers are in {facts.name_of(pair.other_id)}, too,"
                f" which has {pair.other_size:,} (Jaccard {pair.jaccard:.2f})",
                f"retire it, and treat {facts.name_of(pair.other_id)} instead",
                figure=pair.jaccard,
                threshold=_LIMITS.redundant_jaccard,
                other_id=pair.other_id,
            )


def nested_segment(facts: SegmentationFacts, policy: AuditPolicy) -> Iterator[Finding]:
    """A segment inside another of the same segmentation: whoever is in it gets both treatments."""
    del policy
    for pair in facts.pairs:
        if pair.relation == "nested":
            yield Finding(
                facts.segmentation_id,
                pair.segment_id,
                "nested_segment",
                "note",
                f"{pair.both:,} of its {pair.size:,} customers are in {facts.name_of(pair.other_id)}, too,"
                f" which has {pair.other_size:,}",
                f"leave it out of {facts.name_of(pair.other_id)} by `except`, or give the two priorities",
                figure=pair.both / pair.size,
                threshold=_LIMITS.nested_containment,
                other_id=pair.other_id,
            )


def is_small(segment: SegmentFacts, policy: AuditPolicy) -> bool:
    """Whether a segment is below the least size, and so told of as small."""
    return segment.size < policy.min_count or segment.share < policy.min_share


def _best_explained(facts: SegmentationFacts) -> tuple[str, float] | None:
    """The KPI that it says most of."""
    if facts.fit is None or not facts.fit.explained:
        return None
    return max(facts.fit.explained.items(), key=lambda one: (one[1], one[0]))


def _count(facts: SegmentationFacts) -> int:
    return sum(len(segment.contrasts) for segment in facts.filled)


def _told(split: Split) -> str:
    return f"{split.feature} (rank correlation {split.correlation:+.2f} with {split.kpi})"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
