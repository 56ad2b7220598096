"""The audit: every known mistake looked for in every segmentation, and what the company accepts.

Owns: the list of mistakes, their order, what is accepted, and the verdict on a segment. Does not own any mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from tasks.audit import mistakes_of_meaning as meaning
from tasks.audit import mistakes_of_size as size
from tasks.audit import mistakes_of_use as use
from tasks.audit.facts import Finding, SegmentationFacts
from tasks.config.audit import AuditPolicy

Verdict = Literal["sound", "watch", "unsound"]
Mistake = Callable[[SegmentationFacts, AuditPolicy], Iterator[Finding]]
MISTAKES: tuple[Mistake, ...] = (
    size.too_few_segments,
    size.too_many_segments,
    meaning.demographic_only,
    use.not_measurable,
    use.stale,
    use.pinned_sizes,
    use.moves_by_itself,
    size.empty_segment,
    size.small_segment,
    size.dominant_segment,
    use.unstable_segment,
    meaning.redundant_segment,
    meaning.nested_segment,
    meaning.not_distinct,
    meaning.heterogeneous_segment,
    use.not_reachable,
    size.too_small_for_test,
)


def audit(segmentations: Iterable[SegmentationFacts], policy: AuditPolicy) -> list[Finding]:
    """All findings, by segmentation in the order given, what is graver first; accepted ones say why they are."""
    found: list[Finding] = []
    for facts in segmentations:
        own = [finding for mistake in MISTAKES for finding in mistake(facts, policy)]
        found += sorted(own, key=lambda one: (one.severity != "warning", one.segment_id is not None))
    return [_accepted(finding, policy) for finding in found]


def verdict_on(segment_id: str, findings: Sequence[Finding]) -> Verdict:
    """`sound`: no finding of the segment is open; `watch`: notes are; `unsound`: a warning is."""
    grave = {one.severity for one in findings if one.segment_id == segment_id and one.accepted_because is None}
    if "warning" in grave:
        return "unsound"
    return "watch" if grave else "sound"


def _accepted(finding: Finding, policy: AuditPolicy) -> Finding:
    for one in policy.accepted:
        segment_id = f"{one.segmentation}.{one.segment}" if one.segment else None
        if (one.segmentation, segment_id, one.finding) == (finding.segmentation_id, finding.segment_id, finding.name):
            return replace(finding, accepted_because=one.because)
    return finding
